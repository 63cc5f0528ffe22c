//! Argon2 (RFC 9106): the parameters of new hashes, and the two implementations.

use super::hash::BadHash;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use std::fmt;

/// The parameters of new hashes: Argon2id with one lane, never below the OWASP floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    memory_kib: u32,
    passes: u32,
}

/// Parameters below the floor or above what this server verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Argon2id needs {min_memory} to {max_memory} KiB of memory and {min_passes} to {max_passes} passes (OWASP Password Storage)",
    min_memory = Params::FLOOR.memory_kib, max_memory = MAX_MEMORY_KIB, min_passes = Params::FLOOR.passes, max_passes = MAX_PASSES
)]
pub struct ParamsOutOfRange;

/// The dearest Argon2 hash that is computed; also the cap for imported ones.
pub(super) const MAX_MEMORY_KIB: u32 = 256 * 1024;
pub(super) const MAX_PASSES: u32 = 16;
pub(super) const MAX_LANES: u32 = 4;

impl Params {
    /// 19 MiB and two passes: the floor, and the default.
    pub const FLOOR: Self = Self {
        memory_kib: 19_456,
        passes: 2,
    };

    /// Parameters at or above the floor.
    pub const fn new(memory_kib: u32, passes: u32) -> Result<Self, ParamsOutOfRange> {
        let memory_fits = memory_kib >= Self::FLOOR.memory_kib && memory_kib <= MAX_MEMORY_KIB;
        if memory_fits && passes >= Self::FLOOR.passes && passes <= MAX_PASSES {
            Ok(Self { memory_kib, passes })
        } else {
            Err(ParamsOutOfRange)
        }
    }

    /// Memory of one hash, in KiB.
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    pub const fn passes(self) -> u32 {
        self.passes
    }

    pub(crate) const fn setting(self) -> Setting {
        Setting {
            variant: Variant::Id,
            version: Version::V19,
            memory_kib: self.memory_kib,
            passes: self.passes,
            lanes: 1,
        }
    }
}

impl Default for Params {
    fn default() -> Self {
        Self::FLOOR
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variant {
    D,
    I,
    Id,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V16,
    V19,
}

/// Everything of an Argon2 hash but password and salt. Within the caps by construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    pub(super) variant: Variant,
    pub(super) version: Version,
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
}

impl Setting {
    pub(super) fn capped(self) -> Result<Self, BadHash> {
        if self.memory_kib > MAX_MEMORY_KIB || self.passes > MAX_PASSES || self.lanes > MAX_LANES {
            return Err(BadHash::TooCostly);
        }
        let sound = self.passes >= 1 && self.lanes >= 1 && self.memory_kib >= 8 * self.lanes;
        if sound { Ok(self) } else { Err(BadHash::Damaged) }
    }
}

/// An implementation was asked for what it does not do, or had no memory for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the hash could not be computed: not enough memory, or parameters that the implementation does not support"
)]
pub struct HashFailed;

/// One implementation with memory of its own, kept from hash to hash. One per thread.
pub trait Argon2: Send {
    /// Computes the raw hash of `password` with `salt` (at least 8 bytes) into `out` (at least 4 bytes).
    fn hash(
        &mut self,
        setting: Setting,
        password: &[u8],
        salt: &[u8],
        out: &mut [u8],
    ) -> Result<(), HashFailed>;

    /// Gives the memory back to the operating system; the next hash takes it again.
    fn release(&mut self);
}

/// Which implementation hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// `argon2-rust`: SIMD chosen at run time, about twice as fast.
    #[default]
    Fast,
    /// `RustCrypto`'s `argon2`: for processors and doubts that the fast one does not suit.
    Portable,
}

impl Engine {
    /// A hasher without memory yet.
    pub fn hasher(self) -> Box<dyn Argon2> {
        match self {
            Self::Fast => Box::new(Fast(None)),
            Self::Portable => Box::new(Portable(Vec::new())),
        }
    }

