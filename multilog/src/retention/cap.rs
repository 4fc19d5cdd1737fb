//! `cap=`: a directory has a number of bytes, and the oldest archives go.

use std::time::Duration;

use super::{Rule, Stock};
use crate::script;

/// How many bytes the files of a directory may have together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cap(u64);

impl Cap {
    /// What the script says.
    pub(super) fn new(cap: script::Cap) -> Cap {
        Cap(cap.bytes())
    }
}

impl Rule for Cap {
    /// How many bytes the second archive has is not known before the oldest is gone.
    fn doomed(&self, stock: &Stock) -> usize {
        usize::from(stock.bytes > self.0)
    }

    /// Files on their way do not go by their size.
    fn keeps(&self, _: Duration) -> Duration {
        Duration::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_when_all_have_too_many_bytes() {
        for (cap, bytes, doomed) in
            [(4096, 0, 0), (4096, 4096, 0), (4096, 4097, 1), (u64::MAX, u64::MAX, 0), (4096, u64::MAX, 1)]
        {
            assert_eq!(Cap(cap).doomed(&Stock { bytes, ..Stock::default() }), doomed, "{cap} {bytes}");
        }
        assert_eq!(Cap(4096).keeps(Duration::ZERO), Duration::MAX);
    }
}
