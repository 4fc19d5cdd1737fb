//! `n`: a directory keeps a number of files.

use std::time::Duration;

use super::{Rule, Stock};
use crate::script::FileCount;

/// How many archives are kept.
#[derive(Clone, Copy, Debug)]
pub struct Count(usize);

impl Count {
    /// `current` is one of the files that the script keeps.
    pub fn new(keep: FileCount) -> Count {
        Count::of(keep.archives())
    }

    /// Keeps this many archives.
    pub(crate) fn of(archives: usize) -> Count {
        Count(archives)
    }
}

impl Rule for Count {
    fn doomed(&self, stock: &Stock) -> usize {
        stock.count.saturating_sub(self.0)
    }

    fn keeps(&self, between: Duration) -> Duration {
        between.saturating_mul(u32::try_from(self.0).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_the_number_goes() {
        for (kept, count, doomed) in
            [(1, 0, 0), (1, 1, 0), (1, 2, 1), (9, 100_000, 99_991), (usize::MAX, 7, 0)]
        {
            assert_eq!(Count(kept).doomed(&Stock { count, ..Stock::default() }), doomed, "{kept} {count}");
        }
    }

    #[test]
    fn a_file_is_kept_until_enough_others_have_come() {
        let between = Duration::from_millis(300);
        assert_eq!(Count(3).keeps(between), Duration::from_millis(900));
        assert_eq!(Count(usize::MAX).keeps(Duration::MAX), Duration::MAX);
        assert_eq!(Count(3).keeps(Duration::ZERO), Duration::ZERO);
    }
}
