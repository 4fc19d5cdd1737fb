//! `age=`: archives that have become too old go.

use std::time::{Duration, SystemTime};

use tai64tools::Label;

use super::{Rule, Stock};
use crate::script::MaxAge;

/// How old an archive may become.
#[derive(Clone, Copy, Debug)]
pub(super) struct Age(Duration);

impl Age {
    /// What the script says.
    pub(super) fn new(age: MaxAge) -> Age {
        Age(age.span())
    }
}

impl Rule for Age {
    /// What comes after the oldest archive is not known before that is gone.
    fn doomed(&self, stock: &Stock) -> usize {
        usize::from(stock.age.is_some_and(|age| age >= self.0))
    }

    /// Files on their way do not go by age.
    fn keeps(&self, _: Duration) -> Duration {
        Duration::MAX
    }
}

/// The moment from which the age of an archive counts. Labels stay ahead after a clock that was ahead, so the time of
/// the last change counts where it is earlier.
pub fn moment(label: Label, modified: Option<SystemTime>) -> Label {
    modified.map_or(label, |modified| label.min(modified.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_when_it_is_old_enough() {
        let day = Duration::from_secs(86_400);
        let rule = Age(day);
        let nanosecond = Duration::from_nanos(1);
        for (age, doomed) in [
            (None, 0),
            (Some(Duration::ZERO), 0),
            (Some(day - nanosecond), 0),
            (Some(day), 1),
            (Some(Duration::MAX), 1),
        ] {
            assert_eq!(rule.doomed(&Stock { count: 5, age, ..Stock::default() }), doomed, "{age:?}");
        }
        assert_eq!(rule.keeps(Duration::ZERO), Duration::MAX);
    }

    #[test]
    fn the_earlier_of_label_and_change_counts() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for (label, modified, counts) in [
            (at(100), Some(at(90)), at(90)),
            // A label that is ahead.
            (at(1 << 33), Some(at(100)), at(100)),
            // Another program has changed the file.
            (at(100), Some(at(500)), at(100)),
            (at(100), None, at(100)),
        ] {
            assert_eq!(moment(label.into(), modified), counts.into());
        }
    }
}
