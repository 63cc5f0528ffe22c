//! Each unsafe setting is found, and a safe configuration is left alone.

use super::*;
use crate::config::{LimitsBackend, SmtpTls};
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
fn a_proxy_range_that_covers_too_much_is_refused_alone_and_in_halves() {
    let trusted = |networks: &[&str]| {
        let networks = networks.iter().map(|it| it.parse().unwrap()).collect();
        errors(|it| it.network.trusted_proxies = networks)
    };
    for wide in ["0.0.0.0/0", "::/0", "10.0.0.0/7", "2000::/3"] {
        assert_eq!(trusted(&[wide]), ["network.trusted_proxies"], "{wide}");
    }
    assert_eq!(
        trusted(&["0.0.0.0/1", "128.0.0.0/1"]),
        ["network.trusted_proxies"; 2]
    );
    assert_eq!(trusted(&["10.0.0.0/8", "10.0.0.7/32", "fd00::/8"]), [""; 0]);
}

#[test]
fn a_host_that_no_request_can_name_is_refused() {
    for never in [
        "https://auth2.example.com",
        "auth2.example.com:443",
        "*.example.com",
        "auth2.example.com/",
        "bücher.example",
        "auth2..example.com",
        "",
    ] {
        assert_eq!(
            errors(|it| it.network.hosts = vec![never.into()]),
            ["network.hosts"],
            "{never}"
        );
    }
    let named = [
        "vestibule",
        "auth_2.Example.com",
        "vestibule.default.svc.cluster.local.",
    ];
    assert_eq!(
        errors(|it| it.network.hosts = named.map(str::to_owned).to_vec()),
        [""; 0]
    );
}

#[test]
fn a_mailed_link_without_tls_is_refused_unless_it_leads_to_this_machine() {
    for plain in [
        "http://app.example.com/reset?token={token}",
        "http://{token}.example.com/",
    ] {
        assert_eq!(
            errors(|it| it.links.reset_password = Some(plain.into())),
            ["links.reset_password"]
        );
        assert_eq!(
            errors(|it| it.links.verify_email = Some(plain.into())),
            ["links.verify_email"]
        );
    }
    for fine in [
        "https://app.example.com/reset#{token}",
        "http://localhost:3000/reset?token={token}",
        "http://[::1]:3000/{token}",
    ] {
        assert_eq!(
            errors(|it| it.links.reset_password = Some(fine.into())),
            [""; 0],
            "{fine}"
        );
    }
}

#[test]
fn what_the_mailer_and_the_log_would_refuse_at_the_start_is_found_before() {
    let nowhere = || Some("/nonexistent".into());
    assert_eq!(errors(|it| it.mail.from = Some("foo".into())), ["mail.from"]);
    assert_eq!(
        errors(|it| it.mail.reply_to = Some("foo".into())),
        ["mail.reply_to"]
    );
    assert_eq!(errors(|it| it.mail.templates = nowhere()), ["mail.templates"]);
    assert_eq!(errors(|it| it.mail.ca_file = nowhere()), ["mail.ca_file"]);
    assert_eq!(errors(|it| it.log.level = "bogus=xx=3".into()), ["log.level"]);
    assert_eq!(
        errors(|it| it.log.level = "info,vestibule_ops=debug".into()),
        [""; 0]
    );
}

#[test]
fn half_a_login_at_the_mail_server_is_named_by_what_is_missing() {
    assert_eq!(
        errors(|it| it.mail.username = Some("me".into())),
        ["mail.password"]
    );
    assert_eq!(
        errors(|it| it.mail.password = Some("geheim".into())),
        ["mail.username"]
    );
}

#[test]
fn numbers_beyond_any_use_are_refused() {
    assert_eq!(errors(|it| it.hashing.workers = Some(1025)), ["hashing.workers"]);
    assert_eq!(errors(|it| it.hashing.workers = Some(1024)), [""; 0]);
    assert_eq!(
        errors(|it| it.server.shutdown_grace = 3601),
        ["server.shutdown_grace"]
    );
    assert_eq!(errors(|it| it.server.shutdown_grace = 3600), [""; 0]);
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
