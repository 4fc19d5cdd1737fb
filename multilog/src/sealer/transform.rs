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
use crate::retention;
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
        let output = match sealer.fs.make(&temporary) {
            Ok(output) => output,
            Err(error) => return self.no_output("unable to create ", &error, pace),
        };
        let written = match (&sealer.config.transform, &self.job.file) {
            (Transform::Process(command), _) => self.process(command, &output, pace)?,
            (Transform::Compress(how), Some(input)) => {
                match compress::compress(&*sealer.fs, *how, input, &output) {
                    Ok(done) => self.compressed(done, input, pace),
                    Err(error) => return self.no_output("unable to compress into ", &error, pace),
                }
            }
            (Transform::Compress(_) | Transform::Keep, _) => Written::Whole(State::Same),
        };
        match written {
            Written::Whole(state) => {
                self.output = Some(Output { file: output, state });
                Ok(Next::Step(Step::SyncOutput))
            }
            Written::NoMemory => {
                sealer.fs.remove(&temporary).map_err(fail)?;
                Ok(self.keep())
            }
            Written::Nothing(next) => Ok(next),
        }
    }

    /// A compressor has written all or nothing. Age goes by the time of the lines, and not by the time of the compression.
    fn compressed(&self, done: Compressed, input: &F::File, pace: &mut dyn Pace) -> Written {
        if done != Compressed::No {
            if let Ok(stat) = self.sealer.fs.stat(input) {
                // Some file systems keep no times. The label says nearly the same.
                self.sealer.fs.set_modified(&self.temporary(), stat.modified).ok();
            }
        }
        self.sealer.tell_of_lack(done, pace);
        match done {
            Compressed::No => Written::NoMemory,
            Compressed::AsAsked | Compressed::Level(_) => Written::Whole(State::Same),
        }
    }

    /// The file stays what it is.
    fn keep(&mut self) -> Next {
        self.fate = Fate::Kept;
        Next::Step(Step::Publish)
    }

    /// There is no output, for this reason. A disk that its own pending files fill would never have room for what a
    /// compressor makes of them. So archives go where the script lets them go, and otherwise the file stays what it is
    /// after some tries. It is an archive then, which retention may delete. A processor has to see its file.
    fn no_output(&mut self, verb: &str, error: &io::Error, pace: &mut dyn Pace) -> Performed {
        let (sealer, temporary) = (self.sealer, self.temporary());
        let failure = self.failed(verb, &temporary, error, Step::Transform);
        if !sealer.has_compression() || !retention::is_full(error) {
            return Err(failure);
        }
        // What was written so far takes room that `current` could have.
        if sealer.fs.clear(&temporary).is_err() {
            return Err(failure);
        }
        if sealer.made_room(error, pace) {
            return Ok(Next::Step(Step::Transform));
        }
        self.without_room += 1;
        if self.without_room < sealer.tries_without_room() {
            return Err(failure);
        }
        sealer.tell_of_no_room(error, pace);
        Ok(self.keep())
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
    pub(super) fn sync_output(&mut self, pace: &mut dyn Pace) -> Performed {
        let Some(output) = &self.output else { return Ok(Next::Step(Step::Transform)) };
        let fs = &*self.sealer.fs;
        match fs.sync(&output.file) {
            // Some file systems look for room as late as that.
            Err(error) if retention::is_full(&error) && self.sealer.has_compression() => {
                return self.no_output("unable to write ", &error, pace);
            }
            synced => {
                synced.map_err(|error| self.failed_to_sync(&self.temporary(), &error, Step::Transform))?
            }
        }
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
        self.sealer.has_room_again();
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
        if self.output.as_ref().is_some_and(|output| output.state == State::New) {
            if let Err(error) = self.replace_state() {
                let said = self.sealer.said("unable to rename newstate to state in directory ", ", pausing");
                return Err(Failure { message: said.because(&error), retry: Step::CommitState });
            }
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
