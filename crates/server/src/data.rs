//! The data folder: what lies in it, and who may read it.

use crate::config::Config;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The data folder of an instance.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
    /// The SQLite file; none where the database is a server.
    database: Option<PathBuf>,
}

impl Folder {
    /// The folder that a configuration names.
    pub fn of(config: &Config) -> Self {
        let root = config.server.data_dir.clone();
        let file = || {
            let named = config.database.path.clone();
            named.unwrap_or_else(|| root.join("vestibule.db"))
        };
        let database = config.database.url.is_none().then(file);
        Self { root, database }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The SQLite database; none where the database is PostgreSQL.
    pub fn database(&self) -> Option<&Path> {
        self.database.as_deref()
    }

    /// The SQLite database of a command that works on its file.
    pub fn database_file(&self) -> Result<&Path, String> {
        self.database().ok_or_else(|| {
            "the database is PostgreSQL: back it up and restore it with pg_dump and pg_restore, and keep the master key \
             apart from them"
                .to_owned()
        })
    }

    /// The database as messages name it.
    pub fn database_shown(&self) -> String {
        let file = self.database().map(|path| path.display().to_string());
        file.unwrap_or_else(|| "the PostgreSQL database".to_owned())
    }

    /// The master key.
    pub fn master_key(&self) -> PathBuf {
        self.root.join("master.key")
    }

    /// The API keys of `dev`, to print them again: the database has only their hashes.
    pub fn dev_keys(&self) -> PathBuf {
        self.root.join("dev-keys.json")
    }

    /// The master key before the current one, while rows are being sealed again.
    pub fn previous_master_key(&self) -> PathBuf {
        self.root.join("master.key.previous")
    }

    /// Claims the database as a server does, as long as the answer lives: for work that no server may run beside.
    pub fn claim(&self) -> Result<File, String> {
        let database = self.database_file()?;
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let opened = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let file = opened.map_err(|error| format!("cannot open {}: {error}", path.display()))?;
        file.try_lock()
            .map_err(|_| format!("a server uses {}: stop it first", database.display()))?;
        Ok(file)
    }

    /// Waits until no other process makes keys in this folder, and keeps them waiting as long as the answer lives: of
    /// processes that start together on an empty folder one makes the keys, and the others find them.
    pub fn alone(&self) -> std::io::Result<File> {
        let folder = File::open(&self.root)?;
        folder.lock()?;
        Ok(folder)
    }

    /// Creates the folder, for its owner alone.
    pub fn create(&self) -> std::io::Result<()> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.root)
    }
}

/// Writes a file that only its owner can read, whole or not at all, and on disk when this returns.
pub fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let fresh = PathBuf::from(name);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// The reason to refuse a file that every user of the machine can read; `None` when it is missing or private.
pub fn exposed(path: &Path) -> Option<String> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    let shown = path.display();
    (mode & 0o007 != 0)
        .then(|| format!("{shown} can be read by every user of this machine: run `chmod 600 {shown}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_file_is_private_and_a_readable_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        assert_eq!(exposed(&path), None);
        write_private(&path, "one").unwrap();
        write_private(&path, "two").unwrap();
        assert_eq!(
            (fs::read_to_string(&path).unwrap().as_str(), exposed(&path)),
            ("two", None)
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(exposed(&path).unwrap().contains("chmod 600"));
    }
}
