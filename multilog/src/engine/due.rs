//! What is due at a time: one timer for the wait for input, and one place that attends to it.
//!
//! A directory says how long it is until something of its own is due ([`LogDir::until_due`]), whatever the clock is
//! that decides it. Something that is due and belongs to no directory is another arm here.

use std::time::Duration;

use super::{End, Engine};
use crate::host::Host;
use crate::intake::Intake;
use crate::logdir::LogDir;
use crate::logfs::LogFs;

impl<I: Intake<Trace = F::File> + ?Sized, F: LogFs, H: Host> Engine<I, F, H> {
    /// How long the wait for input may last. None: nothing is going to be due.
    pub(super) fn until_due(&self) -> Option<Duration> {
        let of_directories = self.dirs.iter().filter_map(|dir| LogDir::until_due(dir, &self.host));
        of_directories.chain(self.host.until_metrics()).min()
    }

    /// Does what is due.
    pub(super) fn attend(&mut self) -> Result<(), End> {
        self.record_rotations()?;
        let stamped = self.assembly.last_stamp();
        for dir in &mut self.dirs {
            dir.attend(stamped, &mut self.host)?;
        }
        self.show_counters();
        Ok(())
    }

    /// Says in the journal that there were rotations, where the archive may go before a batch says so.
    fn record_rotations(&mut self) -> Result<(), End> {
        for log in 0..self.dirs.len() {
            if self.dirs[log].has_to_be_recorded() {
                let now = self.dirs[log].share();
                self.record_share(log, now)?;
            }
        }
        Ok(())
    }
}
