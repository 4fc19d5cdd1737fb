//! `Lane`: what mlog-ship does with one directory, which is written at an even rate.

/// What fills a batch, in bytes.
pub(super) const FULL: f64 = 256.0 * 1024.0;
/// How long a line waits at most for others, in seconds.
const DELAY: f64 = 5.0;
/// How long an answer is waited for, in seconds.
pub(super) const PATIENCE: f64 = 5.0;
/// The waits after failures, in seconds: the first, which doubles, and the longest.
const FIRST: f64 = 0.1;
const LONGEST: f64 = 30.0;

/// A directory that is shipped.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    /// Bytes in a second.
    pub(super) rate: f64,
    /// How many bytes the engine has.
    pub(super) taken: f64,
    /// The batch that was sent and not acknowledged: its bytes, and when the engine has it.
    pub(super) sent: Option<(f64, f64)>,
    /// How often in a row it has failed.
    pub(super) failures: i32,
}

impl Lane {
    pub(super) fn new(rate: f64) -> Lane {
        Lane { rate, taken: 0.0, sent: None, failures: 0 }
    }

    /// What is written and not taken.
    pub(super) fn waiting(&self, now: f64) -> f64 {
        self.rate * now - self.taken
    }

    /// How long the oldest line that waits has waited.
    pub(super) fn oldest(&self, now: f64) -> f64 {
        now - self.taken / self.rate
    }

    /// When the next batch is cut: when it is full, or its first line has waited for long enough.
    pub(super) fn due(&self, now: f64) -> f64 {
        let full = (self.taken + FULL) / self.rate;
        full.min(self.taken / self.rate + DELAY).max(now)
    }

    /// How long it waits after one more failure. `chance` is from 0 to 1.
    pub(super) fn back_off(&mut self, chance: f64) -> f64 {
        let span = (FIRST * 2f64.powi(self.failures.min(9))).min(LONGEST);
        self.failures += 1;
        span / 2.0 * (1.0 + chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_cut_when_it_is_full_or_when_its_first_line_has_waited() {
        let mut quiet = Lane::new(1000.0);
        assert_eq!((quiet.due(0.0), quiet.due(7.0)), (5.0, 7.0));
        assert_eq!((quiet.waiting(3.0), quiet.oldest(3.0)), (3000.0, 3.0));
        quiet.taken = 2000.0;
        assert_eq!((quiet.waiting(3.0), quiet.oldest(3.0), quiet.due(3.0)), (1000.0, 1.0, 7.0));
        assert_eq!(Lane::new(FULL).due(0.0), 1.0);
    }

    #[test]
    fn waits_double_up_to_half_a_minute() {
        let mut lane = Lane::new(1.0);
        let waits: Vec<f64> = (0..11).map(|_| lane.back_off(1.0)).collect();
        assert_eq!((waits[0], waits[1], waits[8], waits[10]), (0.1, 0.2, 25.6, 30.0));
        assert_eq!(Lane::new(1.0).back_off(0.0), 0.05);
    }
}
