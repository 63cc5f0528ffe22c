use crate::failure::Failure;
use crate::smtp::{Encryption, Patience, Smtp, SmtpOptions};
use crate::test_server::{Reply, Server};
use crate::{Rendered, Templates};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use vestibule_model::Timestamp;
use vestibule_model::id::MailId;
use vestibule_model::mail::{Letter, MailKind};

const ID: MailId = MailId::from_bytes([7; 16]);
const WRITTEN: Timestamp = Timestamp::from_seconds(1_772_539_200);

fn options(port: u16, encryption: Encryption) -> SmtpOptions {
    SmtpOptions {
        host: "localhost".into(),
        port,
        encryption,
        login: None,
        from: "Vestibule <no-reply@example.com>".into(),
        reply_to: None,
        ca_file: None,
        allow_plaintext: false,
        patience: Patience::default(),
    }
}

fn rendered(subject: &str, text: &str) -> Rendered {
    Rendered {
        subject: subject.into(),
        text: text.into(),
        html: "<p>html</p>".into(),
    }
}

async fn send(smtp: &Smtp) -> Result<(), Failure> {
    smtp.send("ada@example.org", &rendered("Hello", "text"), ID, WRITTEN)
        .await
}

/// An acceptor with a fresh certificate for `name`, and the certificate as PEM.
fn certificate(name: &str) -> (TlsAcceptor, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), made.cert.pem())
}

fn file(folder: &tempfile::TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn a_message_is_the_same_at_each_attempt_and_says_that_no_person_wrote_it() {
    let server = Server::start().await;
    let mut options = options(server.port, Encryption::Plain);
    options.reply_to = Some("help@example.com".into());
    let smtp = Smtp::new(options).unwrap();
    send(&smtp).await.unwrap();
    send(&smtp).await.unwrap();
    let messages = server.messages();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0], messages[1]);
    for header in [
        "From: Vestibule <no-reply@example.com>\r\n",
        "To: ada@example.org\r\n",
        "Reply-To: help@example.com\r\n",
        "Subject: Hello\r\n",
        "Date: Tue, 03 Mar 2026 12:00:00 +0000\r\n",
        "Message-ID: <07070707-0707-0707-0707-070707070707@example.com>\r\n",
        "Auto-Submitted: auto-generated\r\n",
    ] {
        assert!(messages[0].contains(header), "{header} in {}", messages[0]);
    }
}

#[tokio::test]
async fn no_text_becomes_a_header_a_recipient_or_a_command() {
    let server = Server::start().await;
    let smtp = Smtp::new(options(server.port, Encryption::Plain)).unwrap();
    let letter = Letter {
        to: "ada@example.org".into(),
        name: Some("Eve\r\nBcc: victim@example.com\r\nX-Injected: yes".into()),
        project: "Shop\r\nBcc: victim@example.com\r\n\r\n.\r\nMAIL FROM:<eve@example.com>".into(),
        link: None,
        code: None,
        expires_at: None,
    };
    let rendered = Templates::load(None)
        .unwrap()
        .render(MailKind::PasswordChanged, &letter)
        .unwrap();
    smtp.send(&letter.to, &rendered, ID, WRITTEN).await.unwrap();
    let said = &server.heard()[0];
    let message = &server.messages()[0];
    let head = message.split_once("\r\n\r\n").unwrap().0;
    for line in head.split("\r\n") {
        let name = line.split(':').next().unwrap();
        let known = [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "MIME-Version",
            "Content-Type",
        ];
        assert!(
            line.starts_with([' ', '\t']) || known.contains(&name),
            "unexpected header {line:?}"
        );
    }
    for (verb, times) in [("MAIL FROM", 1), ("RCPT TO", 1), ("DATA", 1)] {
        let commands = said.split("\r\n").filter(|line| line.starts_with(verb)).count();
        assert_eq!(commands, times, "{verb} in {said}");
    }
    assert!(!message.contains("X-Injected"), "the name is left out: {message}");

    for evil in [
        "ada@example.org>\r\nRCPT TO:<victim@example.com",
        "ada@example.org\r\nBcc: victim@example.com",
    ] {
        assert!(
            smtp.send(evil, &rendered, ID, WRITTEN)
                .await
                .unwrap_err()
                .permanent
        );
    }
    assert_eq!(
        server.heard().len(),
        1,
        "a hostile address never reaches the server"
    );
    for from in [
        "a@example.com\r\nBcc: v@example.com",
        "Eve\n <a@example.com>",
        "nobody",
        "\"x\r\nBcc: v\" <a@example.com>",
    ] {
        let changed = SmtpOptions {
            from: from.into(),
            ..options(server.port, Encryption::Plain)
        };
        assert!(
            Smtp::new(changed)
                .err()
                .unwrap()
                .to_string()
                .starts_with("mail.from"),
            "{from:?}"
        );
    }
}

#[tokio::test]
async fn dots_at_the_start_of_lines_are_doubled_and_end_nothing() {
    let server = Server::start().await;
    let smtp = Smtp::new(options(server.port, Encryption::Plain)).unwrap();
    let text = "one\r\n.\r\nRSET\r\n..two\r\n.three";
    smtp.send("ada@example.org", &rendered("Dots", text), ID, WRITTEN)
        .await
        .unwrap();
    let message = &server.messages()[0];
    assert!(
        message.contains("one\r\n..\r\nRSET\r\n...two\r\n..three"),
        "{message}"
    );
    assert!(
        message.trim_end().ends_with(&format!("--part-of-{ID}--")),
        "the server saw the message to its end: {message}"
    );
}

