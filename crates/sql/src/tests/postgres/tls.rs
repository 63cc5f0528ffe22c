//! `sslmode`, against a server with a certificate.

use super::*;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use vestibule_cluster::Cluster;

/// A cluster on loopback whose certificate is `localhost`'s.
struct Secured {
    cluster: Cluster,
    port: u16,
    folder: TempDir,
}

impl Secured {
    async fn opens(&self, host: &str, query: &str) -> Result<(), String> {
        let url = format!("postgres://vestibule@{host}:{}/postgres?{query}", self.port);
        let opened = Db::open_postgres(OpenPostgres::companion(url)).await;
        let db = opened.map_err(|error| error.to_string())?;
        let secured = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let row = db
            .read_one(secured, &[])
            .await
            .map_err(|error| error.to_string())?;
        assert_eq!(row.unwrap().get(0), Ok(!query.contains("disable")), "{query}");
        Ok(())
    }

    fn authority(&self) -> String {
        format!(
            "sslrootcert={}",
            self.folder.path().join("authority.pem").display()
        )
    }
}

fn secured() -> Secured {
    let folder = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let certificate = authority.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(authority, key);
    let servers_key = rcgen::KeyPair::generate().unwrap();
    let servers = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let servers = servers.signed_by(&servers_key, &issuer).unwrap();
    std::fs::write(folder.path().join("authority.pem"), certificate.pem()).unwrap();
    let (pem, secret) = (folder.path().join("server.pem"), folder.path().join("server.key"));
    std::fs::write(&pem, servers.pem()).unwrap();
    std::fs::write(&secret, servers_key.serialize_pem()).unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o640)).unwrap();
    if let Some((_, group)) = vestibule_cluster::unprivileged() {
        chown(&secret, None, Some(group)).unwrap();
    }
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let cluster = Cluster::start(&[
        "listen_addresses=127.0.0.1",
        &format!("port={port}"),
        "ssl=on",
        &format!("ssl_cert_file={}", pem.display()),
        &format!("ssl_key_file={}", secret.display()),
    ]);
    Secured {
        cluster,
        port,
        folder,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sslmode_trusts_exactly_as_far_as_libpq_says() {
    if !vestibule_cluster::installed() {
        return;
    }
    let server = secured();
    let authority = server.authority();
    for (host, query) in [
        ("localhost", "sslmode=disable"),
        ("localhost", "sslmode=prefer"),
        ("127.0.0.1", "sslmode=require"),
        ("127.0.0.1", &format!("sslmode=verify-ca&{authority}")),
        ("localhost", &format!("sslmode=verify-full&{authority}")),
    ] {
        assert_eq!(server.opens(host, query).await, Ok(()), "{host} {query}");
    }
    for (host, query) in [
        ("127.0.0.1", &*format!("sslmode=verify-full&{authority}")),
        ("localhost", "sslmode=verify-full"),
        ("localhost", "sslmode=verify-ca"),
    ] {
        let said = server.opens(host, query).await.unwrap_err();
        assert!(said.contains("sslrootcert=FILE"), "{host} {query}: {said}");
    }
    assert!(server.cluster.folder().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_not_spoken_to_in_the_clear_where_tls_is_required() {
    if !vestibule_cluster::installed() {
        return;
    }
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let cluster = Cluster::start(&["listen_addresses=127.0.0.1", &format!("port={port}")]);
    let url = |mode: &str| format!("postgres://vestibule@127.0.0.1:{port}/postgres?sslmode={mode}");
    assert!(
        Db::open_postgres(OpenPostgres::companion(url("prefer")))
            .await
            .is_ok()
    );
    for mode in ["require", "verify-full"] {
        let refused = Db::open_postgres(OpenPostgres::companion(url(mode))).await;
        let said = refused.err().unwrap().to_string();
        assert!(
            said.contains("does not support TLS") && said.contains("sslmode=disable"),
            "{said}"
        );
    }
    drop(cluster);
}
