use crate::letter;
use crate::templates::{Rendered, TemplateError, Templates};
use vestibule_model::mail::{Letter, MailKind};

fn letter(name: &str) -> Letter {
    Letter {
        name: Some(name.into()),
        ..letter::samples(MailKind::VerifyEmail)[0].clone()
    }
}

fn verify(letter: &Letter) -> Rendered {
    Templates::load(None)
        .unwrap()
        .render(MailKind::VerifyEmail, letter)
        .unwrap()
}

/// The templates with one file replaced.
fn replaced(file: &str, source: &str) -> Result<Templates, TemplateError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(file), source).unwrap();
    Templates::load(Some(folder.path()))
}

#[test]
fn both_halves_of_a_mail_carry_link_code_and_expiry() {
    let letter = letter("Ada");
    let rendered = verify(&letter);
    assert_eq!(rendered.subject, "Confirm your e-mail address for Example");
    for half in [
        &rendered.text,
        &rendered.html.replace("&amp;", "&").replace("&#x2f;", "/"),
    ] {
        for part in [
            letter.link.as_deref().unwrap(),
            "123456",
            "3 March 2026, 12:00 UTC",
            "Hello Ada,",
        ] {
            assert!(half.contains(part), "{part} in {half}");
        }
    }
}

#[test]
fn what_a_user_says_is_neither_markup_nor_template_nor_link() {
    for name in [
        "<script>alert(1)</script>",
        "{{7*7}}",
        "${7*7}",
        "{% include 'layout.html' %}",
        "Win €500 at http://evil",
    ] {
        let rendered = verify(&letter(name));
        for half in [&rendered.text, &rendered.html] {
            assert!(half.contains("Hello,"), "{name}: {half}");
            for part in ["alert", "49", "{{", "{%", "€500", "http://evil"] {
                assert!(!half.contains(part), "{name} left {part} in {half}");
            }
        }
    }
    let hostile = Letter {
        project: "<b>Shop</b> & \"Co\"".into(),
        ..letter("Ada")
    };
    let rendered = verify(&hostile);
    assert!(
        rendered.html.contains("&lt;b&gt;Shop") && !rendered.html.contains("<b>Shop"),
        "{}",
        rendered.html
    );
    assert!(
        rendered.text.contains("<b>Shop</b> & \"Co\""),
        "plain text is plain"
    );
}

#[test]
fn the_mails_fetch_nothing_from_anywhere() {
    for kind in MailKind::SENT {
        for sample in letter::samples(kind) {
            let html = Templates::load(None).unwrap().render(kind, &sample).unwrap().html;
            for part in ["<img", "src=", "url(", "<link", "@import", "<script", "{{", "{%"] {
                assert!(!html.contains(part), "{part} in {}", kind.as_str());
            }
        }
    }
}

#[test]
fn an_operators_file_replaces_the_built_in_one() {
    let templates = replaced(
        "verify_email.txt",
        "Subject: Welcome to {{ project }}\r\n\r\nCode {{ code }}\r\n",
    )
    .unwrap();
    let rendered = templates.render(MailKind::VerifyEmail, &letter("Ada")).unwrap();
    assert_eq!(
        (rendered.subject.as_str(), rendered.text.as_str()),
        ("Welcome to Example", "Code 123456")
    );
    assert!(
        rendered.html.contains("Confirm your e-mail address"),
        "the other half stays built in"
    );
    let templates = replaced(
        "layout.html",
        "<p>{% block heading %}{% endblock %}{% block body %}{% endblock %}</p>",
    )
    .unwrap();
    assert!(
        templates
            .render(MailKind::VerifyEmail, &letter("Ada"))
            .unwrap()
            .html
            .starts_with("<p>Confirm")
    );
}

#[test]
fn a_template_that_could_fail_later_fails_at_start_and_names_its_file() {
    for (file, source, says) in [
        (
            "verify_email.txt",
            "Hello",
            "verify_email.txt must begin with a line `Subject: …`",
        ),
        (
            "verify_email.txt",
            "Subject: a\nb\n\nc",
            "verify_email.txt must begin with a line `Subject: …`",
        ),
        (
            "verify_email.txt",
            "Subject: a\n\nb\n{{ nam }}",
            "verify_email.txt uses `nam`",
        ),
        (
            "verify_email.txt",
            "Subject: {{ nam }}\n\nb",
            "verify_email.txt uses `nam`",
        ),
        (
            "verify_email.html",
            "{% if name == 'x' %}{{ nam }}{% endif %}",
            "verify_email.html uses `nam`",
        ),
        (
            "password_changed.html",
            "{{ link }}",
            "password_changed.html uses `link`",
        ),
        (
            "password_changed.html",
            "{% extends 'action.html' %}",
            "fails: undefined value",
        ),
        (
            "verify_email.html",
            "{{ name|safe }}",
            "verify_email.html, line 1, fails: unknown filter",
        ),
        (
            "verify_email.txt",
            "Subject: a\n\nb\n{% if %}",
            "verify_email.txt, line 4, fails: syntax error",
        ),
        (
            "verify_email.html",
            "{% include '/etc/passwd' %}",
            "fails: template not found",
        ),
        (
            "verify_email.html",
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
            "too many steps",
        ),
        (
            "verify_email.html",
            "{% include 'verify_email.html' %}",
            "verify_email.html",
        ),
        (
            "verify_mail.txt",
            "Subject: a\n\nb",
            "verify_mail.txt, which is no template; templates are: layout.html",
        ),
    ] {
        let error = replaced(file, source).unwrap_err().to_string();
        assert!(error.contains(says), "{source:?} says: {error}");
    }
}

#[test]
fn a_subject_is_one_line_whatever_the_project_is_called() {
    let rendered = verify(&Letter {
        project: "Shop\r\nBcc: v@example.com\u{85}x\u{0}".into(),
        ..letter("Ada")
    });
    assert_eq!(
        rendered.subject,
        "Confirm your e-mail address for Shop Bcc: v@example.com x"
    );
}
