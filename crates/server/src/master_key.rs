//! Finding the master key, making it once, and refusing a database that another one sealed.

use crate::config::{Invalid, Secrets};
use crate::data::{self, Folder};
use secrecy::{ExposeSecret as _, SecretString};
use std::io::ErrorKind;
use std::path::Path;
use vestibule_keys::MasterKey;
use vestibule_model::Entropy;

/// The master key in force, and the one before it while rows are being sealed again.
pub struct MasterKeys {
    pub current: MasterKey,
    pub previous: Option<MasterKey>,
}

/// The configured key, else the one in the data folder, else none.
pub fn find(secrets: &Secrets, folder: &Folder) -> Result<Option<MasterKey>, Invalid> {
    if let Some(text) = &secrets.master_key {
        return parse("secrets.master_key", text).map(Some);
    }
    read(&folder.master_key())
}

/// The key that is being replaced: the configured one, else the one in the data folder, else none.
pub fn previous(secrets: &Secrets, folder: &Folder) -> Result<Option<MasterKey>, Invalid> {
    match &secrets.previous_master_key {
        Some(text) => parse("secrets.previous_master_key", text).map(Some),
        None => read(&folder.previous_master_key()),
    }
}

/// Makes a key and keeps it in the data folder. Only for an instance that has sealed nothing yet, or whose present key
/// is kept as the previous one.
pub fn make(folder: &Folder, entropy: &dyn Entropy) -> Result<MasterKey, Invalid> {
    let key = MasterKey::generate(entropy);
    keep(&folder.master_key(), &key)?;
    Ok(key)
}

/// Writes a key to a private file.
pub fn keep(path: &Path, key: &MasterKey) -> Result<(), Invalid> {
    data::write_private(path, &format!("{}\n", *key.text()))
        .map_err(|error| Invalid::one(format!("cannot write the master key {}: {error}", path.display())))
}

fn read(path: &Path) -> Result<Option<MasterKey>, Invalid> {
    if let Some(reason) = data::exposed(path) {
        return Err(Invalid::one(reason));
    }
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&path.display().to_string(), &SecretString::from(text)).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Invalid::one(format!(
            "cannot read the master key {}: {error}",
            path.display()
        ))),
    }
}

/// Why a key does not open an instance, and what to do about it.
///
/// `sealed_by` is the fingerprint that the database keeps of its master key; none while it has sealed nothing.
pub fn judge(found: Option<&MasterKeys>, sealed_by: Option<&str>, folder: &Folder) -> Result<(), Invalid> {
    let (database, path) = (folder.database_shown(), folder.master_key());
    let path = path.display();
    let remedy = format!(
        "put the key back into {path} (mode 0600) or into secrets.master_key ($VESTIBULE_SECRETS__MASTER_KEY, or its _FILE). \
         Without it the secrets in {database} cannot be opened; none is made anew, and nothing was changed"
    );
    match (found, sealed_by) {
        (Some(_), None) => Ok(()),
        (Some(keys), Some(sealed_by)) => {
            let candidates = std::iter::once(&keys.current).chain(&keys.previous);
            let ids: Vec<_> = candidates.map(|key| key.id().to_string()).collect();
            if ids.iter().any(|id| id == sealed_by) {
                return Ok(());
            }
            Err(Invalid::one(format!(
                "the master key {} is not the one that sealed {database}, which is {sealed_by}: {remedy}",
                keys.current.id()
            )))
        }
        (None, Some(sealed_by)) => Err(Invalid::one(format!(
            "the master key {sealed_by}, which sealed {database}, is missing: {remedy}"
        ))),
        (None, None) => Err(Invalid::one(format!(
            "there is no master key: run `vestibule init`, or set secrets.master_key, or put one into {path}"
        ))),
    }
}

fn parse(place: &str, text: &SecretString) -> Result<MasterKey, Invalid> {
    MasterKey::parse(text.expose_secret()).map_err(|error| Invalid::one(format!("{place}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::os::unix::fs::PermissionsExt as _;
    use vestibule_keys::SystemEntropy;

    fn folder() -> (tempfile::TempDir, Folder) {
        let temporary = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.server.data_dir = temporary.path().to_owned();
        (temporary, Folder::of(&config))
    }

    #[test]
    fn a_made_key_is_found_again_and_a_configured_one_wins() {
        let (_temporary, folder) = folder();
        let mut secrets = Secrets::default();
        assert!(find(&secrets, &folder).unwrap().is_none());
        let made = make(&folder, &SystemEntropy).unwrap();
        assert_eq!(find(&secrets, &folder).unwrap(), Some(made));
        let other = MasterKey::generate(&SystemEntropy);
        secrets.master_key = Some(SecretString::from(other.text().to_string()));
        assert_eq!(find(&secrets, &folder).unwrap(), Some(other));
    }

    #[test]
    fn a_key_that_everybody_can_read_is_refused() {
        let (_temporary, folder) = folder();
        make(&folder, &SystemEntropy).unwrap();
        std::fs::set_permissions(folder.master_key(), std::fs::Permissions::from_mode(0o604)).unwrap();
        let refused = find(&Secrets::default(), &folder).unwrap_err();
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
    }

    #[test]
    fn a_wrong_or_missing_key_is_named_with_its_remedy() {
        let (_temporary, folder) = folder();
        let [right, wrong] = [(), ()].map(|()| MasterKey::generate(&SystemEntropy));
        let sealed_by = right.id().to_string();
        let keys = |current: &MasterKey, previous: Option<&MasterKey>| MasterKeys {
            current: current.clone(),
            previous: previous.cloned(),
        };

        judge(Some(&keys(&right, None)), Some(&sealed_by), &folder).unwrap();
        judge(Some(&keys(&wrong, Some(&right))), Some(&sealed_by), &folder).unwrap();
        judge(Some(&keys(&wrong, None)), None, &folder).unwrap();
        for found in [None, Some(&keys(&wrong, None))] {
            let told = judge(found, Some(&sealed_by), &folder).unwrap_err().to_string();
            assert!(told.contains(&sealed_by) && told.contains("master.key"), "{told}");
        }
        assert!(
            judge(None, None, &folder)
                .unwrap_err()
                .to_string()
                .contains("vestibule init")
        );
    }
}
