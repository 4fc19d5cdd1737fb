//! What a directory does at a time of its own.

use std::time::Duration;

use tai64tools::Label;

use super::{LogDir, Stopped};
use crate::host::Host;
use crate::logfs::LogFs;

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

    /// How long it is until the task is due, by the clock that decides it.
    fn until(&self, task: Task, host: &impl Host) -> Option<Duration> {
        match task {
            Task::Sync => Some(self.sync_due()?.saturating_sub(host.uptime())),
            Task::Prune => self.crew.until_pruning(host),
        }
    }
}
