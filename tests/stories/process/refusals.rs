//! What the binary refuses to start with, and how it says so.

use super::place::Place;
use std::fs::{self, Permissions};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use vestibule_testkit::process::Ended;

const FAILED: Option<i32> = Some(1);
const USAGE: Option<i32> = Some(2);

fn refused(ended: &Ended, code: Option<i32>, texts: &[&str]) {
    assert_eq!(ended.code, code, "{ended:?}");
    assert_eq!(ended.out, "", "nothing was ready");
    for text in texts {
        assert!(ended.err.contains(text), "no {text:?} in {}", ended.err);
    }
}

/// A data folder with a user in it, and no server.
fn left_behind() -> Place {
    let place = Place::new();
    let mut server = place.dev();
    server.door.newcomer("ada@example.org");
    server.process.terminate();
    assert!(server.process.ended(std::time::Duration::from_secs(10)).is_some());
    place
}

fn dev(place: &Place) -> Ended {
    place.run(&["dev", "--listen", "127.0.0.1:0", "--json"])
}

#[test]
fn rl34_a_second_server_on_the_same_folder_is_refused_with_the_remedy() {
    let place = Place::new();
    let server = place.dev();
    let ada = server.door.newcomer("ada@example.org");
    refused(
        &dev(&place),
        FAILED,
        &[
            "another server process already uses",
            "stop it first, or give this one its own data folder",
        ],
    );
    assert_eq!(server.door.status_of(&ada.access), 200, "the first one goes on");
}

#[test]
fn a_port_in_use_is_refused_with_the_remedy_and_leaves_nothing_behind() {
    let (first, second) = (Place::new(), Place::new());
    let server = first.dev();
    let taken = server.door.address.to_string();
    refused(
        &second.run(&["dev", "--listen", &taken]),
        FAILED,
        &[&taken, "choose another address with --listen or server.listen"],
    );
    assert!(!second.data().exists());
}

#[test]
fn d06_rl22_a_missing_or_wrong_master_key_is_refused_and_none_is_made() {
    let place = left_behind();
    let path = place.data().join("master.key");
    let key = fs::read_to_string(&path).unwrap();
    let shown = path.to_str().unwrap();
    let remedy = format!("put the key back into {shown} (mode 0600)");

    fs::remove_file(&path).unwrap();
    refused(
        &dev(&place),
        USAGE,
        &[
            "which sealed",
            "is missing",
            &remedy,
            "none is made anew, and nothing was changed",
        ],
    );
    refused(&place.run(&["user", "list"]), USAGE, &["is missing"]);
    assert!(!path.exists(), "a key was made");

    let other = format!("{:064x}\n", 7);
    fs::write(&path, &other).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    refused(&dev(&place), USAGE, &["is not the one that sealed", &remedy]);
    assert_eq!(fs::read_to_string(&path).unwrap(), other);

    fs::write(&path, "no key at all").unwrap();
    refused(&dev(&place), USAGE, &[shown]);

    fs::write(&path, key).unwrap();
    let server = place.dev();
    server.door.sign_in("ada@example.org");
}

#[test]
fn d09_a_key_or_database_that_everybody_can_read_is_refused() {
    let place = left_behind();
    for name in ["master.key", "vestibule.db", "dev-keys.json"] {
        let path = place.data().join(name);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let shown = path.to_str().unwrap();
        refused(
            &dev(&place),
            USAGE,
            &[
                "can be read by every user of this machine",
                &format!("chmod 600 {shown}"),
            ],
        );
        let doctor = place.run(&["doctor"]);
        assert!(doctor.code == FAILED && doctor.out.contains(shown), "{doctor:?}");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    }
    place.dev();
}