#[tokio::test]
async fn a_refused_recipient_or_message_is_final_and_everything_else_can_be_mended() {
    for (verb, reply, permanent, code) in [
        ("RCPT", Reply::Say("550 no such user"), true, Some(550)),
        ("RCPT", Reply::Say("450 later"), false, Some(450)),
        ("DATA", Reply::Say("554 refused"), true, Some(554)),
        ("MESSAGE", Reply::Say("554 spam"), true, Some(554)),
        ("MESSAGE", Reply::Say("451 later"), false, Some(451)),
        ("MESSAGE", Reply::Cut, false, None),
        ("MAIL", Reply::Say("550 not your address"), false, Some(550)),
        ("CONNECT", Reply::Say("554 go away"), false, Some(554)),
        ("CONNECT", Reply::Say("421 busy"), false, Some(421)),
        ("CONNECT", Reply::Cut, false, None),
        ("CONNECT", Reply::Say("garbage"), false, None),
    ] {
        let server = Server::start().await;
        server.on(verb, &[reply]);
        let failure = send(&Smtp::new(options(server.port, Encryption::Plain)).unwrap())
            .await
            .unwrap_err();
        assert_eq!(
            (failure.permanent, failure.code),
            (permanent, code),
            "{verb}: {failure}"
        );
    }
}

#[tokio::test]
async fn a_server_that_goes_silent_at_any_step_is_left() {
    let short = Duration::from_millis(60);
    for verb in ["CONNECT", "MAIL", "RCPT", "DATA", "MESSAGE"] {
        let server = Server::start().await;
        server.on(verb, &[Reply::Silence]);
        let patience = Patience {
            connect: short,
            command: short,
            message: short,
        };
        let smtp = Smtp::new(SmtpOptions {
            patience,
            ..options(server.port, Encryption::Plain)
        })
        .unwrap();
        let failure = tokio::time::timeout(Duration::from_secs(10), send(&smtp))
            .await
            .expect("left in time")
            .unwrap_err();
        assert!(
            !failure.permanent && failure.reason.contains("no answer within"),
            "{verb}: {failure}"
        );
    }
}

#[tokio::test]
async fn a_password_is_sent_only_when_the_connection_is_encrypted_and_a_refused_one_can_be_mended() {
    let (tls, pem) = certificate("localhost");
    let folder = tempfile::tempdir().unwrap();
    let login = || Some(("me".to_owned(), "hush".into()));
    let server = Server::with(vec!["AUTH PLAIN LOGIN", "STARTTLS"], Some(tls)).await;
    let good = SmtpOptions {
        login: login(),
        ca_file: Some(file(&folder, &pem)),
        ..options(server.port, Encryption::StartTls)
    };
    let smtp = Smtp::new(good).unwrap();
    send(&smtp).await.unwrap();
    let said = &server.heard()[0];
    assert!(
        said.find("STARTTLS").unwrap() < said.find("AUTH PLAIN").unwrap(),
        "{said}"
    );
    server.on("AUTH", &[Reply::Say("535 wrong")]);
    let failure = send(&smtp).await.unwrap_err();
    assert_eq!(
        (failure.step, failure.code, failure.permanent),
        ("logging in", Some(535), false)
    );

    let stripped = Server::with(vec!["AUTH PLAIN LOGIN"], None).await;
    let smtp = Smtp::new(SmtpOptions {
        login: login(),
        ..options(stripped.port, Encryption::StartTls)
    })
    .unwrap();
    let failure = send(&smtp).await.unwrap_err();
    assert_eq!((failure.step, failure.permanent), ("encrypting", false));
    let said = stripped.heard().concat();
    assert!(
        !said.contains("AUTH") && !said.contains("MAIL"),
        "nothing follows a stripped STARTTLS: {said}"
    );
}

#[tokio::test]
async fn a_certificate_that_is_unknown_or_for_another_name_gets_no_mail() {
    let folder = tempfile::tempdir().unwrap();
    for (name, trusted) in [("localhost", false), ("other.example.com", true)] {
        let (tls, pem) = certificate(name);
        let server = Server::with(vec!["STARTTLS"], Some(tls)).await;
        let ca_file = trusted.then(|| file(&folder, &pem));
        let smtp = Smtp::new(SmtpOptions {
            ca_file,
            ..options(server.port, Encryption::StartTls)
        })
        .unwrap();
        let failure = send(&smtp).await.unwrap_err();
        assert_eq!((failure.step, failure.permanent), ("encrypting", false), "{name}");
        assert!(!server.heard().concat().contains("MAIL"), "{name}");
    }
}

#[test]
fn settings_that_would_send_in_clear_or_trust_nothing_are_refused_by_name() {
    let far = |allow_plaintext| SmtpOptions {
        host: "mail.example.com".into(),
        allow_plaintext,
        ..options(25, Encryption::Plain)
    };
    assert!(
        Smtp::new(far(false))
            .err()
            .unwrap()
            .to_string()
            .starts_with("mail.tls")
    );
    assert!(Smtp::new(far(true)).is_ok());
    let folder = tempfile::tempdir().unwrap();
    for ca_file in [file(&folder, "no certificate"), folder.path().join("absent.pem")] {
        let changed = SmtpOptions {
            ca_file: Some(ca_file),
            ..options(465, Encryption::Tls)
        };
        assert!(
            Smtp::new(changed)
                .err()
                .unwrap()
                .to_string()
                .starts_with("mail.ca_file")
        );
    }
}
