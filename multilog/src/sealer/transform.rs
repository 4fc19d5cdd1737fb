//! The steps that make another file of a full one. A processor or a compressor writes the new file, it is brought to
//! the disk, and the processor's state is committed with it.

use std::ffi::OsStr;
use std::io;

use unix::diag::Message;

use super::compress::{self, Compressed};
use super::step::{Failure, Next, Performed, Step};
use super::work::{Fate, Work};
use crate::host::{PROGRAM, Pace};
use crate::logfs::{Ending, How, LogFs, Mode, Name, Processing, StateFiles};
use crate::script::{Compression, Transform};

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

/// What a processor or compressor has written, when it did not fail.
enum Written {
    /// All of the output.
    Whole(State),
    /// Nothing, because a compressor has too little memory.
    NoMemory,
    /// Nothing of use, because the source is gone, or there is no time for it.
    Nothing(Next),
}

impl<F: LogFs> Work<'_, F> {
    pub(super) fn transform(&mut self, pace: &mut dyn Pace) -> Performed {
        let sealer = self.sealer;
        if sealer.config.has_processor() {
            // The processor opens the file itself, and there may be few descriptors.
            self.job.file = None;
        }
        self.output = None;
        let temporary = self.temporary();
        let fail = |error| self.failed("unable to create ", &temporary, &error, Step::Transform);
        sealer.fs.clear(&temporary).map_err(fail)?;
        let output = sealer.fs.make(&temporary).map_err(fail)?;
        let written = match (&sealer.config.transform, &self.job.file) {
            (Transform::Process(command), _) => self.process(command, &output, pace)?,
            (Transform::Compress(how), Some(input)) => self.compress(*how, input, &output, pace)?,
            (Transform::Compress(_) | Transform::Keep, _) => Written::Whole(State::Same),
        };
        match written {
            Written::Whole(state) => {
                self.output = Some(Output { file: output, state });
                Ok(Next::Step(Step::SyncOutput))
            }
            Written::NoMemory => {
                sealer.fs.remove(&temporary).map_err(fail)?;
                self.fate = Fate::Kept;
                Ok(Next::Step(Step::Publish))
            }
            Written::Nothing(next) => Ok(next),
        }
    }

    fn compress(
        &self,
        how: Compression,
        input: &F::File,
        output: &F::File,
        pace: &mut dyn Pace,
    ) -> Result<Written, Failure> {
        // Age goes by the time of the lines, and not by the time of the compression.
        let modified = self.sealer.fs.stat(input).map(|stat| stat.modified);
        let done = compress::compress(&*self.sealer.fs, how, input, output).map_err(|error| {
            self.failed("unable to compress into ", &self.temporary(), &error, Step::Transform)
        })?;
        if let Ok(modified) = modified {
            // Some file systems keep no times. The label says nearly the same.
            self.sealer.fs.set_modified(&self.temporary(), modified).ok();
        }
        self.sealer.tell_of_lack(done, pace);
        Ok(match done {
            Compressed::No => Written::NoMemory,
            Compressed::AsAsked | Compressed::Level(_) => Written::Whole(State::Same),
        })
    }

    fn process(&self, command: &OsStr, output: &F::File, pace: &mut dyn Pace) -> Result<Written, Failure> {
        if !self.source_is_there()? {
            return Ok(Written::Nothing(Next::Gone));
        }
        let states = self.states(pace)?;
        let source = self.source();
        let complaint =
            Message::new(PROGRAM).and(": warning: ").and(self.sealer.said("unable to open ", "/").as_bytes());
        let on = Processing { input: &source, output, states, complaint: &complaint };
        let message = match self.sealer.fs.process(command, &on, pace) {
            Ok(None) => return Ok(Written::Nothing(Next::Leave)),
            Ok(Some(Ending::Exited(0))) => {
                let state = if states == StateFiles::Named { State::New } else { State::Same };
                return Ok(Written::Whole(state));
            }
            Ok(Some(Ending::Exited(_))) => self.sealer.said("processor failed in ", ", pausing"),
            Ok(Some(Ending::Crashed(signal))) => self
                .sealer
                .said("processor crashed in ", ", pausing: killed by signal ")
                .and(signal.to_string()),
            Err(error) => self.sealer.said("unable to fork for processor in ", ", pausing").because(&error),
        };
        Err(Failure { message, retry: Step::Transform })
    }

    /// Whether the processor can keep a state.
    fn states(&self, pace: &mut dyn Pace) -> Result<StateFiles, Failure> {
        let fs = &*self.sealer.fs;
        let failed = |verb, name: &Name, error| self.failed(verb, name, &error, Step::Transform);
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
                Err(self.failed("unable to open ", &source, &error, Step::GiveUp))
            }
            Ok(None) => {
                let temporary = self.temporary();
                fs.remove(&temporary)
                    .map_err(|error| self.failed("unable to remove ", &temporary, &error, Step::Transform))?;
                Ok(false)
            }
            Err(error) => Err(self.failed("unable to read ", &source, &error, Step::Transform)),
        }
    }

    /// An output of which the sync has failed is worthless, and is made again from the source.
    pub(super) fn sync_output(&mut self) -> Performed {
        let Some(output) = &self.output else { return Ok(Next::Step(Step::Transform)) };
        let fs = &*self.sealer.fs;
        fs.sync(&output.file)
            .map_err(|error| self.failed_to_sync(&self.temporary(), &error, Step::Transform))?;
        if output.state == State::New {
            // The processor wrote it. The kernel reports a failed write to the next process that opens the file.
            fs.open(&Name::NewState, How::Append)
                .and_then(|newstate| fs.sync(&newstate))
                .map_err(|error| self.failed_to_sync(&Name::NewState, &error, Step::Transform))?;
        }
        fs.sync_names().map_err(|error| Failure {
            message: self.sealer.said("unable to write directory ", " to disk, pausing").because(&error),
            retry: Step::SyncOutput,
        })?;
        Ok(Next::Step(Step::MarkOutput))
    }

    /// The mode commits the output once it is on the disk: from then on the output is published, if not by this
    /// multilog, then by the next. All names are on the disk before, also the new one of the source, which was
    /// `current`.
    pub(super) fn mark_output(&mut self) -> Performed {
        let Some(output) = &self.output else { return Ok(Next::Step(Step::Transform)) };
        let fs = &*self.sealer.fs;
        fs.set_mode(&output.file, Mode::Safe).map_err(|error| {
            self.failed("unable to set mode of ", &self.temporary(), &error, Step::MarkOutput)
        })?;
        fs.sync(&output.file)
            .map_err(|error| self.failed_to_sync(&self.temporary(), &error, Step::Transform))?;
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

    /// Does nothing if it was done before a later step failed, or if another user has put something of theirs in the
    /// place of either file meanwhile.
    fn replace_state(&self) -> io::Result<()> {
        let fs = &*self.sealer.fs;
        let is_there = fs.lookup(&Name::NewState)?.is_some_and(|stat| fs.is_ours(&stat));
        let has_place = fs.lookup(&Name::State)?.is_none_or(|stat| fs.is_ours(&stat));
        if is_there && has_place { fs.rename(&Name::NewState, &Name::State) } else { Ok(()) }
    }
}
