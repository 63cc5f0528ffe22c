//! The tables of the configuration file. The doc comment of a field is its text in the reference.

use super::{LimitsBackend, SchemaFile};
use ipnet::IpNet;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use vestibule_model::lockout::Lockout;

/// Declares tables whose fields, texts and defaults each stand once.
macro_rules! tables {
    ($(
        $(#[$doc:meta])*
        $name:ident { $( $(#[$field_doc:meta])* $field:ident: $kind:ty = $default:expr, )* }
    )*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name { $( $(#[$field_doc])* pub $field: $kind, )* }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }
    )* };
}

tables! {
    /// `[server]`
    Server {
        /// Where clients reach the server, such as `https://auth.example.com`. Mailed links are built from it and
        /// from nothing else. `serve` needs it.
        public_url: Option<String> = None,
        /// The address and port that the server listens on.
        listen: SocketAddr = SocketAddr::from((Ipv4Addr::LOCALHOST, 7373)),
        /// The folder of the database and the master key; a relative one is found from the folder of the file
        /// that sets it.
        #[schemars(extend("x-path" = true))]
        data_dir: PathBuf = PathBuf::from("vestibule-data"),
        /// The environment that requests without an API key belong to.
        default_environment: EnvironmentName = EnvironmentName::Live,
        /// Seconds after which a request is given up.
        request_timeout: u64 = 5,
        /// Seconds between the moment at which `/ready` turns false and the one from which no connection is accepted:
        /// as long as a load balancer in front needs to notice, at most 3600.
        shutdown_grace: u64 = 0,
        /// Seconds that running requests get to finish when the server stops.
        drain_timeout: u64 = 30,
        /// How many connections may be open at once.
        max_connections: usize = 10_000,
    }

    /// `[database]`
    Database {
        /// A PostgreSQL database, 15 or newer: `postgres://user:password@host:5432/name?sslmode=verify-full`; several
        /// hosts with commas between, a Unix socket as `?host=/folder`. Unset: the SQLite file below. `DATABASE_URL`
        /// sets it too.
        #[schemars(with = "Option<String>", extend("x-secret" = true))]
        url: Option<SecretString> = None,
        /// The SQLite file; unset: `vestibule.db` in the data folder. `DATABASE_URL=sqlite:PATH` sets it too.
        #[schemars(extend("x-path" = true))]
        path: Option<PathBuf> = None,
        /// KiB of page cache that each connection may use.
        page_cache: u32 = 2048,
    }

    /// `[postgres]`
    Postgres {
        /// The address past the pooler that `database.url` leads to, for migrations and for what nodes tell each
        /// other. Needed with PgBouncer in transaction mode.
        #[schemars(with = "Option<String>", extend("x-secret" = true))]
        direct_url: Option<SecretString> = None,
        /// Whether statements are prepared once per connection; `false` for a pooler that does not keep them, such as
        /// PgBouncer before 1.21.
        prepare: bool = true,
        /// Connections for transactions, at most; four more are shared by short reads, and one listens.
        connections: u32 = 16,
    }

    /// `[network]`
    Network {
        /// Networks of the proxies whose `X-Forwarded-For` is believed, such as `["10.0.0.7/32"]`; none wider than /8
        /// (IPv6: /7).
        #[schemars(with = "Vec<String>")]
        trusted_proxies: Vec<IpNet> = Vec::new(),
        /// Names that requests may give in `Host` besides that of `server.public_url`, `localhost` and any IP address,
        /// such as `["vestibule"]` in a container network, without ports and wildcards; all others are answered 421.
        hosts: Vec<String> = Vec::new(),
    }

    /// `[secrets]`
    Secrets {
        /// The master key, `vmk1_…` or 64 hexadecimal digits; unset: the file `master.key` in the data folder.
        #[schemars(with = "Option<String>", extend("x-secret" = true))]
        master_key: Option<SecretString> = None,
        /// The master key before this one, while `vestibule key master rotate` has not re-sealed everything.
        #[schemars(with = "Option<String>", extend("x-secret" = true))]
        previous_master_key: Option<SecretString> = None,
    }

    /// `[hashing]`
    Hashing {
        /// Threads that hash passwords, at most 1024; unset: as many as there are cores, and as memory allows.
        workers: Option<u32> = None,
        /// KiB of memory of one Argon2id hash; never less than 19456.
        memory: u32 = 19_456,
        /// Passes over that memory; never less than 2.
        iterations: u32 = 2,
        /// Whether to hash with the portable implementation instead of the fast one.
        portable: bool = false,
    }

    /// `[mail]`
    Mail {
        /// Everything about the mail server in one line: `smtp://user:password@host:587` (STARTTLS) or
        /// `smtps://user:password@host:465` (TLS). `SMTP_URL` sets it too. Host, port, TLS, username and password
        /// below win over it.
        #[schemars(with = "Option<String>", extend("x-secret" = true))]
        smtp_url: Option<SecretString> = None,
        /// The mail server's name.
        host: Option<String> = None,
        /// Its port; unset: 587 with STARTTLS, 465 with TLS, 25 without.
        port: Option<u16> = None,
        /// How the connection is encrypted.
        tls: Option<SmtpTls> = None,
        /// The user to log in as.
        username: Option<String> = None,
        /// That user's password.
        #[schemars(with = "Option<String>", extend("x-secret" = true))]
        password: Option<SecretString> = None,
        /// The sender, such as `Example <no-reply@example.com>`.
        from: Option<String> = None,
        /// The address that answers go to.
        reply_to: Option<String> = None,
        /// A folder of templates that replace the built-in ones of the same name.
        #[schemars(extend("x-path" = true))]
        templates: Option<PathBuf> = None,
        /// A PEM file of certificate authorities to trust besides the system's.
        #[schemars(extend("x-path" = true))]
        ca_file: Option<PathBuf> = None,
        /// Whether mail may leave unencrypted to another machine.
        allow_plaintext: bool = false,
    }

    /// `[metrics]`
    Metrics {
        /// The address and port of the metrics listener; unset: none, but in `dev` a loopback port.
        listen: Option<SocketAddr> = None,
    }

    /// `[log]`
    Log {
        /// How much is logged: `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,vestibule_ops=debug`.
        level: String = "info".into(),
        /// One JSON object per line, or text for people.
        format: LogFormat = LogFormat::Json,
    }

    /// `[limits]`
    Limits {
        /// Sign-ins and sign-ups in 60 seconds.
        sign_in: u32 = 60,
        /// Requests that send mail in 60 seconds.
        mail: u32 = 20,
        /// All other requests in 60 seconds.
        other: u32 = 600,
        /// Registrations of taken addresses in an hour.
        conflicts: u32 = 5,
        /// Who counts the budgets that all nodes of one PostgreSQL database share: sign-ins, sign-ups and mail.
        backend: LimitsBackend = LimitsBackend::Database,
        /// The Redis or Valkey of `backend = "redis"`: `redis://user:password@host:6379/0`, or `rediss://…` for TLS. One
        /// server, not a cluster; a database number for each installation.
        #[schemars(with = "Option<String>", extend("x-secret" = true))]
        redis_url: Option<SecretString> = None,
    }

    /// `[users]`
    Users {
        /// A file that holds what users may say about themselves, as JSON Schema 2020-12 with the marks of the user
        /// schema; unset: the schema of a new project. `vestibule project set PROJECT user_schema @FILE` declares one
        /// project's own.
        #[schemars(with = "Option<String>", extend("x-path" = true))]
        schema: Option<SchemaFile> = None,
    }

    /// `[lockout]`
    LockoutSteps {
        /// Consecutive failures after which the account is locked.
        failures: u32 = 10,
        /// Seconds that the first, the second and every further lock lasts; none longer than 900.
        steps: [u64; 3] = [60, 300, 900],
    }
}

/// `live` or `test`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentName {
    Live,
    Test,
}

impl From<EnvironmentName> for vestibule_model::Environment {
    fn from(name: EnvironmentName) -> Self {
        match name {
            EnvironmentName::Live => Self::Live,
            EnvironmentName::Test => Self::Test,
        }
    }
}

/// How the connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    Starttls,
    Tls,
    None,
}

/// The shape of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Json,
    Text,
}

impl LockoutSteps {
    /// As operations read it.
    pub fn lockout(&self) -> Lockout {
        Lockout {
            failures: self.failures,
            steps: self.steps.map(Duration::from_secs),
        }
    }
}
