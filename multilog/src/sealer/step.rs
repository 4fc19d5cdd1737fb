//! The steps from `@label.u` to an archive, in order. Every one can be done again after a failure.
//!
//! ```text
//! Prune -> Sync -> MarkSafe -> Publish(.u = .s) -> SyncNames -> RemoveSource        nothing to transform
//!            |         '-> Transform -> SyncOutput -> MarkOutput -> CommitState
//!            |                              '-> Publish(.t -> .s) -> SyncNames -> RemoveSource -> SyncNames
//!            '-> Rewrite (the disk refused the file: write it again elsewhere) -> MarkSafe
//! ```
//!
//! What a crash leaves is told by the names and modes: `.u` alone: not sealed. `.t` 0644: unfinished,
//! to be dropped. `.t` 0744: complete and on the disk, to be published. `.u` beside its archive: to
//! be removed.

use std::io;

use unix::diag::Message;

use super::compress::Compressed;
use super::rewrite::{Rewritten, rewrite};
use super::{Asked, Job, Sealer, compress};
use crate::host::Pace;
use crate::logfs::{Archive, Ending, How, LogFs, Mode, Name, Streams, name_twice};
use crate::script::Transform;
use crate::script::value::Code;

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Prune,
    Sync,
    Rewrite,
    MarkSafe,
    Transform,
    SyncOutput,
    MarkOutput,
    CommitState,
    Publish,
    SyncNames,
    RemoveSource,
    SyncRemoval,
}

/// What comes after a step.
pub(super) enum Next {
    Step(Step),
    /// The file is an archive or deleted.
    Done,
    /// The file stays as it is.
    Leave,
}

/// A step that failed: what to say, and from where to go on.
pub(super) struct Failure {
    pub(super) message: Message,
    pub(super) retry: Step,
}

/// A file in work.
pub(super) struct Work<'a, F: LogFs> {
    pub(super) sealer: &'a Sealer<F>,
    pub(super) job: Job<F::File>,
    /// What the transformation writes, and the processor's new state.
    pub(super) output: Option<Output<F::File>>,
    /// What becomes of the file.
    pub(super) fate: Fate,
}

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// What the script says.
    AsAsked,
    /// It stays what it is, as there is no memory to compress it.
    Kept,
}

/// The unfinished archive.
pub(super) struct Output<File> {
    file: File,
    newstate: Option<File>,
}

type Performed = Result<Next, Failure>;

impl Step {
    /// Performs the step once.
    pub(super) fn perform<F: LogFs>(self, work: &mut Work<'_, F>, pace: &mut dyn Pace) -> Performed {
        match self {
            Step::Prune => work.prune(pace),
            Step::Sync => work.sync(pace),
            Step::Rewrite => work.rewrite(pace),
            Step::MarkSafe => work.mark_safe(),
            Step::Transform => work.transform(pace),
            Step::SyncOutput => work.sync_output(),
            Step::MarkOutput => work.mark_output(),
            Step::CommitState => work.commit_state(),
            Step::Publish => work.publish(),
            Step::SyncNames | Step::SyncRemoval => work.sync_names(self),
            Step::RemoveSource => work.remove_source(),
        }
    }
}

