//! The bucket of `limit=RATE`, and the portions of input that fill it. Pure.
//!
//! A portion is what is in the input at a moment: at the first look, and then at each look that finds the portion before
//! it used up. Its lines were written since the moment of that one, so this is the time that fills the bucket for them.
//! Before it is filled, at most a second's worth is left in it. So in each sequence of portions as many lines are let
//! through as the rate allows in a second and in the time since the portion before them, however long a stall that time
//! includes. What is in the input when a run begins was written in a time that nobody knows, and is let through.

use std::time::Duration;

use crate::script::Rate;

/// A line as a part of the content of a bucket. A nanosecond at a rate of one line is 1.
const LINE: u64 = 1_000_000_000;

/// The room that a directory has for lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    rate: Rate,
    content: u64,
}

impl Bucket {
    /// With a second's worth of lines.
    pub(super) fn new(rate: Rate) -> Bucket {
        Bucket { rate, content: rate.lines() * LINE }
    }

    /// What a message calls it.
    pub(super) fn rate(&self) -> Rate {
        self.rate
    }

    /// The next portion is let through as a whole.
    pub(super) fn open(&mut self) {
        self.content = u64::MAX;
    }

    /// A portion is there, this long after the one before it.
    pub(super) fn fill(&mut self, passed: Duration) {
        let nanoseconds = u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX);
        let left = self.content.min(self.rate.lines() * LINE);
        self.content = left.saturating_add(nanoseconds.saturating_mul(self.rate.lines()));
    }

    /// Lets a line through, if there is room for it.
    pub(super) fn take(&mut self) -> bool {
        let left = self.content.checked_sub(LINE);
        self.content = left.unwrap_or(self.content);
        left.is_some()
    }
}

/// The portion in hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Portion {
    /// How many bytes of it are not taken.
    left: u64,
    /// When it was looked at, on the clock of [`crate::host::Host::uptime`].
    begun: Duration,
}

impl Portion {
    /// The first one of a run: this number of bytes, looked at at this moment.
    pub(super) fn new(waiting: u64, uptime: Duration) -> Portion {
        Portion { left: waiting, begun: uptime }
    }

    /// Whether nothing is left of it.
    pub(super) fn is_over(&self) -> bool {
        self.left == 0
    }

    /// This portion is over, and the next one begins. Returns the time between the two.
    pub(super) fn next(&mut self, waiting: u64, uptime: Duration) -> Duration {
        let passed = uptime.saturating_sub(self.begun);
        *self = Portion::new(waiting, uptime);
        passed
    }

