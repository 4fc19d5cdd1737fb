//! What the journal hears of a batch before it is written, and how the batch leaves the input after it.

use std::io;
use std::time::Duration;

use unix::diag::Message;

use super::{End, Engine};
use crate::host::{FIRST_PAUSE, Host, Pause, wait};
use crate::intake::{Fate, Intake, Kind, Taken};
use crate::journal::record::{Moment, Share};
use crate::journal::{self, Piece, SMALL};
use crate::logdir::LogDir;
use crate::logfs::LogFs;
use crate::pattern::HEAD;

/// What is taken out of the input, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Of the visible bytes, so many.
    taken: usize,
    /// The first of them are not in the source anymore.
    held: usize,
    /// The next ones are the first piece in the source.
    piece: Piece,
    pub(super) recorded: Recorded,
}

/// Whether the journal has heard of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recorded {
    /// It has.
    Already,
    /// It will when the batch is written, which is seen sooner.
    NotYet,
}

impl<I: Intake<Trace = F::File>, F: LogFs, H: Host> Engine<I, F, H> {
    /// Says in the journal what is going to be done, unless that can be said later.
    pub(super) fn record_batch(&mut self, taken: usize) -> Result<Plan, End> {
        let held = self.intake.held();
        let from_held = held.min(taken);
        let piece = Piece { length: taken - from_held, split: 0 };
        let recorded = if self.may_be_written_first(taken) { Recorded::NotYet } else { Recorded::Already };
        let mut plan = Plan { taken, held: from_held, piece, recorded };
        let Some(journal) = &mut self.journal else { return Ok(plan) };
        let visible = self.intake.visible();
        plan.piece = journal.describe(&visible[plan.held..taken]);
        let record = &mut journal.record;
        record.held.clear();
        record.held.extend_from_slice(&visible[..held]);
        record.before.held = moment_held(0, held);
        record.after = Moment { midline: self.assembly.is_midline(), held: moment_held(plan.held, held) };
        if let Kind::File(offset) = self.intake.kind() {
            // The position says whether it was consumed, whatever the length.
            record.offset = Some(offset);
            record.taken = (taken - plan.held) as u64;
            (record.split, record.more) = (0, 0);
        }
        record.last_stamp = self.assembly.last_stamp();
        for (log, share) in record.shares.iter_mut().enumerate() {
            *share = share.updated(self.dirs[log].share());
            share.adds = self.assembly.outputs[log].len() as u64;
            share.takes_after = self.assembly.takes(log);
        }
        if recorded == Recorded::Already {
            self.write_record()?;
        }
        Ok(plan)
    }

    /// The same for a batch that was written first.
    pub(super) fn record_written(&mut self, plan: Plan) -> Result<(), End> {
        if plan.recorded == Recorded::Already {
            return Ok(());
        }
        let recorded = self.write_record();
        if recorded.is_err() {
            self.take_back(self.dirs.len());
        }
        recorded
    }

    /// Whether the next multilog would know the batch again, without a record of it, by the head of the pipe: what
    /// the last one says is how things stand, and the batch is few whole lines.
    fn may_be_written_first(&self, taken: usize) -> bool {
        let small = |count: usize| count <= SMALL;
        self.journal.as_ref().is_some_and(|journal| {
            self.intake.kind() == Kind::Pipe
                && self.intake.held() == 0
                && small(taken)
                && self.intake.visible()[..taken].last() == Some(&b'\n')
                && !self.assembly.is_midline()
                && self.assembly.outputs.iter().all(|output| small(output.len()))
                && journal.stands(self.dirs.iter().map(LogDir::share))
        })
    }

