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
    for (written, newest, next) in [
        // Nothing is there.
        (None, never, 101),
        (None, now - 7 * HOUR, 101),
        // It was written after the boundary; when it was begun is not known.
        (Some(100 * HOUR), never, 101),
        (Some(now), now - HOUR, 101),
        // It was not.
        (Some(100 * HOUR - 1), never, 100),
        (Some(5), 4, 100),
        // It was begun after it, whatever a coarse clock of the file system says.
        (Some(100 * HOUR - 1), 100 * HOUR, 101),
        // The clock of an earlier run has passed a boundary that this one has not.
        (Some(101 * HOUR + 5), 101 * HOUR, 102),
        (None, 104 * HOUR + 7, 105),
        // It was far ahead, and that is over.
        (Some(9000 * HOUR), 9000 * HOUR, 101),
        (Some(100 * HOUR - 1), 9000 * HOUR, 100),
    ] {
        assert_eq!(begin(now, written, newest).next(), next * HOUR, "{written:?} {newest}");
    }
}

#[test]
fn the_time_that_is_left_is_counted_to_the_nanosecond() {
    let schedule = begin(50, None, 0);
    let at = |seconds: u64, nanos| Label::new(tai64tools::label::EPOCH + seconds, nanos).unwrap();
    for (now, left) in [
        (at(3590, 0), Duration::from_secs(10)),
        (at(3599, 999_999_999), Duration::from_nanos(1)),
        (at(3600, 0), Duration::ZERO),
        (at(9_000_000, 5), Duration::ZERO),
    ] {
        assert_eq!(schedule.until(now), left);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The clock goes wherever it wants. A watch notes the latest boundary that it has gone over.
    #[test]
    fn a_boundary_is_passed_once_wherever_the_clock_goes(
        from in 0i64..1_000_000,
        steps in prop::collection::vec(prop_oneof![6 => 0i64..4000, 1 => -20_000i64..0, 1 => 0i64..90_000], 0..60),
        early in 0u32..2,
    ) {
        let offset = |at: i64| if at < 300_000 { 7200 } else { 3600 * i32::try_from(early).unwrap() };
        let last = |at: i64| hourly().last(at, offset);
        let found = Found { written: None, newest: i64::MIN };
        let mut schedule = Schedule::begin(hourly(), from, found, offset);
        let mut reached = last(from);
        let mut now = from;
        for step in steps {
            now += step;
            let label = Label::new(tai64tools::label::EPOCH.wrapping_add_signed(now), 0).unwrap();
            let due = schedule.until(label).is_zero();
            prop_assert_eq!(due, last(now) > reached, "{}", now);
            if due {
                schedule.pass(now, offset);
                prop_assert!(schedule.next() > now);
            }
            reached = reached.max(last(now));
        }
    }
}
