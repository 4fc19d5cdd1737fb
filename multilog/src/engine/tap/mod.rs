//! The tap: the input together with its journal. Bytes leave the input here and nowhere else.
//!
//! Each batch passes in two steps. Before it is written, [`Tap::record`] says in the journal what is going to
//! happen. After it is written, [`Tap::consume`] takes it out of the input in a way that the next multilog can
//! see. Where the input cannot be looked into, or no journal can be kept, the same methods do without a record.

mod lifetime;

use std::ffi::{OsStr, OsString};
use std::sync::Arc;
use std::time::Duration;

use tai64tools::Label;
use unix::diag::Message;

use super::End;
use crate::host::{FIRST_PAUSE, Host, Pause, wait};
use crate::intake::{Fate, Intake, Kind, Seen, Taken, Woken};
use crate::journal::record::{Boot, Moment, Share};
use crate::journal::{Journal, JournalError, Piece};
use crate::logfs::LogFs;
use crate::pattern::HEAD;
pub(super) use lifetime::First;

/// The input and its journal.
pub struct Tap<I: ?Sized, F: LogFs> {
    intake: Box<I>,
    /// None: the input cannot be looked into, or no journal can be kept.
    journal: Option<Journal<F>>,
    /// Where the journal is. None: the script has no directory.
    home: Option<Home<F>>,
    /// This run of the machine. None: the kernel does not tell, so a journal would not be known again.
    boot: Option<Boot>,
    /// Whether a warning said that another process reads the input.
    others_said: bool,
}

/// The directory that has the journal: the first one of the script.
#[derive(Debug)]
struct Home<F> {
    fs: Arc<F>,
    path: OsString,
}

/// A batch that is put together and not written yet, as far as the journal has to know it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    /// How many of the visible bytes it takes.
    pub(super) taken: usize,
    /// Whether it ends within a line.
    pub(super) midline: bool,
    /// How many bytes of the piece in hand are written then.
    pub(super) piece: u64,
    /// The last stamp that was given.
    pub(super) last_stamp: Label,
}

/// What is taken out of the input, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// How many of the visible bytes.
    taken: usize,
    /// The first of them are not in the source anymore.
    held: usize,
    /// The next ones are the first piece in the source.
    piece: Piece,
}

impl<I: Intake<Trace = F::File> + ?Sized, F: LogFs> Tap<I, F> {
    /// A tap without a journal. `first` is the first directory of the script.
    pub fn new(intake: Box<I>, first: Option<(Arc<F>, &OsStr)>, boot: Option<Boot>) -> Self {
        let home = first.map(|(fs, path)| Home { fs, path: path.to_os_string() });
        Tap { intake, journal: None, home, boot, others_said: false }
    }

    /// The visible bytes that were not consumed.
    pub(super) fn visible(&self) -> &[u8] {
        self.intake.visible()
    }

    /// How many bytes wait to be read, visible or not.
    pub(super) fn waiting(&self) -> u64 {
        self.intake.waiting()
    }

    /// Whether the visible bytes are in the memory of this process only.
    pub(super) fn is_only_here(&self) -> bool {
        self.intake.kind() == Kind::Stream || self.intake.held() > 0
    }

    /// Makes visible what has arrived. It is going to be written to the place `to` of a file, where it goes to one.
    pub(super) fn peek(&mut self, to: Option<u64>) -> Result<Seen, End> {
        if let Some(place) = to {
            self.intake.prepare_for(place);
        }
        self.intake.peek().map_err(End::Failed)
    }

    /// Waits until a peek may find something, or a signal arrives, or for `limit`.
    pub(super) fn wait(&mut self, limit: Option<Duration>, host: &impl Host) -> Result<Woken, End> {
        self.intake.wait(host.signals(), limit).map_err(End::Failed)
    }

