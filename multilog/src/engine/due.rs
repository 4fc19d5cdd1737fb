//! What is due at a time: one timer for the wait for input, and one place that attends to it.
//!
//! A directory says how long it is until something of its own is due ([`LogDir::until_due`]), whatever the clock is
//! that decides it. A
//! moment on the wall clock is also told to the host, because that clock may be set during the wait. Something that is due and belongs to no directory is another arm here.

use std::time::Duration;

use super::{End, Engine};
use crate::host::Host;
use crate::intake::Intake;
use crate::logdir::LogDir;
use crate::logfs::LogFs;

impl<I: Intake<Trace = F::File> + ?Sized, F: LogFs, H: Host> Engine<I, F, H> {
    /// How long the wait for input may last. None: nothing is going to be due.
    pub(super) fn until_due(&mut self) -> Option<Duration> {
        let due = self.dirs.iter().filter_map(|dir| LogDir::until_due(dir, &self.host)).min();
        let boundary = self.dirs.iter().filter_map(LogDir::boundary).min();
        let watched = boundary.and_then(|boundary| self.host.wake_at(boundary));
        due.into_iter().chain(watched).min()
    }

    /// Does what is due.
    pub(super) fn attend(&mut self) -> Result<(), End> {
        let stamped = self.assembly.last_stamp();
        for dir in &mut self.dirs {
            dir.attend(stamped, &mut self.host)?;
        }
        Ok(())
    }
}
