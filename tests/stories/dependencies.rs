//! What must not be built into the binary. `cargo deny` holds the rest of deny.toml, where it is there to run.

use std::fs;
use std::path::Path;

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).unwrap()
}

/// RUSTSEC-2023-0071: private operations of the crate `rsa` leak time. (`ring` stands in the lock file as a choice that a
/// dependency would have, which is for `cargo deny` to tell apart.)
#[test]
fn t29_c01_what_is_forbidden_is_in_no_dependency_graph() {
    let (lock, rules) = (read("Cargo.lock"), read("deny.toml"));
    for name in ["rsa", "openssl", "openssl-sys", "native-tls"] {
        assert!(
            !lock.contains(&format!("name = \"{name}\"\n")),
            "{name} is in Cargo.lock"
        );
        assert!(
            rules.contains(&format!("{{ name = \"{name}\"")),
            "{name} is not forbidden"
        );
    }
    assert!(
        lock.contains("name = \"aws-lc-rs\"\n"),
        "what stands in its place"
    );
}