    /// Computes a known answer of the reference implementation (its `test.c`: 256 KiB, two passes), which is too
    /// small to be felt at start.
    pub fn self_test(self) -> Result<(), SelfTestFailed> {
        let setting = Setting {
            variant: Variant::Id,
            version: Version::V19,
            memory_kib: 256,
            passes: 2,
            lanes: 1,
        };
        let expected = [
            0x9d, 0xfe, 0xb9, 0x10, 0xe8, 0x0b, 0xad, 0x03, 0x11, 0xfe, 0xe2, 0x0f, 0x9c, 0x0e, 0x2b, 0x12,
            0xc1, 0x79, 0x87, 0xb4, 0xca, 0xc9, 0x0c, 0x2e, 0xf5, 0x4d, 0x5b, 0x30, 0x21, 0xc6, 0x8b, 0xfe,
        ];
        let mut out = [0; 32];
        let computed = self.hasher().hash(setting, b"password", b"somesalt", &mut out);
        let equal = computed.is_ok() && verify_slices_are_equal(&out, &expected).is_ok();
        if equal { Ok(()) } else { Err(SelfTestFailed(self)) }
    }
}

/// An implementation gives wrong hashes on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the {0:?} Argon2 implementation computes a wrong hash on this machine; choose the other one and report the processor"
)]
pub struct SelfTestFailed(Engine);

struct Fast(Option<argon2_rust::Hasher>);

impl fmt::Debug for Fast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fast")
    }
}

impl Argon2 for Fast {
    fn hash(
        &mut self,
        setting: Setting,
        password: &[u8],
        salt: &[u8],
        out: &mut [u8],
    ) -> Result<(), HashFailed> {
        use argon2_rust::params::{Memory, TagLen};
        let algorithm = match setting.variant {
            Variant::D => argon2_rust::Algorithm::Argon2d,
            Variant::I => argon2_rust::Algorithm::Argon2i,
            Variant::Id => argon2_rust::Algorithm::Argon2id,
        };
        let version = match setting.version {
            Version::V16 => argon2_rust::Version::V0x10,
            Version::V19 => argon2_rust::Version::V0x13,
        };
        let params = argon2_rust::Params::builder()
            .memory(Memory::kib(setting.memory_kib.into()))
            .passes(setting.passes)
            .lanes(setting.lanes)
            .tag_len(TagLen::bytes(out.len() as u64))
            .build()
            .map_err(|_| HashFailed)?;
        let argon2 = argon2_rust::Argon2::new(algorithm, version, params);
        let hasher = self.0.get_or_insert_with(|| argon2.hasher());
        hasher.set_argon2(argon2);
        hasher.hash_into(password, salt, out).map_err(|_| HashFailed)
    }

    fn release(&mut self) {
        self.0 = None;
    }
}

struct Portable(Vec<argon2::Block>);

impl Argon2 for Portable {
    fn hash(
        &mut self,
        setting: Setting,
        password: &[u8],
        salt: &[u8],
        out: &mut [u8],
    ) -> Result<(), HashFailed> {
        let algorithm = match setting.variant {
            Variant::D => argon2::Algorithm::Argon2d,
            Variant::I => argon2::Algorithm::Argon2i,
            Variant::Id => argon2::Algorithm::Argon2id,
        };
        let version = match setting.version {
            Version::V16 => argon2::Version::V0x10,
            Version::V19 => argon2::Version::V0x13,
        };
        let params = argon2::Params::new(setting.memory_kib, setting.passes, setting.lanes, Some(out.len()))
            .map_err(|_| HashFailed)?;
        let blocks = params.block_count();
        if self.0.len() < blocks {
            self.0
                .try_reserve_exact(blocks - self.0.len())
                .map_err(|_| HashFailed)?;
            self.0.resize(blocks, argon2::Block::default());
        }
        let memory = self.0.get_mut(..blocks).ok_or(HashFailed)?;
        argon2::Argon2::new(algorithm, version, params)
            .hash_password_into_with_memory(password, salt, out, memory)
            .map_err(|_| HashFailed)
    }

    fn release(&mut self) {
        self.0 = Vec::new();
    }
}
