//! The first moment of a run: what a killed multilog had in hand is brought to its end, and a journal begins.

use tai64tools::Label;
use unix::diag::Message;

use super::tap::First;
use super::{End, Engine};
use crate::assembly::LineInHand;
use crate::host::{FIRST_PAUSE, Host};
use crate::intake::Intake;
use crate::journal::judge::{Held, Known, Verdict};
use crate::journal::record::Share;
use crate::journal::{self, JournalError, Reach};
use crate::logdir::LogDir;
use crate::logfs::LogFs;
use crate::output::newline_window;

/// How often a journal that can't be made is tried before lines are logged without one. A full disk takes no lines
/// either, but there may be room for lines and no inode for a journal.
const TRIES: usize = 5;

/// What is known from the last run.
#[derive(Clone, Debug)]
pub struct Inheritance {
    /// What there is to do.
    pub verdict: Verdict,
    /// The directories that have a journal.
    pub journals: Vec<usize>,
}

impl<I: Intake<Trace = F::File> + ?Sized, F: LogFs, H: Host> Engine<I, F, H> {
    /// Brings the last run to its end.
    pub(super) fn resume(&mut self, last: Inheritance) -> Result<(), End> {
        let Inheritance { mut verdict, journals } = last;
        self.old_journals = journals;
        if verdict.doubtful {
            let said = Message::new("the journal in ").and(self.tap.path());
            self.host.warn(&said.and(" does not fit the input; lines may be repeated"));
        }
        // A line of its own, as how it would have gone on is not known.
        if verdict.held_is == Held::Line && !verdict.held.is_empty() {
            verdict.held.push(b'\n');
        }
        if let Some(mut route) = verdict.midline.take() {
            // The last run may have had a standard output that this one has not.
            route.retain(|&outlet| outlet < self.assembly.outputs.len());
            self.assembly.resume_line(LineInHand { route, piece: verdict.piece });
        }
        let (unconsumed, held, last_stamp) = (verdict.unconsumed, verdict.held, verdict.last_stamp);
        let first = First { unconsumed, held, last_stamp, ..self.first() };
        self.begin_patiently(&first)?;
        self.tap.catch_up(unconsumed, &mut self.host)?;
        self.tap.resume(first.held);
        for (log, known) in verdict.directories.iter().enumerate() {
            self.dirs[log].make_ready(&mut self.host)?;
            self.rotate_if_full(log, *known)?;
        }
        Ok(())
    }

    /// Rotates a directory whose last run was killed between the batch that filled `current` and its rotation.
    fn rotate_if_full(&mut self, log: usize, known: Known) -> Result<(), End> {
        let size = self.dirs[log].config().size.bytes();
        let window = size - newline_window(size);
        if known.current.is_some() && !self.assembly.takes(log) && self.dirs[log].length() >= window {
            self.dirs[log].rotate(self.assembly.last_stamp(), &mut self.host)?;
        }
        Ok(())
    }

    /// Begins a journal. That is tried as often as it takes to replace an old one, and otherwise a few times.
    fn begin_patiently(&mut self, first: &First) -> Result<(), End> {
        let (mut pause, mut tries) = (FIRST_PAUSE, 1);
        while let Err(error) = self.begin_journal(first) {
            // What an old one says is needed until it is replaced, where time can bring that about at all.
            let is_needed = self.old_journals.contains(&0) && matches!(error, JournalError::System(_));
            if tries < TRIES && error.may_pass() || is_needed {
                self.tap.pause_after(&error, &mut pause, &mut self.host)?;
                tries += 1;
            } else {
                self.tap.give_up(&error, &mut self.host);
                // Nothing keeps them true from here on.
                for log in std::mem::take(&mut self.old_journals) {
                    journal::remove(&**self.dirs[log].fs()).ok();
                }
                break;
            }
        }
        Ok(())
    }

    /// Begins a journal in the first directory, in place of those that earlier runs have left.
    fn begin_journal(&mut self, first: &First) -> Result<(), JournalError> {
        self.tap.begin(first)?;
        if self.tap.has_journal() {
            for log in std::mem::take(&mut self.old_journals) {
                if log != 0 {
                    journal::remove(&**self.dirs[log].fs())?;
                }
            }
        }
        Ok(())
    }

    /// What the first record says when nothing is in hand but the line that is partly written.
    fn first(&self) -> First {
        let share = |(log, dir): (usize, &LogDir<F>)| {
            let (takes, (_, unsaid)) = (self.assembly.takes(log), self.assembly.unsaid(log));
            Share { takes_before: takes, takes_after: takes, unsaid: (unsaid, unsaid), ..dir.share() }
        };
        let output =
            self.output_share().map(|share| Share { adds: 0, takes_before: share.takes_after, ..share });
        First {
            shares: self.dirs.iter().enumerate().map(share).chain(output).collect(),
            midline: self.assembly.is_midline(),
            piece: self.assembly.piece(),
            unconsumed: 0,
            held: Vec::new(),
            last_stamp: Label::MIN,
            reach: if self.assembly.is_extended() { Reach::Extended } else { Reach::Plain },
        }
    }

    /// Tries again what was not possible at the start, for example on a full disk.
    pub(super) fn retry_journal(&mut self) {
        if self.tap.may_begin_again() {
            let first = self.first();
            // It was said at the start.
            if self.begin_journal(&first).is_err() {
                self.tap.forget();
            }
        }
    }
}