impl<F: LogFs> Work<'_, F> {
    fn source(&self) -> Name {
        Archive::unsealed(self.job.label).into()
    }

    fn temporary(&self) -> Name {
        Archive::temporary(self.job.label).into()
    }

    fn archive(&self) -> Name {
        match self.fate {
            Fate::AsAsked => Archive::sealed(self.job.label, &self.sealer.config.code).into(),
            Fate::Kept => Archive::sealed(self.job.label, &Code::plain()).into(),
        }
    }

    fn keeps_source(&self) -> bool {
        self.sealer.config.transform == Transform::Keep || self.fate == Fate::Kept
    }

    /// `unable to VERB DIR/NAME, pausing: REASON`.
    fn failed(&self, verb: &str, name: &Name, rest: &str, error: &io::Error, retry: Step) -> Failure {
        let message =
            self.sealer.said(verb, "/").and(name.to_os().as_encoded_bytes()).and(rest).because(error);
        Failure { message, retry }
    }

    /// Room first, so that a full disk does not stop the rest. What retention deletes now needs no
    /// sync; but with a processor nothing is deleted that it has not seen.
    fn prune(&mut self, pace: &mut dyn Pace) -> Performed {
        if self.sealer.is_gone(self.job.label) {
            return Ok(Next::Done);
        }
        self.sealer.prune(pace).map_err(|error| Failure {
            message: self.sealer.said("unable to read ", ", pausing").because(&error),
            retry: Step::Prune,
        })?;
        Ok(if self.sealer.is_gone(self.job.label) { Next::Done } else { Next::Step(Step::Sync) })
    }

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
                self.job.file = file;
                Ok(Next::Step(Step::MarkSafe))
            }
            Ok(Rewritten::Damaged) => {
                let said =
                    self.sealer.said("unable to read back ", "/").and(source.to_os().as_encoded_bytes());
                pace.warn(&said.and(": part of it may never have reached the disk"));
                Ok(Next::Leave)
            }
            Err(error) => Err(self.failed("unable to rewrite ", &source, ", pausing", &error, Step::Rewrite)),
        }
    }

    fn mark_safe(&mut self) -> Performed {
        let source = self.source();
        self.sealer.fs.set_mode(&self.job.file, Mode::Safe).map_err(|error| {
            self.failed("unable to set mode of ", &source, ", pausing", &error, Step::MarkSafe)
        })?;
        Ok(Next::Step(if self.keeps_source() { Step::Publish } else { Step::Transform }))
    }

    fn transform(&mut self, pace: &mut dyn Pace) -> Performed {
        let temporary = self.temporary();
        let fail = |error| self.failed("unable to create ", &temporary, ", pausing", &error, Step::Transform);
        let fs = &*self.sealer.fs;
        fs.remove(&temporary).map_err(fail)?;
        let file = fs.open(&temporary, How::New).map_err(fail)?;
        let newstate = match &self.sealer.config.transform {
            Transform::Keep => None,
            Transform::Compress(compression) => {
                let done = compress::compress(fs, *compression, &self.job.file, &file).map_err(|error| {
                    self.failed("unable to compress into ", &temporary, ", pausing", &error, Step::Transform)
                })?;
                self.sealer.tell_of_lack(done, pace);
                if done == Compressed::No {
                    fs.remove(&temporary).map_err(fail)?;
                    self.fate = Fate::Kept;
                    return Ok(Next::Step(Step::Publish));
                }
                None
            }
            Transform::Process(command) => match self.process(command, &file)? {
                Some(newstate) => Some(newstate),
                None => return Ok(Next::Leave),
            },
        };
        self.output = Some(Output { file, newstate });
        Ok(Next::Step(Step::SyncOutput))
    }

    /// None: interrupted.
    fn process(&self, command: &std::ffi::OsStr, output: &F::File) -> Result<Option<F::File>, Failure> {
        let fs = &*self.sealer.fs;
        let open = |name: Name, how: How| {
            fs.open(&name, how)
                .map_err(|error| self.failed("unable to open ", &name, ", pausing", &error, Step::Transform))
        };
        let input = open(self.source(), How::Read)?;
        let state = match fs.open(&Name::State, How::Read) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => open(Name::State, How::New)?,
            Err(error) => {
                return Err(self.failed(
                    "unable to open ",
                    &Name::State,
                    ", pausing",
                    &error,
                    Step::Transform,
                ));
            }
            Ok(state) => state,
        };
        fs.remove(&Name::NewState).map_err(|error| {
            self.failed("unable to remove ", &Name::NewState, ", pausing", &error, Step::Transform)
        })?;
        let newstate = open(Name::NewState, How::New)?;
        let ended =
            fs.process(command, &Streams { input: &input, output, state: &state, newstate: &newstate });
        let message = match ended {
            Ok(None) => return Ok(None),
            Ok(Some(Ending::Exited(0))) => return Ok(Some(newstate)),
            Ok(Some(Ending::Exited(_))) => self.sealer.said("processor failed in ", ", pausing"),
            Ok(Some(Ending::Crashed(signal))) => self
                .sealer
                .said("processor crashed in ", ", pausing: killed by signal ")
                .and(signal.to_string()),
            Err(error) => self.sealer.said("unable to fork for processor in ", ", pausing").because(&error),
        };
        Err(Failure { message, retry: Step::Transform })
    }

    /// A failed sync of the output makes it worthless; it is made again from the source.
    fn sync_output(&mut self) -> Performed {
        let Some(output) = &self.output else { return Ok(Next::Step(Step::Transform)) };
        let fs = &*self.sealer.fs;
        fs.sync(&output.file).map_err(|error| {
            self.failed("unable to write ", &self.temporary(), " to disk, pausing", &error, Step::Transform)
        })?;
        if let Some(newstate) = &output.newstate {
            fs.sync(newstate).map_err(|error| {
                self.failed("unable to write ", &Name::NewState, " to disk, pausing", &error, Step::Transform)
            })?;
        }
        fs.sync_names().map_err(|error| Failure {
            message: self.sealer.said("unable to write directory ", " to disk, pausing").because(&error),
            retry: Step::SyncOutput,
        })?;
        Ok(Next::Step(Step::MarkOutput))
    }

    /// The mode, on the disk, is what commits the output: from here on it is published, also by the
    /// next multilog. All names, also that the source is not `current` anymore, are there before it.
    fn mark_output(&mut self) -> Performed {
        let Some(output) = &self.output else { return Ok(Next::Step(Step::Transform)) };
        let fs = &*self.sealer.fs;
        fs.set_mode(&output.file, Mode::Safe).map_err(|error| {
            self.failed("unable to set mode of ", &self.temporary(), ", pausing", &error, Step::MarkOutput)
        })?;
        fs.sync(&output.file).map_err(|error| {
            self.failed("unable to write ", &self.temporary(), " to disk, pausing", &error, Step::Transform)
        })?;
        Ok(Next::Step(Step::CommitState))
    }

    fn commit_state(&mut self) -> Performed {
        if self.output.as_ref().is_some_and(|output| output.newstate.is_some()) {
            match self.sealer.fs.rename(&Name::NewState, &Name::State) {
                // Done before a failure of a later step.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => result.map_err(|error| Failure {
                    message: self
                        .sealer
                        .said("unable to rename newstate to state in directory ", ", pausing")
                        .because(&error),
                    retry: Step::CommitState,
                })?,
            }
        }
        Ok(Next::Step(Step::Publish))
    }

    /// The source itself gets a second name and loses the first when that is on the disk. An output may be
    /// renamed, since its source is still there.
    fn publish(&mut self) -> Performed {
        let to = self.archive();
        let fs = &*self.sealer.fs;
        let named = match self.keeps_source() {
            true => name_twice(fs, &self.source(), &to).map(drop),
            false => fs.rename_new(&self.temporary(), &to),
        };
        match named {
            Ok(()) => Ok(Next::Step(Step::SyncNames)),
            // Retention of the foreground, or an administrator, deleted it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Next::Done),
            Err(error) => Err(self.failed("unable to link to ", &to, ", pausing", &error, Step::Publish)),
        }
    }

    fn sync_names(&mut self, step: Step) -> Performed {
        self.sealer.fs.sync_names().map_err(|error| Failure {
            message: self.sealer.said("unable to write directory ", " to disk, pausing").because(&error),
            retry: step,
        })?;
        Ok(match step {
            Step::SyncNames => Next::Step(Step::RemoveSource),
            _ => Next::Done,
        })
    }

    fn remove_source(&mut self) -> Performed {
        let source = self.source();
        self.sealer.fs.remove(&source).map_err(|error| {
            self.failed("unable to remove ", &source, ", pausing", &error, Step::RemoveSource)
        })?;
        // With its second name a source that comes back after a power cut is no harm.
        Ok(if self.keeps_source() { Next::Done } else { Next::Step(Step::SyncRemoval) })
    }
}