    /// A batch has taken so much of what was visible. The beginning of a line belongs to the portion of its end.
    pub(super) fn take(&mut self, taken: usize, visible: usize) {
        self.left = self.left.saturating_sub(taken as u64);
        if taken == 0 && self.left <= visible as u64 {
            self.left = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::script::Value;

    const SECOND: Duration = Duration::from_secs(1);

    fn rate(lines: u32) -> Rate {
        Option::<Rate>::parse(lines.to_string().as_bytes()).unwrap().unwrap()
    }

    /// How many of `lines` a bucket lets through.
    fn through(bucket: &mut Bucket, lines: u64) -> u64 {
        (0..lines).filter(|_| bucket.take()).count() as u64
    }

    #[test]
    fn a_portion_has_a_second_and_the_time_since_the_last_one() {
        // What was let through before, the time since then, and what is let through now.
        for (lines, before, passed, expected) in [
            (10, 0, Duration::ZERO, 10),
            (10, 10, Duration::ZERO, 0),
            (10, 4, Duration::ZERO, 6),
            (10, 10, Duration::from_millis(99), 0),
            (10, 10, Duration::from_millis(100), 1),
            (10, 10, SECOND, 10),
            // A stall of a minute drops nothing that could have been written in it.
            (10, 10, SECOND * 60, 600),
            (10, 0, SECOND * 60, 610),
            (1, 1, Duration::from_nanos(999_999_999), 0),
            (1, 1, SECOND, 1),
            (1, 0, Duration::MAX, 1000),
            (u32::MAX, 1000, Duration::MAX, 1000),
        ] {
            let mut bucket = Bucket::new(rate(lines));
            assert_eq!(through(&mut bucket, before), before);
            bucket.fill(passed);
            assert_eq!(through(&mut bucket, 1000), expected, "{lines} {before} {passed:?}");
        }
    }

    #[test]
    fn what_waited_for_the_start_is_let_through_and_a_second_is_left() {
        let mut bucket = Bucket::new(rate(3));
        bucket.open();
        assert_eq!(through(&mut bucket, 100_000), 100_000);
        bucket.fill(Duration::ZERO);
        assert_eq!(through(&mut bucket, 100), 3);
    }

    #[test]
    fn a_portion_is_over_when_it_is_taken_except_the_beginning_of_a_line() {
        for (waiting, batches, over) in [
            (0, &[][..], true),
            (1, &[], false),
            (10, &[(10, 10)], true),
            (10, &[(6, 10)], false),
            // What is visible is the beginning of a line.
            (10, &[(6, 10), (0, 4)], true),
            (10, &[(6, 12), (0, 6)], true),
            // More is there than is visible.
            (10, &[(6, 8), (0, 2)], false),
            (10, &[(6, 8), (0, 2), (4, 9)], true),
            (10, &[(8, 16), (8, 8)], true),
        ] {
            let mut portion = Portion::new(waiting, SECOND);
            batches.iter().for_each(|&(taken, visible)| portion.take(taken, visible));
            assert_eq!(portion.is_over(), over, "{waiting} {batches:?}");
        }
        assert_eq!(Portion::new(7, SECOND).next(9, SECOND * 3), SECOND * 2);
        // The clock does not step; a reading that is not later is no time.
        assert_eq!(Portion::new(7, SECOND).next(9, Duration::ZERO), Duration::ZERO);
    }

    /// Whether the last line of the last portion fits. Each portion has the time since the one before it and the lines
    /// that were let through. In each sequence of portions that ends with the last one, there must be no more lines than
    /// the rate allows in a second and in the time of the sequence.
    fn fits(rate: u32, portions: &[(Duration, u64)], unlimited: bool) -> bool {
        (0..portions.len()).all(|first| {
            let lines: u64 = portions[first..].iter().map(|(_, lines)| lines).sum();
            let time: Duration = portions[first..].iter().map(|(passed, _)| *passed).sum();
            let allowed = (time + SECOND).as_nanos() * u128::from(rate);
            first == 0 && unlimited || u128::from(lines + 1) * u128::from(LINE) <= allowed
        })
    }

    proptest! {
        #[test]
        fn it_lets_through_what_no_sequence_of_portions_forbids(
            lines in prop_oneof![1u32..5, 1u32..300],
            portions in prop::collection::vec((prop_oneof![Just(0u64), 0..400_000_000u64, 0..5_000_000_000u64], 0..200u64), 1..12),
            unlimited: bool,
        ) {
            let mut bucket = Bucket::new(rate(lines));
            let mut past: Vec<(Duration, u64)> = Vec::new();
            for (number, &(passed, count)) in portions.iter().enumerate() {
                let passed = Duration::from_nanos(passed);
                if number == 0 && unlimited { bucket.open() } else { bucket.fill(passed) }
                past.push((passed, 0));
                for _ in 0..count {
                    let expected = fits(lines, &past, unlimited);
                    prop_assert_eq!(bucket.take(), expected, "{:?}", past);
                    past.last_mut().unwrap().1 += u64::from(expected);
                }
            }
        }

        /// Who never writes more than the rate allows loses nothing, whatever the stalls and wherever the looks are.
        #[test]
        fn a_writer_that_keeps_to_the_rate_loses_nothing(
            lines in 1u32..300,
            looks in prop::collection::vec(prop_oneof![0..1_000u64, 0..100_000_000u64, 0..9_000_000_000u64], 1..40),
        ) {
            let mut bucket = Bucket::new(rate(lines));
            let (mut now, mut written) = (0u128, 0u128);
            for passed in looks {
                now += u128::from(passed);
                let by_now = now * u128::from(lines) / u128::from(LINE);
                let waiting = u64::try_from(by_now - written).unwrap();
                written = by_now;
                bucket.fill(Duration::from_nanos(passed));
                prop_assert_eq!(through(&mut bucket, waiting), waiting);
            }
        }
    }
}
