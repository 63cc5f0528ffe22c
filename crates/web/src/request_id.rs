//! The id that an answer, its error body and its log lines share.

use http::HeaderValue;
use std::sync::atomic::{AtomicU64, Ordering};
use vestibule_model::{Entropy, entropy};

const LENGTH: usize = 36;

/// `req_` and 32 hexadecimal digits. Ours always: one sent by the client could be forged or repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId([u8; LENGTH]);

impl RequestId {
    fn of(process: u64, request: u64) -> Self {
        let mut text = *b"req_00000000000000000000000000000000";
        let number = (u128::from(process) << 64 | u128::from(request)).to_be_bytes();
        let (_, digits) = text.split_at_mut(4);
        for (pair, byte) in digits.as_chunks_mut().0.iter_mut().zip(number) {
            *pair = [digit(byte >> 4), digit(byte & 15)];
        }
        Self(text)
    }

    /// The text, as in `X-Request-Id`.
    pub fn as_str(&self) -> &str {
        // Made of letters, digits and an underscore, so this cannot fail.
        std::str::from_utf8(&self.0).unwrap_or("req_")
    }

    /// One for documentation.
    pub(crate) const fn example() -> Self {
        Self(*b"req_0123456789abcdef0123456789abcdef")
    }

    /// The value of `X-Request-Id`.
    pub(crate) fn header(&self) -> HeaderValue {
        HeaderValue::from_bytes(&self.0).unwrap_or(HeaderValue::from_static("req_"))
    }
}

/// A hexadecimal digit of a value below 16.
const fn digit(value: u8) -> u8 {
    value + if value < 10 { b'0' } else { b'a' - 10 }
}

/// Numbers requests without a system call each: unique within the process, distinct between processes, and
/// neither the number of requests nor the next id can be read off. Nothing secret depends on an id.
pub(crate) struct RequestIds {
    process: u64,
    seed: u64,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        Self {
            process: u64::from_be_bytes(entropy::bytes(entropy)),
            seed: u64::from_be_bytes(entropy::bytes(entropy)),
            next: AtomicU64::new(0),
        }
    }

    pub(crate) fn next(&self) -> RequestId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mixed = mix(self.seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        RequestId::of(self.process, mixed)
    }
}

/// The finaliser of `SplitMix64`: a bijection, so different numbers stay different.
const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    struct Fixed;

    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn an_id_is_written_in_hexadecimal() {
        let id = RequestId::of(0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210);
        assert_eq!(id.as_str(), "req_0123456789abcdeffedcba9876543210");
        assert_eq!(id.header(), id.as_str());
    }

    #[test]
    fn ids_are_distinct_and_have_one_shape() {
        let ids = RequestIds::new(&Fixed);
        let drawn: HashSet<_> = (0..10_000).map(|_| ids.next().as_str().to_owned()).collect();
        assert_eq!(drawn.len(), 10_000);
        assert!(
            drawn
                .iter()
                .all(|id| id.len() == 36 && id.starts_with("req_0707"))
        );
    }
}
