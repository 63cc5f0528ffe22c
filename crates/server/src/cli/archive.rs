//! The backup file: a SQLite database with a seal behind it.
//!
//! The seal is one line of JSON after the last page. It holds the digest of everything before it, sealed by the
//! master key, so that a backup that was cut, damaged or altered by somebody without the key is told apart.
//! SQLite itself ignores what follows the last page: the file can be read with its shell too.

use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use vestibule_keys::Sealer;
use vestibule_keys::digest::sha256;
use vestibule_model::Timestamp;

const FORMAT: &str = "vestibule-backup-1";
const PURPOSE: &str = "backup";
const CHUNK: usize = 1 << 20;
/// No seal is longer than this many bytes.
const TAIL: u64 = 4096;

/// What stands behind the database.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seal {
    format: String,
    /// When the backup was made.
    pub created_at: String,
    /// The version that made it.
    pub version: String,
    /// Bytes of the database.
    pub bytes: u64,
    sealed_digest: String,
}

/// Seals the copy of a database at `path`, which becomes a backup by that.
pub fn seal(path: &Path, sealer: &Sealer, now: Timestamp, progress: impl FnMut(u64)) -> Result<Seal, String> {
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .open(path)
        .map_err(|error| told(path, &error))?;
    let bytes = file.metadata().map_err(|error| told(path, &error))?.len();
    let digest = digest(&mut file, bytes, io::sink(), progress).map_err(|error| told(path, &error))?;
    let mut behind = Seal {
        format: FORMAT.into(),
        created_at: now.rfc3339_seconds(),
        version: env!("CARGO_PKG_VERSION").into(),
        bytes,
        sealed_digest: String::new(),
    };
    let proof = sealer
        .seal(PURPOSE, &behind.bound(), &digest)
        .map_err(|error| error.to_string())?;
    behind.sealed_digest = hex(&proof);
    let line = serde_json::to_string(&behind).map_err(|error| error.to_string())?;
    file.write_all(format!("\n{line}\n").as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| told(path, &error))?;
    Ok(behind)
}

/// The seal of a backup, not yet verified.
pub fn read_seal(path: &Path) -> Result<Seal, String> {
    let mut file = File::open(path).map_err(|error| told(path, &error))?;
    let length = file.metadata().map_err(|error| told(path, &error))?.len();
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))
        .and_then(|_| file.read_to_end(&mut tail))
        .map_err(|error| told(path, &error))?;
    let line = tail
        .strip_suffix(b"\n")
        .and_then(|tail| tail.rsplit(|byte| *byte == b'\n').next())
        .unwrap_or_default();
    let seal: Option<Seal> = serde_json::from_slice(line)
        .ok()
        .filter(|seal: &Seal| seal.format == FORMAT);
    let whole = seal.filter(|seal| seal.bytes.checked_add(line.len() as u64 + 2) == Some(length));
    whole.ok_or_else(|| {
        format!(
            "{} is not a whole backup: it does not end in the seal that `vestibule backup` writes",
            path.display()
        )
    })
}

/// Copies the database out of a backup to a new private file, and removes it again unless the seal is genuine.
pub fn extract(
    path: &Path,
    to: &Path,
    seal: &Seal,
    sealer: &Sealer,
    progress: impl FnMut(u64),
) -> Result<(), String> {
    let copied = copy(path, to, seal, sealer, progress);
    if copied.is_err() {
        // What was refused is worth nothing; the refusal itself is what is told.
        let _ = std::fs::remove_file(to);
    }
    copied
}

fn copy(
    path: &Path,
    to: &Path,
    seal: &Seal,
    sealer: &Sealer,
    progress: impl FnMut(u64),
) -> Result<(), String> {
    let proof = seal.proof().ok_or_else(|| altered(path))?;
    let expected = sealer
        .open(PURPOSE, &seal.bound(), &proof)
        .map_err(|error| match error {
            vestibule_keys::seal::SealError::WrongKey { sealed_by } => {
                format!(
                    "{} was made with the master key {sealed_by}: name a file that holds it in \
                     secrets.master_key_file ($VESTIBULE_SECRETS__MASTER_KEY_FILE); `vestibule key master rotate` keeps \
                     a replaced one as master.key.{sealed_by} in the data folder. Afterwards it must become master.key \
                     there",
                    path.display()
                )
            }
            _ => altered(path),
        })?;
    let mut from = File::open(path).map_err(|error| told(path, &error))?;
    let mut private = OpenOptions::new();
    let mut target = private
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .map_err(|error| told(to, &error))?;
    let digest = digest(&mut from, seal.bytes, &mut target, progress).map_err(|error| told(to, &error))?;
    if digest.as_slice() != expected.as_slice() {
        return Err(altered(path));
    }
    target.sync_all().map_err(|error| told(to, &error))
}

