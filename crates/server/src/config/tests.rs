//! How the layers lie over each other, and what the generated texts hold.

use super::*;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

fn sources(file: &str, variables: &[(&str, &str)], flags: Vec<Flag>) -> (tempfile::TempDir, Sources) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vestibule.toml");
    std::fs::write(&path, file).unwrap();
    let variables = variables
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    (
        folder,
        Sources {
            profile: Profile::Production,
            file: Some(path),
            variables,
            flags,
        },
    )
}

fn load(file: &str, variables: &[(&str, &str)]) -> Loaded {
    let (_folder, sources) = sources(file, variables, Vec::new());
    sources.load().unwrap()
}

fn problem(file: &str, variables: &[(&str, &str)]) -> String {
    let (folder, sources) = sources(file, variables, Vec::new());
    sources
        .load()
        .unwrap_err()
        .to_string()
        .replace(folder.path().to_str().unwrap(), "…")
}

fn source<'a>(shown: &'a [Shown], setting: &str) -> (Option<&'a str>, &'a str) {
    let found = shown.iter().find(|it| it.setting == setting).unwrap();
    (found.value.as_deref(), &found.source)
}

#[test]
fn a_flag_wins_over_the_environment_the_environment_over_the_file_the_file_over_the_default() {
    let file = "[server]\nlisten = '127.0.0.1:1'\nrequest_timeout = 1\ndrain_timeout = 1";
    let variables = [
        ("VESTIBULE_SERVER__LISTEN", "127.0.0.1:2"),
        ("VESTIBULE_SERVER__REQUEST_TIMEOUT", "2"),
    ];
    let flag = Flag {
        name: "--listen",
        path: "server.listen",
        value: "127.0.0.1:3".into(),
    };
    let (_folder, sources) = sources(file, &variables, vec![flag]);
    let loaded = sources.load().unwrap();
    let server = &loaded.config.server;
    assert_eq!(server.listen, SocketAddr::from(([127, 0, 0, 1], 3)));
    assert_eq!(
        (
            server.request_timeout,
            server.drain_timeout,
            server.max_connections
        ),
        (2, 1, 10_000)
    );

    let shown = shown(&loaded);
    assert_eq!(
        source(&shown, "server.listen"),
        (Some("\"127.0.0.1:3\""), "--listen")
    );
    assert_eq!(
        source(&shown, "server.request_timeout"),
        (Some("2"), "$VESTIBULE_SERVER__REQUEST_TIMEOUT")
    );
    assert_eq!(
        source(&shown, "server.max_connections"),
        (Some("10000"), "default")
    );
}

#[test]
fn an_unknown_setting_is_an_error_with_the_name_that_was_meant() {
    assert_eq!(
        problem("[server]\nlisen = 'x'", &[]),
        "server.lisen (…/vestibule.toml) is not a setting; did you mean server.listen?"
    );
    assert_eq!(
        problem("[sever]\nlisten = 'x'", &[]),
        "[sever] (…/vestibule.toml) is not a table of settings; did you mean server?"
    );
    assert_eq!(
        problem("", &[("VESTIBULE_SERVER_LISTEN", "x")]),
        "VESTIBULE_SERVER_LISTEN (environment) is not a setting; did you mean VESTIBULE_SERVER__LISTEN?"
    );
    assert!(problem("[dialects.rakomi]\nissuer = 'x'", &[]).contains("[dialects]"));
}

