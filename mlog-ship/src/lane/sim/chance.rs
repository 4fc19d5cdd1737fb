//! `Chance`: numbers that look random and are the same for the same seed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A source of numbers, shared by all parts of a world.
#[derive(Clone)]
pub(super) struct Chance(Arc<AtomicU64>);

impl Chance {
    pub(super) fn new(seed: u64) -> Chance {
        Chance(Arc::new(AtomicU64::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)))
    }

    /// A number below this.
    pub(super) fn below(&self, end: u64) -> u64 {
        let mut state = self.0.load(Ordering::Relaxed);
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.0.store(state, Ordering::Relaxed);
        (state >> 11) % end.max(1)
    }

    /// So often of a hundred.
    pub(super) fn of_hundred(&self, often: u64) -> bool {
        self.below(100) < often
    }
}
