//! One of the two databases of a move, as its address names it.

use super::{Attempt, Failure};
use crate::config::database_path;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vestibule_store::{Error, OpenPostgres, OpenSqlite, Store};

/// Page cache of a file that is written from end to end, in KiB.
const PAGE_CACHE: u32 = 64 * 1024;

/// Where a database is.
pub struct Place {
    /// The address without user and password, the same for the same database however it was written.
    pub shown: String,
    kind: Kind,
}

enum Kind {
    File(PathBuf),
    Server(String),
}

impl Place {
    /// Reads an address, or the file that `@FILE` names. No error shows it: it may hold a password.
    pub fn parse(flag: &str, text: &str) -> Result<Self, Failure> {
        let address = match text.strip_prefix('@') {
            None => text.to_owned(),
            Some(file) => {
                let read = fs::read_to_string(file).attempting(format!("read {file}"))?;
                read.trim().to_owned()
            }
        };
        let wrong = |reason: &str| Failure::usage(format!("{flag}: {reason}"));
        match database_path(&address) {
            Some("") => Err(wrong("write sqlite://PATH or postgres://USER@HOST/DATABASE")),
            Some(path) => {
                let path = whole(Path::new(path)).attempting(format!("find {path}"))?;
                Ok(Self {
                    shown: format!("sqlite://{}", path.display()),
                    kind: Kind::File(path),
                })
            }
            None => {
                let options = OpenPostgres::companion(&address);
                let shown = options.shown().map_err(|error| wrong(&error.to_string()))?;
                Ok(Self {
                    shown,
                    kind: Kind::Server(address),
                })
            }
        }
    }

    /// Whether no lock can prove that nobody uses it.
    pub const fn is_server(&self) -> bool {
        matches!(self.kind, Kind::Server(_))
    }

    /// Opens a database that must exist, and claims it if it is a file: no server may use it meanwhile.
    pub async fn open(&self, prepare: bool) -> Result<Store, Failure> {
        match &self.kind {
            Kind::File(path) if !path.exists() => Err(Failure::not_found(format!(
                "there is no database {}",
                path.display()
            ))),
            Kind::File(path) => open_file(path).await,
            Kind::Server(url) => {
                let mut options = OpenPostgres::companion(url);
                options.prepare = prepare;
                Ok(Store::open(options).await?)
            }
        }
    }

    /// Opens a database; a file is made if there is none.
    pub async fn open_or_make(&self, prepare: bool) -> Result<Store, Failure> {
        let Kind::File(path) = &self.kind else {
            return self.open(prepare).await;
        };
        if let Some(folder) = path.parent() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.attempting(format!("create {}", folder.display()))?;
        }
        open_file(path).await
    }
}

async fn open_file(path: &Path) -> Result<Store, Failure> {
    let options = OpenSqlite {
        readers: 1,
        scanners: 1,
        page_cache_kib: PAGE_CACHE,
        ..OpenSqlite::new(path, Arc::new(()))
    };
    Store::open(options).await.map_err(|error| match error {
        Error::InUse(path) => Failure::new(format!("a server uses {path}: stop it first")),
        error => error.into(),
    })
}

/// The path from the root, through no link: of the file itself, or of its folder when there is no file yet.
fn whole(path: &Path) -> std::io::Result<PathBuf> {
    if path.exists() {
        return path.canonicalize();
    }
    let path = std::path::absolute(path)?;
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) if folder.exists() => Ok(folder.canonicalize()?.join(name)),
        _ => Ok(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, String> {
        let parsed = Place::parse("--to", text);
        parsed.map(|place| place.shown).map_err(|failure| failure.message)
    }

    #[test]
    fn every_spelling_of_a_file_is_one_place() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let expected = Ok(format!("sqlite://{}/v.db", root.display()));
        let link = root.join("link");
        std::os::unix::fs::symlink(&root, &link).unwrap();
        for path in [root.join("v.db"), root.join(".").join("v.db"), link.join("v.db")] {
            for scheme in ["sqlite://", "sqlite:", ""] {
                assert_eq!(shown(&format!("{scheme}{}", path.display())), expected);
            }
        }
        let file = root.join("address");
        fs::write(&file, format!("sqlite:{}/v.db\n", root.display())).unwrap();
        assert_eq!(shown(&format!("@{}", file.display())), expected);
    }

    #[test]
    fn a_wrong_address_is_refused_without_being_shown() {
        for text in [
            "",
            "sqlite://",
            "mysql://ada:geheim@host/house",
            "postgres://ada:geheim@host:port/house",
        ] {
            let refused = shown(text).unwrap_err();
            assert!(
                refused.starts_with("--to: ") && !refused.contains("geheim"),
                "{refused}"
            );
        }
    }
}
