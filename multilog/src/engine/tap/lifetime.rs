//! The lifetime of the journal: how it begins, why it is given up, when it is tried again, and how it ends.

use std::sync::Arc;

use tai64tools::Label;
use unix::diag::Message;

use super::Tap;
use crate::host::Host;
use crate::intake::{Intake, Kind};
use crate::journal::record::{Moment, Record, Share};
use crate::journal::{self, Journal, JournalError, Reach};
use crate::logfs::LogFs;
use crate::output::BatchEnd;

/// What the first record of a journal says.
#[derive(Clone, Debug)]
pub(crate) struct First {
    /// The directories in the order of the script, and standard output if lines go there.
    pub(crate) shares: Vec<Share>,
    /// Whether the input begins within a line.
    pub(crate) midline: bool,
    /// How many bytes of the piece in hand are written.
    pub(crate) piece: u64,
    /// How many bytes at the head of the input every directory has already.
    pub(crate) unconsumed: u64,
    /// What was taken out of the pipe and is not written.
    pub(crate) held: Vec<u8>,
    /// The last stamp that was given.
    pub(crate) last_stamp: Label,
    /// Which form the records may take.
    pub(crate) reach: Reach,
}

impl<I: Intake<Trace = F::File> + ?Sized, F: LogFs> Tap<I, F> {
    /// Whether a kill repeats and loses nothing.
    pub(crate) fn has_journal(&self) -> bool {
        self.journal.is_some()
    }

    /// Whether a journal that could not be made may be tried again.
    pub(crate) fn may_begin_again(&self) -> bool {
        self.journal.is_none() && self.intake.held() == 0
    }

    /// Begins a journal, where the input can be looked into and something is logged at all.
    pub(crate) fn begin(&mut self, first: &First) -> Result<(), JournalError> {
        let Some(home) = &self.home else { return Ok(()) };
        if self.intake.kind() == Kind::Stream {
            return Ok(());
        }
        let boot = self.boot.ok_or(JournalError::NoBootId)?;
        let mut record = Record::idle(boot, self.intake.identity()?, first.shares.clone());
        if let Kind::File(offset) = self.intake.kind() {
            record.offset = Some(offset);
        }
        record.more = first.unconsumed;
        record.last_stamp = first.last_stamp;
        let held = u16::try_from(first.held.len()).map_err(|_| JournalError::HeldTooLong)?;
        record.held.clone_from(&first.held);
        record.before = Moment { midline: first.midline, held: (0, held), piece: first.piece };
        record.after = record.before;
        if !record.fits(first.reach) {
            return Err(JournalError::TooManyDirectories);
        }
        let journal = Journal::begin(Arc::clone(&home.fs), record)?;
        if self.intake.kind() == Kind::Pipe {
            journal.rehearse(&mut *self.intake)?;
        }
        self.journal = Some(journal);
        Ok(())
    }

    /// Goes on without a journal. What is left of one is removed, as it would tell of something else later.
    pub(crate) fn give_up(&mut self, error: &JournalError, host: &mut impl Host) {
        self.journal = None;
        let said = Message::new("unable to keep a journal in ").and(self.path());
        host.warn(&said.and(", a kill may repeat lines: ").and(error.words().as_bytes()));
        self.forget();
    }

    /// Removes what has the name of the journal, if it is one.
    pub(crate) fn forget(&self) {
        if let Some(home) = &self.home {
            if Journal::read(&*home.fs).is_ok_and(|found| found.is_some()) {
                journal::remove(&*home.fs).ok();
            }
        }
    }

    /// Another process reads the input too: from now on it is read as it comes, without a journal.
    pub(crate) fn share_input(&mut self, host: &mut impl Host) {
        if !std::mem::replace(&mut self.others_said, true) {
            let said = Message::new("somebody else reads the input too: it is read as it comes, ");
            host.warn(&said.and("and a kill may lose lines"));
        }
        self.journal = None;
        self.forget();
    }

    /// The directories are closed: removes the journal, unless the next multilog has to know what it says.
    pub(crate) fn end(&mut self, end: BatchEnd, host: &mut impl Host) {
        let (Some(journal), Some(home)) = (&mut self.journal, &self.home) else { return };
        // The end of the input also ends a line that goes nowhere, without a batch.
        let after = &mut journal.record.after;
        after.midline = end == BatchEnd::WithinLine;
        after.piece = if after.midline { after.piece } else { 0 };
        if journal.is_idle() {
            if let Err(error) = journal::remove(&*home.fs) {
                let said = Message::new("unable to remove ").and(self.path()).and("/.journal");
                host.warn(&said.because(&error));
            }
        }
    }

    /// The path of the directory that has the journal.
    pub(crate) fn path(&self) -> &[u8] {
        self.home.as_ref().map_or(&[], |home| home.path.as_encoded_bytes())
    }
}
