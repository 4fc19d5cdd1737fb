//! `Work`: a full file that is being sealed, and how far it is.

use std::io;

use tai64tools::Label;

use super::step::{Failure, Next, Step};
use super::transform::Output;
use super::{Job, Sealed, Sealer};
use crate::host::{FIRST_PAUSE, Pace, Patience, Pause, wait};
use crate::logfs::{Archive, LogFs, Name};
use crate::script::Code;
use crate::tally::Trouble;

/// A file in work.
pub(super) struct Work<'a, F: LogFs> {
    pub(super) sealer: &'a Sealer<F>,
    pub(super) job: Job<F::File>,
    /// What the transformation writes.
    pub(super) output: Option<Output<F::File>>,
    /// What becomes of the file.
    pub(super) fate: Fate,
    /// How often there was no room on the disk for its compressed form.
    pub(super) without_room: usize,
    at: At,
}

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// What the script says.
    AsAsked,
    /// It stays what it is, as there is no memory to compress it, or no room for the result.
    Kept,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// This step is next.
    Step(Step),
    Ended(Sealed),
}

impl<'a, F: LogFs> Work<'a, F> {
    /// Nothing is done yet.
    pub(super) fn new(sealer: &'a Sealer<F>, job: Job<F::File>) -> Work<'a, F> {
        Work { sealer, job, output: None, fate: Fate::AsAsked, without_room: 0, at: At::Step(Step::Sync) }
    }

    /// Whether this step is the next.
    pub(super) fn is_at(&self, step: Step) -> bool {
        self.at == At::Step(step)
    }

    /// Goes on at `step`: a step of another file has done for this one too what comes before.
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

    /// How the work has ended. Work that has not ended counts as left, which it would be now.
    pub(super) fn ended(&self) -> Sealed {
        match self.at {
            At::Ended(sealed) => sealed,
            At::Step(_) => Sealed::Left,
        }
    }

    fn go(&mut self, last: Option<Step>, pace: &mut dyn Pace) {
        let mut pause = FIRST_PAUSE;
        while let At::Step(step) = self.at {
            if last.is_some_and(|last| step >= last) {
                return;
            }
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
                        Next::GiveUp => At::Ended(Sealed::GivenUp),
                        Next::Leave => At::Ended(Sealed::Left),
                    };
                }
                Err(failure) => {
                    self.sealer.account.failed(Trouble::Seal);
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
    pub(super) fn source(&self) -> Name {
        Archive::unsealed(self.job.label).into()
    }

    pub(super) fn temporary(&self) -> Name {
        Archive::temporary(self.job.label).into()
    }

    /// What it becomes.
    pub(super) fn archive(&self) -> Archive {
        match self.fate {
            Fate::AsAsked => Archive::sealed(self.job.label, &self.sealer.config.code()),
            Fate::Kept => Archive::sealed(self.job.label, &Code::plain()),
        }
    }

    pub(super) fn keeps_source(&self) -> bool {
        !self.sealer.config.has_transform() || self.fate == Fate::Kept
    }

    /// `unable to VERB DIR/NAME, pausing: REASON`. A file of the same name that another process has made stays there,
    /// and this one stays `@label.u`.
    pub(super) fn failed(&self, verb: &str, name: &Name, error: &io::Error, retry: Step) -> Failure {
        let (rest, retry) = match (error.kind(), retry) {
            (io::ErrorKind::AlreadyExists, _) => (", leaving its file unsealed", Step::GiveUp),
            (_, Step::GiveUp) => (", leaving it unsealed", Step::GiveUp),
            (_, retry) => (", pausing", retry),
        };
        let said = self.sealer.said(verb, "/").and(name.to_os().as_encoded_bytes());
        Failure { message: said.and(rest).because(error), retry }
    }

    /// `unable to write DIR/NAME to disk, pausing: REASON`.
    pub(super) fn failed_to_sync(&self, name: &Name, error: &io::Error, retry: Step) -> Failure {
        let said = self.sealer.said("unable to write ", "/").and(name.to_os().as_encoded_bytes());
        Failure { message: said.and(" to disk, pausing").because(error), retry }
    }
}
