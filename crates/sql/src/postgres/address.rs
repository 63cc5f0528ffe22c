//! A connection URL as libpq means it, and what is said when it is none.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::tls::{Roots, Trust};
use crate::Error;

/// How long one host may take to accept a connection, unless the URL says.
const CONNECT: Duration = Duration::from_secs(2);
/// How long sent bytes may stay unacknowledged before the system gives a connection up.
const UNACKNOWLEDGED: Duration = Duration::from_secs(5);

/// Where a server listens unless the URL says.
const PORT: u16 = 5432;

/// Where the database is and how far its certificate is trusted.
pub struct Address {
    pub config: Config,
    pub trust: Trust,
}

/// Parameters of the URL that the driver below does not know.
#[derive(Default)]
struct Ours {
    mode: Option<String>,
    roots: Option<String>,
}

impl Address {
    /// Reads a URL. No error shows it: it may hold a password.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let refused = |reason: String| {
            Error::Open(format!(
                "the PostgreSQL address is wrong ({reason}): write postgres://USER@HOST:PORT/DATABASE"
            ))
        };
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(refused("it does not begin with postgres://".to_owned()));
        }
        let (rest, ours) = split(url);
        let mut config: Config = rest
            .parse()
            .map_err(|error: tokio_postgres::Error| refused(reason(&error)))?;
        let (mode, trust) = security(&ours).map_err(refused)?;
        config.ssl_mode(mode);
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(refused("it names no host".to_owned()));
        }
        // As with libpq, a Unix socket needs no TLS.
        if config
            .get_hosts()
            .iter()
            .all(|host| matches!(host, Host::Unix(_)))
            && config.get_hostaddrs().is_empty()
        {
            config.ssl_mode(SslMode::Disable);
        }
        // A replica would answer too, with what it does not know yet.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(UNACKNOWLEDGED);
        }
        if config.get_application_name().is_none() {
            config.application_name("vestibule");
        }
        Ok(Self { config, trust })
    }

    /// Where the database is: no user, no password, and the same text however the address was written.
    pub fn shown(&self) -> String {
        let ports = self.config.get_ports();
        let port = |index: usize| ports.get(index).or(ports.first()).copied().unwrap_or(PORT);
        let (mut servers, mut sockets) = (Vec::new(), Vec::new());
        for (index, host) in self.config.get_hosts().iter().enumerate() {
            match host {
                Host::Tcp(name) => servers.push(format!("{name}:{}", port(index))),
                Host::Unix(folder) => {
                    let other = Some(port(index)).filter(|port| *port != PORT);
                    let other = other.map_or_else(String::new, |port| format!("&port={port}"));
                    sockets.push(format!("?host={}{other}", folder.display()));
                }
            }
        }
        if self.config.get_hosts().is_empty() {
            let numbers = self.config.get_hostaddrs().iter().enumerate();
            servers.extend(numbers.map(|(index, number)| format!("{number}:{}", port(index))));
        }
        let database = self.config.get_dbname().or(self.config.get_user());
        format!(
            "postgres://{}/{}{}",
            servers.join(","),
            database.unwrap_or_default(),
            sockets.concat()
        )
    }
}

fn reason(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// Takes the parameters out of the URL's query that are ours to read.
fn split(url: &str) -> (String, Ours) {
    let mut ours = Ours::default();
    let Some((base, query)) = url.split_once('?') else {
        return (url.to_owned(), ours);
    };
    let mut rest = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", mode)) => ours.mode = Some(mode.to_owned()),
            Some(("sslrootcert", path)) => {
                ours.roots = Some(percent_decode_str(path).decode_utf8_lossy().into_owned());
            }
            // The driver below takes one host a word.
            Some(("host", hosts)) => rest.extend(hosts.split(',').map(|host| format!("host={host}"))),
            _ => rest.push(pair.to_owned()),
        }
    }
    let separator = if rest.is_empty() { "" } else { "?" };
    (format!("{base}{separator}{}", rest.join("&")), ours)
}

