//! `Goal`: whether a service has come to what was asked for, from what is seen of it; pure.
//!
//! supervise writes the time of each start and of each end. If that time has changed and the service is down, then a
//! process has run and ended, whether it was seen or not. No clocks are compared for that.

use std::time::Duration;

use unix::process::Ended;
use unix::spawn::Ending;

use super::sight::Sight;
use crate::service::machine::APART;
use crate::service::status::Want;

/// How long a start has to live until it counts. supervise starts nothing more often than that.
const LIVES: Duration = APART;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// It is up, wants to be, and is ready or has lived for a second.
    Up,
    /// The same with another process than before.
    UpAgain,
    /// It was started once, and lives or has ended well.
    Ran,
    /// It is down, and what comes after it has ended.
    Down,
    /// Its process is stopped.
    Paused,
    /// Its process is not stopped.
    Resumed,
    /// The process that it had has ended.
    Gone,
    /// Nothing.
    Told,
}

/// What is known about that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may still come.
    Going,
    /// It has come.
    Done,
    /// The service has ended, in this way if that is known.
    Ended(Option<Ended>),
}

/// A goal, and what was seen on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Goal {
    aim: Aim,
    /// What was seen before it was told.
    before: Option<Sight>,
    /// The process whose end is no failure.
    old: Option<u32>,
    /// The process that was up for a second when it was told.
    settled: Option<u32>,
    /// The process that came, and when.
    up: Option<(u32, Duration)>,
}

impl Goal {
    /// `before` is what was seen before commands were sent, and how long that had been so. None: its supervise had not
    /// begun.
    pub(super) fn new(aim: Aim, before: Option<(Sight, Duration)>) -> Goal {
        let sight = before.map(|(sight, _)| sight);
        let pid = sight.and_then(|sight| sight.pid());
        let ends = sight.is_some_and(|sight| sight.seen.status.want == Want::Down);
        let old = pid.filter(|_| aim == Aim::UpAgain || aim == Aim::Up && ends);
        let settled = pid.filter(|_| before.is_some_and(|(_, age)| age >= LIVES));
        Goal { aim, before: sight, old, settled, up: None }
    }

    /// What is waited for.
    pub(super) fn aim(&self) -> Aim {
        self.aim
    }

    /// Judges what is seen so long after it was told.
    pub(super) fn judge(&mut self, sight: &Sight, elapsed: Duration) -> Verdict {
        let status = sight.seen.status;
        let pid = status.pid;
        let so = |holds| if holds { Verdict::Done } else { Verdict::Going };
        match self.aim {
            Aim::Up | Aim::UpAgain => self.starts(sight, Want::Up, elapsed),
            Aim::Ran => match self.starts(sight, Want::Once, elapsed) {
                Verdict::Ended(Some(Ended(Some(Ending::Exited(0))))) => Verdict::Done,
                verdict => verdict,
            },
            Aim::Down => so(pid.is_none() && status.want == Want::Down && !sight.is_finishing()),
            Aim::Gone => so(pid != self.before.and_then(|before| before.pid())),
            Aim::Paused | Aim::Resumed if pid.is_none() => Verdict::Ended(sight.ended()),
            Aim::Paused => so(status.paused),
            Aim::Resumed => so(!status.paused),
            Aim::Told => Verdict::Done,
        }
    }

    fn starts(&mut self, sight: &Sight, want: Want, elapsed: Duration) -> Verdict {
        let status = sight.seen.status;
        let before = *self.before.get_or_insert(*sight);
        let changed = status.since != before.seen.status.since;
        let Some(pid) = status.pid else {
            if self.old.is_some() {
                // From here on it is as a service that was down.
                if changed {
                    (self.old, self.before) = (None, Some(*sight));
                }
                return Verdict::Going;
            }
            return if changed || self.up.is_some() { Verdict::Ended(sight.ended()) } else { Verdict::Going };
        };
        if self.old == Some(pid) {
            return Verdict::Going;
        }
        self.old = None;
        let (first, since) = *self.up.get_or_insert((pid, elapsed));
        if first != pid {
            return Verdict::Ended(sight.ended());
        }
        let lives = sight.says_ready || self.settled == Some(pid) || elapsed.saturating_sub(since) >= LIVES;
        if status.want == want && sight.ready && lives { Verdict::Done } else { Verdict::Going }
    }
}

#[cfg(test)]
#[path = "goal_tests.rs"]
mod tests;
