//! `Action`: what a service is told, and what is waited for then.

use std::io::ErrorKind;

use tai64tools::Label;
use unix::diag::Message;
use unix::process::Ended;
use unix::spawn::Ending;
use unix::tool::{Exit, Fatal, SYSTEM};

use super::NOT_SO;
use super::arguments::Request;
use super::goal::{Aim, Goal};
use super::say;
use super::scan::ScanDirectory;
use super::select::{Named, select};
use super::sight::{Blind, Sight, look, open};
use super::trouble::explain;
use super::waiting::{self, Task};
use crate::service::command;
use crate::service::folder::Home;
use crate::service::status::Want;

/// What can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Start,
    Stop,
    Restart,
    Reload,
    Once,
    Pause,
    Continue,
    Kill,
}

impl Action {
    /// By its word.
    pub(super) fn of(word: &str) -> Option<Action> {
        const ALL: [Action; 8] = [
            Action::Start,
            Action::Stop,
            Action::Restart,
            Action::Reload,
            Action::Once,
            Action::Pause,
            Action::Continue,
            Action::Kill,
        ];
        ALL.into_iter().find(|action| action.word() == word)
    }

    fn word(self) -> &'static str {
        self.row().0
    }

    /// Its word, its commands in one write, and what is waited for.
    ///
    /// A restart is `d` and `u`: the signal that the service wants, and the limit after which it is killed, are those of
    /// a stop, and if svctl is killed the service comes back all the same.
    fn row(self) -> (&'static str, &'static [u8], Aim) {
        match self {
            Action::Start => ("start", b"u", Aim::Up),
            Action::Stop => ("stop", b"d", Aim::Down),
            Action::Restart => ("restart", b"du", Aim::UpAgain),
            Action::Reload => ("reload", b"h", Aim::Told),
            Action::Once => ("once", b"o", Aim::Ran),
            Action::Pause => ("pause", b"p", Aim::Paused),
            Action::Continue => ("continue", b"c", Aim::Resumed),
            Action::Kill => ("kill", b"k", Aim::Gone),
        }
    }

    /// Whether it is for a process that is there.
    fn needs_process(self) -> bool {
        matches!(self, Action::Reload | Action::Pause | Action::Continue | Action::Kill)
    }

    /// Whether it makes sense to wait for a supervise.
    fn starts(self) -> bool {
        matches!(self, Action::Start | Action::Restart | Action::Once)
    }
}

/// Why something was not told, and the exit code for that.
pub(super) struct Refusal {
    pub(super) code: u8,
    pub(super) message: Message,
}

/// What became of telling a service.
pub(super) enum Told {
    /// It was told, and this is waited for.
    Waits(Home, Goal),
    /// It will be when its supervise runs.
    Later,
}

/// Tells all services that were named, and waits for all of them together.
pub(super) fn run(scan: &ScanDirectory, request: &Request, action: Action) -> Result<Exit, Fatal> {
    let all = select(scan, request)?;
    if all.is_empty() {
        say::trouble(&Message::new("no services in ").and(scan.named().as_bytes()));
    }
    let tasks = all.into_iter().map(|named| Task::new(named, Some(action))).collect();
    waiting::run(scan, request.limit, tasks)
}

/// Tells a service. `may_wait`: a svscan is there that will start its supervise.
pub(super) fn tell(
    scan: &ScanDirectory,
    named: &Named,
    action: Action,
    may_wait: bool,
) -> Result<Told, Refusal> {
    let refuse = |blind: &Blind| Refusal { code: SYSTEM, message: explain(scan, named, blind) };
    let home = open(named).map_err(|blind| refuse(&blind))?;
    let before = match look(&home) {
        Ok(sight) => sight,
        Err(Blind::NoSupervise) if may_wait && action.starts() => return Ok(Told::Later),
        Err(blind) => return Err(refuse(&blind)),
    };
    let (word, commands, aim) = action.row();
    if action.needs_process() && before.pid().is_none() {
        let message = named.shown().and(": down, so there is nothing to ").and(word);
        return Err(Refusal { code: NOT_SO, message });
    }
    match command::send(&home, commands) {
        Ok(true) => {
            let age = Label::now().since(before.seen.status.since);
            Ok(Told::Waits(home, Goal::new(aim, Some((before, age)))))
        }
        Ok(false) => Err(refuse(&Blind::NoSupervise)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            let message =
                named.shown().and(": its supervise has not read the commands that were sent before");
            Err(Refusal { code: SYSTEM, message: message.and("; is it stopped?") })
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(refuse(&Blind::NoRight)),
        Err(error) => Err(Refusal {
            code: SYSTEM,
            message: named.shown().and(": unable to tell supervise").because(&error),
        }),
    }
}

/// What a service does, in a few words.
pub(super) fn now(sight: &Sight) -> String {
    let status = sight.seen.status;
    let Some(pid) = status.pid else {
        return match (sight.is_finishing(), status.want) {
            (true, _) => "down, and its finish runs".into(),
            (_, Want::Up) => "down, and wants up".into(),
            _ => "down".into(),
        };
    };
    let ready = match (sight.says_ready, sight.ready) {
        (true, true) => " and ready",
        (true, false) => ", not ready",
        _ => "",
    };
    let paused = if status.paused { ", paused" } else { "" };
    let want = if status.want == Want::Down { ", wants down" } else { "" };
    format!("up{ready}, pid {pid}{paused}{want}")
}

/// How a process ended, in words that follow a name.
pub(super) fn end(ended: Option<Ended>) -> String {
    match ended {
        Some(Ended(Some(Ending::Exited(code)))) => format!("ended with exit code {code}"),
        Some(Ended(Some(Ending::Crashed(signal)))) => format!("was ended by signal {signal}"),
        _ => "has ended".into(),
    }
}

/// What to do about a goal that has not come in time.
pub(super) fn advice(aim: Aim) -> &'static str {
    match aim {
        Aim::Down | Aim::UpAgain | Aim::Gone => {
            "; svctl kill ends it at once, and a file timeout-kill does so from now on"
        }
        _ => "",
    }
}
