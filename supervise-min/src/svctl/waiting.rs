//! Waits for several services at once, says for whom, and what has become of each.

use std::time::{Duration, Instant};

use unix::diag::Message;
use unix::tool::{Exit, Fatal, SYSTEM};

use super::NOT_SO;
use super::action::{self, Action, Refusal, Told, advice, end, now};
use super::goal::{Aim, Goal, Verdict};
use super::scan::ScanDirectory;
use super::select::Named;
use super::sight::{Blind, look, open};
use super::trouble::explain;
use super::{say, tail};
use crate::service::command::Part;
use crate::service::folder::Home;
use crate::service::machine::APART;
use crate::service::waiting::Words;

/// The time between two looks.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// No more are named in one message.
const MOST: usize = 20;
/// Lines of the log of a service that was not started.
const LINES: usize = 10;
/// What a service has said last may need a moment to come into its log.
const COMES: Duration = Duration::from_millis(200);

/// A service, what it is told, and how far that is.
pub(super) struct Task {
    named: Named,
    /// None: supervise starts it by itself.
    action: Option<Action>,
    stage: Stage,
}

enum Stage {
    /// It was not told yet, since there was no supervise.
    Untold,
    /// It was told.
    Waits(Home, Goal),
    /// It is over, and this is still to say when its turn comes.
    Over(Option<Message>),
}

impl Task {
    pub(super) fn new(named: Named, action: Option<Action>) -> Task {
        Task { named, action, stage: Stage::Untold }
    }
}

/// A wait for all of them.
struct Wait<'a> {
    scan: &'a ScanDirectory,
    limit: Duration,
    begun: Instant,
    /// Whether a svscan runs that starts supervises.
    svscan: bool,
    /// The exit code of the worst that has happened.
    code: u8,
}

/// Tells all that were not told, and waits until each has done it, or until the time is over: with no time at all it
/// only tells them.
pub(super) fn run(scan: &ScanDirectory, limit: Duration, mut tasks: Vec<Task>) -> Result<Exit, Fatal> {
    let begun = Instant::now();
    let svscan = limit > Duration::ZERO && scan.svscan().is_some();
    let mut wait = Wait { scan, limit, begun, svscan, code: 0 };
    let mut words = Words::new();
    loop {
        for task in &mut tasks {
            wait.step(task);
        }
        say_in_turn(&mut tasks)?;
        if tasks.is_empty() {
            return Ok(if wait.code == 0 { Exit::Success } else { Exit::Code(wait.code) });
        }
        // A start that goes well takes a second.
        if words.are_due(begun.elapsed().saturating_sub(APART)) {
            say::trouble(&wait.waits_for(&tasks));
        }
        std::thread::sleep(LOOK_AGAIN.min(limit.saturating_sub(begun.elapsed())));
    }
}

