//! `Lane`: takes the lines of one directory to one sink, a batch at a time.
//!
//! The bounds of a batch are on the disk before it is sent for the first time, and the cursor is moved when it was taken. So
//! a batch that may have been sent is read again after a kill, byte for byte, and delivered before anything else. The lane
//! is a machine of steps: it never waits itself, except for the answer of its sink, and is told what time it is.

mod aside;
mod backoff;
mod deliver;
mod doubt;
mod outage;
mod pace;
#[cfg(test)]
mod sim;
mod terms;
mod words;

pub use backoff::Backoff;
pub use outage::Outage;
pub use pace::Pace;
pub use terms::{Parts, Shared, Terms};
pub use words::Word;

use aside::Refusal;

use std::time::Duration;

use crate::batch::{Batch, Id};
use crate::bound::Bound;
use crate::cut;
use crate::letters::Letters;
use crate::room::Room;
use crate::sink::{Attempt, Sink, Wants};
use crate::source::{Amount, Cut, Source};
use crate::state::{Files, Intent, Kept, Slots};

/// A batch of fewer bytes is not cut into two.
const LEAST: usize = 16;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another step.
    Go,
    /// A step at this time.
    At(Duration),
    /// A step when it is told that there may be lines.
    Told,
    /// Nothing, in this run.
    Nothing,
}

/// What a lane is doing.
#[derive(Debug)]
enum Doing {
    /// It has to find its place in the source.
    Finding,
    /// Its source is at the cursor.
    Between,
    /// It has a batch, which is in the state as its intent.
    Delivering(Box<Batch>, Attempt),
    /// The engine has the batch, except for what has to be set aside.
    SettingAside(Box<Batch>, Refusal),
    /// It has stopped.
    Stopped,
}

/// Takes the lines of a directory to a sink.
pub struct Lane<S: Source, F: Files> {
    terms: Terms,
    shared: Shared,
    source: S,
    sink: Box<dyn Sink>,
    slots: Slots<F>,
    letters: Box<dyn Letters>,
    kept: Kept,
    /// Whether the state file says less than `kept`.
    unwritten: bool,
    /// Whether the state file that was read at the start is known to be on the disk.
    on_disk: bool,
    /// What the state was before the engine told of a later batch, until that is found in the directory.
    before_ahead: Option<Kept>,
    doing: Doing,
    pace: Pace,
    backoff: Backoff,
    /// No step is made before.
    not_before: Duration,
    /// The lane does not wait: the source has more.
    more: bool,
    /// What was taken in this round.
    round: usize,
    /// What the engine takes at once.
    room: Room,
    /// What is wrong with source or state and was said.
    trouble: Option<Vec<u8>>,
    /// What has to be said.
    words: Vec<Word>,
}

impl<S: Source, F: Files> Lane<S, F> {
    /// A lane that has done nothing yet.
    pub fn new(parts: Parts<S, F>, pace: Pace, backoff: Backoff) -> Lane<S, F> {
        let Parts { terms, shared, source, sink, slots, letters, kept } = parts;
        Lane {
            terms,
            shared,
            source,
            sink,
            slots,
            letters,
            kept,
            unwritten: false,
            on_disk: false,
            before_ahead: None,
            doing: Doing::Finding,
            pace,
            backoff,
            not_before: Duration::ZERO,
            more: true,
            round: 0,
            room: Room::default(),
            trouble: None,
            words: Vec::new(),
        }
    }

    /// There may be lines.
    pub fn told(&mut self, now: Duration) {
        self.pace.told(now);
    }

    /// Whether what it ships waits, for the engine or for its turn.
    pub fn is_behind(&self) -> bool {
        self.shared.tally.down.get() > 0 || self.catches_up()
    }

    /// What has to be said.
    pub fn words(&mut self) -> Vec<Word> {
        std::mem::take(&mut self.words)
    }

    /// Whether it has a batch in memory.
    pub fn has_batch(&self) -> bool {
        matches!(self.doing, Doing::Delivering(..) | Doing::SettingAside(..))
    }

    /// Whether it goes on with lines that have waited for longer.
    pub fn catches_up(&self) -> bool {
        self.round > self.full()
    }

    /// Whether the next step needs memory for a batch, at this time.
    pub fn wants_batch(&self, now: Duration) -> bool {
        let is_due = || self.more || self.pace.due().is_some_and(|due| due <= now);
        now >= self.not_before
            && match self.doing {
                Doing::Finding => true,
                Doing::Between => is_due(),
                Doing::Delivering(..) | Doing::SettingAside(..) | Doing::Stopped => false,
            }
    }

    /// Gives the memory of its batch back. The batch is read again when it is tried again.
    pub fn put_down(&mut self) {
        if matches!(self.doing, Doing::Delivering(..)) {
            self.doing = Doing::Finding;
        }
    }

    /// What fills a batch.
    pub fn full(&self) -> usize {
        let most = self.room.limit().unwrap_or(self.terms.most).min(self.terms.most);
        self.sink.most().map_or(most, |engine| engine.min(most)).max(LEAST)
    }

