//! Chance as an argument.

use crate::Timestamp;
use uuid::Uuid;

/// Where randomness comes from. In production it is the operating system's generator; stories seed it.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes` with unpredictable bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// `N` unpredictable bytes.
pub fn bytes<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

/// A `UUIDv7` (RFC 9562 §5.7) of this moment, with 74 unpredictable bits.
pub fn uuid_v7(entropy: &dyn Entropy, now: Timestamp) -> Uuid {
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes::<10>(entropy)).into_uuid()
}

/// A number below `bound`, without modulo bias. `bound` must be at least 1; 0 yields 0.
pub fn below(entropy: &dyn Entropy, bound: u32) -> u32 {
    let zone = u32::MAX - u32::MAX.checked_rem(bound).unwrap_or(0);
    loop {
        let drawn = u32::from_be_bytes(bytes(entropy));
        if drawn < zone || bound == 0 {
            return drawn.checked_rem(bound).unwrap_or(0);
        }
    }
}
