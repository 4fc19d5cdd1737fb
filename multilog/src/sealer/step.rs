//! The steps from `@label.u` to an archive, in order. Every one can be done again after a failure.
//!
//! ```text
//! Sync -> MarkSafe -> SyncOrder -> Publish(.u = .s) -> SyncNames -> RemoveSource        nothing to transform
//!   |         '-> Transform -> SyncOutput -> MarkOutput -> CommitState
//!   |                              '-> Publish(.t -> .s) -> SyncNames -> RemoveSource -> SyncNames
//!   '-> Rewrite (the disk refused the file: write it again elsewhere) -> MarkSafe
//! ```
//!
//! What a crash leaves is told by the names and modes: `.u` alone: not sealed. `.t` 0644: unfinished,
//! to be dropped. `.t` 0744: complete and on the disk, to be published. `.u` beside its archive: to
//! be removed.

use std::io;

use tai64tools::Label;
use unix::diag::Message;

use super::rewrite::{Rewritten, rewrite};
use super::{Asked, Job, Sealed, Sealer, compress};
use crate::host::{FIRST_PAUSE, PROGRAM, Pace, Patience, Pause, wait};
use crate::logfs::{Archive, Ending, How, LogFs, Mode, Name, Processing, name_twice};
use crate::script::Transform;

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
}

/// What comes after a step.
pub(super) enum Next {
    Step(Step),
    /// The file is an archive.
    Done,
    /// The file was deleted.
    Gone,
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
    sealer: &'a Sealer<F>,
    job: Job<F::File>,
    /// What the transformation writes.
    output: Option<Output<F::File>>,
    at: At,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// This step is next.
    Step(Step),
    Ended(Sealed),
}

/// The unfinished archive.
struct Output<File> {
    file: File,
    state: State,
}

/// Whether the transformation leaves a new state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Same,
    New,
}

type Performed = Result<Next, Failure>;

/// How a processor ended, when it did not fail.
enum Processed {
    /// The output is whole.
    Whole,
    /// The source is gone, or there is no time for it.
    Source(Next),
}

impl Step {
    /// Performs the step once.
    fn perform<F: LogFs>(self, work: &mut Work<'_, F>, pace: &mut dyn Pace) -> Performed {
        match self {
            Step::Sync => work.sync(pace),
            Step::Rewrite => work.rewrite(pace),
            Step::MarkSafe => work.mark_safe(),
            Step::Transform => work.transform(pace),
            Step::SyncOutput => work.sync_output(),
            Step::MarkOutput => work.mark_output(),
            Step::CommitState => work.commit_state(),
            Step::Publish => work.publish(),
            Step::SyncOrder | Step::SyncNames | Step::SyncRemoval => work.sync_names(self),
            Step::RemoveSource => work.remove_source(),
        }
    }
}

