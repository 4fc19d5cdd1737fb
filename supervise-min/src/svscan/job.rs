//! `Job`: one supervise, of svscan's own or one that it has found, started again when it has ended.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use unix::diag::{Message, fatal, warn};
use unix::environment::Environment;
use unix::exec::Program;
use unix::limit::{self, Limit, Resource};
use unix::process::{Process, change_directory, start};
use unix::signal::Signals;
use unix::stdio;
use unix::tool::SYSTEM;

use super::APART;
use super::survivors::Survivors;
use crate::service::command::tell;

/// The longest wait for the next start of a supervise that keeps ending.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What svscan has changed of its own and gives back to what it runs, and who runs already.
pub(super) struct Surroundings {
    pub(super) survivors: Survivors,
    pub(super) signals: Signals,
    pub(super) files: Limit,
}

/// Which descriptors a supervise gets in the place of svscan's.
#[derive(Clone, Debug, Default)]
pub(super) struct Descriptors {
    pub(super) input: Option<Arc<OwnedFd>>,
    pub(super) output: Option<Arc<OwnedFd>>,
    pub(super) error: Option<Arc<OwnedFd>>,
}

/// A supervise.
#[derive(Debug)]
pub(super) struct Job {
    /// Where it is started. Empty: here.
    pub(super) place: PathBuf,
    /// Its argument.
    pub(super) name: OsString,
    pub(super) descriptors: Descriptors,
    pid: Option<u32>,
    /// One that runs and is not a child.
    survivor: Option<Process>,
    /// No start before.
    pub(super) not_before: Duration,
    started: Duration,
    /// How often it has ended soon after its start, in a row.
    failures: u32,
}

impl Job {
    pub(super) fn new(place: &OsStr, name: &OsStr, descriptors: Descriptors) -> Job {
        Job {
            place: place.into(),
            name: name.into(),
            descriptors,
            pid: None,
            survivor: None,
            not_before: Duration::ZERO,
            started: Duration::ZERO,
            failures: 0,
        }
    }

    /// Whether there is one.
    pub(super) fn runs(&self) -> bool {
        self.pid.is_some() || self.survivor.is_some()
    }

    /// Whether this child was it.
    pub(super) fn is(&self, pid: u32) -> bool {
        self.pid == Some(pid)
    }

    /// Whether it was found, and has ended.
    pub(super) fn has_ended_elsewhere(&self) -> bool {
        self.survivor.as_ref().is_some_and(|process| process.ended().is_ok_and(|ended| ended.is_some()))
    }

    /// Its supervise has ended.
    pub(super) fn ended(&mut self, now: Duration) {
        (self.pid, self.survivor) = (None, None);
        let soon = now.saturating_sub(self.started) < APART;
        self.failures = if soon { self.failures + 1 } else { 0 };
        let wait = APART * 2u32.pow(self.failures.saturating_sub(1).min(4));
        self.not_before = now + wait.min(LONGEST_WAIT);
        if self.failures == 2 {
            warn(
                "svscan",
                &Message::new("supervise ")
                    .and(self.path().as_os_str().as_bytes())
                    .and(" keeps ending, pausing"),
            );
        }
    }

    /// Forgets how often it has ended: from now on it is to.
    pub(super) fn forgive(&mut self) {
        self.failures = 0;
    }

    /// When it is to be started. None: it runs.
    pub(super) fn due(&self) -> Option<Duration> {
        (!self.runs()).then_some(self.not_before)
    }

    /// Starts it if it does not run and may, unless somebody has.
    pub(super) fn keep(&mut self, surroundings: &mut Surroundings, now: Duration) {
        if self.due().is_none_or(|due| due > now) {
            return;
        }
        self.survivor = surroundings.survivors.supervise_in(&self.path());
        if self.runs() {
            self.started = now;
            return;
        }
        match start(|| self.become_supervise(surroundings)) {
            Ok(pid) => (self.pid, self.started) = (Some(pid), now),
            Err(error) => {
                self.not_before = now + APART;
                let message = Message::new("unable to fork for ").and(self.path().as_os_str().as_bytes());
                warn("svscan", &message.because(&error));
            }
        }
    }

    /// The service directory.
    pub(super) fn path(&self) -> PathBuf {
        self.place.join(&self.name)
    }

    /// In the child.
    fn become_supervise(&self, surroundings: &Surroundings) -> u8 {
        let error = self.prepare(surroundings).map_or_else(|error| error, |program| program.run());
        let message = Message::new("unable to start supervise ").and(self.path().as_os_str().as_bytes());
        fatal("svscan", &message.because(&error));
        SYSTEM
    }

    fn prepare(&self, surroundings: &Surroundings) -> io::Result<Program> {
        surroundings.signals.give_back();
        limit::set(Resource::Nofile, surroundings.files)?;
        let Descriptors { input, output, error } = &self.descriptors;
        input.as_ref().map_or(Ok(()), stdio::set_input)?;
        output.as_ref().map_or(Ok(()), stdio::set_output)?;
        error.as_ref().map_or(Ok(()), stdio::set_error)?;
        if !self.place.as_os_str().is_empty() {
            change_directory(&self.place)?;
        }
        let supervise = OsStr::new("supervise");
        Program::new(supervise, &[supervise.into(), self.name.clone()], Environment::inherited())
    }

    /// Sends its supervise commands. False: it does not listen yet, or has ended.
    pub(super) fn tell(&self, commands: &[u8]) -> bool {
        tell(&self.path(), commands)
    }
}
