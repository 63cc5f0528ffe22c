//! Each unsafe setting is found, and a safe configuration is left alone.

use super::*;
use crate::config::LimitsBackend;
use secrecy::SecretString;

fn good() -> Config {
    let mut config = Config::default();
    config.server.public_url = Some("https://auth.example.com".into());
    config.mail.smtp_url = Some(SecretString::from("smtp://mail.example.com"));
    config.mail.from = Some("no-reply@example.com".into());
    config
}

fn errors(change: impl FnOnce(&mut Config)) -> Vec<String> {
    let mut config = good();
    change(&mut config);
    production(&config)
        .into_iter()
        .filter(|it| it.severity == Severity::Error)
        .map(|it| it.subject)
        .collect()
}

#[test]
fn a_safe_configuration_has_no_findings() {
    assert_eq!(production(&good()), []);
}

#[test]
fn each_unsafe_setting_is_named() {
    assert_eq!(errors(|it| it.server.public_url = None), ["server.public_url"]);
    for url in [
        "http://auth.example.com",
        "auth.example.com",
        "https://auth.example.com/x",
        "ftp://localhost",
    ] {
        assert_eq!(
            errors(|it| it.server.public_url = Some(url.into())),
            ["server.public_url"],
            "{url}"
        );
    }
    for url in [
        "http://127.0.0.1:7373",
        "http://localhost:7373",
        "http://[::1]:7373",
    ] {
        assert_eq!(
            errors(|it| it.server.public_url = Some(url.into())),
            [""; 0],
            "{url}"
        );
    }
    assert_eq!(errors(|it| it.mail.smtp_url = None), ["mail"]);
    assert_eq!(errors(|it| it.mail.from = None), ["mail.from"]);
    assert_eq!(errors(|it| it.mail.tls = Some(SmtpTls::None)), ["mail.tls"]);
    for network in ["0.0.0.0/0", "::/0"] {
        assert_eq!(
            errors(|it| it.network.trusted_proxies = vec![network.parse().unwrap()]),
            ["network.trusted_proxies"]
        );
    }
    for origin in [
        "*",
        "https://*.example.com",
        "http://localhost:*",
        "example.com",
        "null",
    ] {
        assert_eq!(
            errors(|it| it.cors.allowed_origins = vec![origin.into()]),
            ["cors.allowed_origins"],
            "{origin}"
        );
    }
    assert_eq!(errors(|it| it.hashing.memory = 19_455), ["hashing.memory"]);
    assert_eq!(errors(|it| it.hashing.iterations = 1), ["hashing.iterations"]);
    assert_eq!(errors(|it| it.limits.sign_in = 0), ["limits.sign_in"]);
    assert_eq!(errors(|it| it.lockout.steps = [1, 2, 901]), ["lockout.steps"]);
    assert_eq!(
        errors(|it| it.metrics.listen = Some(([0, 0, 0, 0], 9000).into())),
        ["metrics.listen"]
    );
    assert_eq!(
        errors(|it| it.links.verify_email = Some("https://app/verify".into())),
        ["links.verify_email"]
    );
}

#[test]
fn redis_is_for_nodes_over_one_database_and_needs_an_address() {
    let secret = |text: &str| Some(SecretString::from(text));
    let redis = |url: Option<&str>| {
        let url = url.and_then(secret);
        errors(|it| {
            it.database.url = secret("postgres://db/house");
            (it.limits.backend, it.limits.redis_url) = (LimitsBackend::Redis, url);
        })
    };
    assert_eq!(redis(Some("redis://cache:6379/0")), [""; 0]);
    assert_eq!(redis(Some("rediss://me:geheim@cache/2")), [""; 0]);
    for wrong in [None, Some("http://cache"), Some("cache:6379")] {
        assert_eq!(redis(wrong), ["limits.redis_url"], "{wrong:?}");
    }
    let alone = errors(|it| {
        (it.limits.backend, it.limits.redis_url) = (LimitsBackend::Redis, secret("redis://cache"));
    });
    assert_eq!(alone, ["limits.backend"]);
    let mut unused = good();
    unused.limits.redis_url = secret("redis://cache");
    let found = production(&unused);
    assert_eq!((found.len(), found[0].severity), (1, Severity::Warning));
}

#[test]
fn plaintext_mail_is_fine_on_this_machine_and_a_warning_when_allowed() {
    let local = |it: &mut Config| it.mail.smtp_url = Some(SecretString::from("smtp://127.0.0.1:1025"));
    assert_eq!(
        errors(|it| {
            local(it);
            it.mail.tls = Some(SmtpTls::None);
        }),
        [""; 0]
    );
    let mut config = good();
    config.mail.tls = Some(SmtpTls::None);
    config.mail.allow_plaintext = true;
    assert_eq!(
        production(&config)
            .iter()
            .map(|it| it.severity)
            .collect::<Vec<_>>(),
        [Severity::Warning]
    );
}

#[test]
fn open_registration_that_tells_taken_addresses_is_stated() {
    let mut settings = Settings::default();
    assert!(enumeration("shop", &settings).unwrap().message.contains("rakomi"));
    settings.registration.hide_existing = true;
    assert_eq!(enumeration("shop", &settings), None);
    settings = Settings::default();
    for name in crate::dialects::names() {
        settings.dialects.entry(name.into()).or_default().enabled = Some(false);
    }
    assert_eq!(enumeration("shop", &settings), None);
}

#[test]
fn an_upstream_beyond_this_machine_is_a_warning_without_tls() {
    let findings = |upstream: &str| {
        let mut config = good();
        let table = serde_json::json!({"prefix": "/films", "upstream": upstream, "dialect": "rakomi"});
        config.gateway = vec![serde_json::from_value(table).unwrap()];
        production(&config)
    };
    for quiet in [
        "http://127.0.0.1:9000",
        "http://localhost:9000",
        "http://[::1]:9000",
        "https://films.example.com",
    ] {
        assert_eq!(findings(quiet), [], "{quiet}");
    }
    let [found] = findings("http://films:9000").try_into().unwrap();
    assert_eq!(
        (found.severity, found.subject.as_str()),
        (Severity::Warning, "gateway")
    );
}
