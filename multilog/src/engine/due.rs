//! What is due at a time: one timer for the wait for input, and one place that attends to it.
//!
//! A directory says how long it is until something of its own is due ([`LogDir::until_due`]), whatever the clock is
//! that decides it. Something that is due and belongs to no directory is another arm here.
//!
//! Boundaries of local time (`rotate=`) have a way of their own, since the system clock may be set. Each look at the
//! input is followed by a reading of that clock for the stamps, and that reading is compared with the next boundary. So
//! nothing has to be asked at other times, and a wait only has to end at a boundary.

use std::time::Duration;

use tai64tools::Label;

use super::{End, Engine};
use crate::host::Host;
use crate::intake::Intake;
use crate::logdir::{LogDir, Rotated};
use crate::logfs::LogFs;

impl<I: Intake<Trace = F::File> + ?Sized, F: LogFs, H: Host> Engine<I, F, H> {
    /// How long the wait for input may last. None: nothing is going to be due.
    pub(super) fn until_due(&mut self) -> Option<Duration> {
        let boundary = self.dirs.iter().filter_map(LogDir::boundary).min();
        let until_boundary = boundary.and_then(|boundary| self.host.wake_at(boundary));
        let of_directories = self.dirs.iter().filter_map(|dir| LogDir::until_due(dir, &self.host));
        of_directories.chain(self.host.until_metrics()).chain(self.until_said()).chain(until_boundary).min()
    }

    /// Reads the clock for the stamps of a batch, and rotates first where it shows a boundary. A rotation may take a
    /// while, so the clock is read again after it.
    pub(super) fn pass_boundaries(&mut self) -> Result<Label, End> {
        loop {
            let now = self.host.now();
            let stamped = self.assembly.last_stamp();
            let mut rotated = false;
            for dir in &mut self.dirs {
                rotated |= dir.rotate_by_time(now, stamped, &mut self.host)? == Rotated::Yes;
            }
            if !rotated {
                return Ok(now);
            }
            self.look_at_clock(now);
        }
    }

    /// Does what is due.
    pub(super) fn attend(&mut self) -> Result<(), End> {
        self.record_rotations()?;
        let stamped = self.assembly.last_stamp();
        for dir in &mut self.dirs {
            dir.attend(stamped, &mut self.host)?;
        }
        self.say_what_is_due()?;
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
