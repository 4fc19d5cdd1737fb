//! What a directory does at a time of its own.

use std::time::Duration;

use tai64tools::Label;

use super::schedule::Schedule;
use super::{LogDir, Rotated, Stopped};
use crate::host::Host;
use crate::logfs::LogFs;

/// Something that a directory does at a time of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    /// `current` is rotated at a boundary of local time.
    Rotate,
    /// `current` is brought to the disk.
    Sync,
}

impl Task {
    /// In the order in which they are done when several are due.
    const ALL: [Task; 2] = [Task::Rotate, Task::Sync];
}

impl<F: LogFs> LogDir<F> {
    /// How long it is until something is due here; zero where something is. None: nothing is going to be.
    pub fn until_due(&self, host: &impl Host) -> Option<Duration> {
        Task::ALL.iter().filter_map(|&task| self.until(task, host)).min()
    }

    /// Does what is due. `stamped` is the last stamp given.
    pub fn attend(&mut self, stamped: Label, host: &mut impl Host) -> Result<(), Stopped> {
        for task in Task::ALL {
            if self.until(task, host).is_some_and(|left| left.is_zero()) {
                match task {
                    Task::Rotate => drop(self.rotate_if_due(host.now(), stamped, host)?),
                    Task::Sync => self.sync_now(stamped, host)?,
                }
            }
        }
        Ok(())
    }

    /// The moment on the wall clock at which something is going to be due, in seconds since the epoch.
    pub fn boundary(&self) -> Option<i64> {
        self.schedule.as_ref().map(Schedule::next)
    }

    /// Rotates if a boundary has come by a clock that shows `now`, except where `current` is empty.
    pub fn rotate_if_due(
        &mut self,
        now: Label,
        stamped: Label,
        host: &mut impl Host,
    ) -> Result<Rotated, Stopped> {
        let Some(mut schedule) = self.schedule.filter(|schedule| schedule.until(now).is_zero()) else {
            return Ok(Rotated::No);
        };
        let rotated = if self.length() == 0 { Rotated::No } else { Rotated::Yes };
        if rotated == Rotated::Yes {
            self.rotate(stamped, host)?;
        }
        schedule.pass(now.unix_seconds(), |at| host.offset(at));
        self.schedule = Some(schedule);
        Ok(rotated)
    }

    /// How long it is until the task is due, by the clock that decides it.
    fn until(&self, task: Task, host: &impl Host) -> Option<Duration> {
        match task {
            Task::Rotate => Some(self.schedule.as_ref()?.until(host.now())),
            Task::Sync => Some(self.sync_due()?.saturating_sub(host.uptime())),
        }
    }
}
