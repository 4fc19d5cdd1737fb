//! The steps from `@label.u` to an archive, in order. Each step can be done again after a failure.
//!
//! ```text
//! Sync -> MarkSafe -> SyncOrder -> Publish(.u = .s) -> SyncNames -> RemoveSource        nothing to transform
//!   |         '-> Transform -> SyncOutput -> MarkOutput -> CommitState
//!   |                              '-> Publish(.t -> .s) -> SyncNames -> RemoveSource -> SyncNames
//!   '-> Rewrite (the disk refused the file: write it again elsewhere) -> MarkSafe
//! ```
//!
//! Names and modes say what a crash has left. A `.u` alone is not sealed. A `.t` with mode 0644 is unfinished, and the
//! start drops it. A `.t` with mode 0744 is complete and on the disk, and the start publishes it. A `.u` beside its
//! archive is not needed any more, and the start removes it.

use std::io;

use unix::diag::Message;

use super::Asked;
use super::rewrite::{Rewritten, rewrite};
use super::work::Work;
use crate::host::Pace;
use crate::logfs::{LogFs, Mode, Name, name_twice};

/// A step. Those that come later are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Sync,
    Rewrite,
    MarkSafe,
    Transform,
    SyncOutput,
    MarkOutput,
    CommitState,
    SyncOrder,
    Publish,
    SyncNames,
    RemoveSource,
    SyncRemoval,
    GiveUp,
}

/// What comes after a step.
pub(super) enum Next {
    Step(Step),
    /// The file is an archive.
    Done,
    /// The file was deleted.
    Gone,
    /// The file stays as it is for good.
    GiveUp,
    /// There is no time for it.
    Leave,
}

/// A step that failed: what to say, and from where to go on.
pub(super) struct Failure {
    pub(super) message: Message,
    pub(super) retry: Step,
}

/// What came of a step.
pub(super) type Performed = Result<Next, Failure>;

impl Step {
    /// Performs the step once.
    pub(super) fn perform<F: LogFs>(self, work: &mut Work<'_, F>, pace: &mut dyn Pace) -> Performed {
        match self {
            Step::Sync => work.sync(pace),
            Step::Rewrite => work.rewrite(pace),
            Step::MarkSafe => work.mark_safe(),
            Step::Transform => work.transform(pace),
            Step::SyncOutput => work.sync_output(pace),
            Step::MarkOutput => work.mark_output(),
            Step::CommitState => work.commit_state(),
            Step::Publish => work.publish(),
            Step::SyncOrder | Step::SyncNames | Step::SyncRemoval => work.sync_names(self),
            Step::RemoveSource => work.remove_source(),
            Step::GiveUp => Ok(Next::GiveUp),
        }
    }
}

impl<F: LogFs> Work<'_, F> {
    fn sync(&mut self, pace: &mut dyn Pace) -> Performed {
        if self.job.asked == Asked::NotYet {
            self.sealer.sync(&mut self.job, pace);
        }
        Ok(Next::Step(match self.job.asked {
            Asked::Kept => Step::MarkSafe,
            Asked::NotYet | Asked::Refused => Step::Rewrite,
        }))
    }

    fn rewrite(&mut self, pace: &mut dyn Pace) -> Performed {
        let (source, temporary) = (self.source(), self.temporary());
        match rewrite(&*self.sealer.fs, &self.job, &temporary, &source) {
            Ok(Rewritten::Same(file)) => {
                self.job.file = Some(file);
                Ok(Next::Step(Step::MarkSafe))
            }
            Ok(Rewritten::Damaged) => {
                let said =
                    self.sealer.said("unable to read back ", "/").and(source.to_os().as_encoded_bytes());
                pace.warn(&said.and(": part of it may never have reached the disk"));
                Ok(Next::GiveUp)
            }
            Err(error) => Err(self.failed("unable to rewrite ", &source, &error, Step::Rewrite)),
        }
    }

    fn mark_safe(&mut self) -> Performed {
        let source = self.source();
        if let Some(file) = &self.job.file {
            self.sealer
                .fs
                .set_mode(file, Mode::Safe)
                .map_err(|error| self.failed("unable to set mode of ", &source, &error, Step::MarkSafe))?;
        }
        Ok(Next::Step(if self.keeps_source() { Step::SyncOrder } else { Step::Transform }))
    }

    /// The source gets a second name, and loses the first when the second is on the disk. An output is just renamed,
    /// since its source is still there.
    fn publish(&mut self) -> Performed {
        let to = Name::from(self.archive());
        let fs = &*self.sealer.fs;
        let named = match self.keeps_source() {
            true => name_twice(fs, &self.source(), &to).map(drop),
            false => fs.rename_new(&self.temporary(), &to),
        };
        match named {
            Ok(()) => Ok(Next::Step(Step::SyncNames)),
            // An administrator deleted it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Next::Gone),
            Err(error) => Err(self.failed("unable to link to ", &to, &error, Step::Publish)),
        }
    }

    fn sync_names(&mut self, step: Step) -> Performed {
        self.sealer.fs.sync_names().map_err(|error| Failure {
            message: self.sealer.said("unable to write directory ", " to disk, pausing").because(&error),
            retry: step,
        })?;
        Ok(match step {
            Step::SyncOrder => Next::Step(Step::Publish),
            Step::SyncNames => Next::Step(Step::RemoveSource),
            _ => Next::Done,
        })
    }

    fn remove_source(&mut self) -> Performed {
        let source = self.source();
        self.sealer
            .fs
            .remove(&source)
            .map_err(|error| self.failed("unable to remove ", &source, &error, Step::RemoveSource))?;
        // With its second name a source that comes back after a power cut is no harm.
        Ok(if self.keeps_source() { Next::Done } else { Next::Step(Step::SyncRemoval) })
    }
}
