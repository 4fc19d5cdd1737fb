//! `Outage`: what keeps the lanes of a sink from delivering, said when it begins and when it ends, and not at each try.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the lanes of one sink fail with.
#[derive(Debug, Default)]
pub struct Outage(Mutex<Lanes>);

#[derive(Debug, Default)]
struct Lanes {
    /// Why each lane fails that does.
    down: BTreeMap<usize, String>,
    /// Since when there is one.
    since: Option<Duration>,
}

impl Outage {
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lane has failed. True: that has to be said, since none fails with the same reason.
    pub fn fail(&self, lane: usize, reason: &str, now: Duration) -> bool {
        let mut lanes = self.lanes();
        lanes.since.get_or_insert(now);
        let is_known = lanes.down.contains_key(&lane) || lanes.down.values().any(|known| known == reason);
        lanes.down.entry(lane).or_insert_with(|| reason.to_string());
        !is_known
    }

    /// A lane delivers. How long the outage was, if it was the last one that did not.
    pub fn end(&self, lane: usize, now: Duration) -> Option<Duration> {
        let mut lanes = self.lanes();
        lanes.down.remove(&lane)?;
        if !lanes.down.is_empty() {
            return None;
        }
        lanes.since.take().map(|since| now.saturating_sub(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_said_once_for_all_lanes_and_so_is_its_end() {
        let outage = Outage::default();
        let second = Duration::from_secs;
        assert!(outage.fail(0, "refused", second(10)));
        assert!(!outage.fail(0, "refused", second(11)));
        assert!(!outage.fail(0, "timeout", second(11)));
        assert!(!outage.fail(1, "refused", second(12)));
        assert!(outage.fail(2, "another", second(12)));
        assert_eq!(outage.end(0, second(20)), None);
        assert_eq!(outage.end(0, second(20)), None);
        assert_eq!(outage.end(2, second(20)), None);
        assert_eq!(outage.end(1, second(30)), Some(second(20)));
        assert_eq!(outage.end(1, second(30)), None);
        assert!(outage.fail(1, "refused", second(40)));
    }
}
