//! Throw-away servers for tests, `PostgreSQL` and Redis, started from the binaries that are installed.
//!
//! A `PostgreSQL` cluster lives on a Unix socket in a folder of its own. A shell guards it: when the pipe from this process to it
//! closes, by whatever end of this process, it ends the server and deletes the folder.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that has no database must fail"
)]
#![expect(
    clippy::missing_panics_doc,
    reason = "everything here panics when a test fails"
)]

mod admin;
mod binaries;
mod cluster;
mod redis;
mod throw_away;
mod wire;

pub use binaries::unprivileged;
pub use cluster::Cluster;
pub use redis::Redis;
pub use throw_away::ThrowAway;
pub use wire::Wire;

use std::sync::OnceLock;

/// The variable that makes missing server binaries a failure.
const REQUIRED: &str = "VESTIBULE_REQUIRE_POSTGRES";

/// The cluster of this process, which all its tests share; none when no server binaries are installed, which is said
/// once, and is a failure where `VESTIBULE_REQUIRE_POSTGRES` is set.
pub fn shared() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    SHARED
        .get_or_init(|| installed().then(|| Cluster::start(&[])))
        .as_ref()
}

/// Whether there are server binaries; says once when there are none, and fails where they are required.
pub fn installed() -> bool {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    *INSTALLED.get_or_init(|| {
        let found = binaries::folder().is_some();
        let required = std::env::var_os(REQUIRED).is_some();
        assert!(
            found || !required,
            "{REQUIRED} is set, but no PostgreSQL server binaries were found"
        );
        if !found {
            binaries::say_missing("PostgreSQL", "postgresql");
        }
        found
    })
}
