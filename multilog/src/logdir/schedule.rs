//! `Schedule`: the next boundary of local time at which a directory is rotated. Pure.
//!
//! The boundaries up to the latest that the clock has shown are passed, and none of them comes again. A clock that goes
//! back over them brings nothing until it shows the one after them, and a clock that goes forward over several brings one
//! rotation. A clock that is more than a day behind was wrong then or is wrong now. It brings boundaries up to a day
//! before those that were passed, since otherwise nothing would be rotated for as long as it was ahead.
//!
//! All moments are seconds since the epoch, and `ahead` says by how many seconds the local clock is ahead at one.

use crate::script::Cycle;

/// How far a clock goes back that is not wrong altogether.
const FAR: i64 = 86_400;
/// The end of the year 9999. The times of files may be anything.
const LATEST: i64 = 253_402_300_799;

/// When a directory is rotated next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    cycle: Cycle,
    /// The boundaries up to here are passed.
    passed: i64,
    /// The first one after them.
    next: i64,
    /// The next one by a clock that is far behind what is passed. None: it is not.
    behind: Option<i64>,
    /// Which of the two comes, by the last look at the clock.
    due: i64,
}

/// What a start finds in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// When `current` was last written to. None: there was none, or it was empty.
    pub(super) written: Option<i64>,
    /// The newest label: `current` was begun then.
    pub(super) newest: i64,
}

impl Schedule {
    /// The schedule of a run that begins now. A `current` is due at once that was last written to before the last
    /// boundary, but not one that was begun after it by a clock that has gone back since. The boundaries that the
    /// clock of an earlier run has passed are passed.
    pub(super) fn begin(cycle: Cycle, now: i64, found: Found, ahead: impl Fn(i64) -> i64) -> Schedule {
        let begun = found.newest.clamp(0, LATEST);
        let last = cycle.last(now, &ahead);
        let begun_since = (last..=now + FAR).contains(&begun);
        let is_old = !begun_since && found.written.is_some_and(|written| written < last);
        let seen = found.written.map_or(now, |written| now.max(written.min(LATEST)));
        let passed = if is_old && begun < last { last - 1 } else { seen.max(begun) };
        let next = cycle.next(passed, &ahead);
        let behind = is_old.then_some(last);
        let mut schedule = Schedule { cycle, passed, next, behind, due: next };
        schedule.look(now, ahead);
        schedule
    }

    /// When it is due, by the last look at the clock.
    pub(super) fn due(&self) -> i64 {
        self.due
    }

    /// Whether it is due by a clock that shows `now`.
    pub(super) fn look(&mut self, now: i64, ahead: impl Fn(i64) -> i64) -> bool {
        self.due = self.next;
        if self.is_behind(now) {
            // A clock may go back again.
            let known = self.behind.filter(|&behind| behind - now <= self.cycle.length() + 2 * FAR);
            let behind = known.unwrap_or_else(|| self.cycle.next(now, ahead));
            self.behind = Some(behind);
            if self.is_behind(behind) {
                self.due = behind;
            }
        } else {
            self.behind = None;
        }
        now >= self.due
    }

    /// Passes the boundaries up to `now`.
    pub(super) fn pass(&mut self, now: i64, ahead: impl Fn(i64) -> i64) {
        if self.is_behind(now) {
            self.behind = None;
        } else {
            self.passed = now.max(self.passed);
            self.next = self.cycle.next(self.passed, &ahead);
        }
        self.look(now, ahead);
    }

    fn is_behind(&self, moment: i64) -> bool {
        moment < self.passed - FAR
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
