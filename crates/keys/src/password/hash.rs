//! Stored hashes: the text in the database, what it says, and the check of a password against it.

use super::argon2::{Argon2, HashFailed, Params, Setting, Variant, Version};
use super::foreign::Foreign;
use super::{Password, phc};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes of a new salt and of a new hash.
const SALT: usize = 16;
const TAG: usize = 32;

/// Cost of one hash with [`Params::FLOOR`]; every other cost is measured in it.
pub(crate) const UNIT: u32 = 1_000;

/// Which form of the password a hash was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalisation {
    /// The bytes as they were typed: hashes that another system made.
    AsTyped,
    /// Unicode normal form C: hashes that this server made.
    Nfc,
}

/// A stored hash that cannot be verified. The login fails closed; the operator should hear of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHash {
    /// No scheme that this server verifies begins like this.
    #[error("the stored hash is of no scheme that this server verifies")]
    UnknownScheme,
    /// The scheme is known, but the text is cut short or altered.
    #[error("the stored hash is damaged")]
    Damaged,
    /// Verifying it would cost more memory or time than an attacker may spend here.
    #[error("the stored hash asks for more memory or time than this server grants")]
    TooCostly,
}

/// A password hash as it is stored: one text, `n1$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
///
/// The prefix is the normalisation version: `n1` is NFC. An imported hash has no prefix: it was made from the
/// bytes as typed. (A pepper would put its key's id there, `n1k7$…`.) The text is also what a re-hash
/// compares and swaps, so it is never rewritten on reading.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredHash {
    text: String,
    normalisation: Normalisation,
    scheme: Scheme,
}

#[derive(Clone, PartialEq, Eq)]
enum Scheme {
    Argon2 {
        setting: Setting,
        salt: Vec<u8>,
        tag: Vec<u8>,
    },
    Foreign(Foreign),
}

impl StoredHash {
    /// Reads a stored text: Argon2, bcrypt, scrypt, PBKDF2 (PHC, passlib, Django) or SHA-crypt. Costs above the
    /// caps are refused here, on the numbers alone, before anything is allocated for them.
    pub fn parse(text: &str) -> Result<Self, BadHash> {
        let (normalisation, phc) = match text.strip_prefix("n1") {
            Some(phc) => (Normalisation::Nfc, phc),
            None => (Normalisation::AsTyped, text),
        };
        if !phc.is_ascii() {
            return Err(BadHash::Damaged);
        }
        let scheme = if phc.starts_with("$argon2") {
            argon2(phc)?
        } else {
            Scheme::Foreign(Foreign::parse(phc)?)
        };
        Ok(Self {
            text: text.to_owned(),
            normalisation,
            scheme,
        })
    }

    /// The text to store.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The form of the password that it was made from.
    pub fn normalisation(&self) -> Normalisation {
        self.normalisation
    }

    /// The work of checking a short password, in thousandths of a hash with [`Params::FLOOR`].
    pub fn cost(&self) -> u32 {
        self.cost_of(&[])
    }

    /// The work of checking this password.
    pub(crate) fn cost_for(&self, password: &Password) -> u32 {
        self.cost_of(password.bytes(self.normalisation))
    }

    fn cost_of(&self, password: &[u8]) -> u32 {
        match &self.scheme {
            Scheme::Argon2 { setting, .. } => cost(*setting),
            Scheme::Foreign(foreign) => foreign.cost(password.len()),
        }
    }

    /// The memory of one verification, in KiB.
    pub(crate) fn memory_kib(&self) -> u32 {
        match &self.scheme {
            Scheme::Argon2 { setting, .. } => setting.memory_kib,
            Scheme::Foreign(foreign) => foreign.memory_kib(),
        }
    }

    /// Whether it differs from what `params` make today, so that the next correct login replaces it.
    pub fn outdated(&self, params: Params) -> bool {
        let current = matches!(&self.scheme, Scheme::Argon2 { setting, salt, tag }
            if *setting == params.setting() && salt.len() >= SALT && tag.len() >= TAG);
        !current || self.normalisation != Normalisation::Nfc
    }

    /// Whether verifying it takes what verifying a new hash of `params` takes.
    pub(crate) fn usual(&self, params: Params) -> bool {
        matches!(&self.scheme, Scheme::Argon2 { setting, .. } if *setting == params.setting())
    }

