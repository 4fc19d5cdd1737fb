use proptest::prelude::*;

use super::*;
use crate::script::Value;

const HOUR: i64 = 3600;

fn hourly() -> Cycle {
    Cycle::parse(b"1h").unwrap()
}

/// In UTC.
fn begin(now: i64, written: Option<i64>, newest: i64) -> Schedule {
    Schedule::begin(hourly(), now, Found { written, newest }, |_| 0)
}

#[test]
fn a_start_rotates_what_was_last_written_before_the_last_boundary() {
    let (never, now) = (i64::MIN, 100 * HOUR + 60);
    for (written, newest, due) in [
        // Nothing is there.
        (None, never, 101),
        (None, now - 7 * HOUR, 101),
        // It was written after the boundary; when it was begun is not known.
        (Some(100 * HOUR), never, 101),
        (Some(now), now - HOUR, 101),
        // It was not.
        (Some(100 * HOUR - 1), never, 100),
        (Some(5), 4, 100),
        (Some(i64::MIN), never, 100),
        // It was begun after it, whatever a coarse clock of the file system says.
        (Some(100 * HOUR - 1), 100 * HOUR, 101),
        // The clock of an earlier run has passed a boundary that this one has not.
        (Some(101 * HOUR + 5), 101 * HOUR, 102),
        (Some(101 * HOUR + 5), never, 102),
        (None, 104 * HOUR + 7, 105),
        // It was far ahead, and that is over.
        (Some(9000 * HOUR), 9000 * HOUR, 101),
        (Some(100 * HOUR - 1), 9000 * HOUR, 100),
        (Some(i64::MAX), i64::MAX, 101),
    ] {
        assert_eq!(begin(now, written, newest).due(), due * HOUR, "{written:?} {newest}");
    }
}

/// What the clock shows in minutes, and how many hours are due next.
#[test]
fn a_clock_that_was_far_ahead_does_not_stop_rotation_and_repeats_no_boundary_of_its_last_day() {
    const FOR_GOOD: i64 = 9000;
    let mut schedule = begin(100 * HOUR, None, 0);
    for (now, is_due, next) in [
        (100 * 60 + 59, false, 101),
        (101 * 60, true, 102),
        // Far ahead.
        (FOR_GOOD * 60 + 5, true, FOR_GOOD + 1),
        // Right again.
        (101 * 60 + 10, false, 102),
        (102 * 60, true, 103),
        (103 * 60 + 30, true, 104),
        // A little back.
        (103 * 60 - 1, false, 104),
        (103 * 60 + 31, false, 104),
        // Far back, and back again.
        (50 * 60 - 1, false, 50),
        (50 * 60, true, 51),
        (104 * 60, true, 105),
        // The last day before what is passed, to the boundary after it.
        ((FOR_GOOD - 24) * 60 - 30, true, FOR_GOOD - 24),
        ((FOR_GOOD - 24) * 60, true, FOR_GOOD + 1),
        (FOR_GOOD * 60 + 59, false, FOR_GOOD + 1),
        (FOR_GOOD * 60 + 60, true, FOR_GOOD + 2),
    ] {
        assert_eq!(schedule.look(now * 60, |_| 0), is_due, "{now}");
        if is_due {
            schedule.pass(now * 60, |_| 0);
        }
        assert_eq!(schedule.due(), next * HOUR, "{now}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The clock goes wherever it wants within a day. A watch notes the latest boundary that it has gone over.
    #[test]
    fn a_boundary_is_passed_once_wherever_the_clock_goes(
        from in 0i64..1_000_000,
        steps in prop::collection::vec(prop_oneof![6 => 0i64..4000, 1 => -20_000i64..0, 1 => 0i64..90_000], 0..60),
        early in 0i64..2,
    ) {
        let ahead = |at: i64| if at < 300_000 { 7200 } else { 3600 * early };
        let last = |at: i64| hourly().last(at, ahead);
        let found = Found { written: None, newest: i64::MIN };
        let mut schedule = Schedule::begin(hourly(), from, found, ahead);
        let (mut reached, mut now, mut latest) = (last(from), from, from);
        for step in steps {
            now = (now + step).max(latest - FAR);
            latest = latest.max(now);
            let is_due = schedule.look(now, ahead);
            prop_assert_eq!(is_due, last(now) > reached, "{}", now);
            if is_due {
                schedule.pass(now, ahead);
                prop_assert!(schedule.due() > now);
            }
            reached = reached.max(last(now));
        }
    }
}
