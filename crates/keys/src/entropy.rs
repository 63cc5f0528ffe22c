//! The operating system's randomness.

use vestibule_model::Entropy;

/// The operating system's generator, by way of the one in aws-lc.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl SystemEntropy {
    /// Draws once, on a thread of its own: the first draw of a process costs 28 ms, and no request should pay them.
    pub fn warm() {
        let drawing = std::thread::Builder::new()
            .name("entropy".into())
            .spawn(|| Self.fill(&mut [0; 32]));
        if let Err(error) = drawing {
            tracing::warn!(%error, "no thread to draw the first random bytes on; the first request will wait for them");
        }
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if aws_lc_rs::rand::fill(bytes).is_err() {
            tracing::error!(
                "the operating system gives no random bytes; stopping, because every secret depends on them"
            );
            std::process::abort();
        }
    }
}