    /// Says in the journal what is going to be done. `shares` are the outlets in their order, each with what
    /// the batch adds and whether the line at its end goes there.
    pub(super) fn record(
        &mut self,
        batch: Batch,
        shares: impl Iterator<Item = Share>,
        host: &mut impl Host,
    ) -> Result<Plan, End> {
        let taken = batch.taken;
        let held = self.intake.held();
        let from_held = held.min(taken);
        let mut plan = Plan { taken, held: from_held, piece: Piece { length: taken - from_held, split: 0 } };
        let Some(journal) = &mut self.journal else { return Ok(plan) };
        let visible = self.intake.visible();
        plan.piece = journal.describe(&visible[plan.held..taken]);
        let record = &mut journal.record;
        record.held.clear();
        record.held.extend_from_slice(&visible[..held]);
        record.before.held = moment_held(0, held);
        let (midline, piece) = (batch.midline, batch.piece);
        record.after = Moment { midline, held: moment_held(plan.held, held), piece };
        if let Kind::File(offset) = self.intake.kind() {
            // The position says whether it was consumed, whatever the length.
            record.offset = Some(offset);
            record.taken = (taken - plan.held) as u64;
            (record.split, record.more) = (0, 0);
        }
        record.last_stamp = batch.last_stamp;
        for (share, now) in record.shares.iter_mut().zip(shares) {
            *share = Share { takes_before: share.takes_before, ..now };
        }
        self.write_record(host)?;
        Ok(plan)
    }

