//! `Pace`: when a lane looks for lines after it was told that there are some. Pure.
//!
//! A batch goes out when it is full or when its first line has waited for the delay, and sooner where the lane was idle. So
//! a lane that was idle looks at once, and a busy one when its lines are about to fill a batch, as far as the rate of the
//! last round says.

use std::time::Duration;

/// What comes within so long is waited for.
const TOGETHER: Duration = Duration::from_millis(100);

/// When a lane looks for lines.
#[derive(Clone, Debug)]
pub struct Pace {
    delay: Duration,
    /// When the lane was told that there may be lines.
    arrived: Option<Duration>,
    /// When the last round ended, and how long the next one may wait then.
    last: Option<(Duration, Duration)>,
}

impl Pace {
    /// `delay` is the longest that a line waits.
    pub fn new(delay: Duration) -> Pace {
        Pace { delay, arrived: None, last: None }
    }

    /// There may be lines.
    pub fn told(&mut self, now: Duration) {
        self.arrived.get_or_insert(now);
    }

    /// When the lane looks. None: when it is told.
    pub fn due(&self) -> Option<Duration> {
        let arrived = self.arrived?;
        let soon = arrived + TOGETHER.min(self.delay);
        let paced = self.last.map_or(soon, |(at, span)| (at + span).min(arrived + self.delay));
        Some(soon.max(paced))
    }

    /// A round has ended that began with the last look and came to this many bytes. `full` is what fills a batch.
    pub fn round(&mut self, now: Duration, bytes: usize, full: usize) {
        self.arrived = None;
        let past = self.last.map_or(self.delay, |(at, _)| now.saturating_sub(at)).min(self.delay);
        let share = full as f64 / bytes.max(1) as f64;
        let span = past.as_secs_f64() * share;
        let span = Duration::try_from_secs_f64(span).unwrap_or(self.delay);
        self.last = Some((now, span.min(self.delay)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: usize = 1000;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_line_of_an_idle_lane_goes_out_at_once_and_those_of_a_busy_one_together() {
        let mut pace = Pace::new(ms(5000));
        assert_eq!(pace.due(), None);
        pace.told(ms(60_000));
        pace.told(ms(60_050));
        assert_eq!(pace.due(), Some(ms(60_100)));
        pace.round(ms(60_100), 10, FULL);
        assert_eq!(pace.due(), None);
        pace.told(ms(60_150));
        assert_eq!(pace.due(), Some(ms(65_100)));
        pace.round(ms(65_100), 10, FULL);
        pace.told(ms(80_000));
        assert_eq!(pace.due(), Some(ms(80_100)));
    }

    #[test]
    fn a_lane_looks_when_a_batch_is_likely_to_be_full() {
        let mut pace = Pace::new(ms(5000));
        pace.told(ms(0));
        pace.round(ms(1000), 1, FULL);
        pace.told(ms(1000));
        // Two batches in a second.
        pace.round(ms(2000), 2 * FULL, FULL);
        pace.told(ms(2001));
        assert_eq!(pace.due(), Some(ms(2500)));
        // A flood is not looked at all the time.
        pace.round(ms(2500), 500 * FULL, FULL);
        pace.told(ms(2500));
        assert_eq!(pace.due(), Some(ms(2600)));
    }

    #[test]
    fn no_line_waits_longer_than_the_delay() {
        let mut pace = Pace::new(ms(50));
        pace.told(ms(10));
        assert_eq!(pace.due(), Some(ms(60)));
        pace.round(ms(60), 1, FULL);
        pace.told(ms(61));
        assert_eq!(pace.due(), Some(ms(111)));
        assert_eq!(Pace::new(ms(0)).due(), None);
    }
}
