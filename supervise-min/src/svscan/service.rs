//! `Service`: the supervise of a directory and, where there is a `log`, the logger's supervise and the pipe that both
//! share.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use unix::diag::{Message, warn};
use unix::file::Identity;
use unix::pipe;

use super::entry::Entry;
use super::job::{Descriptors, Job, Surroundings};
use super::survivors::Survivors;

/// A service.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) id: Identity,
    /// Whether its name was there at the last look.
    pub(super) active: bool,
    pub(super) main: Job,
    pub(super) log: Option<Log>,
    /// Whether a `log` that came later was warned about.
    late: bool,
}

/// What reads the output of a service.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) job: Job,
    /// The pipe's end to read, which holds what was not read yet whatever happens to the logger.
    pub(super) pipe: Arc<OwnedFd>,
}

impl Service {
    /// Looks for a `log`, once and for all, and makes the pipe; without a pipe nothing is started. If a supervise or a
    /// process of an earlier svscan still has the pipe, that one is taken over.
    pub(super) fn new(entry: &Entry, survivors: &mut Survivors) -> Result<Service, Message> {
        let name = &entry.name;
        let about = |what: &str| Message::new(what).and(name.as_bytes());
        let has_log = match fs::metadata(Path::new(name).join("log")) {
            Ok(_) => true,
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(about("unable to stat ").and("/log").because(&error)),
        };
        let mut output = Descriptors::default();
        let mut log = None;
        if has_log {
            let found = survivors.pipe_between(Path::new(name), &Path::new(name).join("log"));
            let (reader, writer) = found
                .map_or_else(pipe::new, Ok)
                .map_err(|error| about("unable to create pipe for ").because(&error))?;
            let pipe = Arc::new(reader);
            let input = Descriptors { input: Some(pipe.clone()), ..Descriptors::default() };
            log = Some(Log { job: Job::new(name, OsStr::new("log"), input), pipe });
            output.output = Some(Arc::new(writer));
        }
        let main = Job::new(OsStr::new(""), name, output);
        Ok(Service { id: entry.id, active: false, main, log, late: false })
    }

    /// Warns, once, of a `log` that was not there when the service was seen first.
    pub(super) fn look_for_late_log(&mut self) {
        let name = &self.main.name;
        if self.log.is_none() && !self.late && fs::metadata(Path::new(name).join("log")).is_ok() {
            self.late = true;
            let message = Message::new("not running ")
                .and(name.as_bytes())
                .and("/log, which came later than the service");
            warn("svscan", &message);
        }
    }

    /// The directory has another name now.
    pub(super) fn rename(&mut self, name: &OsStr) {
        self.main.name = name.into();
        if let Some(log) = &mut self.log {
            log.job.place = name.into();
        }
    }

    /// Its supervises.
    pub(super) fn jobs(&mut self) -> impl Iterator<Item = &mut Job> {
        std::iter::once(&mut self.main).chain(self.log.as_mut().map(|log| &mut log.job))
    }

    /// Whether it is there no more, and nothing of it runs: neither a supervise nor a process that has lost its own.
    pub(super) fn is_over(&mut self) -> bool {
        !self.active && self.jobs().all(|job| !job.runs() && job.process().is_none())
    }

    /// Starts the supervise of a service that is to end: what comes after its end writes to the logger as well.
    pub(super) fn start_with_pipe(&mut self, surroundings: &Surroundings, now: Duration) {
        let output = self.log.as_ref().and_then(|log| pipe::other_end(&log.pipe).ok()).map(Arc::new);
        self.main.descriptors = Descriptors { output, ..Descriptors::default() };
        self.main.start(surroundings, now);
        self.main.descriptors = Descriptors::default();
    }

    /// Starts its supervises that do not run, if their time has come. The logger's is the first, so that the service
    /// never writes without a reader, even if svscan is killed in between.
    pub(super) fn keep(&mut self, surroundings: &mut Surroundings, now: Duration) {
        if let Some(log) = &mut self.log {
            log.job.keep(surroundings, now);
        }
        self.main.keep(surroundings, now);
    }
}
