//! How fast this computer packs, learned from its packs: the basis of estimates.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Smaller packs say more about start-up than about speed.
const MIN_BYTES: u64 = 16 << 20;

#[derive(Default)]
pub struct HashSpeed(AtomicU64);

impl HashSpeed {
    /// Bytes per second; `None` before the first pack of some size.
    pub fn get(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|speed| *speed > 0)
    }

    pub fn note(&self, bytes: u64, took: Duration) {
        if bytes >= MIN_BYTES && !took.is_zero() {
            self.0.store(
                (bytes as f64 / took.as_secs_f64()) as u64,
                Ordering::Relaxed,
            );
        }
    }
}
