//! `Schedule`: the next boundary of local time at which a directory is rotated. Pure.
//!
//! It moves forward only. So a clock that goes back over a boundary brings nothing until it shows the one after that,
//! and a clock that goes forward over several brings one rotation.

use std::time::Duration;

use tai64tools::Label;

use crate::script::Cycle;

/// Labels stay ahead of a clock that was wrong. One that is further ahead than this says nothing of boundaries.
const BELIEVED: i64 = 86_400;

/// When a directory is rotated next. Moments are seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    cycle: Cycle,
    next: i64,
}

/// What a start finds in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// When `current` was last written to. None: there was none, or it was empty.
    pub(super) written: Option<i64>,
    /// The newest label, which is the moment when `current` was begun.
    pub(super) newest: i64,
}

impl Schedule {
    /// The schedule of a run that begins now. A `current` that was last written to before the last boundary is due at
    /// once. So is none that an earlier run has begun after that boundary, which its clock has gone back over.
    pub(super) fn begin(cycle: Cycle, now: i64, found: Found, offset: impl Fn(i64) -> i32) -> Schedule {
        let begun = if found.newest <= now.saturating_add(BELIEVED) { found.newest } else { i64::MIN };
        let last = cycle.last(now, &offset);
        let is_old = begun < last && found.written.is_some_and(|written| written < last);
        let next = if is_old { last } else { cycle.next(now.max(begun), offset) };
        Schedule { cycle, next }
    }

    /// The boundary that comes next, or that has come and was not passed yet.
    pub(super) fn next(&self) -> i64 {
        self.next
    }

    /// How long it is until then by a clock that shows `now`; zero where the boundary has come.
    pub(super) fn until(&self, now: Label) -> Duration {
        let left = u64::try_from(self.next.saturating_sub(now.unix_seconds())).unwrap_or(0);
        Duration::from_secs(left).saturating_sub(Duration::from_nanos(now.nanos().into()))
    }

    /// Passes the boundaries up to `now`.
    pub(super) fn pass(&mut self, now: i64, offset: impl Fn(i64) -> i32) {
        self.next = self.cycle.next(now.max(self.next), offset);
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
