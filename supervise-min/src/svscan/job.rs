//! `Job`: one supervise, which svscan has started or found, and which is started again when it has ended.

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
use unix::file::Identity;
use unix::limit::{self, Limit, Resource};
use unix::process::{Process, change_directory, go_back, start};
use unix::signal::{Signal, Signals};
use unix::stdio;
use unix::tool::{Fatal, SYSTEM};

use super::APART;
use super::survivors::Survivors;
use crate::service::hold::Hold;
use crate::service::shutdown::NOTIFY_SOCKET;
use crate::service::survivor::Survivor;

/// The longest wait for the next start of a supervise that keeps ending.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What svscan has changed of its own process and gives back to the programs that it runs, and which supervises run
/// already.
pub(super) struct Surroundings {
    /// Whose messages these are.
    pub(super) program: &'static str,
    pub(super) survivors: Survivors,
    pub(super) signals: Signals,
    pub(super) files: Limit,
    /// Whether there are too few descriptors to hold directories.
    pub(super) crowded: bool,
    /// Whether a supervise that is started here is the same program as the one that ran before.
    pub(super) revives: bool,
}

impl Surroundings {
    /// Takes signals over and raises the limit of descriptors as far as possible, since each service with a log takes
    /// some. Programs that are run get the limit back that was there.
    pub(super) fn take_over(program: &'static str, wanted: &[Signal]) -> Result<Surroundings, Fatal> {
        let signals = Signals::take_over(wanted);
        let signals =
            signals.map_err(|error| Fatal::system(Message::new("unable to wait for signals"), &error))?;
        let files = limit::get(Resource::Nofile);
        limit::set(Resource::Nofile, Limit { soft: files.hard, ..files }).ok();
        Ok(Surroundings {
            program,
            survivors: Survivors::new(),
            signals,
            files,
            crowded: false,
            revives: true,
        })
    }

    /// Gives back what a child has inherited.
    pub(super) fn give_back(&self) -> io::Result<()> {
        self.signals.give_back();
        limit::set(Resource::Nofile, self.files)
    }
}

/// Which descriptors a supervise gets in the place of svscan's.
#[derive(Clone, Debug, Default)]
pub(super) struct Descriptors {
    pub(super) input: Option<Arc<OwnedFd>>,
    pub(super) output: Option<Arc<OwnedFd>>,
    pub(super) error: Option<Arc<OwnedFd>>,
}

/// What a supervise is told when it is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunsAs {
    /// Nothing.
    Service,
    /// To run its service once.
    Once,
}

/// A supervise.
#[derive(Debug)]
pub(super) struct Job {
    /// Where it is started. Empty: here.
    pub(super) place: PathBuf,
    /// Its argument.
    pub(super) name: OsString,
    pub(super) descriptors: Descriptors,
    pub(super) runs_as: RunsAs,
    /// Its service directory, which the name may not lead to any more. None: there was no descriptor for it.
    pub(super) held: Option<Hold>,
    pid: Option<u32>,
    /// One that runs and is not a child.
    survivor: Option<Process>,
    /// No start before.
    pub(super) not_before: Duration,
    started: Duration,
    /// How often it has ended soon after its start, in a row.
    failures: u32,
    /// Whether it was told to end. Then its end is no reason for a warning.
    leaving: bool,
}

