//! The pages that mailed links lead to, and the inbox of `vestibule dev`.

use serde_json::json;
use std::time::Duration;
use vestibule_ops::admin::projects;
use vestibule_testkit::{Answer, Front, Mail, PASSWORD, PUBLIC_URL, Server, Way, operator, stories};

const NEW: &str = "a new and better one";

/// The target of a mailed link, as a browser requests it.
fn target(mail: &Mail) -> String {
    mail.link
        .as_deref()
        .unwrap()
        .strip_prefix(PUBLIC_URL)
        .unwrap()
        .to_owned()
}

async fn get(t: &Server, front: &Front, target: &str) -> Answer {
    front.send(t.request("GET", target)).await
}

async fn post(t: &Server, front: &Front, target: &str, fields: &[(&str, &str)]) -> Answer {
    front.send(t.request("POST", target).form(fields)).await
}

/// Asserts a page: its status, what it says, its headers, and that it needs nothing and nobody else.
fn is_page(answer: &Answer, status: u16, says: &str) {
    assert_eq!(answer.status, status, "{answer}");
    assert!(answer.text().contains(says), "{says}: {answer}");
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}: {answer}");
    }
    let policy = answer.header("content-security-policy").unwrap();
    for directive in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(
            policy.split("; ").any(|it| it == directive),
            "{directive}: {policy}"
        );
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    let lower = answer.text().to_lowercase();
    for needless in [
        "<script",
        "javascript:",
        " onclick",
        " onload",
        "http://",
        "https://",
        "<iframe",
        "<object",
        "<meta http-equiv",
        " style=",
        "src=\"//",
        "href=\"//",
    ] {
        assert!(!lower.contains(needless), "{needless}: {answer}");
    }
    assert!(answer.headers.get("set-cookie").is_none(), "{answer}");
}

/// The addresses in a page: none of them may carry a token.
fn addresses(answer: &Answer) -> Vec<String> {
    let text = answer.text();
    let after = |name: &'static str| {
        text.split(name)
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
    };
    let found = after("href=\"").chain(after("src=\"")).chain(after("action=\""));
    found.map(|address| address.replace("&#x2f;", "/")).collect()
}

