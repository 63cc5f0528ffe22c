//! Stored hashes of every scheme, made by other programs: OpenSSL, libxcrypt, Python, the Argon2 reference.

use super::argon2::{Engine, MAX_LANES, Setting, Variant, Version};
use super::hash::cost;
use super::{BadHash, Normalisation, Params, Password, StoredHash};
use crate::SystemEntropy;
use proptest::prelude::*;
use vestibule_model::entropy;

const KNOWN: [(&str, &str); 16] = [
    (
        "password",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    ),
    (
        "password",
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
    ),
    (
        "password",
        "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
    ),
    (
        "U*U",
        "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    ),
    (
        "U*U",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    ),
    (
        "U*U",
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    ),
    (
        "password",
        "$scrypt$ln=10,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$BVMRKqdiVYikKAaPR1wucsKUKvw4TuPLkdEYtoSHas4",
    ),
    (
        "password",
        "$pbkdf2$1000$c2FsdHNhbHRzYWx0c2FsdA$2FWw/oC7TQkskizC.81lWlmFAMM",
    ),
    (
        "password",
        "$pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0c2FsdA$8nX7hwFEzIB8aPajJTYK8weHQc5Ngz0pFVAKvSu4jQA",
    ),
    (
        "password",
        "$pbkdf2-sha256$i=1000,l=32$c2FsdHNhbHRzYWx0c2FsdA$8nX7hwFEzIB8aPajJTYK8weHQc5Ngz0pFVAKvSu4jQA",
    ),
    (
        "password",
        "$pbkdf2-sha512$1000$c2FsdHNhbHRzYWx0c2FsdA$715rqIr5dXOVPpBhqqsugl037zT5bWJTWYmZtIcK8hBnisKpwfY7kokvwjDrNHqHhF50Pb7MD6HvkJwiDQw4ww",
    ),
    (
        "password",
        "pbkdf2_sha256$1000$seasalt2$uVEb+sgBbQ+os/7/NKCwt12lTi30NXcIL1uign1R2Qc=",
    ),
    (
        "password",
        "pbkdf2_sha1$1000$seasalt2$RhDgUmce9R5GoyYX238GVR+UlIg=",
    ),
    (
        "Hello world!",
        "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
    ),
    (
        "Hello world!",
        "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
    ),
    (
        "Hello world!",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
    ),
];

fn matches(stored: &StoredHash, typed: &str) -> bool {
    stored
        .matches(Engine::Fast.hasher().as_mut(), &Password::for_login(typed))
        .unwrap()
}

#[test]
fn hashes_of_other_systems_verify_and_are_due_for_replacement() {
    for (password, text) in KNOWN {
        let stored = StoredHash::parse(text).unwrap();
        assert!(matches(&stored, password), "{text}");
        for wrong in ["", "Password", "password ", "hello world!", "U*u"] {
            assert!(!matches(&stored, wrong), "{wrong} {text}");
        }
        assert!(stored.outdated(Params::default()), "{text}");
        assert!(stored.cost() >= 1);
        assert_eq!(stored.text(), text);
    }
}

#[test]
fn a_new_hash_is_read_back_from_its_text_and_is_current() {
    let params = Params::default();
    let password = Password::for_login("cafe\u{301} 2026");
    let mut hasher = Engine::Fast.hasher();
    let made = StoredHash::make(hasher.as_mut(), params, &password, [7; 16]).unwrap();
    assert!(
        made.text()
            .starts_with("n1$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$")
    );
    let read = StoredHash::parse(made.text()).unwrap();
    assert!(read == made && !read.outdated(params) && read.usual(params));
    assert_eq!((read.cost(), read.normalisation()), (1_000, Normalisation::Nfc));
    assert!(matches(&read, "caf\u{e9} 2026") && matches(&read, "cafe\u{301} 2026"));
    assert!(!matches(&read, "cafe 2026"));
    let raised = Params::new(19_456, 3).unwrap();
    assert!(read.outdated(raised) && !read.usual(raised));
}

#[test]
fn an_imported_hash_is_compared_with_the_bytes_as_typed() {
    let params = Params::default();
    let mut hasher = Engine::Fast.hasher();
    // "é" composed, hashed elsewhere: the text without our prefix.
    let made = StoredHash::make(
        hasher.as_mut(),
        params,
        &Password::for_login("caf\u{e9}"),
        [7; 16],
    )
    .unwrap();
    let imported = StoredHash::parse(made.text().strip_prefix("n1").unwrap()).unwrap();
    assert_eq!(imported.normalisation(), Normalisation::AsTyped);
    assert!(matches(&imported, "caf\u{e9}") && !matches(&imported, "cafe\u{301}"));
    assert!(imported.outdated(params));
}

#[test]
fn a_password_that_can_be_nobodys_never_matches() {
    let mut hasher = Engine::Fast.hasher();
    for impossible in ["a\0b".to_owned(), "\0".into(), "a".repeat(1_025)] {
        let password = Password::for_login(&impossible);
        let made = StoredHash::make(hasher.as_mut(), Params::default(), &password, [7; 16]).unwrap();
        assert!(!made.matches(hasher.as_mut(), &password).unwrap());
    }
}

#[test]
fn beyond_72_bytes_bcrypt_is_refused_rather_than_cut() {
    let (short, long) = ("x".repeat(72), "x".repeat(73));
    let parts = bcrypt::hash_with_salt(&long, 4, [1; 16]).unwrap();
    let stored = StoredHash::parse(&parts.format_for_version(bcrypt::Version::TwoB)).unwrap();
    assert!(
        matches(&stored, &short),
        "bcrypt itself does not see the 73rd byte"
    );
    assert!(!matches(&stored, &long) && !matches(&stored, &format!("{short}y")));
}

#[test]
fn costs_above_the_caps_are_refused_on_sight() {
    let argon2 = |m: u64, t: u64, p: u64| {
        format!("$argon2id$v=19$m={m},t={t},p={p}$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
    };
    let bcrypt = |cost: u32| format!("$2y${cost:02}$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");
    let scrypt = |ln: u32, r: u32, p: u32| {
        format!("$scrypt$ln={ln},r={r},p={p}$c2FsdHNhbHQ$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E")
    };
    let too_costly = [
        argon2(8 << 20, 2, 1),
        argon2(262_145, 1, 1),
        argon2(u64::MAX, 1, 1),
        argon2(65_536, 1_000, 1),
        argon2(65_536, 17, 1),
        argon2(65_536, 2, 5),
        bcrypt(16),
        bcrypt(20),
        bcrypt(31),
        bcrypt(99),
        scrypt(31, 8, 1),
        scrypt(18, 8, 1),
        scrypt(17, 17, 1),
        scrypt(10, 8, 17),
        scrypt(1, 4_000_000_000, 4),
        "$pbkdf2-sha256$1000000000$c2FsdHNhbHQ$8nX7hwFEzIB8aPajJTYK8weHQc5Ngz0p".into(),
        "$5$rounds=999999999$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5".into(),
    ];
    for text in too_costly {
        assert_eq!(
            StoredHash::parse(&text).unwrap_err(),
            BadHash::TooCostly,
            "{text}"
        );
    }
    for text in [
        argon2(262_144, 16, 4),
        bcrypt(15),
        scrypt(17, 8, 1),
        scrypt(17, 16, 1),
    ] {
        assert!(StoredHash::parse(&text).is_ok(), "{text}");
    }
}

#[test]
fn what_is_damaged_or_unknown_fails_closed() {
    for text in [
        "",
        "n1",
        "x",
        "plain",
        "$1$salt$hash",
        "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "{SSHA}x",
        "$y$j9T$x$y",
    ] {
        assert_eq!(
            StoredHash::parse(text).unwrap_err(),
            BadHash::UnknownScheme,
            "{text}"
        );
    }
    let damaged = [
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$",
        "$argon2id$v=19$m=65536,t=2$c29tZXNhbHQ$x",
        "$argon2id$v=19$m=65536,t=2,p=1,m=8$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=065536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=2,p=1$c29t$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdU",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aF\u{e9}",
        "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
        "$2y$",
        "$2y$05",
        "$2y$05$\u{e9}CCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2y$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$scrypt$",
        "$scrypt$ln=0,r=8,p=1$c2FsdHNhbHQ$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$pbkdf2-sha256$0$c2FsdHNhbHQ$8nX7hwFEzIB8aPajJTYK8weHQc5Ngz0p",
        "$pbkdf2-sha256$-1$c2FsdHNhbHQ$8nX7hwFEzIB8aPajJTYK8weHQc5Ngz0p",
        "$pbkdf2-sha256$1000$c2FsdHNhbHQ$",
        "$5$saltstring$5B8vYYiY",
        "$5$rounds=10$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
        "$6$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
    ];
    for text in damaged {
        assert_eq!(StoredHash::parse(text).unwrap_err(), BadHash::Damaged, "{text}");
    }
}

#[test]
fn parameters_below_the_floor_or_above_the_caps_are_refused() {
    assert_eq!(Params::new(19_456, 2), Ok(Params::default()));
    for (memory, passes) in [(19_455, 2), (19_456, 1), (65_536, 1), (262_145, 2), (19_456, 17)] {
        assert!(Params::new(memory, passes).is_err(), "{memory} {passes}");
    }
    assert_eq!(cost(Params::new(38_912, 4).unwrap().setting()), 4_000);
}

#[test]
fn debug_shows_neither_salt_nor_hash() {
    let shown = format!("{:?}", StoredHash::parse(KNOWN[0].1).unwrap());
    assert!(
        shown.contains("argon2id") && !shown.contains("c29tZXNhbHQ") && !shown.contains("CTFh"),
        "{shown}"
    );
}

#[test]
fn both_implementations_pass_their_self_test() {
    assert_eq!(
        (Engine::Fast.self_test(), Engine::Portable.self_test()),
        (Ok(()), Ok(()))
    );
}

#[test]
fn a_hasher_gives_the_same_answer_after_releasing_its_memory() {
    for engine in [Engine::Fast, Engine::Portable] {
        let (mut hasher, setting) = (engine.hasher(), Params::default().setting());
        let mut answers = [[0; 32]; 3];
        hasher
            .hash(setting, b"password", b"somesalt", &mut answers[0])
            .unwrap();
        hasher
            .hash(setting, b"password", b"somesalt", &mut answers[1])
            .unwrap();
        hasher.release();
        hasher
            .hash(setting, b"password", b"somesalt", &mut answers[2])
            .unwrap();
        assert!(answers[0] == answers[1] && answers[1] == answers[2], "{engine:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// One pair of hashers for a whole case, so that memory left over from one hash cannot colour the next.
    #[test]
    fn the_fast_implementation_agrees_with_the_portable_one(
        inputs in prop::collection::vec((any::<Vec<u8>>(), prop::collection::vec(any::<u8>(), 8..64), 8_u32..2_000, 1_u32..4, 1..=MAX_LANES, 0..3_u8, any::<bool>(), 4_usize..96), 1..6)
    ) {
        let (mut fast, mut portable) = (Engine::Fast.hasher(), Engine::Portable.hasher());
        for (password, salt, memory, passes, lanes, variant, old, length) in inputs {
            let variant = [Variant::D, Variant::I, Variant::Id][usize::from(variant)];
            let version = if old { Version::V16 } else { Version::V19 };
            let setting = Setting { variant, version, memory_kib: memory.max(8 * lanes), passes, lanes };
            let (mut left, mut right) = (vec![0; length], vec![1; length]);
            fast.hash(setting, &password, &salt, &mut left).unwrap();
            portable.hash(setting, &password, &salt, &mut right).unwrap();
            prop_assert_eq!(left, right);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,120}", cut in 0_usize..120, which in 0..KNOWN.len(), flip in any::<char>()) {
        let known = KNOWN[which].1;
        let at = cut.min(known.len());
        let _ = StoredHash::parse(&text);
        let _ = StoredHash::parse(&known[..at]);
        let _ = StoredHash::parse(&format!("{}{flip}{}", &known[..at], &known[(at + 1).min(known.len())..]));
    }
}

#[test]
fn fast_and_portable_agree_at_the_default_parameters() {
    let (password, salt): ([u8; 24], [u8; 16]) =
        (entropy::bytes(&SystemEntropy), entropy::bytes(&SystemEntropy));
    let mut answers = [[0; 32]; 2];
    Engine::Fast
        .hasher()
        .hash(Params::default().setting(), &password, &salt, &mut answers[0])
        .unwrap();
    Engine::Portable
        .hasher()
        .hash(Params::default().setting(), &password, &salt, &mut answers[1])
        .unwrap();
    assert_eq!(answers[0], answers[1]);
}