impl Wait<'_> {
    /// Looks at one, and says what has become of it if that is known.
    fn step(&mut self, task: &mut Task) {
        if let Stage::Untold = task.stage {
            task.stage = match self.tell(&task.named, task.action) {
                Ok(stage) => stage,
                Err(refusal) => {
                    self.fail(refusal.code, &refusal.message);
                    Stage::Over(None)
                }
            };
        }
        if let Stage::Waits(home, goal) = &mut task.stage {
            if let Some(over) = self.end_of(&task.named, home, goal) {
                task.stage = over;
            }
        }
    }

    fn is_late(&self) -> bool {
        self.begun.elapsed() >= self.limit
    }

    /// The stage of one for which nothing is waited any more. None: it still is.
    fn end_of(&mut self, named: &Named, home: &Home, goal: &mut Goal) -> Option<Stage> {
        if self.limit.is_zero() {
            return Some(Stage::Over(Some(named.shown().and(": told"))));
        }
        let sight = match look(home) {
            Ok(sight) => sight,
            Err(blind) => {
                self.fail(SYSTEM, &self.without_supervise(named, goal.aim(), &blind));
                return Some(Stage::Over(None));
            }
        };
        match goal.judge(&sight, self.begun.elapsed()) {
            Verdict::Going if !self.is_late() => return None,
            Verdict::Going => {
                let seconds = self.limit.as_secs();
                let message = named.shown().and(format!(": {} after {seconds} s", now(&sight)));
                self.fail(NOT_SO, &message.and(advice(goal.aim())));
            }
            Verdict::Done => {
                let words = if goal.aim() == Aim::Told { ": told, " } else { ": " };
                return Some(Stage::Over(Some(named.shown().and(words).and(now(&sight)))));
            }
            Verdict::Ended(ended) => {
                self.fail(NOT_SO, &named.shown().and(": ").and(end(ended)).and(" after its start"));
                show_log(self.scan, named, home);
            }
        }
        Some(Stage::Over(None))
    }

    /// Still untold: it has to be tried again.
    fn tell(&self, named: &Named, action: Option<Action>) -> Result<Stage, Refusal> {
        let may_wait = !self.is_late() && self.svscan && named.is_in(self.scan);
        if let Some(action) = action {
            return Ok(match action::tell(self.scan, named, action, may_wait)? {
                Told::Waits(home, goal) => Stage::Waits(home, goal),
                Told::Later => Stage::Untold,
            });
        }
        // By its name each time: what it leads to may be replaced.
        match open(named).and_then(|home| look(&home).map(|_| home)) {
            Ok(home) => Ok(Stage::Waits(home, Goal::new(Aim::Up, None))),
            Err(Blind::NoSupervise | Blind::Gone) if may_wait => Ok(Stage::Untold),
            Err(blind) => Err(Refusal { code: SYSTEM, message: explain(self.scan, named, &blind) }),
        }
    }

    /// The supervise of a service that was told can't be seen any more.
    fn without_supervise(&self, named: &Named, aim: Aim, blind: &Blind) -> Message {
        match (aim, blind) {
            (Aim::Down, Blind::NoSupervise) => named.shown().and(": its supervise has left"),
            _ => explain(self.scan, named, blind),
        }
    }

    fn fail(&mut self, code: u8, message: &Message) {
        say::trouble(message);
        self.code = self.code.max(code);
    }

    /// Those that are not over.
    fn waits_for(&self, tasks: &[Task]) -> Message {
        let mut message = Message::new("waiting for ");
        let waiting = || tasks.iter().filter(|task| !matches!(task.stage, Stage::Over(_)));
        for (place, task) in waiting().take(MOST).enumerate() {
            let seen = match &task.stage {
                Stage::Waits(home, _) => look(home).map_or_else(|_| "not seen".into(), |sight| now(&sight)),
                _ => "its supervise".into(),
            };
            message = message.and(if place == 0 { "" } else { ", " });
            message = message.and(task.named.name.as_encoded_bytes()).and(format!(" ({seen})"));
        }
        let more = waiting().count().saturating_sub(MOST);
        let message = if more > 0 { message.and(format!(" and {more} more")) } else { message };
        let left = self.limit.saturating_sub(self.begun.elapsed()).as_secs();
        message.and(format!("; {left} s left"))
    }
}

/// Says what is over, in the order in which the services were named, and leaves those that the next words wait for.
fn say_in_turn(tasks: &mut Vec<Task>) -> Result<(), Fatal> {
    let is_over = |task: &Task| matches!(task.stage, Stage::Over(_));
    let turn = tasks.iter().position(|task| !is_over(task)).unwrap_or(tasks.len());
    for task in tasks.drain(..turn) {
        if let Stage::Over(Some(words)) = task.stage {
            say::line(&words)?;
        }
    }
    Ok(())
}

/// The last lines of the log of a service that did not stay up: of svscan's own log, if it has no logger.
fn show_log(scan: &ScanDirectory, named: &Named, home: &Home) {
    std::thread::sleep(COMES);
    let own = || Home::open(scan.path().join(".svscan")).ok();
    let has_log = named.part == Part::Main && home.directory("log").is_ok();
    let (whose, lines) = if has_log {
        ("its log", tail::lines(home, LINES))
    } else {
        ("svscan's log, since it has no logger", own().and_then(|own| tail::lines(&own, LINES)))
    };
    let name = named.shown().and(": ");
    match lines {
        Some(lines) if !lines.is_empty() => {
            say::trouble(&name.and("the last lines of ").and(whose).and(":"));
            for line in lines {
                say::trouble(&Message::new("  ").and(&line));
            }
        }
        Some(_) => say::trouble(&name.and(whose).and(" has no lines")),
        None if has_log => say::trouble(&name.and("no log directory with a file current is in ").and(whose)),
        None => say::trouble(&name.and("it has no logger: its output is where that of svscan is")),
    }
}
