//! `Directory`: the service directory as supervise uses it, and the files in its `supervise/`.
//!
//! ```text
//! lock        locked while a supervise runs; who the process is, for the supervise that comes after this one
//! control     named pipe for commands
//! ok          named pipe that somebody reads while a supervise runs
//! status      the 18 bytes for svstat
//! state       what else is known, once there is something: how the last process ended, whether this one is ready
//! ```

use std::fs;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use unix::diag::{Message, warn};
use unix::lock::{self, Keep};
use unix::process::{Process, change_directory};
use unix::tool::Fatal;
use unix::{fifo, pipe};

use super::kept::Kept;
use crate::service::rules::Rules;
use crate::service::state::State;
use crate::service::status::Status;
use crate::service::survivor::{self, Origin, Survivor};

/// A service directory, which is the working directory, and locked.
pub(super) struct Directory {
    name: PathBuf,
    lock: OwnedFd,
    control: OwnedFd,
    /// So that the pipe has no end when the last svc has gone.
    _writer: OwnedFd,
    ok: Option<OwnedFd>,
    status: Kept,
    state: Kept,
    /// Whether a process could not be written down, and that was said.
    forgetful: bool,
}

impl Directory {
    /// Makes what is missing in `supervise/`, takes the lock, opens the control pipe.
    pub(super) fn enter(name: &Path) -> Result<Directory, Fatal> {
        let failed = |what: &str, file: &str, error: &io::Error| failed(name, what, file, error);
        change_directory(name).map_err(|error| failed("unable to chdir to ", "", &error))?;
        make_folder();
        let unable = |error: io::Error| failed("unable to acquire ", "/supervise/lock", &error);
        let lock = lock::open_file(Path::new("supervise/lock"), Keep::Here).map_err(unable)?;
        lock::exclusive_now(&lock).map_err(unable)?;
        let control = Path::new("supervise/control");
        let unreadable = |error: io::Error| failed("unable to read ", "/supervise/control", &error);
        fifo::make(control).map_err(unreadable)?;
        let reader = fifo::open_to_read(control).map_err(unreadable)?;
        if !fifo::is_trusted(&reader).map_err(unreadable)? {
            // Whoever owns it decides who may give commands.
            return Err(unreadable(ErrorKind::PermissionDenied.into()));
        }
        let unwritable = |error: io::Error| failed("unable to write ", "/supervise/control", &error);
        let writer = fifo::open_to_write(control).map_err(unwritable)?;
        fifo::shrink(&reader);
        let name = name.to_owned();
        Ok(Directory {
            name,
            lock,
            control: reader,
            _writer: writer,
            ok: None,
            status: Kept::new("supervise/status", "supervise/status.new"),
            state: Kept::new("supervise/state", "supervise/state.new"),
            forgetful: false,
        })
    }

    /// Shows that this supervise runs. After the first status, so that svstat finds one.
    pub(super) fn open_ok(&mut self) -> Result<(), Fatal> {
        let unreadable = |error: io::Error| self.failed("unable to read ", "/supervise/ok", &error);
        let path = Path::new("supervise/ok");
        fifo::make(path).map_err(unreadable)?;
        let ok = fifo::open_to_read(path).map_err(unreadable)?;
        fifo::shrink(&ok);
        self.ok = Some(ok);
        Ok(())
    }

    /// A failure at a file of it.
    pub(super) fn failed(&self, what: &str, file: &str, error: &io::Error) -> Fatal {
        failed(&self.name, what, file, error)
    }

    /// As it was given to supervise.
    pub(super) fn name(&self) -> &[u8] {
        self.name.as_os_str().as_bytes()
    }

    /// Whether the service is not to be started.
    pub(super) fn is_down(&self) -> Result<bool, Fatal> {
        match fs::metadata("down") {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.failed("unable to stat ", "/down", &error)),
        }
    }

    /// What the directory says about how its service is treated. What is not understood is warned about.
    pub(super) fn rules(&self) -> Rules {
        let mut rules = Rules::PLAIN;
        for file in Rules::FILES {
            let understood = match fs::read_to_string(file) {
                Ok(text) => rules.take(file, &text),
                Err(error) => error.kind() == ErrorKind::NotFound,
            };
            if !understood {
                let message = Message::new("unable to understand ").and(self.name()).and("/").and(file);
                warn("supervise", &message);
            }
        }
        rules
    }

    /// Readable when there is a command.
    pub(super) fn control(&self) -> BorrowedFd<'_> {
        self.control.as_fd()
    }

    /// One byte.
    pub(super) fn command(&self) -> Option<u8> {
        let mut byte = [0];
        matches!(pipe::read(&self.control, &mut byte), Ok(1)).then_some(byte[0])
    }

    /// Writes the state, and then the status, so that who sees one that has ended knows how.
    pub(super) fn announce(&mut self, status: &Status, state: &State) {
        let whose = self.name.as_os_str().as_bytes();
        self.state.hold(state.text().as_bytes(), whose);
        self.status.hold(&status.bytes(), whose);
    }

    /// Writes down who the process is. That it can't be is said once.
    pub(super) fn remember(&mut self, process: &Process, origin: Origin) {
        let Err(error) = survivor::remember(&self.lock, process, origin) else { return };
        if !std::mem::replace(&mut self.forgetful, true) {
            let message = Message::new("unable to write ").and(self.name()).and("/supervise/lock");
            warn("supervise", &message.because(&error));
        }
    }

    /// The process that an earlier supervise has left. Where that can't be known there is none, as in the original.
    pub(super) fn survivor(&self) -> Option<Survivor> {
        survivor::find(Path::new("")).unwrap_or_else(|error| {
            let message = Message::new("unable to look for the last process of ").and(self.name());
            warn("supervise", &message.because(&error));
            None
        })
    }

    /// What an earlier supervise has written.
    pub(super) fn found(&mut self) -> (Option<Status>, State) {
        let status = self.status.found(b"").and_then(|bytes| Status::of(&bytes));
        let state = self.state.found(State::default().text().as_bytes());
        (status, state.map_or_else(State::default, |text| State::of(&String::from_utf8_lossy(&text))))
    }
}

fn failed(name: &Path, what: &str, file: &str, error: &io::Error) -> Fatal {
    Fatal::system(Message::new(what).and(name.as_os_str().as_bytes()).and(file), error)
}

/// Makes `supervise/`, or what it links to where that is missing: on a disk that is empty after each start. What goes
/// wrong shows at the lock.
fn make_folder() {
    let make = |path: &Path| fs::DirBuilder::new().mode(0o700).create(path);
    let folder = Path::new("supervise");
    if make(folder).is_err() && !folder.exists() {
        fs::read_link(folder).and_then(|target| make(&target)).ok();
    }
}
