//! `Machine`: the life of a service as rules, without files, processes or clocks.
//!
//! An event comes in, and actions come out in the order in which they have to be done. Two starts are at least a second
//! apart, whatever asks for them. After a longer run the next start is immediate.

use std::time::Duration;

use unix::signal::Signal;

use super::command::{Command, Target};
use super::rules::Rules;
use super::status::Want;

/// The least time between two starts.
pub const APART: Duration = Duration::from_secs(1);
/// A service that ends sooner is one that keeps ending, for `backoff`.
pub const SOON: Duration = Duration::from_secs(10);
/// The longest wait after a process could not be made.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The exit code of `finish` after which the service stays down, as in s6.
const NEVER_AGAIN: u8 = 125;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A command came.
    Command(Command),
    /// The process that was asked for runs, and is treated by these rules.
    Started(Rules),
    /// It could not be made.
    NotStarted,
    /// The process has ended, with this exit code if it is known and no signal ended it.
    Ended(Option<u8>),
    /// What comes after its end is done, with this exit code if there is one; or there is nothing to do.
    Finished(Option<u8>),
    /// The time of [`Machine::due`] has come.
    Due,
}

/// What has to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start the process, and say `Started` or `NotStarted`. This is the last action of a step.
    Start,
    /// Do what comes after the end of the process, and say `Finished`.
    Finish,
    /// Send a signal: to the service, or when that has ended to what comes after it.
    Signal(Target, Signal),
    /// Write the status.
    Announce,
    /// End: nothing more is read.
    Leave,
}

/// Which process a service has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// None.
    Down,
    /// Its own.
    Up,
    /// What comes after it.
    Finishing,
}

/// The state of a service. Times are on any clock that never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// What is wanted of it.
    pub want: Want,
    /// Which process it has.
    pub phase: Phase,
    /// Whether that was stopped.
    pub paused: bool,
    /// Whether supervise is to end with it.
    pub leaving: bool,
    /// Whether a start for once has not been done yet.
    once_due: bool,
    /// Starts before this time are not allowed.
    not_before: Duration,
    /// Starts that failed in a row.
    failures: u32,
    /// How it is treated, as its directory said when its process was started.
    pub rules: Rules,
    started: Duration,
    /// Runs in a row that ended soon.
    short_runs: u32,
    /// When a process that does not end is killed.
    kill_at: Option<Duration>,
    /// Whom signals are for.
    target: Target,
}

impl Machine {
    /// A service without a process. `want` is `Down` where there is a file `down`.
    pub fn new(want: Want) -> Machine {
        Machine {
            want,
            phase: Phase::Down,
            paused: false,
            leaving: false,
            once_due: false,
            not_before: Duration::ZERO,
            failures: 0,
            rules: Rules::PLAIN,
            started: Duration::ZERO,
            short_runs: 0,
            kill_at: None,
            target: Target::Process,
        }
    }

    /// A service without a process that runs once, from now on.
    pub fn for_once() -> Machine {
        Machine { once_due: true, ..Machine::new(Want::Once) }
    }

    /// A service whose process was found running. When it was started is not known, so the next start is at least a
    /// second after `now`.
    pub fn adopted(want: Want, phase: Phase, paused: bool, rules: Rules, now: Duration) -> Machine {
        let patience = match (phase, want) {
            (Phase::Finishing, _) => rules.timeout_finish,
            (Phase::Up, Want::Down) => rules.timeout_kill,
            _ => None,
        };
        let (not_before, kill_at) = (now + APART, patience.map(|patience| now + patience));
        Machine { phase, paused, not_before, kill_at, rules, ..Machine::new(want) }
    }

    /// The time at which the machine has something to do although nothing happens.
    pub fn due(&self) -> Option<Duration> {
        self.wants_start().then_some(self.not_before).or(self.kill_at)
    }

    /// What an event means.
    pub fn step(&mut self, event: Event, now: Duration) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Command(command) => self.command(command, now, &mut actions),
            Event::Started(rules) => {
                self.rules = rules;
                (self.started, self.kill_at) = (now, None);
                (self.phase, self.paused, self.once_due, self.failures) = (Phase::Up, false, false, 0);
                self.not_before = now + APART;
                actions.push(Action::Announce);
            }
            Event::NotStarted => {
                let wait = APART * 2u32.saturating_pow(self.failures.min(6));
                self.not_before = now + wait.min(LONGEST_WAIT);
                self.failures += 1;
            }
            Event::Ended(code) => {
                self.ended(code, now);
                actions.extend([Action::Announce, Action::Finish]);
            }
            Event::Finished(code) => {
                (self.phase, self.kill_at) = (Phase::Down, None);
                if code == Some(NEVER_AGAIN) {
                    self.want = Want::Down;
                    actions.push(Action::Announce);
                }
            }
            Event::Due => {}
        }
        if self.kill_at.is_some_and(|kill_at| kill_at <= now) {
            self.kill_at = None;
            actions.push(Action::Signal(Target::Process, Signal::KILL));
        }
        if self.leaving && self.phase == Phase::Down {
            actions.push(Action::Leave);
        } else if self.wants_start() && now >= self.not_before && event != Event::NotStarted {
            actions.push(Action::Start);
        }
        actions
    }

    fn wants_start(&self) -> bool {
        let wanted = self.want == Want::Up || (self.want == Want::Once && self.once_due);
        wanted && self.phase == Phase::Down && !self.leaving
    }

    fn ended(&mut self, code: Option<u8>, now: Duration) {
        self.phase = Phase::Finishing;
        self.kill_at = self.rules.timeout_finish.map(|timeout| now + timeout);
        if code.is_some_and(|code| self.rules.is_permanent(code)) {
            self.want = Want::Down;
        }
        let soon = now.saturating_sub(self.started) < SOON;
        self.short_runs = if soon { self.short_runs + 1 } else { 0 };
        if let Some(longest) = self.rules.backoff {
            if soon {
                let wait = APART * 2u32.saturating_pow((self.short_runs - 1).min(20));
                self.not_before = self.not_before.max(now + wait.min(longest));
            }
        }
    }

    fn command(&mut self, command: Command, now: Duration, actions: &mut Vec<Action>) {
        let mut signal = |signal| {
            if self.phase == Phase::Up || (self.phase == Phase::Finishing && signal == Signal::KILL) {
                actions.push(Action::Signal(self.target, signal));
            }
        };
        match command {
            Command::Target(target) => return self.target = target,
            Command::Signal(other) => return signal(other),
            Command::Up => self.want = Want::Up,
            Command::Once => (self.want, self.once_due) = (Want::Once, self.phase != Phase::Up),
            Command::Down => {
                signal(self.rules.down_signal);
                // What is stopped would not notice.
                signal(Signal::CONT);
                (self.want, self.paused) = (Want::Down, false);
                if self.phase == Phase::Up {
                    self.kill_at = self.kill_at.or(self.rules.timeout_kill.map(|timeout| now + timeout));
                }
            }
            Command::Pause => {
                signal(Signal::STOP);
                self.paused = true;
            }
            Command::Continue => {
                signal(Signal::CONT);
                self.paused = false;
            }
            Command::Exit => self.leaving = true,
        }
        actions.push(Action::Announce);
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
