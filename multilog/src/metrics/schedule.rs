//! When the counters are written: at once, and then at most every 15 seconds and only after a change. Pure.

use std::time::Duration;

/// How long it is at least from one writing to the next.
pub(super) const SPAN: Duration = Duration::from_secs(15);

/// What was there at the last writing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Schedule(Option<Written>);

#[derive(Clone, Copy, Debug)]
struct Written {
    at: Duration,
    changes: u64,
    /// Files on their way to an archive. A sealer is done with them without a sign that wakes a logger.
    pending: u64,
}

impl Schedule {
    /// How long it is until the next writing, for a number of changes at a moment of the monotonic clock. None: there
    /// is nothing new.
    pub(super) fn until(&self, changes: u64, uptime: Duration) -> Option<Duration> {
        let Some(last) = self.0 else { return Some(Duration::ZERO) };
        let is_news = changes != last.changes || last.pending > 0;
        is_news.then(|| last.at.saturating_add(SPAN).saturating_sub(uptime))
    }

    /// The counters are written, or that was tried.
    pub(super) fn note(&mut self, changes: u64, pending: u64, at: Duration) {
        self.0 = Some(Written { at, changes, pending });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_at_once_and_then_every_fifteen_seconds_while_something_changes() {
        let seconds = Duration::from_secs;
        let mut schedule = Schedule::default();
        assert_eq!(schedule.until(0, seconds(0)), Some(Duration::ZERO));
        schedule.note(4, 0, seconds(100));
        for (changes, uptime, until) in [
            (4, 100, None),
            (4, 1000, None),
            (5, 100, Some(15)),
            (5, 114, Some(1)),
            (5, 115, Some(0)),
            (9, 1000, Some(0)),
        ] {
            assert_eq!(schedule.until(changes, seconds(uptime)), until.map(seconds), "{changes} {uptime}");
        }
    }

    #[test]
    fn what_is_pending_is_looked_at_until_it_is_done() {
        let mut schedule = Schedule::default();
        schedule.note(4, 2, Duration::ZERO);
        assert_eq!(schedule.until(4, Duration::from_secs(5)), Some(Duration::from_secs(10)));
        schedule.note(4, 0, Duration::from_secs(15));
        assert_eq!(schedule.until(4, Duration::from_secs(60)), None);
    }
}
