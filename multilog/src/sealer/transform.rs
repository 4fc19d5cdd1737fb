//! The steps that make another file of a full one: a processor or a compressor writes it, it is brought to the disk, and
//! the processor's state is committed with it.

use std::ffi::OsStr;
use std::io;

use unix::diag::Message;

use super::compress::{self, Compressed};
use super::step::{Failure, Next, Performed, Step};
use super::work::{Fate, Work};
use crate::host::{PROGRAM, Pace};
use crate::logfs::{Ending, How, LogFs, Mode, Name, Processing, StateFiles};
use crate::script::Transform;

/// The unfinished archive.
pub(super) struct Output<File> {
    file: File,
    state: State,
}

/// Whether the transformation leaves a new state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Same,
    New,
}

/// How a processor ended, when it did not fail.
enum Processed {
    /// The output is whole.
    Whole,
    /// The source is gone, or there is no time for it.
    Source(Next),
}

impl<F: LogFs> Work<'_, F> {
    pub(super) fn transform(&mut self, pace: &mut dyn Pace) -> Performed {
        if self.sealer.config.has_processor() {
            // The processor opens the file itself, and there may be few descriptors.
            self.job.file = None;
        }
        self.output = None;
        let temporary = self.temporary();
        let fail = |error| self.failed("unable to create ", &temporary, ", pausing", &error, Step::Transform);
        let fs = &*self.sealer.fs;
        fs.clear(&temporary).map_err(fail)?;
        let file = fs.open(&temporary, How::New).map_err(fail)?;
        let state = match (&self.sealer.config.transform, &self.job.file) {
            (Transform::Process(command), _) => {
                if !self.source_is_there()? {
                    return Ok(Next::Gone);
                }
                let states = self.states(pace)?;
                match self.process(command, &file, states, pace)? {
                    Processed::Whole if states == StateFiles::Named => State::New,
                    Processed::Whole => State::Same,
                    Processed::Source(next) => return Ok(next),
                }
            }
            (Transform::Compress(compression), Some(input)) => {
                let done = compress::compress(fs, *compression, input, &file).map_err(|error| {
                    self.failed("unable to compress into ", &temporary, ", pausing", &error, Step::Transform)
                })?;
                self.sealer.tell_of_lack(done, pace);
                if done == Compressed::No {
                    fs.remove(&temporary).map_err(fail)?;
                    self.fate = Fate::Kept;
                    return Ok(Next::Step(Step::Publish));
                }
                State::Same
            }
            (Transform::Compress(_) | Transform::Keep, _) => State::Same,
        };
        self.output = Some(Output { file, state });
        Ok(Next::Step(Step::SyncOutput))
    }

    /// Whether the processor can keep a state.
    fn states(&self, pace: &mut dyn Pace) -> Result<StateFiles, Failure> {
        let fs = &*self.sealer.fs;
        let failed = |verb, name: &Name, error| self.failed(verb, name, ", pausing", &error, Step::Transform);
        for name in [Name::State, Name::NewState] {
            let stat = fs.lookup(&name).map_err(|error| failed("unable to open ", &name, error))?;
            if stat.is_some_and(|stat| !fs.is_ours(&stat)) {
                let said = self.sealer.said("unable to use ", "/").and(name.to_os().as_encoded_bytes());
                pace.warn(&said.and(", the processor keeps no state: not a file of this user"));
                return Ok(StateFiles::Nameless);
            }
        }
        fs.remove(&Name::NewState).map_err(|error| failed("unable to remove ", &Name::NewState, error))?;
        Ok(StateFiles::Named)
    }

    /// Whether the file that is to be processed is still there.
    fn source_is_there(&self) -> Result<bool, Failure> {
        let fs = &*self.sealer.fs;
        let source = self.source();
        match fs.lookup(&source) {
            Ok(Some(stat)) if fs.is_ours(&stat) => Ok(true),
            Ok(Some(_)) => {
                let error = io::ErrorKind::PermissionDenied.into();
                Err(self.failed("unable to open ", &source, ", leaving it unsealed", &error, Step::GiveUp))
            }
            Ok(None) => {
                let temporary = self.temporary();
                fs.remove(&temporary).map_err(|error| {
                    self.failed("unable to remove ", &temporary, ", pausing", &error, Step::Transform)
                })?;
                Ok(false)
            }
            Err(error) => Err(self.failed("unable to read ", &source, ", pausing", &error, Step::Transform)),
        }
    }

    fn process(
        &self,
        command: &OsStr,
        output: &F::File,
        states: StateFiles,
        pace: &mut dyn Pace,
    ) -> Result<Processed, Failure> {
        let source = self.source();
        let complaint =
            Message::new(PROGRAM).and(": warning: ").and(self.sealer.said("unable to open ", "/").as_bytes());
        let on = Processing { input: &source, output, states, complaint: &complaint };
        let message = match self.sealer.fs.process(command, &on, pace) {
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
    pub(super) fn sync_output(&mut self) -> Performed {
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
    pub(super) fn mark_output(&mut self) -> Performed {
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

    pub(super) fn commit_state(&mut self) -> Performed {
        if self.output.as_ref().is_some_and(|output| output.state == State::New)
            && let Err(error) = self.replace_state()
        {
            let said = self.sealer.said("unable to rename newstate to state in directory ", ", pausing");
            return Err(Failure { message: said.because(&error), retry: Step::CommitState });
        }
        Ok(Next::Step(Step::Publish))
    }

    /// Nothing is done where that was done before a failure of a later step, or where somebody has put something in
    /// the place of either meanwhile.
    fn replace_state(&self) -> io::Result<()> {
        let fs = &*self.sealer.fs;
        let is_there = fs.lookup(&Name::NewState)?.is_some_and(|stat| fs.is_ours(&stat));
        let has_place = fs.lookup(&Name::State)?.is_none_or(|stat| fs.is_ours(&stat));
        if is_there && has_place { fs.rename(&Name::NewState, &Name::State) } else { Ok(()) }
    }
}