#[test]
fn a_table_that_may_stand_many_times_is_one_setting() {
    let films =
        r#"[{prefix="/api/films",upstream="http://127.0.0.1:9000",dialect="rakomi",roles=["admin"]}]"#;
    let from_variable = load("", &[("VESTIBULE_GATEWAY", films)]);
    let file = "[[gateway]]\nprefix = '/a'\nupstream = 'http://a'\ndialect = 'rakomi'\n\n\
                [[gateway]]\nprefix = '/b'\nupstream = 'http://b'\ndialect = 'rakomi'\nenvironment = 'test'\ntimeout = 5\n";
    let from_file = load(file, &[]);
    let prefixes = |loaded: &Loaded| -> Vec<String> {
        let rules = loaded.config.gateway.iter();
        rules
            .map(|rule| format!("{} {:?} {}", rule.prefix, rule.environment, rule.timeout))
            .collect()
    };
    assert_eq!(prefixes(&from_variable), ["/api/films None 30"]);
    assert_eq!(prefixes(&from_file), ["/a None 30", "/b Some(Test) 5"]);
    assert_eq!(
        prefixes(&load(file, &[("VESTIBULE_GATEWAY", films)])),
        ["/api/films None 30"]
    );
    assert_eq!(source(&shown(&from_variable), "gateway").1, "$VESTIBULE_GATEWAY");

    for (wrong, told) in [
        (
            "[gateway]\nprefix = '/a'",
            "gateway (…/vestibule.toml) must be a list of tables",
        ),
        (
            "gateway = 'films'",
            "gateway (…/vestibule.toml) must be a list of tables",
        ),
        (
            "[[gateway]]\nprefix = '/a'",
            "gateway (…/vestibule.toml): missing field `upstream`",
        ),
        (
            "[[gateway]]\nprefx = '/a'",
            "gateway (…/vestibule.toml): unknown field `prefx`",
        ),
        (
            "[[gateways]]\nprefix = '/a'",
            "[gateways] (…/vestibule.toml) is not a table of settings; did you mean gateway?",
        ),
    ] {
        let problem = problem(wrong, &[]);
        assert!(problem.starts_with(told), "{wrong}: {problem}");
    }
    assert!(
        problem("", &[("VESTIBULE_GATEWAY", "[{prefix=}]")])
            .starts_with("gateway ($VESTIBULE_GATEWAY) must be")
    );
}

#[test]
fn all_problems_are_told_at_once() {
    let told = problem(
        "[server]\nlisen = 'x'\nrequest_timeout = '5'\n[log]\nformat = 'xml'",
        &[("VESTIBULE_X", "1")],
    );
    assert_eq!(told.lines().count(), 4, "{told}");
    assert!(
        told.contains("server.request_timeout (…/vestibule.toml) must be a whole number"),
        "{told}"
    );
    assert!(told.contains("must be \"json\" or \"text\""), "{told}");
}

#[test]
fn a_value_of_the_right_type_that_means_nothing_is_told_with_its_origin() {
    let told = problem("", &[("VESTIBULE_SERVER__LISTEN", "everywhere")]);
    assert!(
        told.starts_with("server.listen ($VESTIBULE_SERVER__LISTEN): "),
        "{told}"
    );
    let told = problem("[mail]\nport = 70000", &[]);
    assert!(told.starts_with("mail.port (…/vestibule.toml): "), "{told}");
}

#[test]
fn a_variable_is_toml_and_text_where_a_text_is_wanted() {
    let loaded = load(
        "",
        &[
            ("VESTIBULE_NETWORK__TRUSTED_PROXIES", "[\"127.0.0.1/32\"]"),
            ("VESTIBULE_MAIL__ALLOW_PLAINTEXT", "true"),
            ("VESTIBULE_MAIL__USERNAME", "12345"),
            ("VESTIBULE_MAIL__FROM", "Example <no-reply@example.com>"),
            ("VESTIBULE_MAIL__TLS", "none"),
            ("VESTIBULE_RAKOMI__ISSUER", "https://api.rakomi.com"),
            ("VESTIBULE_MAIL__HOST", ""),
        ],
    );
    let config = &loaded.config;
    assert_eq!(config.network.trusted_proxies, ["127.0.0.1/32".parse().unwrap()]);
    assert_eq!(
        (config.mail.username.as_deref(), config.mail.tls),
        (Some("12345"), Some(SmtpTls::None))
    );
    assert!(config.mail.allow_plaintext && config.mail.host.is_none());
    assert_eq!(
        config.dialects["rakomi"].issuer.as_deref(),
        Some("https://api.rakomi.com")
    );
}

