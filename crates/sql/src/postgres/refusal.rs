//! Why a database cannot be used, and what to do about it.

use std::time::Duration;

use tokio_postgres::config::Host;
use tokio_postgres::{Config, Error as Driver};

use crate::Error;

/// A connection that was refused.
pub fn refused(error: &Driver, config: &Config) -> Error {
    let place = place(config);
    let user = config.get_user().unwrap_or("the system's user");
    let database = config.get_dbname().unwrap_or(user);
    let said = said(error);
    let remedy = match error.code().map(tokio_postgres::error::SqlState::code) {
        Some("28P01" | "28000") => {
            format!("check user {user} and the password in the address, and what pg_hba.conf allows")
        }
        Some("3D000") => format!("create it with `createdb {database}`, or name another in the address"),
        Some("42501") => format!("GRANT CONNECT ON DATABASE {database} TO {user}"),
        Some("53300") => "raise max_connections, or lower postgres.connections".to_owned(),
        Some("57P03") => "the server is starting or stopping: try again".to_owned(),
        Some(_) => "see the server's log".to_owned(),
        None if said.contains("does not allow writes") => {
            "this server is a read-only replica: name the primary, or list every host".to_owned()
        }
        None if said.contains("does not support TLS") => {
            "switch TLS on at the server, or say sslmode=disable where the network is trusted".to_owned()
        }
        None if said.contains("ertificate") => {
            "name the authority that made the server's certificate with sslrootcert=FILE, and check the host's name"
                .to_owned()
        }
        None => "check that PostgreSQL is running and that host and port are right".to_owned(),
    };
    Error::Open(format!("PostgreSQL at {place} cannot be used: {said}; {remedy}"))
}

/// A server that does not answer at all.
pub fn silent(config: &Config, patience: Duration) -> Error {
    Error::Open(format!(
        "PostgreSQL at {} did not answer within {} s; check that it is running, and that no firewall drops the connection",
        place(config),
        patience.as_secs()
    ))
}

/// A server of an unsupported version, as it numbers itself.
pub fn too_old(number: u32) -> Error {
    Error::Open(format!(
        "the server is PostgreSQL {}, and 15 is the oldest that is supported: upgrade it",
        number / 10_000
    ))
}

/// A migration that the database's user may not run.
pub fn no_right(user: &str, reason: &str) -> Error {
    Error::Open(format!(
        "the tables cannot be created: {reason}; run GRANT CREATE, USAGE ON SCHEMA public TO {user}, or make that user the database's owner"
    ))
}

/// Everything that an error and its causes say, without repetition.
fn said(error: &Driver) -> String {
    if let Some(reported) = error.as_db_error() {
        return reported.message().to_owned();
    }
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        let text = deeper.to_string();
        if !said.contains(&text) {
            said = format!("{said}: {text}");
        }
        cause = deeper.source();
    }
    said
}

fn place(config: &Config) -> String {
    let ports = config.get_ports();
    let hosts = config.get_hosts().iter().enumerate();
    let places = hosts.map(|(index, host)| {
        let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
        match host {
            Host::Tcp(host) => format!("{host}:{port}"),
            Host::Unix(folder) => folder.display().to_string(),
        }
    });
    places.collect::<Vec<_>>().join(",")
}