    /// What a directory has of the batch in hand is something else than was recorded.
    pub(super) fn record_share(&mut self, log: usize, now: Share, host: &mut impl Host) -> Result<(), End> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let share = &mut journal.record.shares[log];
        *share = share.updated(now);
        self.write_record(host)
    }

    /// Every directory has the batch: takes it out of the input, in a way that the next multilog can see.
    pub(super) fn consume(&mut self, plan: Plan, host: &mut impl Host) -> Result<Taken, End> {
        if self.journal.is_none() || self.intake.kind() != Kind::Pipe || plan.taken == plan.held {
            self.intake.consume(plan.taken).map_err(End::Failed)?;
            self.advance();
            if plan.taken == plan.held {
                // Nothing leaves the source, so only a new record says that this one is done.
                self.write_record(host)?;
            }
        } else if self.take_out(plan.held, plan.piece, host)? == Taken::AsSeen {
            self.discard(plan.taken - plan.held - plan.piece.length, 0, host)?;
        }
        self.intake.confirm().map_err(End::Failed)
    }

    /// Takes out what is held and the piece behind it, which the record describes.
    fn take_out(&mut self, held: usize, piece: Piece, host: &mut impl Host) -> Result<Taken, End> {
        self.intake.consume(held + piece.split).map_err(End::Failed)?;
        let taken = self.swallow(piece.length - piece.split, Fate::Consumed, host)?;
        self.advance();
        Ok(taken)
    }

    /// Takes bytes out of a pipe that every directory has. They are visible, and `beyond` more are to follow. The
    /// confirmation is left to the caller.
    fn discard(&mut self, count: usize, beyond: u64, host: &mut impl Host) -> Result<Taken, End> {
        let mut left = count;
        while left > 0 {
            let visible = &self.intake.visible()[..left];
            let Some(journal) = &mut self.journal else {
                self.intake.consume(left).map_err(End::Failed)?;
                return Ok(Taken::AsSeen);
            };
            let piece = journal.describe(visible);
            journal.record.more += beyond;
            self.write_record(host)?;
            if self.take_out(0, piece, host)? == Taken::Otherwise {
                return Ok(Taken::Otherwise);
            }
            left -= piece.length;
        }
        Ok(Taken::AsSeen)
    }

    /// Consumes the `count` bytes at the head of the input, which the last run has written to every directory.
    pub(super) fn catch_up(&mut self, count: u64, host: &mut impl Host) -> Result<(), End> {
        let mut left = usize::try_from(count).unwrap_or(usize::MAX);
        while left > 0 {
            self.peek(None)?;
            let visible = self.intake.visible().len().min(left);
            if visible == 0 {
                break;
            }
            left -= visible;
            if self.intake.kind() != Kind::Pipe {
                self.intake.consume(visible).map_err(End::Failed)?;
                continue;
            }
            self.discard(visible, left as u64, host)?;
            if self.confirm(host)? == Taken::Otherwise {
                break;
            }
        }
        Ok(())
    }

    /// Puts bytes that the last run has taken out of the pipe and not written before what is visible.
    pub(super) fn resume(&mut self, held: Vec<u8>) {
        if !held.is_empty() {
            self.intake.resume(held);
        }
    }

    /// Takes pieces of one short line out of a pipe that has no room for the rest of it. They stay visible. `shares`
    /// are the directories in the order of the script.
    pub(super) fn hold(
        &mut self,
        shares: impl Iterator<Item = Share>,
        host: &mut impl Host,
    ) -> Result<(), End> {
        let visible = self.intake.visible();
        let held = self.intake.held();
        let count = visible.len() - held;
        if count == 0 || count > HEAD {
            return Ok(());
        }
        let Some(journal) = &mut self.journal else {
            self.intake.pipe().and_then(|pipe| pipe.hold(count)).map_err(End::Failed)?;
            return self.confirm(host).map(drop);
        };
        let pieces = journal.describe(&visible[held..]);
        let record = &mut journal.record;
        record.held.clear();
        record.held.extend_from_slice(visible);
        record.before.held = moment_held(0, held);
        record.after = Moment { held: moment_held(0, visible.len()), ..record.before };
        for (share, now) in record.shares.iter_mut().zip(shares) {
            *share = share.updated(now);
        }
        self.write_record(host)?;
        self.swallow(pieces.length, Fate::Held, host)?;
        self.advance();
        self.confirm(host).map(drop)
    }

    /// The tail of a piece goes into the journal.
    fn swallow(&mut self, count: usize, fate: Fate, host: &mut impl Host) -> Result<Taken, End> {
        let mut left = count;
        let mut pause = FIRST_PAUSE;
        while left > 0 {
            let Some(journal) = &self.journal else { return Ok(Taken::AsSeen) };
            match journal.swallow(&mut *self.intake, left, fate) {
                Ok(0) => return Ok(Taken::Otherwise),
                Ok(moved) => left -= moved,
                Err(error) => self.pause_after(&error, &mut pause, host)?,
            }
        }
        Ok(Taken::AsSeen)
    }

    fn confirm(&mut self, host: &mut impl Host) -> Result<Taken, End> {
        let taken = self.intake.confirm().map_err(End::Failed)?;
        if taken == Taken::Otherwise {
            self.share_input(host);
        }
        Ok(taken)
    }

    fn advance(&mut self) {
        if let Some(journal) = &mut self.journal {
            journal.advance();
        }
    }

    /// Says that the journal can't be written, and waits before it is tried again.
    pub(super) fn pause_after(
        &self,
        error: &JournalError,
        pause: &mut Duration,
        host: &mut impl Host,
    ) -> Result<(), End> {
        if let Some(tally) = host.tally() {
            tally.journal_failed();
        }
        let said = Message::new("unable to write ").and(self.path());
        host.warn(&said.and("/.journal, pausing: ").and(error.words().as_bytes()));
        match wait(pause, host) {
            Pause::Over => Ok(()),
            Pause::Stop => Err(End::Stopped),
        }
    }

    fn write_record(&mut self, host: &mut impl Host) -> Result<(), End> {
        let mut pause = FIRST_PAUSE;
        loop {
            let Some(journal) = &mut self.journal else { return Ok(()) };
            match journal.write() {
                Ok(()) => return Ok(()),
                // It would not fit either when it is tried again.
                Err(error @ JournalError::TooManyDirectories) => self.give_up(&error, host),
                Err(error) => self.pause_after(&error, &mut pause, host)?,
            }
        }
    }
}

/// The part of [`crate::journal::record::Record::held`] from `from` to `to`; nothing is always the same.
fn moment_held(from: usize, to: usize) -> (u16, u16) {
    let short = |place: usize| u16::try_from(place).unwrap_or(u16::MAX);
    if from == to { (0, 0) } else { (short(from), short(to)) }
}
