//! The first and the last moment of a run: what a killed multilog had in hand is brought to its end, and
//! what this one has in hand is left to the next.

use std::io;
use std::sync::Arc;

use unix::diag::Message;

use super::{End, Engine};
use crate::host::{FIRST_PAUSE, Host};
use crate::intake::{Intake, Kind, Taken};
use crate::journal::judge::{Held, Verdict};
use crate::journal::record::{Boot, Moment, Record};
use crate::journal::{self, Journal, is_foreign};
use crate::logfs::LogFs;
use crate::output::newline_window;

/// How often a journal is tried that can't be made, as on a full disk, where lines can't be written
/// either; but there may be room for lines and no inode for a journal.
const TRIES: usize = 5;

/// What is known from the last run.
#[derive(Clone, Debug)]
pub struct Inheritance {
    /// What there is to do.
    pub verdict: Verdict,
    /// This run of the machine. None: the kernel does not tell, so there can be no journal.
    pub boot: Option<Boot>,
    /// The directories that have a journal.
    pub journals: Vec<usize>,
}

impl<I: Intake<Trace = F::File>, F: LogFs, H: Host> Engine<I, F, H> {
    /// Brings the last run to its end.
    pub(super) fn settle(&mut self) -> Result<(), End> {
        let mut verdict = std::mem::replace(&mut self.inheritance.verdict, Verdict::none(self.dirs.len()));
        if verdict.doubtful {
            let said = Message::new("the journal in ").and(self.journal_path());
            self.host.warn(&said.and(" does not fit the input; lines may be repeated"));
        }
        // A line of its own: nobody knows how it would have gone on.
        if verdict.held_is == Held::Line && !verdict.held.is_empty() {
            verdict.held.push(b'\n');
        }
        if let Some(route) = verdict.midline.take() {
            self.assembly.resume_line(route);
        }
        let (mut pause, mut tries) = (FIRST_PAUSE, 1);
        while let Err(error) = self.begin_journal(&verdict) {
            // What stands in an old one is needed until it is replaced.
            if tries < TRIES && may_pass(&error) || self.inheritance.journals.contains(&0) {
                self.journal_failed(&error, &mut pause)?;
                tries += 1;
            } else {
                self.give_journal_up(&error);
                break;
            }
        }
        self.finish(verdict.finish)?;
        if !verdict.held.is_empty() {
            self.intake.resume(verdict.held);
        }
        for log in 0..self.dirs.len() {
            self.dirs[log].settle(&mut self.host)?;
            let known = verdict.directories[log].current.is_some();
            let size = self.dirs[log].config().size.bytes();
            let window = size - newline_window(size);
            if known && !self.assembly.takes(log) && self.dirs[log].length() >= window {
                // Killed between the batch that filled it and its rotation.
                self.dirs[log].rotate(self.assembly.last_stamp(), &mut self.host)?;
            }
        }
        Ok(())
    }

    /// Takes out of the input what the directories have already.
    fn finish(&mut self, count: u64) -> Result<(), End> {
        let mut left = usize::try_from(count).unwrap_or(usize::MAX);
        while left > 0 {
            self.intake.peek().map_err(End::Failed)?;
            let visible = self.intake.visible().len().min(left);
            if visible == 0 {
                break;
            }
            left -= visible;
            match self.intake.kind() {
                Kind::Pipe => {
                    self.discard(visible, left as u64)?;
                    if self.intake.confirm().map_err(End::Failed)? == Taken::Otherwise {
                        self.read_as_it_comes();
                        break;
                    }
                }
                _ => self.intake.consume(visible).map_err(End::Failed)?,
            }
        }
        Ok(())
    }

    /// Begins a journal, where the input can be looked into and something is logged at all.
    fn begin_journal(&mut self, verdict: &Verdict) -> io::Result<()> {
        let Some(first) = self.dirs.first() else { return Ok(()) };
        if self.intake.kind() == Kind::Stream {
            return Ok(());
        }
        // The kernel does not tell, so a journal could not be known again.
        let boot = self.inheritance.boot.ok_or(io::ErrorKind::Unsupported)?;
        let fs = Arc::clone(first.fs());
        let mut shares: Vec<_> = self.dirs.iter().map(|dir| dir.share()).collect();
        for (log, share) in shares.iter_mut().enumerate() {
            share.takes_before = self.assembly.takes(log);
            share.takes_after = share.takes_before;
        }
        let mut record = Record::idle(boot, self.intake.identity()?, shares);
        if let Kind::File(offset) = self.intake.kind() {
            record.offset = Some(offset);
        }
        record.more = verdict.finish;
        record.last_stamp = verdict.last_stamp;
        let held = u16::try_from(verdict.held.len()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        record.held.clone_from(&verdict.held);
        record.before = Moment { midline: self.assembly.is_midline(), held: (0, held) };
        record.after = record.before;
        let journal = Journal::begin(fs, record)?;
        if self.intake.kind() == Kind::Pipe {
            journal.rehearse(&mut self.intake)?;
        }
        self.journal = Some(journal);
        for log in std::mem::take(&mut self.inheritance.journals) {
            if log != 0 {
                journal::remove(&**self.dirs[log].fs())?;
            }
        }
        Ok(())
    }

    /// Goes on without a journal. One that is left would speak of something else later.
    pub(super) fn give_journal_up(&mut self, error: &io::Error) {
        self.journal = None;
        let said = Message::new("unable to keep a journal in ").and(self.journal_path());
        self.host.warn(&said.and(", a kill may repeat lines").because(error));
        self.forget_journal();
    }

    /// Removes what stands in the place of a journal, if it is one.
    pub(super) fn forget_journal(&self) {
        if let Some(dir) = self.dirs.first()
            && Journal::read(&**dir.fs()).is_ok_and(|found| found.is_some())
        {
            journal::remove(&**dir.fs()).ok();
        }
    }

    /// Tries again what was not possible at the start, for example on a full disk.
    pub(super) fn retry_journal(&mut self) {
        if self.journal.is_none() && self.intake.held() == 0 {
            let verdict = Verdict::none(self.dirs.len());
            // It was said at the start.
            if self.begin_journal(&verdict).is_err() {
                self.forget_journal();
            }
        }
    }

    /// The directories are closed: nobody needs the journal unless something is in hand.
    pub(super) fn end_journal(&mut self) {
        if let Some(journal) = &mut self.journal {
            // The end of the input also ends a line that nobody takes, without a batch.
            journal.record.after.midline = self.assembly.is_midline();
        }
        if self.journal.as_ref().is_some_and(Journal::is_idle)
            && let Some(dir) = self.dirs.first()
            && let Err(error) = journal::remove(&**dir.fs())
        {
            let said = Message::new("unable to remove ").and(self.journal_path()).and("/.journal");
            self.host.warn(&said.because(&error));
        }
    }

    pub(super) fn journal_path(&self) -> Vec<u8> {
        let path = self.dirs.first().map(|dir| dir.config().path.as_encoded_bytes().to_vec());
        path.unwrap_or_default()
    }
}

/// Whether the same may work a moment later.
fn may_pass(error: &io::Error) -> bool {
    use io::ErrorKind::{
        AlreadyExists, FileTooLarge, InvalidInput, OutOfMemory, PermissionDenied, ReadOnlyFilesystem,
        Unsupported,
    };
    let lasting = [
        AlreadyExists,
        FileTooLarge,
        InvalidInput,
        OutOfMemory,
        PermissionDenied,
        ReadOnlyFilesystem,
        Unsupported,
    ];
    !lasting.contains(&error.kind()) && !is_foreign(error)
}
