//! `Directory`: the service directory as supervise uses it, and the files in its `supervise/`.
//!
//! ```text
//! lock        locked while a supervise runs; who the process is, for the supervise that comes after this one
//! control     named pipe for commands
//! ok          named pipe that has a reader while a supervise runs
//! status      the 18 bytes for svstat
//! state       what else is known, once there is something: how the last process ended, whether this one is ready
//! ```

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use unix::diag::{Message, warn};
use unix::file::{self, How, here};
use unix::held::{Held, Kind, look_at};
use unix::lock;
use unix::process::{Process, change_directory};
use unix::tool::Fatal;
use unix::{fifo, pipe};

use super::kept::Kept;
use crate::service::folder::Folder;
use crate::service::rules::Rules;
use crate::service::state::{self, State};
use crate::service::status::{self, Status};
use crate::service::survivor::{self, Origin, Survivor};

/// How much of a rule's file is read. A longer file is no rule.
const LONGEST_RULE: usize = 4096;

/// A service directory, which is the working directory, and locked.
pub(super) struct Directory {
    name: PathBuf,
    folder: Rc<Folder>,
    lock: OwnedFd,
    control: OwnedFd,
    /// Our own writing end of the control pipe: while it is open, reading never finds the end of the file.
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
        let folder = folder().map_err(|error| failed("unable to use ", "/supervise", &error))?;
        let unable = |error: io::Error| failed("unable to acquire ", "/supervise/lock", &error);
        let lock = open_lock(&folder).map_err(unable)?;
        lock::exclusive_now(&lock).map_err(unable)?;
        let control = OsStr::new("control");
        let unreadable = |error: io::Error| failed("unable to read ", "/supervise/control", &error);
        fifo::make(&folder, control).map_err(unreadable)?;
        let reader = fifo::open_to_read(&folder, control).map_err(unreadable)?;
        let unwritable = |error: io::Error| failed("unable to write ", "/supervise/control", &error);
        let writer = fifo::open_to_write(&folder, control).map_err(unwritable)?;
        fifo::shrink(&reader);
        let (name, folder) = (name.to_owned(), Rc::new(folder));
        Ok(Directory {
            name,
            lock,
            control: reader,
            _writer: writer,
            ok: None,
            status: Kept::new(&folder, "status", "status.new", "status"),
            state: Kept::new(&folder, "state", "state.new", "status"),
            folder,
            forgetful: false,
        })
    }

    /// Shows that this supervise runs. The first status is written before, so that svstat finds one.
    pub(super) fn open_ok(&mut self) -> Result<(), Fatal> {
        let unreadable = |error: io::Error| self.failed("unable to read ", "/supervise/ok", &error);
        let name = OsStr::new("ok");
        fifo::make(&*self.folder, name).map_err(unreadable)?;
        let ok = fifo::open_to_read(&*self.folder, name).map_err(unreadable)?;
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
        let down = file::exists(here(), OsStr::new("down"));
        down.map_err(|error| self.failed("unable to stat ", "/down", &error))
    }

    /// What the directory says about how its service is treated. What is not understood is warned about.
    pub(super) fn rules(&self) -> Rules {
        let mut rules = Rules::PLAIN;
        for file in Rules::FILES {
            let understood = match file::read_start(here(), OsStr::new(file), LONGEST_RULE) {
                Ok(text) if text.len() == LONGEST_RULE => false,
                Ok(text) => String::from_utf8(text).is_ok_and(|text| rules.take(file, &text)),
                Err(error) => error.kind() == io::ErrorKind::NotFound,
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

    /// Writes the state, and then the status. A reader that sees in the status that the service has ended finds in the
    /// state how.
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
        survivor::find(&self.lock).unwrap_or_else(|error| {
            let message = Message::new("unable to look for the last process of ").and(self.name());
            warn("supervise", &message.because(&error));
            None
        })
    }

    /// What an earlier supervise has written.
    pub(super) fn found(&mut self) -> (Option<Status>, State) {
        let status = self.status.found(b"", status::LENGTH).and_then(|bytes| Status::of(&bytes));
        let state = self.state.found(State::default().text().as_bytes(), state::LENGTH);
        (status, state.map_or_else(State::default, |text| State::of(&String::from_utf8_lossy(&text))))
    }
}

fn failed(name: &Path, what: &str, file: &str, error: &io::Error) -> Fatal {
    Fatal::system(Message::new(what).and(name.as_os_str().as_bytes()).and(file), error)
}

/// The `supervise/` of the working directory, made where it is missing. It must belong to the user of this process or
/// to root: its owner gives the commands and says which process is the service's.
fn folder() -> io::Result<Folder> {
    let folder = Folder::here().or_else(|_| {
        make_folder();
        Folder::here()
    })?;
    if folder.is_trusted() {
        return Ok(folder);
    }
    Err(io::Error::other(format!("belongs to user {}", folder.owner())))
}

/// Makes `supervise/`, or what it links to where that is missing: on a disk that is empty after each start. What goes
/// wrong shows when it is opened.
fn make_folder() {
    let make = |path: &Path| fs::DirBuilder::new().mode(0o700).create(path);
    let link = || {
        let held = Held::new(here(), OsStr::new("supervise"))?;
        if held.look()?.is_trusted() { held.target() } else { Err(io::ErrorKind::PermissionDenied.into()) }
    };
    make(Path::new("supervise")).or_else(|_| make(Path::new(&link()?))).ok();
}

/// The file that is locked, and that says who the service's process is.
fn open_lock(folder: &Folder) -> io::Result<OwnedFd> {
    let lock = file::open(folder, OsStr::new("lock"), How::Update, 0o600)?;
    look_at(&lock)?.kind.must_be(Kind::File)?;
    Ok(lock)
}
