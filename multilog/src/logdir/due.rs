//! What a directory does at a time of its own: by the monotonic clock (`Task`), or at a boundary of local time.

use std::time::Duration;

use tai64tools::Label;

use super::schedule::Schedule;
use super::{LogDir, Rotated, Stopped};
use crate::host::Host;
use crate::logfs::{Identity, LogFs};

/// Something that a directory does at a time of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    /// `current` is brought to the disk.
    Sync,
    /// Archives may have become too old.
    Prune,
}

impl Task {
    /// In the order in which they are done when several are due.
    const ALL: [Task; 2] = [Task::Sync, Task::Prune];
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
                    Task::Sync => self.sync_now(stamped, host)?,
                    Task::Prune => self.crew.prune(host),
                }
            }
        }
        Ok(())
    }

    /// The next boundary of local time, in seconds since the epoch. None: time does not rotate this directory.
    pub fn boundary(&self) -> Option<i64> {
        self.schedule.as_ref().map(Schedule::due)
    }

    /// Rotates if a boundary has come by a clock that shows `now`, unless `current` is empty. `stamped` is the last stamp
    /// given.
    pub fn rotate_by_time(
        &mut self,
        now: Label,
        stamped: Label,
        host: &mut impl Host,
    ) -> Result<Rotated, Stopped> {
        let Some(schedule) = &mut self.schedule else { return Ok(Rotated::No) };
        if !schedule.look(now.unix_seconds(), |at| host.ahead(at)) {
            return Ok(Rotated::No);
        }
        let rotated = if self.length() == 0 { Rotated::No } else { Rotated::Yes };
        if rotated == Rotated::Yes {
            self.put_off_compression();
            self.rotate(stamped, host)?;
        }
        if let Some(schedule) = &mut self.schedule {
            schedule.pass(now.unix_seconds(), |at| host.ahead(at));
        }
        Ok(rotated)
    }

    /// Many loggers rotate at a boundary. Each compresses at a time of its own, which comes from its directory.
    fn put_off_compression(&self) {
        let Some(cycle) = self.config.cycle else { return };
        let Identity { device, inode } = self.place.directory;
        self.crew.put_off(cycle.spread(device.rotate_left(32) ^ inode));
    }

    /// How long it is until the task is due, by the clock that decides it.
    fn until(&self, task: Task, host: &impl Host) -> Option<Duration> {
        match task {
            Task::Sync => Some(self.sync_due()?.saturating_sub(host.uptime())),
            Task::Prune => self.crew.until_pruning(host),
        }
    }
}