stories! {
    async fn r15_reading_a_verification_link_proves_nothing_and_its_button_does(t: Server) {
        let (app, front) = (t.rakomi(), t.with_pages());
        app.register("ada@example.org", PASSWORD).await.ok(201);
        let mail = t.mail_to("ada@example.org").await;
        let login = app.login("ada@example.org", PASSWORD).await.ok(200);
        let app = app.with_tokens(&login);
        let before = t.tally().await;
        for _ in 0..3 {
            is_page(&get(&t, &front, &target(&mail)).await, 200, "Confirm your");
            let head = front.send(t.request("HEAD", &target(&mail))).await;
            assert_eq!((head.status, head.text()), (200, ""));
        }
        assert_eq!(t.tally().await, before);
        assert_eq!(app.me().await.json()["email_verified"], json!(false));

        is_page(&post(&t, &front, "/verify-email", &[("token", &mail.token())]).await, 200, "ada@example.org is now confirmed");

        assert_eq!(app.me().await.json()["email_verified"], json!(true));
        is_page(&post(&t, &front, "/verify-email", &[("token", &mail.token())]).await, 400, "does not work any more");
        app.verify(&mail.token()).await.refused(400, "auth/token_invalid");
    }

    async fn r15_reading_a_reset_link_changes_nothing_and_its_form_does(t: Server) {
        let ada = t.user("ada@example.org").await;
        let (app, front) = (t.rakomi().signed_in(&ada).await, t.with_pages());
        app.forgot(&ada.email).await.ok(200);
        let mail = t.mail_to(&ada.email).await;
        for _ in 0..3 {
            is_page(&get(&t, &front, &target(&mail)).await, 200, "Set a new password");
            front.send(t.request("HEAD", &target(&mail))).await.ok(200);
        }
        app.me().await.ok(200);

        let set = post(&t, &front, "/reset-password", &[("token", &mail.token()), ("password", NEW), ("repeated", NEW)]).await;

        is_page(&set, 200, "Password set");
        app.me().await.refused(401, "token/revoked");
        app.login(&ada.email, &ada.password).await.refused(401, "auth/invalid_credentials");
        app.login(&ada.email, NEW).await.ok(200);
        let again = post(&t, &front, "/reset-password", &[("token", &mail.token()), ("password", PASSWORD), ("repeated", PASSWORD)]).await;
        is_page(&again, 400, "does not work any more");
        app.login(&ada.email, NEW).await.ok(200);
    }

    async fn f13_the_token_stands_in_no_address_of_the_page_and_nothing_is_fetched_from_elsewhere(t: Server) {
        let ada = t.user("ada@example.org").await;
        let front = t.with_pages();
        t.rakomi().forgot(&ada.email).await.ok(200);
        t.rakomi().resend(&ada.email).await.ok(200);
        for mail in t.mails_to(&ada.email).await {
            let page = get(&t, &front, &target(&mail)).await;
            is_page(&page, 200, "<form method=\"post\"");
            let addresses = addresses(&page);
            assert!(addresses.len() >= 3, "{addresses:?}");
            assert!(addresses.iter().all(|it| it.starts_with('/') && !it.contains('?') && !it.contains(&mail.token())), "{addresses:?}");
            for asset in addresses.iter().filter(|it| it.starts_with("/assets/")) {
                let asset = get(&t, &front, asset).await.ok(200);
                assert_eq!(asset.header("x-content-type-options"), Some("nosniff"), "{asset}");
            }
            let path = target(&mail).split('?').next().unwrap().to_owned();
            let done = post(&t, &front, &path, &[("token", &mail.token()), ("password", NEW), ("repeated", NEW)]).await.ok(200);
            assert!(!done.text().contains(&mail.token()), "{done}");
            assert!(done.header("location").is_none(), "{done}");
        }
    }

    async fn f05_a_link_that_is_too_old_says_so_and_does_nothing(t: Server) {
        let ada = t.user("ada@example.org").await;
        let front = t.with_pages();
        t.rakomi().forgot(&ada.email).await.ok(200);
        let reset = t.mail_to(&ada.email).await.token();
        t.advance(Duration::from_hours(1));

        is_page(&post(&t, &front, "/reset-password", &[("token", &reset), ("password", NEW), ("repeated", NEW)]).await, 400, "too old");
        t.rakomi().login(&ada.email, &ada.password).await.ok(200);
        t.rakomi().resend(&ada.email).await.ok(200);
        let verify = t.mail_to(&ada.email).await.token();
        t.advance(Duration::from_hours(24));

        is_page(&post(&t, &front, "/verify-email", &[("token", &verify)]).await, 400, "too old");
        assert!(t.stored(&ada).await.unwrap().email_verified_at.is_none());
    }

    async fn f10_a_wrong_or_missing_token_opens_nothing_and_a_token_is_for_one_page(t: Server) {
        let ada = t.user("ada@example.org").await;
        let front = t.with_pages();
        t.rakomi().forgot(&ada.email).await.ok(200);
        let reset = t.mail_to(&ada.email).await.token();
        t.rakomi().resend(&ada.email).await.ok(200);
        let verify = t.mail_to(&ada.email).await.token();
        for token in ["nonsense", "' OR 1=1 --", "%00", &verify.to_uppercase(), &"x".repeat(4_000)] {
            is_page(&get(&t, &front, &format!("/verify-email?token={}", token.replace(' ', "+"))).await, 400, "does not work any more");
            is_page(&post(&t, &front, "/verify-email", &[("token", token)]).await, 400, "does not work any more");
            is_page(&post(&t, &front, "/reset-password", &[("token", token), ("password", NEW), ("repeated", NEW)]).await, 400, "does not work any more");
        }
        is_page(&post(&t, &front, "/reset-password", &[("token", &verify), ("password", NEW), ("repeated", NEW)]).await, 400, "does not work any more");
        is_page(&post(&t, &front, "/verify-email", &[("token", &reset)]).await, 400, "does not work any more");
        is_page(&post(&t, &front, "/reset-password", &[("password", NEW), ("repeated", NEW)]).await, 400, "six digits");
        t.rakomi().login(&ada.email, &ada.password).await.ok(200);

        post(&t, &front, "/verify-email", &[("token", &verify)]).await.ok(200);
        post(&t, &front, "/reset-password", &[("token", &reset), ("password", NEW), ("repeated", NEW)]).await.ok(200);
    }

    async fn a_password_that_is_weak_or_mistyped_does_not_use_the_link_up(t: Server) {
        let ada = t.user("ada@example.org").await;
        let front = t.with_pages();
        t.rakomi().forgot(&ada.email).await.ok(200);
        let token = t.mail_to(&ada.email).await.token();
        for (password, repeated, says) in [
            ("short", "short", "at least 8 characters"), ("password1", "password1", "among the first that an attacker tries"), (NEW, "something else", "not the same password"), ("", "", "Choose a password"),
        ] {
            let refused = post(&t, &front, "/reset-password", &[("token", &token), ("password", password), ("repeated", repeated)]).await;
            is_page(&refused, 400, says);
            assert!(refused.text().contains(&format!("value=\"{token}\"")), "the form keeps the token: {refused}");
            assert!(password.is_empty() || !refused.text().contains(&format!("value=\"{password}\"")), "and not the password: {refused}");
        }
        t.rakomi().login(&ada.email, &ada.password).await.ok(200);

        post(&t, &front, "/reset-password", &[("token", &token), ("password", NEW), ("repeated", NEW)]).await.ok(200);
        t.rakomi().login(&ada.email, NEW).await.ok(200);
    }

    async fn an_address_is_confirmed_by_the_code_where_the_link_cannot_be_followed(t: Server) {
        let ada = t.user("ada@example.org").await;
        let front = t.with_pages();
        t.rakomi().resend(&ada.email).await.ok(200);
        let mail = t.mail_to(&ada.email).await;
        is_page(&get(&t, &front, "/verify-email").await, 200, "Enter the code");

        is_page(&post(&t, &front, "/verify-email", &[("email", &ada.email), ("code", &mail.wrong_code())]).await, 400, "not the code");
        let spaced = format!("{}+{}", &mail.code()[..3], &mail.code()[3..]).replace('+', " ");
        let good = front.send(t.request("POST", "/verify-email").header("content-type", "application/x-www-form-urlencoded")
            .body(format!("email={}&code={}", ada.email, spaced.replace(' ', "+")))).await;

        is_page(&good, 200, "is now confirmed");
        assert!(t.stored(&ada).await.unwrap().email_verified_at.is_some());
    }

    async fn w06_html_in_names_and_parameters_is_only_text(t: Server) {
        const SCRIPT: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
        let ada = t.user("ada@example.org").profile("name", SCRIPT).await;
        let front = t.with_pages();
        projects::rename(t.core(), &operator(), t.project.id, SCRIPT).await.unwrap();
        t.rakomi().forgot(&ada.email).await.ok(200);
        let mail = t.mail_to(&ada.email).await;
        let encoded = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%27%3E%3Cimg+src%3Dx%3E";
        let pages = [
            get(&t, &front, &target(&mail)).await,
            get(&t, &front, &format!("/verify-email?email={encoded}&code={encoded}&project={encoded}")).await,
            get(&t, &front, &format!("/verify-email?email={encoded}")).await,
            get(&t, &front, &format!("/reset-password?email={encoded}&code={encoded}")).await,
            post(&t, &front, "/verify-email", &[("email", SCRIPT), ("code", SCRIPT)]).await,
            post(&t, &front, "/reset-password", &[("token", &mail.token()), ("password", SCRIPT), ("repeated", SCRIPT)]).await,
        ];
        for page in pages {
            let lower = page.text().to_lowercase();
            assert!(!lower.contains("<script") && !lower.contains("<img"), "{page}");
        }
        assert!(!mail.html.to_lowercase().contains("<script") && !mail.html.contains("<img src=x"), "{}", mail.html);
    }

    async fn w06_o04_a_name_with_html_or_a_link_becomes_neither_in_a_mail(t: Server) {
        let app = t.rakomi();
        let body = json!({"email": "ada@example.org", "password": PASSWORD, "name": "Win €500 at http://evil.tld <a href=https://evil.tld>now</a>"});
        app.post("/v1/auth/register", body).await.ok(201);

        let mail = t.mail_to("ada@example.org").await;

        for text in [&mail.html, &mail.text, &mail.subject] {
            assert!(!text.contains("http://evil") && !text.contains("https://evil") && !text.contains("<a href=https"), "{text}");
        }
    }

    async fn w08_no_page_can_be_framed_and_errors_are_no_exception(t: Server) {
        let front = t.with_pages();
        for (method, path) in [
            ("GET", "/verify-email"), ("GET", "/reset-password"), ("GET", "/verify-email?token=x"), ("POST", "/verify-email"), ("POST", "/reset-password"),
            ("PUT", "/verify-email"), ("GET", "/assets/nonsense"), ("GET", "/nonsense"),
        ] {
            let answer = front.send(t.request(method, path)).await;
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.split("; ").any(|it| it == "frame-ancestors 'none'"), "{method} {path}: {answer}");
        }
    }

    async fn w01_a_page_takes_a_form_and_nothing_else(t: Server) {
        let ada = t.user("ada@example.org").await;
        let front = t.with_pages();
        t.rakomi().resend(&ada.email).await.ok(200);
        let token = t.mail_to(&ada.email).await.token();
        for (content_type, body) in [
            ("text/plain", format!("token={token}")), ("application/json", json!({"token": token}).to_string()), ("multipart/form-data; boundary=x", format!("token={token}")),
            ("application/x-www-form-urlencoded", format!("token={token}&token={token}")), ("application/x-www-form-urlencoded", format!("token={token}%ff")),
        ] {
            let refused = front.send(t.request("POST", "/verify-email").header("content-type", content_type).body(body)).await;
            assert_eq!(refused.status, 400, "{content_type}: {refused}");
        }
        let large = front.send(t.request("POST", "/verify-email").form(&[("token", &"x".repeat(1 << 17))])).await;
        assert_eq!(large.status, 413, "{large}");
        post(&t, &front, &format!("/verify-email?token={token}"), &[]).await;
        assert!(t.stored(&ada).await.unwrap().email_verified_at.is_none(), "a token in the address is not a press of the button");
        post(&t, &front, "/verify-email", &[("token", &token)]).await.ok(200);
    }

    async fn f11_guesses_at_the_pages_have_the_budget_of_guesses(t: Server) {
        let front = t.with_pages();
        for number in 0..60 {
            let guess = post(&t, &front, "/verify-email", &[("token", &format!("guess{number}"))]).await;
            assert_eq!((guess.status, guess.header("ratelimit")), (400, Some(format!("limit=60, remaining={}, reset=60", 59 - number).as_str())));
        }
        let refused = post(&t, &front, "/reset-password", &[("token", "guess")]).await;
        assert_eq!((refused.status, refused.header("retry-after")), (429, Some("60")), "{refused}");
        is_page(&get(&t, &front, "/verify-email").await, 200, "Enter the code");
    }

    async fn a_link_of_the_test_environment_or_another_project_leads_to_its_own_page(t: Server) {
        let front = t.with_pages();
        let other = t.another_project("other").await;
        let theirs = t.rakomi().with_key(&other.keys.test.api);
        theirs.register("ada@example.org", PASSWORD).await.ok(201);
        let mail = t.mail_to("ada@example.org").await;

        is_page(&get(&t, &front, &target(&mail)).await, 200, "other");
        is_page(&post(&t, &front, "/verify-email", &[("token", &mail.token())]).await, 200, "is now confirmed for other");

        let login = theirs.login("ada@example.org", PASSWORD).await.ok(200);
        assert_eq!(theirs.with_tokens(&login).me().await.json()["email_verified"], json!(true));
    }

    async fn the_inbox_of_dev_shows_each_mail_with_its_link_and_code(t: Server) {
        let front = t.front(Way { dev: true, ..Way::default() });
        t.rakomi().register("ada@example.org", PASSWORD).await.ok(201);
        t.advance(Duration::from_secs(1));
        t.rakomi().register("eve@example.org", PASSWORD).await.ok(201);
        t.deliver().await;

        let inbox = get(&t, &front, "/dev/inbox.json").await.ok(200);

        assert_eq!((inbox.header("content-type"), inbox.header("cache-control")), (Some("application/json"), Some("no-store")));
        let mails = inbox.json()["data"].as_array().unwrap().clone();
        let to: Vec<_> = mails.iter().map(|mail| mail["to"].as_str().unwrap()).collect();
        assert_eq!(to, ["eve@example.org", "ada@example.org"], "newest first");
        let fields: Vec<_> = mails[0].as_object().unwrap().keys().cloned().collect();
        assert_eq!(fields, ["id", "to", "subject", "text", "html", "links", "code", "sent_at"]);
        let of_ada = get(&t, &front, "/dev/inbox.json?to=ADA@example.org").await.ok(200).json();
        let links = of_ada["data"][0]["links"].as_array().unwrap().clone();
        let token = links[0].as_str().unwrap().split_once("token=").unwrap().1.split('&').next().unwrap();
        t.rakomi().verify(token).await.ok(200);
        assert_eq!(of_ada["data"].as_array().unwrap().len(), 1);
        let page = get(&t, &front, "/dev/inbox").await.ok(200);
        assert!(page.text().contains("ada@example.org"), "{page}");
    }
}