impl<'a, F: LogFs> Work<'a, F> {
    /// Nothing is done yet.
    pub(super) fn new(sealer: &'a Sealer<F>, job: Job<F::File>) -> Work<'a, F> {
        Work { sealer, job, output: None, at: At::Step(Step::Sync) }
    }

    /// Whether this step is the next.
    pub(super) fn is_at(&self, step: Step) -> bool {
        self.at == At::Step(step)
    }

    /// Another file's step has done for this one too what was to be done before `step`.
    pub(super) fn skip_to(&mut self, step: Step) {
        self.at = At::Step(step);
    }

    /// There is no time for the rest.
    pub(super) fn leave(&mut self) {
        self.at = At::Ended(Sealed::Left);
    }

    /// Takes the file through the steps before `last`.
    pub(super) fn go_on(&mut self, last: Step, pace: &mut dyn Pace) {
        self.go(Some(last), pace);
    }

    /// Takes the file through all its steps.
    pub(super) fn go_on_to_the_end(&mut self, pace: &mut dyn Pace) {
        self.go(None, pace);
    }

    /// Which file it is.
    pub(super) fn label(&self) -> Label {
        self.job.label
    }

    /// How it ended. One that has not ended would be left like this.
    pub(super) fn ended(&self) -> Sealed {
        match self.at {
            At::Ended(sealed) => sealed,
            At::Step(_) => Sealed::Left,
        }
    }

    fn go(&mut self, last: Option<Step>, pace: &mut dyn Pace) {
        let mut pause = FIRST_PAUSE;
        while let At::Step(step) = self.at
            && last.is_none_or(|last| step < last)
        {
            if pace.patience() == Patience::Over {
                self.leave();
                return;
            }
            match step.perform(self, pace) {
                Ok(next) => {
                    pause = FIRST_PAUSE;
                    self.at = match next {
                        Next::Step(next) => At::Step(next),
                        Next::Done => At::Ended(Sealed::Done),
                        Next::Gone => At::Ended(Sealed::Gone),
                        Next::Leave => At::Ended(Sealed::Left),
                    };
                }
                Err(failure) => {
                    pace.warn(&failure.message);
                    self.at = At::Step(failure.retry);
                    if wait(&mut pause, pace) == Pause::Stop {
                        self.leave();
                    }
                }
            }
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
        Archive::sealed(self.job.label, &self.sealer.config.code).into()
    }

    fn keeps_source(&self) -> bool {
        self.sealer.config.transform == Transform::Keep
    }

    /// `unable to VERB DIR/NAME, pausing: REASON`.
    fn failed(&self, verb: &str, name: &Name, rest: &str, error: &io::Error, retry: Step) -> Failure {
        let message =
            self.sealer.said(verb, "/").and(name.to_os().as_encoded_bytes()).and(rest).because(error);
        Failure { message, retry }
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
                self.job.file = Some(file);
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
        if let Some(file) = &self.job.file {
            self.sealer.fs.set_mode(file, Mode::Safe).map_err(|error| {
                self.failed("unable to set mode of ", &source, ", pausing", &error, Step::MarkSafe)
            })?;
        }
        Ok(Next::Step(if self.keeps_source() { Step::SyncOrder } else { Step::Transform }))
    }

    fn transform(&mut self, pace: &mut dyn Pace) -> Performed {
        if matches!(self.sealer.config.transform, Transform::Process(_)) {
            // The processor opens the file itself, and there may be few descriptors.
            self.job.file = None;
        }
        self.output = None;
        let temporary = self.temporary();
        let fail = |error| self.failed("unable to create ", &temporary, ", pausing", &error, Step::Transform);
        let fs = &*self.sealer.fs;
        fs.remove(&temporary).map_err(fail)?;
        let file = fs.open(&temporary, How::New).map_err(fail)?;
        let state = match (&self.sealer.config.transform, &self.job.file) {
            (Transform::Process(command), _) => match self.process(command, &file, pace)? {
                Processed::Whole => State::New,
                Processed::Source(next) => return Ok(next),
            },
            (Transform::Compress(compression), Some(input)) => {
                compress::compress(fs, *compression, input, &file).map_err(|error| {
                    self.failed("unable to compress into ", &temporary, ", pausing", &error, Step::Transform)
                })?;
                State::Same
            }
            (Transform::Compress(_) | Transform::Keep, _) => State::Same,
        };
        self.output = Some(Output { file, state });
        Ok(Next::Step(Step::SyncOutput))
    }

    fn process(
        &self,
        command: &std::ffi::OsStr,
        output: &F::File,
        pace: &mut dyn Pace,
    ) -> Result<Processed, Failure> {
        let fs = &*self.sealer.fs;
        let source = self.source();
        let failed = |verb, name: &Name, error| self.failed(verb, name, ", pausing", &error, Step::Transform);
        if fs.lookup(&source).map_err(|error| failed("unable to read ", &source, error))?.is_none() {
            let temporary = self.temporary();
            fs.remove(&temporary).map_err(|error| failed("unable to remove ", &temporary, error))?;
            return Ok(Processed::Source(Next::Gone));
        }
        fs.remove(&Name::NewState).map_err(|error| failed("unable to remove ", &Name::NewState, error))?;
        let complaint =
            Message::new(PROGRAM).and(": warning: ").and(self.sealer.said("unable to open ", "/").as_bytes());
        let on = Processing { input: &source, output, complaint: &complaint };
        let message = match fs.process(command, &on, pace) {
            Ok(None) => return Ok(Processed::Source(Next::Leave)),
            Ok(Some(Ending::Exited(0))) => return Ok(Processed::Whole),
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
        if output.state == State::New {
            // The processor wrote it; a failure that nobody has heard of is told to whoever opens it.
            fs.open(&Name::NewState, How::Append).and_then(|newstate| fs.sync(&newstate)).map_err(
                |error| {
                    self.failed(
                        "unable to write ",
                        &Name::NewState,
                        " to disk, pausing",
                        &error,
                        Step::Transform,
                    )
                },
            )?;
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
        if self.output.as_ref().is_some_and(|output| output.state == State::New) {
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
            // An administrator deleted it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Next::Gone),
            Err(error) => Err(self.failed("unable to link to ", &to, ", pausing", &error, Step::Publish)),
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
        self.sealer.fs.remove(&source).map_err(|error| {
            self.failed("unable to remove ", &source, ", pausing", &error, Step::RemoveSource)
        })?;
        // With its second name a source that comes back after a power cut is no harm.
        Ok(if self.keeps_source() { Next::Done } else { Next::Step(Step::SyncRemoval) })
    }
}
