//! `.svscan/log`: a supervised logger for the output of svscan itself and of all services without a logger.
//!
//! The logger is started first and keeps the output with which svscan was started. If its own output were its input, it
//! would wait for itself on a full disk.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use unix::diag::{Message, stderr, stdout};
use unix::tool::Fatal;
use unix::{pipe, stdio};

use super::job::{Descriptors, Job, Surroundings};
use super::service::Log;

const PLACE: &str = ".svscan";

/// svscan's own logger.
pub(super) struct OwnLog {
    pub(super) log: Log,
    output: Arc<OwnedFd>,
    error: Arc<OwnedFd>,
}

impl OwnLog {
    /// Starts it and takes its pipe for this process' output. None: there is no `.svscan/log`.
    pub(super) fn start(surroundings: &mut Surroundings) -> Result<Option<OwnLog>, Fatal> {
        if !Path::new(PLACE).join("log").is_dir() {
            return Ok(None);
        }
        let failed = |error: io::Error| Fatal::system(Message::new("unable to set up .svscan/log"), &error);
        let found = surroundings.survivors.pipe_into(&Path::new(PLACE).join("log"));
        let (reader, writer) = found.map_or_else(pipe::new, Ok).map_err(failed)?;
        let mut own = OwnLog::of(Arc::new(reader)).map_err(failed)?;
        own.log.job.keep(surroundings, Duration::ZERO);
        stdio::set_output(&writer).and_then(|()| stdio::set_error(&writer)).map_err(failed)?;
        Ok(Some(own))
    }

    /// The one that a svscan has left behind.
    pub(super) fn find(surroundings: &mut Surroundings) -> Option<OwnLog> {
        let (reader, _) = surroundings.survivors.pipe_into(&Path::new(PLACE).join("log"))?;
        let mut own = OwnLog::of(Arc::new(reader)).ok()?;
        own.log.job.hold(surroundings.crowded);
        own.log.job.find(surroundings, Duration::ZERO);
        Some(own)
    }

    fn of(pipe: Arc<OwnedFd>) -> io::Result<OwnLog> {
        let output = Arc::new(stdio::copy(stdout())?);
        let error = Arc::new(stdio::copy(stderr())?);
        let descriptors = Descriptors {
            input: Some(pipe.clone()),
            output: Some(output.clone()),
            error: Some(error.clone()),
        };
        let job = Job::new(OsStr::new(PLACE), OsStr::new("log"), descriptors);
        Ok(OwnLog { log: Log { job, pipe }, output, error })
    }

    /// Gives this process its first output back, so that the pipe has an end.
    pub(super) fn let_go(&self) {
        stdio::set_output(&self.output).and_then(|()| stdio::set_error(&self.error)).ok();
    }
}
