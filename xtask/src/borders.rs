//! The table of crate borders of DESIGN.md ("The house") as data.
//!
//! A crate goes by its folder, without `crates/`: `model`, `dialects/rakomi`, `tests`. A pattern is such a
//! name, `dialects/*` for every crate of that folder, or `*` for every crate of the workspace.

/// What one crate, or one folder of crates, may import of ours.
pub struct Border {
    pub crates: &'static str,
    pub imports: &'static [&'static str],
    pub rule: &'static str,
}

/// A package from outside that only some crates may import.
pub struct Guard {
    /// The package; those named `<package>-…` are guarded with it.
    pub package: &'static str,
    pub only: &'static [&'static str],
    pub rule: &'static str,
}

/// Which of our crates each crate may import. A crate without a row is an error.
pub const BORDERS: &[Border] = &[
    Border {
        crates: "model",
        imports: &[],
        rule: "model is the ground and imports nothing of ours",
    },
    Border {
        crates: "sql",
        imports: &[],
        rule: "sql knows databases, not our records",
    },
    Border {
        crates: "keys",
        imports: &["model"],
        rule: "keys is pure cryptography over model",
    },
    Border {
        crates: "store",
        imports: &["model", "sql"],
        rule: "store turns records into sentences and needs nothing above them",
    },
    Border {
        crates: "mail",
        imports: &["model", "keys", "store"],
        rule: "mail sends what the outbox holds and knows no operation; Db and Tx come from store",
    },
    Border {
        crates: "ops",
        imports: &["model", "keys", "store"],
        rule: "operations know neither HTTP nor mail transport; Db and Tx come from store",
    },
    Border {
        crates: "redis",
        imports: &["model"],
        rule: "redis counts windows of the model and knows nothing of who is counted",
    },
    Border {
        crates: "web",
        imports: &["model", "ops"],
        rule: "the HTTP kit reaches data through operations only",
    },
    Border {
        crates: "dialects/*",
        imports: &["model", "ops", "web"],
        rule: "a dialect never sees store, sql or another dialect; shared code goes down into web",
    },
    Border {
        crates: "gateway",
        imports: &["model", "ops", "web"],
        rule: "the gateway reaches data through operations only",
    },
    Border {
        crates: "server",
        imports: &[
            "model",
            "sql",
            "keys",
            "store",
            "mail",
            "ops",
            "redis",
            "web",
            "dialects/*",
            "gateway",
        ],
        rule: "server wires every crate of the product, and nothing that exists for tests",
    },
    Border {
        crates: "cluster",
        imports: &[],
        rule: "cluster starts PostgreSQL and Redis for tests, and knows nothing of what runs on them",
    },
    Border {
        crates: "testkit",
        imports: &[
            "cluster",
            "model",
            "sql",
            "keys",
            "store",
            "mail",
            "ops",
            "web",
            "dialects/*",
            "gateway",
            "server",
        ],
        rule: "testkit starts the product",
    },
    Border {
        crates: "tests",
        imports: &["*"],
        rule: "stories may look anywhere",
    },
    Border {
        crates: "bench",
        imports: &["*"],
        rule: "measurements may look anywhere",
    },
    Border {
        crates: "xtask",
        imports: &[],
        rule: "xtask builds without the product, so that it can check it",
    },
];

/// What any crate may import for its own tests besides its row.
pub const FOR_TESTS: &[&str] = &["testkit", "cluster"];

/// Which packages from outside are kept to a few crates.
pub const GUARDS: &[Guard] = &[Guard {
    package: "axum",
    // bench answers with a bare axum server, the reference that requests are measured against.
    only: &["web", "dialects/*", "gateway", "server", "bench"],
    rule: "HTTP ends at web, the dialects, the gateway and the server",
}];

/// Whether a crate's name is meant by a pattern.
pub fn meant(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(folder) => name.starts_with(folder),
        None => pattern == name,
    }
}
