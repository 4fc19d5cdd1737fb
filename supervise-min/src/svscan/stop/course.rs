//! The rules of a stop: what is done about a service and its logger at each moment, when a message is due, and when
//! svscan stops waiting. No system call is made here.
//!
//! svscan waits for a service until it has ended. A logger ends when its input does; if it can't or does not, svscan
//! waits only for a limited time. Nothing is killed before the stage for that has come.

use std::time::Duration;

use crate::service::shutdown;

/// How far starts of a supervise are apart, and for how long a new one is believed to be still beginning.
pub(super) const APART: Duration = Duration::from_secs(1);
/// How many supervises a service gets before its process is signalled without one.
const SUPERVISES: u32 = 2;
/// How long a logger may leave the bytes of its pipe unread, and a pipe may be held by others than its service.
pub(super) const STUCK: Duration = Duration::from_secs(5);
/// At most this much of the time between two looks counts as quiet. If svscan did not get to look for longer, the
/// machine stood still or was busy, and loggers may not have got to read either.
const LONGEST_LOOK: Duration = Duration::from_millis(500);
/// How long a logger is waited for at most after the last of its service has ended.
pub(super) const LONGEST: Duration = Duration::from_secs(60);
/// How long what was killed may take to end.
const LAST: Duration = Duration::from_secs(2);
/// TERMs that are closer together count as one.
const AGAIN: Duration = Duration::from_millis(500);

/// What is done about those that do not end. Each begins with another TERM, or when the limit is over again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Nothing.
    Waiting,
    /// Services are killed, then who holds their pipes, and loggers that have read everything.
    Killing,
    /// All are, and what is left in pipes is thrown away.
    GivingUp,
}

/// The stage, and since when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    stage: Stage,
    since: Duration,
    limit: Option<Duration>,
}

/// A moment of a stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) now: Duration,
    pub(super) stage: Stage,
    /// For how long it has been this stage.
    pub(super) into: Duration,
    /// Whether the stage changes by itself.
    pub(super) limited: bool,
}

impl Clock {
    pub(super) fn new(now: Duration, limit: Option<Duration>) -> Clock {
        Clock { stage: Stage::Waiting, since: now, limit }
    }

    /// True: the next stage begins. `again`: another TERM has come.
    pub(super) fn step(&mut self, again: bool, now: Duration) -> bool {
        let into = now.saturating_sub(self.since);
        let late = self.limit.is_some_and(|limit| into >= limit);
        let next = match self.stage {
            Stage::Waiting => Stage::Killing,
            Stage::Killing => Stage::GivingUp,
            Stage::GivingUp => return false,
        };
        let begins = late || (again && into >= AGAIN);
        if begins {
            (self.stage, self.since) = (next, now);
        }
        begins
    }

    pub(super) fn at(&self, now: Duration) -> Moment {
        let (stage, limited) = (self.stage, self.limit.is_some());
        Moment { now, stage, into: now.saturating_sub(self.since), limited }
    }
}

impl Moment {
    /// Whether what was killed has had its time.
    fn is_last(&self) -> bool {
        self.stage == Stage::GivingUp && self.into >= LAST
    }
}

/// What runs of a service or a logger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Its supervise.
    pub(super) supervise: bool,
    /// Its process, whether that has a supervise or not.
    pub(super) process: bool,
    /// Its `shutdown`.
    pub(super) shutdown: bool,
}

impl Seen {
    fn lives(self) -> bool {
        self.supervise || self.process
    }
}

/// The pipe between the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pipe {
    /// The bytes in it.
    pub(super) unread: u64,
    /// Whether it still has a writer.
    pub(super) held: bool,
}

/// What has to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Start a supervise, which finds these commands when it begins.
    Start(&'static [u8]),
    /// Tell the supervise, and say whether it was told.
    Tell(&'static [u8]),
    /// Tell the process itself to end.
    Term,
    /// Let the process itself go on, if it was stopped.
    Continue,
    /// Kill the process itself.
    Kill,
    /// Kill the supervise, which does not obey.
    KillSupervise,
    /// Kill `shutdown`.
    KillShutdown,
    /// Kill who else can write to the pipe.
    KillHolders,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is waited for.
    Going,
    /// It has ended, and nothing is left of it.
    Ended,
    /// It is not waited for any more, and something is left.
    Left,
}

/// What has been done about a service.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServiceCourse {
    begun: Duration,
    /// For which stage its supervise was told.
    told: Option<Stage>,
    /// For which stage its process was.
    signalled: Option<Stage>,
    supervises: u32,
    not_before: Duration,
}

impl ServiceCourse {
    pub(super) fn new(now: Duration) -> ServiceCourse {
        ServiceCourse { begun: now, told: None, signalled: None, supervises: 0, not_before: Duration::ZERO }
    }

    /// The same for a service that gets no supervise where it has lost its own.
    pub(super) fn alone(now: Duration) -> ServiceCourse {
        ServiceCourse { supervises: SUPERVISES, ..ServiceCourse::new(now) }
    }

    /// Its supervise has got the commands of this stage.
    pub(super) fn was_told(&mut self, stage: Stage) {
        self.told = Some(stage);
    }

    pub(super) fn step(&mut self, seen: Seen, moment: Moment) -> (Verdict, Option<Act>) {
        let Moment { now, stage, .. } = moment;
        if seen.shutdown {
            let may_run = stage == Stage::Waiting && now < self.begun + shutdown::LIMIT;
            return (Verdict::Going, (!may_run).then_some(Act::KillShutdown));
        }
        if !seen.lives() {
            return (Verdict::Ended, None);
        }
        if moment.is_last() {
            return (Verdict::Left, None);
        }
        (Verdict::Going, if seen.supervise { self.with_supervise(moment) } else { self.without(stage, now) })
    }

