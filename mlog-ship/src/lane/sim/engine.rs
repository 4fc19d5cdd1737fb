//! The engines of the simulation, and the sinks to them: answers get lost, batches arrive late, and what is not wanted is
//! refused.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::chance::Chance;
use crate::batch::{Batch, Id};
use crate::sink::{Answer, Attempt, Held, Sink};

/// What an engine can tell of a batch that comes twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing.
    Plain,
    /// It leaves out a batch whose number it has.
    ByNumber,
    /// It takes a batch only behind the one that the sink says is the last.
    Conditional,
}

impl Kind {
    pub(super) const ALL: [Kind; 3] = [Kind::Plain, Kind::ByNumber, Kind::Conditional];
}

/// A batch that an engine has, or that is on its way.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) id: Id,
    pub(super) lines: Vec<u8>,
    /// How many the engine had before, as the sink thinks.
    expected: usize,
}

pub(super) struct Engine {
    pub(super) kind: Kind,
    pub(super) has: Vec<Message>,
    late: Vec<Message>,
    /// So often of a hundred something goes wrong.
    pub(super) trouble: u64,
    /// The most bytes of a batch.
    pub(super) most: usize,
    /// Whether lines with this in them are refused.
    pub(super) refused: Option<&'static str>,
    /// How often an answer was lost.
    pub(super) lost: usize,
    /// What the sink does wrong.
    pub(super) hopeful: bool,
}

impl Engine {
    pub(super) fn new(kind: Kind) -> Engine {
        let (has, late) = (Vec::new(), Vec::new());
        Engine { kind, has, late, trouble: 0, most: usize::MAX, refused: None, lost: 0, hopeful: false }
    }

    /// Whether it takes a message, or has it.
    fn take(&mut self, message: Message) -> bool {
        match self.kind {
            Kind::Plain => self.has.push(message),
            Kind::ByNumber if self.has.iter().any(|known| known.id.number == message.id.number) => {}
            Kind::ByNumber => self.has.push(message),
            Kind::Conditional if message.expected != self.has.len() => return false,
            Kind::Conditional => self.has.push(message),
        }
        true
    }

    /// What was on its way arrives, or does not.
    pub(super) fn let_late_arrive(&mut self, chance: &Chance) {
        for message in std::mem::take(&mut self.late) {
            match chance.below(3) {
                0 => {}
                1 => self.late.push(message),
                _ => drop(self.take(message)),
            }
        }
    }
}

/// A sink to it.
pub(super) struct To {
    pub(super) engine: Arc<Mutex<Engine>>,
    pub(super) memory: String,
    pub(super) chance: Chance,
}

impl To {
    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap()
    }

    fn later(reason: &str, sent: Attempt) -> Answer {
        Answer::Later { wait: Some(Duration::ZERO), reason: reason.into(), sent }
    }

    /// What a sink does whose engine has another last batch than it thinks.
    fn look_up(&mut self, batch: &Batch) -> Answer {
        let memory = self.engine().has.len().to_string();
        self.memory.clone_from(&memory);
        let engine = self.engine();
        match engine.has.last() {
            Some(last) if last.id.number == batch.id.number && last.id.crc == batch.id.crc => {
                Answer::Taken { memory, notice: None }
            }
            Some(last) if last.id.number < batch.id.number => To::later("looked up", Attempt::Again),
            Some(last) => Answer::Ahead { number: last.id.number, end: last.id.end.clone(), memory },
            None => To::later("nothing there", Attempt::Again),
        }
    }

    fn answer(&mut self, batch: &Batch) -> Answer {
        let (kind, has, refused) = {
            let engine = self.engine();
            (engine.kind, engine.has.len(), engine.refused)
        };
        let memory = if kind == Kind::Conditional { has.to_string() } else { String::new() };
        self.memory.clone_from(&memory);
        let is_refused = |text: &str| {
            let records = batch.records.iter().enumerate();
            let bad = records.filter(|(_, record)| {
                memchr::memmem::find(&batch.lines[record.bytes.clone()], text.as_bytes()).is_some()
            });
            bad.map(|(at, _)| at).collect::<Vec<_>>()
        };
        match refused.map(is_refused).filter(|records| !records.is_empty()) {
            Some(records) => Answer::Refused { count: records.len() as u64, records, reason: "bad".into() },
            None => Answer::Taken { memory, notice: None },
        }
    }
}

impl Sink for To {
    fn deliver(&mut self, batch: &Batch, attempt: Attempt) -> Answer {
        let chance = self.chance.clone();
        let expected = self.memory.parse().unwrap_or(0);
        let message = Message { id: batch.id.clone(), lines: batch.lines.clone(), expected };
        let trouble = self.engine().trouble;
        self.engine().let_late_arrive(&chance);
        if batch.lines.len() > self.engine().most {
            return Answer::TooLong { reason: "too long".into() };
        }
        if chance.of_hundred(trouble) {
            let mut engine = self.engine();
            engine.lost += 1;
            match chance.below(4) {
                0 => return To::later("down", attempt),
                1 => engine.late.push(message),
                2 => drop(engine.take(message)),
                _ => {}
            }
            if engine.hopeful {
                return Answer::Taken { memory: String::new(), notice: None };
            }
            return To::later("no answer", Attempt::Again);
        }
        let taken = self.engine().take(message);
        if taken { self.answer(batch) } else { self.look_up(batch) }
    }

    fn holds(&mut self, id: &Id) -> Held {
        let chance = self.chance.clone();
        self.engine().let_late_arrive(&chance);
        let engine = self.engine();
        if chance.of_hundred(engine.trouble) {
            return Held::Later { reason: "down".into() };
        }
        let memory = engine.has.len().to_string();
        let found = engine.has.iter().any(|known| known.id.number == id.number && known.id.crc == id.crc);
        match (engine.kind, found) {
            (Kind::Plain, _) => Held::Unknown,
            (_, true) => Held::Yes { memory },
            // What is late may still come.
            (Kind::ByNumber, false) if !engine.late.is_empty() => Held::Later { reason: "late".into() },
            (_, false) => Held::No,
        }
    }

    fn longest(&self) -> Option<usize> {
        Some(60)
    }
}