    /// What a directory has of the batch in hand is something else than was recorded.
    pub(super) fn record_share(&mut self, log: usize, now: Share) -> Result<(), End> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let share = &mut journal.record.shares[log];
        *share = share.updated(now);
        self.write_record()
    }

    /// Everybody has the batch: takes it out of the input, in a way that the next multilog can tell.
    pub(super) fn consume(&mut self, plan: Plan) -> Result<Taken, End> {
        if self.journal.is_none() || self.intake.kind() != Kind::Pipe || plan.taken == plan.held {
            self.intake.consume(plan.taken).map_err(End::Failed)?;
            self.conclude();
            if plan.taken == plan.held {
                // Nothing leaves the source, so only a new record says that this one is done.
                self.write_record()?;
            }
        } else if self.take_out(plan.held, plan.piece)? == Taken::AsSeen {
            self.discard(plan.taken - plan.held - plan.piece.length, 0)?;
        }
        self.intake.confirm().map_err(End::Failed)
    }

    /// Takes out what is held and the piece behind it, which the record describes.
    fn take_out(&mut self, held: usize, piece: Piece) -> Result<Taken, End> {
        self.intake.consume(held + piece.split).map_err(End::Failed)?;
        let taken = self.swallow(piece.length - piece.split, Fate::Consumed)?;
        self.conclude();
        Ok(taken)
    }

    /// Takes bytes out of a pipe that everybody has. They are visible, and `beyond` more are to follow. The
    /// confirmation is the caller's.
    pub(super) fn discard(&mut self, count: usize, beyond: u64) -> Result<Taken, End> {
        let mut left = count;
        while left > 0 {
            let visible = &self.intake.visible()[..left];
            let Some(journal) = &mut self.journal else {
                self.intake.consume(left).map_err(End::Failed)?;
                return Ok(Taken::AsSeen);
            };
            let piece = journal.describe(visible);
            journal.record.more += beyond;
            self.write_record()?;
            if self.take_out(0, piece)? == Taken::Otherwise {
                return Ok(Taken::Otherwise);
            }
            left -= piece.length;
        }
        Ok(Taken::AsSeen)
    }

    fn conclude(&mut self) {
        if let Some(journal) = &mut self.journal {
            journal.conclude();
        }
    }

    /// The tail of a piece, into the journal.
    fn swallow(&mut self, count: usize, fate: Fate) -> Result<Taken, End> {
        let mut left = count;
        let mut pause = FIRST_PAUSE;
        while left > 0 {
            let Some(journal) = &self.journal else { return Ok(Taken::AsSeen) };
            match journal.swallow(&mut self.intake, left, fate) {
                Ok(0) => return Ok(Taken::Otherwise),
                Ok(moved) => left -= moved,
                Err(error) => self.journal_failed(&error, &mut pause)?,
            }
        }
        Ok(Taken::AsSeen)
    }

    /// Takes pieces of one short line out of a pipe that has no room for the rest of it.
    pub(super) fn hold(&mut self) -> Result<(), End> {
        let visible = self.intake.visible();
        let held = self.intake.held();
        let count = visible.len() - held;
        if count == 0 || count > HEAD {
            return Ok(());
        }
        let Some(journal) = &mut self.journal else {
            self.intake.pipe().and_then(|pipe| pipe.hold(count)).map_err(End::Failed)?;
            return self.confirm_held();
        };
        let pieces = journal.describe(&visible[held..]);
        let record = &mut journal.record;
        record.held.clear();
        record.held.extend_from_slice(visible);
        record.before.held = moment_held(0, held);
        record.after = Moment { midline: record.before.midline, held: moment_held(0, visible.len()) };
        for (share, dir) in record.shares.iter_mut().zip(&self.dirs) {
            *share = share.updated(dir.share());
        }
        self.write_record()?;
        self.swallow(pieces.length, Fate::Held)?;
        self.conclude();
        self.confirm_held()
    }

    fn confirm_held(&mut self) -> Result<(), End> {
        if self.intake.confirm().map_err(End::Failed)? == Taken::Otherwise {
            self.read_as_it_comes();
        }
        Ok(())
    }

    pub(super) fn write_record(&mut self) -> Result<(), End> {
        let mut pause = FIRST_PAUSE;
        loop {
            let Some(journal) = &mut self.journal else { return Ok(()) };
            match journal.write() {
                Ok(()) => return Ok(()),
                Err(error) if journal::has_no_room(&error) => {
                    self.give_journal_up(&error);
                }
                Err(error) => self.journal_failed(&error, &mut pause)?,
            }
        }
    }

    pub(super) fn journal_failed(&mut self, error: &io::Error, pause: &mut Duration) -> Result<(), End> {
        let said = Message::new("unable to write ").and(self.journal_path());
        self.host.warn(&said.and("/.journal, pausing").because(error));
        match wait(pause, &mut self.host) {
            Pause::Over => Ok(()),
            Pause::Stop => Err(End::Stopped),
        }
    }
}

/// The part of [`crate::journal::record::Record::held`] from `from` to `to`; nothing is always the same.
fn moment_held(from: usize, to: usize) -> (u16, u16) {
    let short = |place: usize| u16::try_from(place).unwrap_or(u16::MAX);
    if from == to { (0, 0) } else { (short(from), short(to)) }
}
