//! The first and the last moment of a run: what a killed multilog had in hand is brought to its end, and
//! what this one has in hand is left to the next.

use tai64tools::Label;
use unix::diag::Message;

use super::tap::First;
use super::{End, Engine};
use crate::host::{FIRST_PAUSE, Host};
use crate::intake::Intake;
use crate::journal::judge::{Held, Verdict};
use crate::journal::record::{Boot, Share};
use crate::journal::{self, JournalError};
use crate::logdir::LogDir;
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
            let said = Message::new("the journal in ").and(self.tap.path());
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
        let (written, held, last_stamp) = (verdict.finish, verdict.held, verdict.last_stamp);
        let first = First { written, held, last_stamp, ..self.first() };
        while let Err(error) = self.begin_journal(&first) {
            // What an old one says is needed until it is replaced.
            if tries < TRIES && error.may_pass() || self.inheritance.journals.contains(&0) {
                self.tap.pause_after(&error, &mut pause, &mut self.host)?;
                tries += 1;
            } else {
                self.tap.give_up(&error, &mut self.host);
                break;
            }
        }
        self.tap.discard_written(written, &mut self.host)?;
        self.tap.resume(first.held);
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

    /// Begins a journal in the first directory, in place of those that the last run has left.
    fn begin_journal(&mut self, first: &First) -> Result<(), JournalError> {
        self.tap.begin(first)?;
        if self.tap.has_journal() {
            for log in std::mem::take(&mut self.inheritance.journals) {
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
            let takes = self.assembly.takes(log);
            Share { takes_before: takes, takes_after: takes, ..dir.share() }
        };
        First {
            shares: self.dirs.iter().enumerate().map(share).collect(),
            midline: self.assembly.is_midline(),
            written: 0,
            held: Vec::new(),
            last_stamp: Label::MIN,
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