#[test]
fn the_names_that_platforms_use_work_and_ours_win_over_them() {
    let platform = [
        ("PORT", "8080"),
        ("DATABASE_URL", "sqlite:///srv/v.db"),
        ("SMTP_URL", "smtp://mail.example.com"),
    ];
    let config = load("", &platform).config;
    assert_eq!(config.server.listen, SocketAddr::from(([0, 0, 0, 0], 8080)));
    assert_eq!(config.database.path, Some(PathBuf::from("/srv/v.db")));
    assert_eq!(config.mail.server().unwrap().unwrap().host, "mail.example.com");

    let both = [("PORT", "8080"), ("VESTIBULE_SERVER__LISTEN", "127.0.0.1:1")];
    assert_eq!(load("", &both).config.server.listen.port(), 1);
}

#[test]
fn a_postgres_address_is_a_secret_and_excludes_a_file() {
    use secrecy::ExposeSecret as _;
    let url = "postgres://ada:hush@db.example.org/house";
    let loaded = load("", &[("DATABASE_URL", url)]);
    let found = loaded.config.database.url.as_ref().unwrap();
    assert_eq!(
        (found.expose_secret(), &loaded.config.database.path),
        (url, &None)
    );
    let shown = serde_json::to_string(&shown(&loaded)).unwrap();
    assert!(!shown.contains("hush"), "{shown}");
    let wrong = |loaded: &Loaded| -> Vec<String> {
        let found = check::always(&loaded.config).into_iter();
        found
            .filter(|it| it.subject.starts_with("database"))
            .map(|it| it.subject)
            .collect()
    };
    assert_eq!(wrong(&loaded), [""; 0]);
    let both = load("[database]\npath = 'v.db'", &[("DATABASE_URL", url)]);
    assert_eq!(wrong(&both), ["database.path"]);
    let other = load("", &[("DATABASE_URL", "mysql://ada:hush@db.example.org/house")]);
    assert_eq!(wrong(&other), ["database.url"]);
}

#[test]
fn a_secret_is_read_from_a_file_and_never_shown() {
    use secrecy::ExposeSecret as _;
    let (folder, mut sources) = sources("[mail]\npassword_file = 'password'", &[], Vec::new());
    std::fs::write(folder.path().join("password"), "hush\n").unwrap();
    let loaded = sources.load().unwrap();
    assert_eq!(
        loaded.config.mail.password.as_ref().unwrap().expose_secret(),
        "hush"
    );
    assert_eq!(source(&shown(&loaded), "mail.password").0, Some("********"));
    assert!(!format!("{:?}", loaded.config).contains("hush"));

    let other = folder.path().join("other");
    std::fs::write(&other, "louder").unwrap();
    sources.variables.insert(
        "VESTIBULE_MAIL__PASSWORD_FILE".into(),
        other.display().to_string(),
    );
    assert_eq!(
        sources
            .load()
            .unwrap()
            .config
            .mail
            .password
            .unwrap()
            .expose_secret(),
        "louder"
    );

    std::fs::remove_file(other).unwrap();
    assert!(
        sources
            .load()
            .unwrap_err()
            .to_string()
            .contains("$VESTIBULE_MAIL__PASSWORD_FILE")
    );
}

#[test]
fn a_relative_path_is_meant_from_the_folder_of_the_file_that_sets_it() {
    let (folder, sources) = sources(
        "[server]\ndata_dir = 'data'",
        &[("VESTIBULE_DATABASE__PATH", "here.db")],
        Vec::new(),
    );
    let config = sources.load().unwrap().config;
    assert_eq!(config.server.data_dir, folder.path().join("data"));
    assert_eq!(config.database.path, Some(PathBuf::from("here.db")));
}

#[test]
fn dev_defaults_lie_under_the_file() {
    let (_folder, mut sources) = sources("[jwks]\npublish_test_keys = false", &[], Vec::new());
    sources.profile = Profile::Development;
    let config = sources.load().unwrap().config;
    assert_eq!(config.server.default_environment, EnvironmentName::Test);
    assert!(!config.jwks.publish_test_keys);
}