    /// Does what comes next, at this time.
    pub fn step(&mut self, now: Duration) -> Next {
        if now < self.not_before {
            return Next::At(self.not_before);
        }
        match std::mem::replace(&mut self.doing, Doing::Between) {
            Doing::Finding => self.find(now),
            Doing::Between => self.take(now),
            Doing::Delivering(batch, attempt) => self.deliver(batch, attempt, now),
            Doing::SettingAside(batch, refusal) => self.set_aside(batch, refusal, now),
            Doing::Stopped => {
                self.doing = Doing::Stopped;
                Next::Nothing
            }
        }
    }

    /// Writes the cursor, if that was left for later.
    ///
    /// # Errors
    ///
    /// The state can't be written. What was taken since is delivered again by the next run.
    pub fn settle(&mut self) -> std::io::Result<()> {
        if self.unwritten && self.before_ahead.is_none() { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> std::io::Result<()> {
        self.slots.write(&self.kept)?;
        self.unwritten = false;
        Ok(())
    }

    /// Cuts a batch, if it is time.
    fn take(&mut self, now: Duration) -> Next {
        if !self.more {
            match self.pace.due() {
                None => return self.rest(now),
                Some(due) if due > now => return Next::At(due),
                Some(_) => {}
            }
        }
        match self.source.take(Amount::UpTo(self.full())) {
            Ok(Some(cut)) => self.begin(cut, now),
            Ok(None) => {
                self.end_round(now);
                self.rest(now)
            }
            Err(error) => {
                self.unable_to_read(&error);
                self.try_later(now)
            }
        }
    }

    /// There is nothing to do until it is told.
    fn rest(&mut self, now: Duration) -> Next {
        match self.settle() {
            Ok(()) => {
                self.works_again();
                Next::Told
            }
            Err(error) => {
                self.unable_to_write(&error);
                self.not_before = now + self.backoff.next(None);
                Next::At(self.not_before)
            }
        }
    }

    fn end_round(&mut self, now: Duration) {
        self.more = false;
        self.pace.round(now, self.round, self.full());
        self.round = 0;
    }

    /// Source or state have failed: from the cursor on again, later.
    fn try_later(&mut self, now: Duration) -> Next {
        self.doing = Doing::Finding;
        self.not_before = now + self.backoff.next(None);
        Next::At(self.not_before)
    }

    /// Makes a batch of lines, writes down what it is, and delivers it.
    fn begin(&mut self, cut: Cut, now: Duration) -> Next {
        let more = cut.more;
        self.say_of(&cut);
        let longest = self.longest();
        let Some(batch) = self.batch(cut, longest) else { return self.try_later(now) };
        let Id { end, crc, .. } = &batch.id;
        self.kept.intent = Some(Intent { bytes: batch.lines.len(), crc: *crc, longest, end: end.clone() });
        if let Err(error) = self.write() {
            // It was not sent, so it may be cut in another way.
            self.kept.intent = None;
            self.unwritten = true;
            self.unable_to_write(&error);
            return self.try_later(now);
        }
        self.works_again();
        self.round += batch.lines.len();
        if more {
            self.more = true;
        } else {
            self.end_round(now);
        }
        self.deliver(Box::new(batch), Attempt::First, now)
    }

    /// The longest record that user and engine want.
    fn longest(&self) -> Option<usize> {
        self.terms.longest.into_iter().chain(self.sink.longest()).min()
    }

    /// A batch of lines that follow the cursor. None: they have no bounds, and the source is out of order.
    fn batch(&self, cut: Cut, longest: Option<usize>) -> Option<Batch> {
        let (mut first, mut end) = (cut.first?, cut.end?);
        if let Some(cursor) = self.kept.cursor.as_ref().filter(|cursor| is_same_place(cursor, &first)) {
            first = cursor.clone();
        }
        let mut records = Vec::new();
        if self.sink.wants() == Wants::Records {
            let opening = cut::Opening { part: first.part, last: cut.last };
            let longest = longest.unwrap_or(usize::MAX);
            records = cut::records(&cut.lines, &opening, longest, &mut self.source.stamps());
            if end.part > 0 {
                end.part = cut::parts(&records);
            }
        }
        let (instance, number) = (self.terms.instance.clone(), self.kept.number + 1);
        let id = Id { instance, number, first, end, crc: crc32fast::hash(&cut.lines) };
        Some(Batch { id, origin: self.terms.origin.clone(), lines: cut.lines, records })
    }
}

/// Whether two bounds are at the same place, however the pieces before it are counted, and whichever stamp before it was
/// read.
fn is_same_place(one: &Bound, other: &Bound) -> bool {
    let key = |bound: &Bound| (bound.place.label, bound.place.meant, bound.place.offset, bound.within);
    let line = |bound: &Bound| (bound.place.length, bound.place.crc, bound.crc);
    key(one) == key(other) && line(one) == line(other)
}