fn security(ours: &Ours) -> Result<(SslMode, Trust), String> {
    let roots = || match ours.roots.as_deref() {
        None | Some("system") => Roots::System,
        Some(path) => Roots::File(path.to_owned()),
    };
    Ok(match ours.mode.as_deref() {
        Some("disable") => (SslMode::Disable, Trust::Anyone),
        None | Some("prefer") => (SslMode::Prefer, Trust::Anyone),
        // As with libpq, naming the authority makes `require` mean `verify-ca`.
        Some("require") if ours.roots.is_some() => (SslMode::Require, Trust::Authority(roots())),
        Some("require") => (SslMode::Require, Trust::Anyone),
        Some("verify-ca") => (SslMode::Require, Trust::Authority(roots())),
        Some("verify-full") => (SslMode::Require, Trust::Host(roots())),
        Some(other) => {
            return Err(format!(
                "sslmode={other} is none of disable, prefer, require, verify-ca and verify-full"
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Address {
        Address::parse(url).unwrap()
    }

    #[test]
    fn sslmode_means_what_libpq_means_by_it() {
        for (query, mode, trust) in [
            ("", SslMode::Prefer, Trust::Anyone),
            ("?sslmode=disable", SslMode::Disable, Trust::Anyone),
            ("?sslmode=require", SslMode::Require, Trust::Anyone),
            (
                "?sslmode=require&sslrootcert=/a%20b.pem",
                SslMode::Require,
                Trust::Authority(Roots::File("/a b.pem".to_owned())),
            ),
            (
                "?sslmode=verify-ca",
                SslMode::Require,
                Trust::Authority(Roots::System),
            ),
            (
                "?sslrootcert=system&sslmode=verify-full",
                SslMode::Require,
                Trust::Host(Roots::System),
            ),
        ] {
            let address = parsed(&format!("postgres://ada@db.example.org/house{query}"));
            assert_eq!(
                (address.config.get_ssl_mode(), address.trust),
                (mode, trust),
                "{query}"
            );
        }
    }

    #[test]
    fn several_hosts_and_sockets_are_understood_and_only_a_primary_will_do() {
        let address = parsed("postgresql://ada@one:5433,two/house?target_session_attrs=any");
        assert_eq!(address.config.get_hosts().len(), 2);
        assert_eq!(
            address.config.get_target_session_attrs(),
            TargetSessionAttrs::ReadWrite
        );
        let socket = parsed("postgres:///house?host=/run/postgresql&user=ada&sslmode=verify-full");
        assert_eq!(socket.config.get_ssl_mode(), SslMode::Disable);
    }

    #[test]
    fn one_place_is_shown_as_one_text_without_user_and_password() {
        for (url, shown) in [
            (
                "postgres://ada:geheim@db/house?sslmode=require",
                "postgres://db:5432/house",
            ),
            (
                "postgresql://db:5432/house?user=ada&password=geheim",
                "postgres://db:5432/house",
            ),
            ("postgres://ada:geheim@db", "postgres://db:5432/ada"),
            (
                "postgres://one:1,two:2/house?user=ada",
                "postgres://one:1,two:2/house",
            ),
            (
                "postgres:///house?host=/run/postgresql&user=geheim",
                "postgres:///house?host=/run/postgresql",
            ),
            (
                "postgres:///house?host=/run&port=6000&user=ada",
                "postgres:///house?host=/run&port=6000",
            ),
        ] {
            assert_eq!(parsed(url).shown(), shown);
        }
    }

    #[test]
    fn a_wrong_address_is_refused_without_being_shown() {
        for url in [
            "mysql://ada:geheim@host/house",
            "postgres://ada:geheim@host/house?sslmode=yes",
            "postgres://ada:geheim@host:port/house",
            "postgres://ada:geheim@host/house?sslpassword=geheim",
            "postgres:///house?user=geheim",
        ] {
            let refused = Address::parse(url).err().unwrap().to_string();
            assert!(
                refused.contains("PostgreSQL address") && !refused.contains("geheim"),
                "{refused}"
            );
        }
    }
}
