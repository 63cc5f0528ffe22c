//! Where the server's binaries are, and who may run them.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where Debian, and nearly everybody else, puts them.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The folder of `initdb` and `postgres`, of the newest version where there are several.
pub fn folder() -> Option<PathBuf> {
    let whole = |folder: &Path| folder.join("initdb").exists() && folder.join("postgres").exists();
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|version| whole(&Path::new(DEBIAN).join(format!("{version}/bin"))))
        .max();
    if let Some(version) = newest {
        return Some(Path::new(DEBIAN).join(format!("{version}/bin")));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find(|folder| whole(folder))
}

/// The Redis or Valkey server.
pub fn redis() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders = std::env::split_paths(&path).collect::<Vec<_>>();
    let found = ["redis-server", "valkey-server"]
        .into_iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    found.into_iter().find(|binary| binary.exists())
}

/// Past the test harness, which keeps the output of tests that pass to itself.
pub fn say_missing(server: &str, package: &str) {
    let line = format!("{server} is not installed: its tests are passed over (apt-get install {package})\n");
    // Where there is no terminal to tell, nobody reads it.
    let _ = std::fs::OpenOptions::new()
        .write(true)
        .open("/proc/self/fd/2")
        .and_then(|mut out| out.write_all(line.as_bytes()));
}

/// User and group that the server runs as when this process is root, which it refuses: Debian's own user for it, or
/// whoever owns nothing.
pub fn unprivileged() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    ids("postgres").or_else(|| ids("nobody"))
}