    fn with_supervise(&self, moment: Moment) -> Option<Act> {
        if moment.stage == Stage::GivingUp && moment.into >= LAST / 2 {
            return Some(Act::KillSupervise);
        }
        let commands: &[u8] = if moment.stage == Stage::Waiting { b"dx" } else { b"dxk" };
        (self.told < Some(moment.stage)).then_some(Act::Tell(commands))
    }

    fn without(&mut self, stage: Stage, now: Duration) -> Option<Act> {
        if stage > Stage::Waiting {
            return (self.signalled.replace(stage) != Some(stage)).then_some(Act::Kill);
        }
        if now < self.not_before {
            return None;
        }
        if self.supervises == SUPERVISES {
            return (self.signalled.replace(stage) != Some(stage)).then_some(Act::Term);
        }
        (self.supervises, self.not_before, self.told) = (self.supervises + 1, now + APART, None);
        Some(Act::Start(b"dx"))
    }
}

/// What has been done about a logger.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LoggerCourse {
    told: Option<Stage>,
    signalled: Option<Stage>,
    not_before: Duration,
    /// When its service was seen to have ended.
    over: Option<Duration>,
    /// What was in its pipe at the last look, when that was, and for how long it had not become less.
    last: Option<(Pipe, Duration, Duration)>,
    holders_not_before: Duration,
}

impl LoggerCourse {
    /// Its supervise has got the commands of this stage.
    pub(super) fn was_told(&mut self, stage: Stage) {
        self.told = Some(stage);
    }

    /// Whether its supervise has to be told something yet.
    pub(super) fn has_to_be_told(&self) -> bool {
        self.told.is_none()
    }

    /// `over`: its service has ended, or is not waited for any more.
    pub(super) fn step(&mut self, seen: Seen, pipe: Pipe, over: bool, moment: Moment) -> (Verdict, Vec<Act>) {
        let now = moment.now;
        let finished = over && !pipe.held && pipe.unread == 0;
        if finished && !seen.lives() {
            return (Verdict::Ended, Vec::new());
        }
        let quiet = if over { self.quiet(pipe, now) } else { Duration::ZERO };
        if over && self.is_given_up(seen, pipe, quiet, moment) {
            return (Verdict::Left, Vec::new());
        }
        let mut acts = Vec::new();
        if over && pipe.held && moment.stage > Stage::Waiting && now >= self.holders_not_before {
            self.holders_not_before = now + APART;
            acts.push(Act::KillHolders);
        }
        let about_itself = match seen {
            Seen { supervise: true, .. } => self.with_supervise(seen, finished, moment),
            Seen { process: true, .. } => self.alone(finished, moment.stage),
            // Who is started later could not show that it reads, nor leave when it is told to.
            _ => (quiet + APART * 2 < STUCK || pipe.held).then(|| self.start(moment)).flatten(),
        };
        acts.extend(about_itself);
        (Verdict::Going, acts)
    }

    /// For how long its pipe has not become emptier, nor lost its last writer, since its service has ended.
    fn quiet(&mut self, pipe: Pipe, now: Duration) -> Duration {
        self.over.get_or_insert(now);
        let (before, looked, quiet) = self.last.unwrap_or((pipe, now, Duration::ZERO));
        let moved = pipe.unread < before.unread || pipe.held != before.held;
        let more = now.saturating_sub(looked).min(LONGEST_LOOK);
        let quiet = if moved { Duration::ZERO } else { quiet + more };
        self.last = Some((pipe, now, quiet));
        quiet
    }

    fn is_given_up(&self, seen: Seen, pipe: Pipe, quiet: Duration, moment: Moment) -> bool {
        // What is being killed has its time for that.
        if moment.stage == Stage::GivingUp {
            return !seen.lives() || moment.is_last();
        }
        // Who holds the pipe will be killed, so that the logger can read the rest.
        if pipe.held && moment.limited {
            return false;
        }
        let long = self.over.is_some_and(|over| moment.now.saturating_sub(over) >= LONGEST);
        // A supervise that has no logger to wait for is about to leave, as it was told.
        let patience = if seen.supervise && !seen.process { STUCK + LAST } else { STUCK };
        long || (quiet >= patience && (pipe.held || pipe.unread > 0))
    }

    fn with_supervise(&self, seen: Seen, finished: bool, moment: Moment) -> Option<Act> {
        let Moment { now, stage, into, .. } = moment;
        if stage == Stage::GivingUp && into >= LAST / 2 {
            return Some(Act::KillSupervise);
        }
        let kill = stage == Stage::GivingUp || (stage == Stage::Killing && finished);
        let (commands, due): (&[u8], _) =
            if kill { (b"cxk", Some(stage)) } else { (b"cx", Some(Stage::Waiting)) };
        // One that has just begun would leave before its logger has.
        let has_begun = kill || seen.process || now >= self.not_before;
        (self.told < due && has_begun).then_some(Act::Tell(commands))
    }

    /// It goes on reading without a supervise.
    fn alone(&mut self, finished: bool, stage: Stage) -> Option<Act> {
        let kill = stage == Stage::GivingUp || (stage == Stage::Killing && finished);
        let due = if kill { stage } else { Stage::Waiting };
        let act = if kill { Act::Kill } else { Act::Continue };
        (self.signalled < Some(due)).then(|| {
            self.signalled = Some(due);
            act
        })
    }

    fn start(&mut self, moment: Moment) -> Option<Act> {
        if moment.stage == Stage::GivingUp || moment.now < self.not_before {
            return None;
        }
        (self.told, self.not_before) = (None, moment.now + APART);
        Some(Act::Start(b""))
    }
}

#[cfg(test)]
#[path = "course_tests.rs"]
mod tests;