impl Seal {
    /// What the seal is bound to: nothing of it can be exchanged alone.
    fn bound(&self) -> Vec<u8> {
        format!(
            "{}\n{}\n{}\n{}",
            self.format, self.created_at, self.version, self.bytes
        )
        .into_bytes()
    }

    fn proof(&self) -> Option<Vec<u8>> {
        let digits = self.sealed_digest.as_bytes().as_chunks::<2>();
        let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        digits.1.is_empty().then(|| digits.0.iter().map(byte).collect())?
    }
}

/// The digest of the digests of `bytes` bytes, a MiB at a time, written to `to` on the way.
fn digest(
    from: &mut File,
    bytes: u64,
    mut to: impl Write,
    mut progress: impl FnMut(u64),
) -> io::Result<[u8; 32]> {
    from.seek(SeekFrom::Start(0))?;
    let (mut digests, mut left, mut chunk) = (Vec::new(), bytes, Vec::with_capacity(CHUNK));
    while left > 0 {
        chunk.clear();
        let wanted = left.min(CHUNK as u64);
        let read = Read::by_ref(from).take(wanted).read_to_end(&mut chunk)? as u64;
        if read < wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        digests.extend_from_slice(&sha256(&chunk));
        to.write_all(&chunk)?;
        left -= read;
        progress(bytes - left);
    }
    Ok(sha256(&digests))
}

/// Bytes as text.
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn told(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

fn altered(path: &Path) -> String {
    format!(
        "{} is not what `vestibule backup` wrote: it was damaged or altered, and is not restored",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use vestibule_keys::{MasterKey, SystemEntropy};

    fn sealer() -> Sealer {
        Sealer::new(
            Arc::new(SystemEntropy),
            MasterKey::generate(&SystemEntropy),
            Vec::new(),
        )
    }

    fn sealed(bytes: usize) -> (tempfile::TempDir, Vec<u8>, Sealer) {
        let (folder, sealer) = (tempfile::tempdir().unwrap(), sealer());
        let data: Vec<u8> = (0..bytes)
            .map(|index| u8::try_from(index % 251).unwrap())
            .collect();
        std::fs::write(folder.path().join("a"), &data).unwrap();
        seal(
            &folder.path().join("a"),
            &sealer,
            Timestamp::from_seconds(0),
            |_| (),
        )
        .unwrap();
        (folder, data, sealer)
    }

    fn restore(folder: &Path, sealer: &Sealer) -> Result<Vec<u8>, String> {
        let (from, to) = (folder.join("a"), folder.join("b"));
        let extracted = read_seal(&from).and_then(|seal| extract(&from, &to, &seal, sealer, |_| ()));
        assert_eq!(to.exists(), extracted.is_ok());
        extracted.map(|()| std::fs::read(&to).unwrap())
    }

    #[test]
    fn what_was_sealed_comes_back_as_it_was() {
        let (folder, data, sealer) = sealed(CHUNK * 2 + 17);
        assert_eq!(restore(folder.path(), &sealer).unwrap(), data);
    }

    #[test]
    fn a_backup_that_was_altered_anywhere_or_cut_is_refused() {
        let (folder, _, sealer) = sealed(700);
        let path = folder.path().join("a");
        let whole = std::fs::read(&path).unwrap();
        for index in 0..whole.len() {
            let mut altered = whole.clone();
            altered[index] ^= 1;
            std::fs::write(&path, altered).unwrap();
            assert!(
                restore(folder.path(), &sealer).is_err(),
                "byte {index} of {}",
                whole.len()
            );
            std::fs::write(&path, &whole[..index]).unwrap();
            assert!(restore(folder.path(), &sealer).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn a_backup_under_another_master_key_is_refused_with_that_keys_name() {
        let (folder, _, first) = sealed(10);
        let told = restore(folder.path(), &sealer()).unwrap_err();
        let id = first.current_id().unwrap();
        assert!(told.contains(&format!("master.key.{id}")), "{told}");
        assert!(told.contains("secrets.master_key_file"), "{told}");
    }
}