#[test]
fn rl06_a_damaged_database_is_refused_with_a_hint_to_restore() {
    type Damage = (&'static str, fn(&fs::File, u64));
    let damages: [Damage; 3] = [
        ("bytes in a page", |file, middle| {
            file.write_all_at(&[0xff; 64], middle).unwrap();
        }),
        ("cut", |file, middle| file.set_len(middle).unwrap()),
        ("another file", |file, _| {
            file.write_all_at(&[b'x'; 4096], 0).unwrap();
        }),
    ];
    let place = left_behind();
    let whole = fs::read(place.database()).unwrap();
    for (name, damage) in damages {
        fs::write(place.database(), &whole).unwrap();
        let file = fs::OpenOptions::new().write(true).open(place.database()).unwrap();
        damage(&file, whole.len() as u64 / 4096 / 2 * 4096);
        let evidence = fs::read(place.database()).unwrap();
        let ended = dev(&place);
        assert!(ended.err.contains("damaged"), "{name}: {ended:?}");
        refused(&ended, FAILED, &["restore from a backup"]);
        assert!(
            fs::read(place.database()).unwrap() == evidence,
            "{name}: the evidence was changed"
        );
    }
    fs::write(place.database(), whole).unwrap();
    place.dev().door.sign_in("ada@example.org");
}

#[test]
fn an_unknown_setting_is_refused_naming_the_one_that_was_meant() {
    let place = Place::new();
    let file = place.path("vestibule.toml");
    fs::write(&file, "[server]\nlisen = '127.0.0.1:1'\n").unwrap();
    let file = file.to_str().unwrap();
    refused(
        &place.run(&["serve", "--config", file]),
        USAGE,
        &["server.lisen", file, "did you mean server.listen?"],
    );
    let place = Place::new().with("VESTIBULE_SERVER__LISEN", "127.0.0.1:1");
    refused(
        &dev(&place),
        USAGE,
        &[
            "VESTIBULE_SERVER__LISEN",
            "did you mean VESTIBULE_SERVER__LISTEN?",
        ],
    );
    refused(&place.run(&["user", "lst"]), USAGE, &["list"]);
    assert!(!place.data().exists());
}

/// Adds lines to the table `[mail]` of the file that `init` wrote.
fn add(file: &str, lines: &str) {
    let text = fs::read_to_string(file).unwrap();
    fs::write(file, text.replace("[mail]", &format!("[mail]\n{lines}"))).unwrap();
}

/// A folder that `serve` would serve, and the file that says so.
fn production() -> (Place, String) {
    let place = Place::new();
    let file = place.path("vestibule.toml");
    let file = file.to_str().unwrap().to_owned();
    place.json(&[
        "init",
        "--config",
        &file,
        "--public-url",
        "https://auth.example.org",
    ]);
    add(&file, "host = 'mail.example.org'\nfrom = 'no-reply@example.org'");
    let checked = place.run(&["config", "check", "--config", &file]);
    assert_eq!(
        checked.code,
        Some(0),
        "{checked:?}\n{}",
        fs::read_to_string(&file).unwrap()
    );
    (place, file)
}

#[test]
fn d11_serve_and_doctor_name_each_unsafe_setting() {
    let unsafe_settings = [
        (
            "SERVER__PUBLIC_URL",
            "http://auth.example.org",
            "server.public_url",
        ),
        (
            "NETWORK__TRUSTED_PROXIES",
            r#"["0.0.0.0/0"]"#,
            "network.trusted_proxies",
        ),
        (
            "NETWORK__TRUSTED_PROXIES",
            r#"["::/0"]"#,
            "network.trusted_proxies",
        ),
        ("CORS__ALLOWED_ORIGINS", r#"["*"]"#, "cors.allowed_origins"),
        ("MAIL__TLS", "none", "mail.tls"),
        ("HASHING__MEMORY", "1024", "hashing.memory"),
        ("HASHING__ITERATIONS", "1", "hashing.iterations"),
        ("METRICS__LISTEN", "0.0.0.0:9000", "metrics.listen"),
        (
            "LINKS__RESET_PASSWORD",
            "https://app.example.org/reset",
            "links.reset_password",
        ),
        (
            "LINKS__VERIFY_EMAIL",
            "http://app.example.org/verify?token={token}",
            "links.verify_email",
        ),
        ("NETWORK__HOSTS", r#"["auth.example.org:443"]"#, "network.hosts"),
        ("HASHING__WORKERS", "100000", "hashing.workers"),
        ("MAIL__FROM", "foo", "mail.from"),
        ("MAIL__TEMPLATES", "/nonexistent", "mail.templates"),
        ("MAIL__CA_FILE", "/nonexistent", "mail.ca_file"),
        ("LOG__LEVEL", "bogus=xx=3", "log.level"),
        ("LIMITS__SIGN_IN", "0", "limits.sign_in"),
        ("TOKENS__REFRESH_OVERLAP", "61", "tokens.refresh_overlap"),
    ];
    let (place, file) = production();
    for (name, value, subject) in unsafe_settings {
        let binary = place.binary.clone().with(&format!("VESTIBULE_{name}"), value);
        let serve = binary.run(&["serve", "--config", &file]);
        refused(&serve, USAGE, &[&format!("{subject}:")]);
        let doctor = binary.run(&["doctor", "--config", &file]);
        assert_eq!(doctor.code, FAILED, "{name}: {doctor:?}");
        assert!(doctor.out.contains(subject), "{name}: {doctor:?}");
    }
    // All at once are named at once, and so is what is missing.
    let bare = place.path("bare.toml");
    fs::write(
        &bare,
        format!(
            "[server]\ndata_dir = {:?}\n[cors]\nallowed_origins = ['*']\n",
            place.data()
        ),
    )
    .unwrap();
    let serve = place.binary.run(&["serve", "--config", bare.to_str().unwrap()]);
    refused(
        &serve,
        USAGE,
        &[
            "server.public_url: is not set",
            "mail: no mail server",
            "cors.allowed_origins:",
        ],
    );
}

#[test]
fn d09_a_configuration_file_with_a_secret_in_it_must_be_private() {
    let (place, file) = production();
    add(&file, "username = 'post'\npassword = 'not so secret'");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let serve = place.binary.run(&["serve", "--config", &file]);
    refused(
        &serve,
        USAGE,
        &["can be read by every user of this machine", &file],
    );
    assert!(!serve.err.contains("not so secret"), "{serve:?}");
}

#[test]
fn exit_codes_tell_scripts_what_happened() {
    let place = left_behind();
    let code = |arguments: &[&str]| place.run(arguments).code;
    assert_eq!(code(&["user", "list"]), Some(0));
    assert_eq!(code(&["user", "show", "nobody@example.org"]), Some(3));
    assert_eq!(code(&["project", "show", "nothing"]), Some(3));
    assert_eq!(code(&["key", "revoke", "nothing"]), Some(3));
    assert_eq!(code(&["session", "revoke", "nothing"]), Some(3));
    assert_eq!(code(&["project", "create", "default"]), FAILED);
    assert_eq!(
        code(&["user", "delete", "ada@example.org"]),
        FAILED,
        "nobody is there to say yes"
    );
    assert_eq!(code(&["user", "frobnicate"]), USAGE);
    let json = place.run(&["user", "show", "nobody@example.org", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&json.err).unwrap();
    assert!(told["error"].as_str().unwrap().contains("nobody@example.org"));
}
