//! The batch to standard output: after every directory has it, and before it leaves the input.
//!
//! So whatever ends multilog meanwhile, the batch is in the input for the next one. That one may repeat lines on
//! standard output, and none is lost there. What is in the directories stays there, as after a kill: the record makes
//! the next multilog begin the batch anew, and if that one finds another input, the lines are still in the log.

use std::io;

use tai64tools::Label;
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
        };
        (self.printing != Printing::No).then(share)
    }

    /// Writes the batch to standard output, if the script says so, however long its reader takes, unless multilog is
    /// told to stop.
    pub(super) fn print(&mut self) -> Result<(), End> {
        if self.printing != Printing::Yes {
            return Ok(());
        }
        let output = self.output();
        let mut left = self.assembly.outputs[output].bytes(self.tap.visible());
        let mut pause = FIRST_PAUSE;
        while !left.is_empty() {
            let error = match self.host.print(left) {
                Ok(Output::Took(written)) if written > 0 => {
                    left = &left[written..];
                    pause = FIRST_PAUSE;
                    continue;
                }
                Ok(Output::Stopped) => return Err(self.leave_unprinted()),
                Ok(Output::Gone(error)) => return self.print_no_more(error),
                Ok(Output::Took(_)) => io::ErrorKind::WriteZero.into(),
                Err(error) => error,
            };
            let said = Message::new("unable to write to standard output, pausing");
            self.host.warn(&said.because(&error));
            if wait(&mut pause, &mut self.host) == Pause::Stop {
                return Err(self.leave_unprinted());
            }
        }
        Ok(())
    }

    /// The batch stays in the input, and in the directories. Where no record would tell the next multilog so, they may
    /// not keep it, unless it is in the memory of this process only: it would be nowhere otherwise.
    fn leave_unprinted(&mut self) -> End {
        if !self.tap.has_journal() && !self.tap.is_only_here() {
            self.take_back(self.dirs.len());
        }
        End::Stopped
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
