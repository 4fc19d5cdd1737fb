//! `rotate=SPAN`: `current` is rotated at boundaries of local time.
//!
//! A span divides the clock of a wall into periods, and a boundary is the first moment of a period. Summer time makes
//! that clock jump. Where it jumps forward over the beginning of a period, the moment of the jump is the boundary. What
//! it shows a second time has begun already, so no boundary comes twice.

use std::time::Duration;

use super::number::span;
use super::value::{Malformed, Value};
use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("rotate="),
    value: "SPAN",
    help: "also rotated by local time: 1h (divides a day), 1d, 1w",
    scope: Scope::Directories,
    whose: Whose::Ours("Rotation by time"),
};

const MALFORMED: Malformed = Malformed(
    "not a span that divides a day (1s, 30m, 1h, 6h, ...), nor 1d (at midnight), nor 1w (on Monday)",
);

const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;
/// The epoch was a Thursday.
const FROM_MONDAY: i64 = 3 * DAY;
/// No clock goes back further than this by a rule.
const BACK: i64 = DAY;
/// No zone changes its offset twice in this time.
const STEP: i64 = 900;
/// Compression is spread over this time at most.
const MOST_SPREAD: Duration = Duration::from_secs(300);

/// The periods at whose boundaries `current` is rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// The length of a period in seconds, which divides a day; or a week.
    length: i64,
}

/// A time without a change of the offset, in seconds since the epoch.
#[derive(Clone, Copy, Debug)]
struct Even {
    begin: i64,
    /// The first second behind it.
    end: i64,
    offset: i64,
}

impl Cycle {
    /// The length of a period in seconds, where no clock is changed.
    pub fn length(self) -> i64 {
        self.length
    }

    /// The first boundary later than `after`. Moments are seconds since the epoch, and `ahead` says by how many
    /// seconds the local clock is ahead at such a moment.
    pub fn next(self, after: i64, ahead: impl Fn(i64) -> i64) -> i64 {
        let reached = self.reached(after, &ahead);
        let horizon = after + self.length + 2 * BACK;
        self.first(reached + 1, after + 1, horizon, &ahead)
    }

    /// The last boundary up to `now`.
    pub fn last(self, now: i64, ahead: impl Fn(i64) -> i64) -> i64 {
        self.first(self.reached(now, &ahead), now - self.length - 2 * BACK, now, &ahead)
    }

    /// How long the compression of a file waits that a boundary has rotated, in the directory with this number. Many
    /// loggers come to a boundary at once, and would all compress then. They share the tenth of a period that follows,
    /// or five minutes of a longer one.
    pub fn spread(self, directory: u64) -> Duration {
        let most = Duration::from_millis(self.length.unsigned_abs() * 100).min(MOST_SPREAD);
        // The end of SplitMix64: neighbours become far apart.
        let mixed = (directory ^ directory >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        // The product of two numbers below 2^64, of which the upper half counts.
        let share = (u128::from(mixed ^ mixed >> 31) * most.as_millis()) >> 64;
        Duration::from_millis(share as u64)
    }

    /// The period of a second of the local clock, counted from the epoch of that clock.
    fn period(self, local: i64) -> i64 {
        let from = if self.length == WEEK { FROM_MONDAY } else { 0 };
        (local + from).div_euclid(self.length)
    }

    /// The second of the local clock in which a period begins.
    fn begin(self, period: i64) -> i64 {
        let from = if self.length == WEEK { FROM_MONDAY } else { 0 };
        period * self.length - from
    }

    /// The latest period that the clock has shown up to `now`.
    fn reached(self, now: i64, ahead: &impl Fn(i64) -> i64) -> i64 {
        let latest =
            evens(now - BACK, now + 1, ahead).map(|even| self.period(even.end - 1 + even.offset)).max();
        latest.unwrap_or(0)
    }

    /// The first moment from `from` on when the clock shows `period` or a later one; `horizon` at the latest.
    fn first(self, period: i64, from: i64, horizon: i64, ahead: &impl Fn(i64) -> i64) -> i64 {
        let moment = |even: Even| (self.begin(period) - even.offset).max(even.begin);
        let found = evens(from, horizon, ahead).find(|&even| moment(even) < even.end);
        found.map_or(horizon, moment)
    }
}

/// The times without a change between two moments, in order.
fn evens(from: i64, to: i64, ahead: &impl Fn(i64) -> i64) -> impl Iterator<Item = Even> {
    let mut begin = from;
    std::iter::from_fn(move || {
        if begin >= to {
            return None;
        }
        let here = ahead(begin);
        let mut end = begin;
        while end < to && ahead(end) == here {
            end = (end + STEP).min(to);
        }
        let mut same = (end - STEP).max(begin);
        if end == to && ahead(to - 1) == here {
            same = to - 1;
        }
        // Between `same` and `end` is the change.
        while end - same > 1 {
            let middle = same + (end - same) / 2;
            if ahead(middle) == here { same = middle } else { end = middle }
        }
        let even = Even { begin, end, offset: here };
        begin = end;
        Some(even)
    })
}

impl Value for Cycle {
    /// Reads a span of which a day has a whole number, or `1w`.
    fn parse(text: &[u8]) -> Result<Self, Malformed> {
        let length = span(text).map_err(|_| MALFORMED)?.as_secs();
        let length = i64::try_from(length).map_err(|_| MALFORMED)?;
        let is_week = length == WEEK && text.ends_with(b"w");
        if is_week || DAY % length == 0 { Ok(Cycle { length }) } else { Err(MALFORMED) }
    }
}

#[cfg(test)]
#[path = "rotate_tests.rs"]
mod tests;
