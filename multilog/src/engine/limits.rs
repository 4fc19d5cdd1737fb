//! `limit=RATE`: the clock for its buckets, and the batch in which the log says what was dropped.
//!
//! That batch takes nothing of the input. It is recorded and written as any other, so that a kill neither loses what it
//! says nor says it twice. It comes a second after the first line was dropped, before a rotation, and at the end; but
//! never within a line that the directory has a part of.

use std::time::Duration;

use tai64tools::Label;

use super::{End, Engine};
use crate::framer::Ending;
use crate::host::Host;
use crate::intake::Intake;
use crate::logfs::LogFs;

impl<I: Intake<Trace = F::File> + ?Sized, F: LogFs, H: Host> Engine<I, F, H> {
    /// What is in the input now waited for this run.
    pub(super) fn start_limits(&mut self) {
        let Engine { assembly, tap, host, .. } = self;
        if let Some(limits) = &mut assembly.limits {
            limits.start(tap.waiting(), host.uptime());
        }
    }

    /// A batch is about to be put together.
    pub(super) fn begin_limits(&mut self) {
        let Engine { assembly, tap, host, .. } = self;
        if let Some(limits) = &mut assembly.limits {
            limits.begin(|| tap.waiting(), || host.uptime());
        }
    }

    /// The batch takes `taken` bytes, and `visible` bytes could be seen when it was put together.
    pub(super) fn note_taken(&mut self, taken: usize, visible: usize) {
        if let Some(limits) = &mut self.assembly.limits {
            limits.take(taken, visible);
        }
    }

    /// The batch in hand is over.
    pub(super) fn settle_limits(&mut self) {
        if let Some(limits) = &mut self.assembly.limits {
            limits.settle();
        }
    }

    /// The time until the log says what was dropped. None: nothing was dropped.
    pub(super) fn until_said(&self) -> Option<Duration> {
        let due = (0..self.dirs.len()).filter_map(|log| self.due(log)).min()?;
        Some(due.saturating_sub(self.host.uptime()))
    }

    /// Says what is due.
    pub(super) fn say_what_is_due(&mut self) -> Result<(), End> {
        for log in 0..self.dirs.len() {
            if !self.is_due(log) {
                continue;
            }
            self.say_now(log)?;
            if self.assembly.is_full(log) {
                self.dirs[log].rotate(self.assembly.last_stamp(), &mut self.host)?;
            }
        }
        Ok(())
    }

    /// The directory is about to be rotated: says what was dropped while there is room for it.
    pub(super) fn say_before_rotation(&mut self, log: usize, now: Label) -> Result<(), End> {
        let fits =
            self.due(log).is_some() && self.length_with_remark(log) <= self.dirs[log].config().size.bytes();
        if fits { self.say(log, now) } else { Ok(()) }
    }

    /// The run is over: says everything. What can't be said now is left to the journal.
    pub(super) fn say_all(&mut self) {
        let in_hand = self.assembly.limits.as_ref().is_some_and(|limits| limits.are_in_hand());
        for log in 0..self.dirs.len() {
            if in_hand || self.due(log).is_some() && self.say_now(log).is_err() {
                return;
            }
        }
    }

    /// When the log of a directory says what was dropped. None: nothing was, or a line is in hand there.
    fn due(&self, log: usize) -> Option<Duration> {
        self.assembly.limits.as_ref()?.due(log).filter(|_| !self.assembly.takes(log))
    }

    fn is_due(&self, log: usize) -> bool {
        self.due(log).is_some_and(|due| due <= self.host.uptime())
    }

    fn length_with_remark(&self, log: usize) -> u64 {
        self.dirs[log].length() + self.assembly.remark_length(log) as u64
    }

    /// The same at this moment, which may be beyond a boundary of `rotate=`.
    fn say_now(&mut self, log: usize) -> Result<(), End> {
        let now = self.pass_boundaries()?;
        self.say(log, now)
    }

    /// Says in a directory what was dropped there, with a stamp of this moment.
    fn say(&mut self, log: usize, now: Label) -> Result<(), End> {
        if self.dirs[log].length() > 0 && self.length_with_remark(log) > self.dirs[log].config().size.bytes()
        {
            self.dirs[log].rotate(self.assembly.last_stamp(), &mut self.host)?;
        }
        let line = self.assembly.line_in_hand();
        self.assembly.make_room(0, Ending::Final);
        // Nothing else is rotated: what is full may be about to be.
        self.empty_outputs();
        self.assembly.say_dropped(log, now);
        self.write_batch(0, line, now).map(drop)
    }
}