#[test]
fn the_sample_with_its_comments_removed_is_the_default_configuration() {
    // A table that may stand many times stands nowhere by default.
    let mut many = false;
    let uncommented: String = sample()
        .lines()
        .filter(|line| {
            many = line.starts_with("#[[") || many && !line.starts_with('[');
            !many
        })
        .filter(|line| !line.starts_with("# "))
        .map(|line| format!("{}\n", line.strip_prefix('#').unwrap_or(line)))
        .filter(|line| !unset(line))
        .collect();
    let loaded = load(&uncommented, &[]);
    let mut with_dialects = loaded.config.clone();
    (with_dialects.dialects, with_dialects.rate_limits) = (BTreeMap::new(), BTreeMap::new());
    with_dialects.server.data_dir = Config::default().server.data_dir;
    assert_eq!(format!("{with_dialects:?}"), format!("{:?}", Config::default()));
}

/// Settings without a default stand in the sample with an empty value.
fn unset(line: &str) -> bool {
    let name = line.split(' ').next().unwrap_or_default();
    keys()
        .iter()
        .any(|key| key.default.is_none() && key.place().1 == name)
}

#[test]
fn every_setting_has_a_text_and_a_place_in_reference_sample_and_schema() {
    let (reference, sample, schema) = (reference(), sample(), schema());
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert!(keys().len() > 50, "{}", keys().len());
    for key in keys() {
        let (table, name) = key.place();
        let table = table.replace('.', "/properties/");
        assert!(key.text.ends_with('.'), "{}: {}", key.path, key.text);
        assert!(reference.contains(&key.variable()), "{}", key.path);
        if key.kind == Kind::Tables {
            assert!(sample.contains(&format!("\n#[[{name}]]\n")), "{name}");
            let entry = format!("/properties/{name}/items/properties/prefix");
            assert!(schema.pointer(&entry).is_some(), "{name}");
            assert!(
                reference.contains(&format!("\n## `[[{name}]]`\n")) && reference.contains("\n### `prefix`\n"),
                "{name}"
            );
            continue;
        }
        assert!(sample.contains(&format!("\n#{name} = ")), "{}", key.path);
        assert!(
            schema
                .pointer(&format!("/properties/{table}/properties/{name}"))
                .is_some(),
            "{}",
            key.path
        );
    }
}

#[test]
fn a_changed_secret_is_noticed_although_it_is_not_shown() {
    let before = load("[mail]\npassword = 'one'\nport = 25", &[]);
    let after = load("[mail]\npassword = 'two'\nport = 25", &[]);
    assert_eq!(changed(&before, &after), ["mail.password"]);
}

#[test]
fn a_line_that_is_not_toml_is_named_but_not_shown() {
    let told = problem("[mail]\n\npassword = \"hush", &[]);
    assert!(told.ends_with("in line 3") && !told.contains("hush"), "{told}");
}

#[test]
fn a_user_schema_is_read_from_the_file_that_the_configuration_names_and_judged() {
    let (folder, sources) = sources("[users]\nschema = 'schema.json'", &[], Vec::new());
    let write = |text: &str| std::fs::write(folder.path().join("schema.json"), text).unwrap();
    let problem = || sources.load().unwrap_err().to_string();
    assert!(
        problem().contains("users.schema") && problem().contains("cannot read"),
        "{}",
        problem()
    );
    write("{\"properties\": {}, \"properties\": {}}");
    assert!(problem().contains("names a key twice"), "{}", problem());
    write("{\"properties\": {\"role\": {\"type\": \"string\"}}}");
    let findings = check::always(&sources.load().unwrap().config);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].subject, "users.schema.properties.role");
    write("{\"properties\": {\"nickname\": {\"type\": \"string\"}}}");
    let config = sources.load().unwrap().config;
    assert!(check::always(&config).is_empty());
    assert!(
        config
            .project_defaults()
            .user_schema
            .unwrap()
            .contains_key("properties")
    );
}
