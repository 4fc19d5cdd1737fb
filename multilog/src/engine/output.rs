//! The batch to standard output: after every directory has it, and before it leaves the input.
//!
//! So whatever ends multilog meanwhile, the batch is in the input for the next one. That one may repeat lines on
//! standard output, and none is lost there. What is in the directories stays there, as after a kill: the record makes
//! the next multilog begin the batch anew, and if that one finds another input, the lines are still in the log.
//!
//! From a terminal, a socket or a device nothing can be left to the next one. There standard output gets no more lines
//! once multilog was told to stop and nobody reads them, and how many it lacks is said at the end.

use std::io;

use tai64tools::Label;
use unix::bytes::count;
use unix::diag::Message;

use super::{End, Engine};
use crate::host::{FIRST_PAUSE, Host, Output, Pause, wait};
use crate::intake::Intake;
use crate::journal::record::Share;
use crate::logfs::{LogFs, Place};

/// What becomes of what standard output gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Printing {
    /// The script has no `1`.
    No,
    Yes,
    /// Nobody reads it anymore, which was said.
    Gone,
    /// The program was told to stop and nobody reads it. This number of lines was left out so far.
    LeavingOut(u64),
}

impl<I: Intake<Trace = F::File> + ?Sized, F: LogFs, H: Host> Engine<I, F, H> {
    /// The number of the outlet that is standard output.
    fn output(&self) -> usize {
        self.dirs.len()
    }

    /// What the journal says about standard output.
    pub(super) fn output_share(&self) -> Option<Share> {
        let output = self.output();
        let share = || Share {
            place: Place::OUTPUT,
            current: 0,
            start: 0,
            adds: if self.printing == Printing::Yes { self.assembly.outputs[output].len() as u64 } else { 0 },
            last_label: Label::MIN,
            settled: Label::MIN,
            takes_before: false,
            takes_after: self.assembly.takes(output),
            unsaid: (0, 0),
        };
        (self.printing != Printing::No).then(share)
    }

    /// Writes the batch to standard output, if the script says so, however long its reader takes, unless multilog is
    /// told to stop.
    pub(super) fn print(&mut self) -> Result<(), End> {
        let output = self.output();
        let mut left = match self.printing {
            Printing::No | Printing::Gone => &[],
            Printing::Yes | Printing::LeavingOut(_) => {
                self.assembly.outputs[output].bytes(self.tap.visible())
            }
        };
        let mut pause = FIRST_PAUSE;
        while !left.is_empty() {
            if let Printing::LeavingOut(_) = self.printing {
                return self.leave_out(count(b'\n', left) as u64);
            }
            let error = match self.host.print(left) {
                Ok(Output::Took(written)) if written > 0 => {
                    left = &left[written..];
                    pause = FIRST_PAUSE;
                    continue;
                }
                Ok(Output::Stopped) => return self.leave_out(count(b'\n', left) as u64),
                Ok(Output::Gone(error)) => return self.print_no_more(error),
                Ok(Output::Took(_)) => io::ErrorKind::WriteZero.into(),
                Err(error) => error,
            };
            let said = Message::new("unable to write to standard output, pausing");
            self.host.warn(&said.because(&error));
            if wait(&mut pause, &mut self.host) == Pause::Stop {
                return self.leave_out(count(b'\n', left) as u64);
            }
        }
        Ok(())
    }

    /// The batch stays in the directories, and standard output lacks the ends of `lines` of it. It stays in the input
    /// too, where that can be. If no record would tell the next multilog so, the directories may not keep it. What is
    /// in the memory of this process only leaves it, as if standard output had it.
    fn leave_out(&mut self, lines: u64) -> Result<(), End> {
        if !self.tap.has_journal() && self.tap.is_only_here() {
            let before = if let Printing::LeavingOut(before) = self.printing { before } else { 0 };
            self.printing = Printing::LeavingOut(before + lines);
            return Ok(());
        }
        if !self.tap.has_journal() {
            self.take_back(self.dirs.len());
        }
        Err(End::Stopped)
    }

    /// Says how many lines standard output lacks for good. Whether they are nowhere else.
    pub(super) fn end_printing(&mut self) -> bool {
        let Printing::LeavingOut(lines) = self.printing else { return false };
        let said = Message::new("unable to write to standard output in time, lines left out: ");
        self.host.warn(&said.and(lines.to_string()));
        self.dirs.is_empty()
    }

    /// Without a directory nothing is left to do, and the input is kept for the next multilog.
    fn print_no_more(&mut self, error: io::Error) -> Result<(), End> {
        if self.dirs.is_empty() {
            return Err(End::Unread(error));
        }
        self.printing = Printing::Gone;
        let said = Message::new("unable to write to standard output, going on without it");
        self.host.warn(&said.because(&error));
        Ok(())
    }
}