impl Job {
    pub(super) fn new(place: &OsStr, name: &OsStr, descriptors: Descriptors) -> Job {
        Job {
            place: place.into(),
            name: name.into(),
            descriptors,
            runs_as: RunsAs::Service,
            held: None,
            pid: None,
            survivor: None,
            not_before: Duration::ZERO,
            started: Duration::ZERO,
            failures: 0,
            leaving: false,
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
        if self.failures == 2 && !self.leaving {
            warn(
                "svscan",
                &Message::new("supervise ")
                    .and(self.path().as_os_str().as_bytes())
                    .and(" keeps ending, pausing"),
            );
        }
    }

    /// Whether its supervise runs and was started by another process.
    pub(super) fn was_found(&self) -> bool {
        self.survivor.is_some()
    }

    /// Whether its supervise ends whenever it is started.
    pub(super) fn keeps_ending(&self) -> bool {
        self.failures >= 2
    }

    /// Notes that the supervise was told to end, so that its end is no reason for a warning.
    pub(super) fn leaves(&mut self) {
        self.leaving = true;
    }

    /// When it will be started. None: it runs.
    pub(super) fn due(&self) -> Option<Duration> {
        (!self.runs()).then_some(self.not_before)
    }

    /// Starts it if it does not run, if the time for that has come, and if no other process has started one.
    pub(super) fn keep(&mut self, surroundings: &mut Surroundings, now: Duration) {
        if self.due().is_none_or(|due| due > now) {
            return;
        }
        self.hold(surroundings.crowded);
        if !self.find(surroundings, now) {
            self.start(surroundings, now);
        }
    }

    /// Looks for a supervise that another process has started. True: there is one.
    pub(super) fn find(&mut self, surroundings: &mut Surroundings, now: Duration) -> bool {
        self.survivor = self.at(|held| surroundings.survivors.supervise_in(held)).flatten();
        if self.runs() {
            self.started = now;
        }
        self.runs()
    }

    /// Holds the directory to which its name leads now, unless a service still runs in the one that is held.
    pub(super) fn hold(&mut self, crowded: bool) {
        if crowded {
            self.held = None;
        } else if self.held.as_ref().is_none_or(|held| held.process().is_none()) {
            if let Ok(held) = Hold::open(&self.path()) {
                self.held = Some(held);
            }
        }
    }

    /// Its directory is not found by its name any more.
    pub(super) fn has_lost_its_name(&mut self) {
        let supervise = self.supervise();
        if let Some(held) = &mut self.held {
            held.keep_lock(supervise);
        }
    }

    /// Starts it, whether it may or not.
    pub(super) fn start(&mut self, surroundings: &Surroundings, now: Duration) {
        match start(|| self.become_supervise(surroundings)) {
            Ok(pid) => (self.pid, self.started) = (Some(pid), now),
            Err(error) => {
                self.not_before = now + APART;
                let message = Message::new("unable to fork for ").and(self.path().as_os_str().as_bytes());
                warn(surroundings.program, &message.because(&error));
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
        fatal(surroundings.program, &message.because(&error));
        SYSTEM
    }

    fn prepare(&self, surroundings: &Surroundings) -> io::Result<Program> {
        surroundings.give_back()?;
        let Descriptors { input, output, error } = &self.descriptors;
        input.as_ref().map_or(Ok(()), stdio::set_input)?;
        output.as_ref().map_or(Ok(()), stdio::set_output)?;
        error.as_ref().map_or(Ok(()), stdio::set_error)?;
        let supervise = OsStr::new("supervise");
        let mut words = vec![supervise.into()];
        words.extend((self.runs_as == RunsAs::Once).then(|| "-o".into()));
        words.push(self.go_there()?);
        let mut environment = Environment::inherited();
        environment.remove(OsStr::new(NOTIFY_SOCKET));
        Program::new(supervise, &words, environment)
    }

    /// Goes to where supervise is started, and says its argument.
    fn go_there(&self) -> io::Result<OsString> {
        if let Some(held) = &self.held {
            if Identity::at(&self.path()) != Some(held.id()) {
                go_back(held)?;
                return Ok(".".into());
            }
        }
        if !self.place.as_os_str().is_empty() {
            change_directory(&self.place)?;
        }
        Ok(self.name.clone())
    }

    /// The number of its process.
    pub(super) fn supervise(&self) -> Option<u32> {
        self.pid.or(self.survivor.as_ref().map(Process::pid))
    }

    /// The process of its service, whether a supervise runs or not.
    pub(super) fn process(&self) -> Option<Survivor> {
        self.at(Hold::process).flatten()
    }

    /// Sends its supervise commands. False: it does not listen yet, or has ended.
    pub(super) fn tell(&self, commands: &[u8]) -> bool {
        self.at(|held| held.tell(self.supervise(), commands)).unwrap_or(false)
    }

    /// Sends its supervise a signal.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(Ok(Some(supervise))) = self.supervise().map(Process::find) {
            // What has ended meanwhile needs none.
            supervise.signal(signal).ok();
        }
    }

    /// Does something with its directory.
    pub(super) fn at<T>(&self, what: impl FnOnce(&Hold) -> T) -> Option<T> {
        match &self.held {
            Some(held) => Some(what(held)),
            None => Hold::open(&self.path()).ok().as_ref().map(what),
        }
    }
}
