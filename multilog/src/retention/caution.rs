//! `Caution`: when a clock may be wrong, nothing goes by age for an hour.
//!
//! A clock is in doubt after a start, and after a step forward, which shows against the clock that no step changes. If
//! it makes more than the oldest archive due then, an hour begins in which somebody may set it right. The hour is over
//! early as soon as no archive is due. A mark in the directory says when the hour began, so that it
//! survives restarts.

use std::time::Duration;

use tai64tools::{Label, label};

use crate::host::Clocks;

/// For how long nothing goes.
pub const HOUR: Duration = Duration::from_secs(3600);
/// The steps of a clock that is kept right are smaller.
const STEP: Duration = Duration::from_secs(60);
/// A mark that is older tells nothing: the clock may have been wrong since. Until then its hour counts wherever it was
/// spent, as a machine that never runs for an hour would otherwise never let an archive go.
const MARK_LASTS: Duration = Duration::from_secs(31 * 24 * 3600);

/// What is due by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// No archive.
    Nothing,
    /// The oldest one.
    Oldest,
    /// The oldest one and more.
    More,
}

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// What is due goes.
    Goes,
    /// Nothing goes for this long.
    Held(Duration),
}

/// What becomes of the mark in the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is right.
    Nothing,
    /// An hour begins now.
    Begin,
    /// There is no hour any more.
    End,
}

/// When an hour began, by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    wall: Label,
    /// None: it began in another run of the machine, so that clock has begun again since.
    running: Option<Duration>,
}

/// What is known of the clock.
#[derive(Clone, Copy, Debug)]
pub struct Caution {
    state: State,
    /// What the clocks showed last.
    last: Option<Clocks>,
    /// Whether there may be a mark in the directory.
    marked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The process has started: an earlier one may have left a mark.
    Started,
    /// The clock has stepped: a mark is from the time before.
    Stepped,
    /// Nothing goes until the clock that no step changes shows this.
    Held(Duration),
    /// The clock is believed.
    Sure,
}

impl Default for Caution {
    fn default() -> Caution {
        Caution { state: State::Started, last: None, marked: true }
    }
}

impl Caution {
    /// Takes note of what the clocks show.
    pub fn note(&mut self, now: Clocks) {
        if let Some(last) = self.last.replace(now) {
            let passed = now.running.saturating_sub(last.running);
            if now.wall.since(last.wall) > passed + STEP && self.state != State::Started {
                self.state = State::Stepped;
            }
        }
    }

    /// Whether it matters if more than the oldest archive is due.
    pub fn is_in_doubt(&self) -> bool {
        self.state != State::Sure || self.marked
    }

    /// What may be done with what is `due`, and what becomes of the mark. `mark` reads the one that is there.
    pub fn judge(&mut self, due: Due, mark: impl FnOnce() -> Option<Mark>) -> (Ruling, Change) {
        let Some(now) = self.last else { return (Ruling::Held(HOUR), Change::Nothing) };
        let is_held = matches!(self.state, State::Held(until) if now.running < until);
        if due == Due::Nothing || due == Due::Oldest && !is_held {
            let change = if self.marked { Change::End } else { Change::Nothing };
            (self.state, self.marked) = (State::Sure, false);
            return (Ruling::Goes, change);
        }
        let left = match self.state {
            State::Sure => return (Ruling::Goes, Change::Nothing),
            State::Started => mark().and_then(|mark| mark.left(now)),
            State::Stepped => None,
            State::Held(until) => Some(until.saturating_sub(now.running)),
        };
        let change = if left.is_some() { Change::Nothing } else { Change::Begin };
        let left = left.unwrap_or(HOUR);
        self.marked = true;
        self.state = if left.is_zero() { State::Sure } else { State::Held(now.running.saturating_add(left)) };
        (if left.is_zero() { Ruling::Goes } else { Ruling::Held(left) }, change)
    }
}

impl Mark {
    /// An hour begins now.
    pub fn new(now: Clocks) -> Mark {
        Mark { wall: now.wall, running: Some(now.running) }
    }

    /// How much of the hour is left. None: a mark that tells nothing.
    fn left(self, now: Clocks) -> Option<Duration> {
        let by_wall = now.wall.since(self.wall);
        if now.wall < self.wall || by_wall > MARK_LASTS {
            return None;
        }
        let running = self.running.map(|running| now.running.saturating_sub(running));
        Some(HOUR.saturating_sub(running.map_or(by_wall, |running| running.min(by_wall))))
    }

    /// The mark as a line of text: a label, whole seconds, and the name of the run of the machine.
    pub fn text(self, boot: &[u8]) -> Vec<u8> {
        let seconds = self.running.unwrap_or_default().as_secs();
        [&self.wall.text()[..], format!(" {seconds} ").as_bytes(), boot, b"\n"].concat()
    }

    /// Reads a mark in the run of the machine that has this name. None: it was not written as a whole.
    pub fn parse(text: &[u8], boot: &[u8]) -> Option<Mark> {
        let wall = Label::parse(text)?;
        let rest = text[label::LENGTH..].strip_prefix(b" ")?.strip_suffix(b"\n")?;
        let (seconds, began_in) = rest.split_at(rest.iter().position(|&byte| byte == b' ')?);
        let running = Duration::from_secs(std::str::from_utf8(seconds).ok()?.parse().ok()?);
        Some(Mark { wall, running: (began_in[1..] == *boot).then_some(running) })
    }
}

#[cfg(test)]
#[path = "caution_tests.rs"]
mod caution_tests;
