//! Online backup.

use std::fs::{self, File};
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};

use super::connection::{Access, open};
use super::{fault, file};
use crate::Error;

/// Pages copied between two calls of `progress`: 4 MiB.
const STEP: i32 = 1024;

/// Copies the database as it is at this moment into a new file.
///
/// `SQLite`'s backup API restarts whenever another connection commits between two steps, which under load is
/// always; so one read transaction is held around all steps, and WAL lets the writer go on beside it. Against
/// `VACUUM INTO` this reports progress and needs no second copy in memory or sorting. The copy appears under
/// its name only when it is complete and on disk.
pub fn copy(source: &Path, target: &Path, progress: impl FnMut(u64, u64)) -> Result<(), Error> {
    let cannot = |error: std::io::Error| Error::Open(format!("cannot write {}: {error}", target.display()));
    if target.try_exists().map_err(cannot)? {
        let shown = target.display();
        return Err(Error::Open(format!(
            "{shown} exists already: name a new file for the backup"
        )));
    }
    let partial = file::beside(target, ".partial");
    drop(file::create_private(&partial).map_err(cannot)?);
    let copied = pages(source, &partial, progress).and_then(|()| publish(&partial, target).map_err(cannot));
    if copied.is_err() {
        // The failure is reported already; what it left is worth nothing.
        let _ = fs::remove_file(&partial);
    }
    copied
}

fn pages(source: &Path, partial: &Path, mut progress: impl FnMut(u64, u64)) -> Result<(), Error> {
    let fault = |error| fault(error, "a backup");
    let from = open(source, Access::Read, 2048)?;
    from.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")
        .map_err(fault)?;
    let mut to = rusqlite::Connection::open(partial).map_err(fault)?;
    let backup = Backup::new(&from, &mut to).map_err(fault)?;
    loop {
        let step = backup.step(STEP).map_err(fault)?;
        let now = backup.progress();
        let all = u64::try_from(now.pagecount).unwrap_or(0);
        progress(all.saturating_sub(u64::try_from(now.remaining).unwrap_or(0)), all);
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            _ => return Err(Error::Busy),
        }
    }
    drop(backup);
    to.close().map_err(|(_, error)| fault(error))
}

fn publish(partial: &Path, target: &Path) -> std::io::Result<()> {
    File::open(partial)?.sync_all()?;
    fs::rename(partial, target)?;
    // The name is on disk only when its folder is.
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
