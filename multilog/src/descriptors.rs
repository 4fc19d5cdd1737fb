//! What the descriptors of the process are used for: a plan from how many there are. Pure.
//!
//! A directory can't do without three, and one more is needed now and then. What comes beyond that is an
//! advantage: looking into the input before it is taken, status files that are kept open, files that wait for a
//! thread. Each of these is left out where there is no room for it, so that whatever the original logs with
//! few descriptors is logged here as well.

use crate::intake::Care;

/// The directory, its lock, `current`.
const DIRECTORY: usize = 3;
/// A new `current` before the old one is closed, the names of a directory, the output of a processor, the file of
/// `metrics=`: one at a time.
const NOW_AND_THEN: usize = 1;
/// The side pipe, /dev/null, the watch on the pipe, the journal, and one more while that is made.
const LOOKING: usize = 6;
/// What a thread rings, and what the foreground uses while threads are at work.
const THREADS: usize = 4;
/// An output, a new state, and what a wait for a processor watches.
const THREAD: usize = 4;
/// How many full files of a directory may wait for its thread: each holds a descriptor.
pub const PENDING: usize = 32;
/// Fewer files that may wait for a thread are not worth having it.
const LEAST_PENDING: usize = 2;

/// Whether something is kept open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// From the start to the end.
    Open,
    /// It is opened anew for each use.
    Closed,
}

/// What there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How the input is read.
    pub care: Care,
    /// How status files are written.
    pub statuses: Hold,
    /// How many full files of each directory may wait for its thread. 0: there are no threads.
    pub pending: usize,
}

/// An alarm on the system clock, and what joins it with the signals.
pub const ALARM: usize = 2;

/// With more than this the plan has everything.
pub fn wanted(directories: usize, statuses: usize) -> usize {
    directories * (DIRECTORY + THREAD + PENDING) + statuses + LOOKING + THREADS + NOW_AND_THEN
}

/// What there is room for with `free` descriptors.
pub fn plan(free: usize, directories: usize, statuses: usize) -> Plan {
    let mut left = free.saturating_sub(directories * DIRECTORY + NOW_AND_THEN);
    let mut plan = Plan { care: Care::Read, statuses: Hold::Closed, pending: 0 };
    if statuses <= left {
        plan.statuses = Hold::Open;
        left -= statuses;
    }
    if directories == 0 || left < LOOKING {
        return plan;
    }
    plan.care = Care::Peek;
    left -= LOOKING;
    let each = left.saturating_sub(THREADS) / directories;
    if each >= THREAD + LEAST_PENDING {
        plan.pending = (each - THREAD).min(PENDING);
    }
    plan
}

/// The same where an alarm on the system clock is wanted, which comes out of what the files that wait would have.
/// Nothing else is left out for it.
pub fn plan_with_alarm(free: usize, directories: usize, statuses: usize) -> (Plan, Hold) {
    let without = plan(free, directories, statuses);
    let with = plan(free.saturating_sub(ALARM), directories, statuses);
    let is_enough = free >= directories * DIRECTORY + NOW_AND_THEN + ALARM;
    let has_same =
        (with.care, with.statuses, with.pending > 0) == (without.care, without.statuses, without.pending > 0);
    if is_enough && has_same { (with, Hold::Open) } else { (without, Hold::Closed) }
}

/// How the input is read for standard output alone: without a directory there is no journal, but lines can wait in the
/// input until they are written.
pub fn care_for_output(free: usize, statuses: usize) -> Care {
    if free >= statuses + LOOKING + NOW_AND_THEN { Care::Peek } else { Care::Read }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_worth_least_is_left_out_first() {
        use Care::{Peek, Read};
        use Hold::{Closed, Open};
        for (free, directories, statuses, care, held, pending) in [
            // Nothing can be left out of what the original needs too.
            (0, 1, 0, Read, Open, 0),
            (4, 1, 0, Read, Open, 0),
            (4, 1, 1, Read, Closed, 0),
            (5, 1, 1, Read, Open, 0),
            (9, 1, 0, Read, Open, 0),
            (10, 1, 0, Peek, Open, 0),
            (19, 1, 0, Peek, Open, 0),
            (20, 1, 0, Peek, Open, 2),
            (28, 1, 0, Peek, Open, 10),
            (50, 1, 0, Peek, Open, 32),
            (1 << 20, 1, 7, Peek, Open, 32),
            // The usual limit.
            (1020, 25, 0, Peek, Open, 32),
            (1020, 60, 0, Peek, Open, 9),
            (1020, 300, 0, Peek, Open, 0),
            (1020, 339, 0, Read, Open, 0),
            // No directory: there is nothing to be careful for.
            (1020, 0, 3, Read, Open, 0),
        ] {
            let expected = Plan { care, statuses: held, pending };
            assert_eq!(plan(free, directories, statuses), expected, "{free} {directories} {statuses}");
        }
    }

    #[test]
    fn an_alarm_takes_nothing_but_room_for_files_that_wait() {
        use Hold::{Closed, Open};
        for (free, directories, pending, alarm) in [
            (4, 1, 0, Closed),
            (6, 1, 0, Open),
            // One would be missing to look into the input.
            (10, 1, 0, Closed),
            (12, 1, 0, Open),
            // And here to have threads.
            (21, 1, 3, Closed),
            (22, 1, 2, Open),
            (50, 1, 30, Open),
            (52, 1, 32, Open),
        ] {
            let (plan, held) = plan_with_alarm(free, directories, 0);
            assert_eq!((plan.pending, held), (pending, alarm), "{free}");
        }
        for free in 0..70 {
            let (with, held) = plan_with_alarm(free, 2, 3);
            let alone = plan(free, 2, 3);
            assert_eq!((with.care, with.statuses), (alone.care, alone.statuses));
            assert_eq!(alone.pending == 0, with.pending == 0);
            assert!(held == Open || with == alone);
        }
    }

    #[test]
    fn with_what_is_wanted_there_is_everything_and_with_any_less_never_more() {
        for (directories, statuses) in [(1, 0), (1, 3), (7, 1), (100, 20)] {
            let all = Plan { care: Care::Peek, statuses: Hold::Open, pending: PENDING };
            assert_eq!(plan(wanted(directories, statuses), directories, statuses), all);
            for free in 0..wanted(directories, statuses) {
                let plan = plan(free, directories, statuses);
                let looking = if plan.care == Care::Peek { LOOKING } else { 0 };
                let threads =
                    if plan.pending > 0 { THREADS + directories * (THREAD + plan.pending) } else { 0 };
                let held = if plan.statuses == Hold::Open { statuses } else { 0 };
                let least = directories * DIRECTORY + NOW_AND_THEN;
                assert!(free < least || least + held + looking + threads <= free, "{free}: {plan:?}");
            }
        }
    }
}