    /// A hash with `params` that no password is known for. Its bytes need not be random: nobody has a preimage of
    /// them, and whatever the check says, an unknown user is refused.
    pub(crate) fn dummy(params: Params) -> Self {
        Self::of(params, &[0; SALT], vec![0; TAG])
    }

    fn of(params: Params, salt: &[u8; SALT], tag: Vec<u8>) -> Self {
        let (setting, normalisation) = (params.setting(), Normalisation::Nfc);
        let (memory, passes) = (setting.memory_kib, setting.passes);
        let text = format!(
            "n1$argon2id$v=19$m={memory},t={passes},p=1${}${}",
            phc::encode(salt),
            phc::encode(&tag)
        );
        Self {
            text,
            normalisation,
            scheme: Scheme::Argon2 {
                setting,
                salt: salt.to_vec(),
                tag,
            },
        }
    }

    /// Hashes a new password; `salt` must be fresh and random.
    pub(crate) fn make(
        with: &mut dyn Argon2,
        params: Params,
        password: &Password,
        salt: [u8; SALT],
    ) -> Result<Self, HashFailed> {
        let mut tag = vec![0; TAG];
        with.hash(
            params.setting(),
            password.bytes(Normalisation::Nfc),
            &salt,
            &mut tag,
        )?;
        Ok(Self::of(params, &salt, tag))
    }

    /// Whether `password` is the one; compared in constant time.
    pub(crate) fn matches(&self, with: &mut dyn Argon2, password: &Password) -> Result<bool, HashFailed> {
        let bytes = password.bytes(self.normalisation);
        let equal = match &self.scheme {
            Scheme::Argon2 { setting, salt, tag } => {
                let mut computed = Zeroizing::new(vec![0; tag.len()]);
                with.hash(*setting, bytes, salt, &mut computed)?;
                computed.ct_eq(tag).into()
            }
            Scheme::Foreign(foreign) => foreign.matches(bytes)?,
        };
        Ok(equal && password.possible())
    }
}

impl fmt::Debug for StoredHash {
    /// Scheme and cost only: a hash is a secret too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self
            .text
            .split('$')
            .find(|field| !field.is_empty() && *field != "n1")
            .unwrap_or_default();
        f.debug_struct("StoredHash")
            .field("scheme", &name)
            .field("cost", &self.cost())
            .finish_non_exhaustive()
    }
}

/// Work is memory times passes.
pub(crate) fn cost(setting: Setting) -> u32 {
    let floor = u64::from(Params::FLOOR.memory_kib()) * u64::from(Params::FLOOR.passes());
    let work = u64::from(setting.memory_kib) * u64::from(setting.passes);
    u32::try_from(work * u64::from(UNIT) / floor)
        .unwrap_or(u32::MAX)
        .max(1)
}

/// `$argon2id$v=19$m=…,t=…,p=…$salt$hash`; without `v` it is version 16 (1.0).
fn argon2(text: &str) -> Result<Scheme, BadHash> {
    let fields: Vec<&str> = text.split('$').collect();
    let (name, version, parameters, salt, tag) = match fields.as_slice() {
        ["", name, version, parameters, salt, tag] => (*name, *version, *parameters, *salt, *tag),
        ["", name, parameters, salt, tag] => (*name, "v=16", *parameters, *salt, *tag),
        _ => return Err(BadHash::Damaged),
    };
    let variant = match name {
        "argon2d" => Variant::D,
        "argon2i" => Variant::I,
        "argon2id" => Variant::Id,
        _ => return Err(BadHash::UnknownScheme),
    };
    let version = match version {
        "v=16" => Version::V16,
        "v=19" => Version::V19,
        _ => return Err(BadHash::UnknownScheme),
    };
    let [Some(memory_kib), Some(passes), Some(lanes)] = phc::parameters(parameters, ["m", "t", "p"])? else {
        return Err(BadHash::Damaged);
    };
    let setting = Setting {
        variant,
        version,
        memory_kib,
        passes,
        lanes,
    }
    .capped()?;
    let (salt, tag) = (phc::decode(salt)?, phc::decode(tag)?);
    // Shorter tags than 16 bytes would let a guess pass by chance.
    if salt.len() < 8 || !(16..=128).contains(&tag.len()) {
        return Err(BadHash::Damaged);
    }
    Ok(Scheme::Argon2 { setting, salt, tag })
}
