//! `LogFs` on the real file system, relative to the directory's descriptor.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use unix::diag::Message;
use unix::spawn::{Access, Opening};
use unix::tool::Fatal;
use unix::{file, lock, spawn};

use super::{Changed, Ending, How, LogFs, Mode, Name, Processing, Stat};
use crate::host::{Pace, Patience};
use crate::journal::record::{Identity, Place};

/// A log directory that this process has locked.
#[derive(Debug)]
pub struct RealFs {
    directory: OwnedFd,
    /// Held open for the lock on it.
    _lock: OwnedFd,
}

/// The mode of a file that nobody else has business with.
const PRIVATE: u32 = 0o600;

impl RealFs {
    /// Makes the directory if it is not there, opens it and locks it.
    ///
    /// A directory that was made is brought to the disk with its name, as nothing in it would be
    /// found after a power cut otherwise.
    pub fn open(path: &OsStr) -> Result<RealFs, Fatal> {
        let fatal = |verb: &str, error: &io::Error| {
            Fatal::system(Message::new(verb).and(path.as_encoded_bytes()), error)
        };
        let made = file::make_directory(Path::new(path));
        let directory = file::open_directory(Path::new(path))
            .map_err(|error| fatal("unable to open directory ", &error))?;
        if made {
            sync_parent(Path::new(path))
                .map_err(|error| fatal("unable to write to disk the directory of ", &error))?;
        }
        let lock = file::open(&directory, OsStr::new("lock"), How::Make, PRIVATE)
            .map_err(|error| fatal("unable to lock directory ", &error))?;
        lock::exclusive_now(&lock).map_err(|error| locked(path, &lock, &error))?;
        Ok(RealFs { directory, _lock: lock })
    }
}

fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    match file::open_directory(parent) {
        // A directory may be written to and not read; then this has to be left to the kernel.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        opened => file::sync(opened?),
    }
}

fn locked(path: &OsStr, lock: &OwnedFd, error: &io::Error) -> Fatal {
    let message = Message::new("unable to lock directory ").and(path.as_encoded_bytes());
    let held = error.kind() == ErrorKind::WouldBlock;
    match lock::holder(lock).filter(|_| held) {
        Some(pid) => Fatal::system(message, error).with_remark(&format!(" (held by process {pid})")),
        None => Fatal::system(message, error),
    }
}

impl LogFs for RealFs {
    type File = OwnedFd;

    fn open(&self, name: &Name, how: How) -> io::Result<OwnedFd> {
        let mode = if *name == Name::Journal { PRIVATE } else { Mode::Writing.bits() };
        let opened = file::open(&self.directory, &name.to_os(), how, mode)?;
        // Nothing stood there, so what was opened was made just now, by us.
        if how == How::New {
            return Ok(opened);
        }
        let stat = file::stat(&opened)?;
        let user = file::effective_user();
        if !stat.regular || (stat.owner != user && user != 0) {
            return Err(ErrorKind::PermissionDenied.into());
        }
        Ok(opened)
    }

    fn write(&self, file: &OwnedFd, bytes: &[u8]) -> io::Result<usize> {
        file::write(file, bytes)
    }

    fn read_at(&self, file: &OwnedFd, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        file::read_at(file, buffer, offset)
    }

    fn write_at(&self, file: &OwnedFd, bytes: &[u8], offset: u64) -> io::Result<usize> {
        file::write_at(file, bytes, offset)
    }

    fn truncate(&self, file: &OwnedFd, length: u64) -> io::Result<()> {
        file::truncate(file, length)
    }

    fn stat(&self, file: &OwnedFd) -> io::Result<Stat> {
        file::stat(file)
    }

    fn lookup(&self, name: &Name) -> io::Result<Option<Stat>> {
        file::lookup(&self.directory, &name.to_os())
    }

    fn set_mode(&self, file: &OwnedFd, mode: Mode) -> io::Result<()> {
        file::set_mode(file, mode.bits())
    }

    fn sync(&self, file: &OwnedFd) -> io::Result<()> {
        file::sync(file)
    }

    fn sync_names(&self) -> io::Result<()> {
        file::sync(&self.directory)
    }

    fn rename_new(&self, from: &Name, to: &Name) -> io::Result<()> {
        file::rename_new(&self.directory, &from.to_os(), &to.to_os())
    }

    fn link(&self, from: &Name, to: &Name) -> io::Result<()> {
        file::link(&self.directory, &from.to_os(), &to.to_os())
    }

    fn rename(&self, from: &Name, to: &Name) -> io::Result<()> {
        file::rename(&self.directory, &from.to_os(), &to.to_os())
    }

    fn remove(&self, name: &Name) -> io::Result<()> {
        file::remove(&self.directory, &name.to_os())
    }

    fn place(&self) -> io::Result<Place> {
        let stat = file::stat(&self.directory)?;
        Ok(Place { directory: Identity::of(&stat), mount: file::mount(&self.directory) })
    }

    fn changed(&self) -> io::Result<Changed> {
        file::changed(&self.directory)
    }

    fn each_name(&self, see: &mut dyn FnMut(&OsStr)) -> io::Result<()> {
        file::each_name(&self.directory, see)
    }

    fn process(
        &self,
        command: &OsStr,
        on: &Processing<'_, OwnedFd>,
        pace: &mut dyn Pace,
    ) -> io::Result<Option<Ending>> {
        let [input, state, newstate] = [on.input, &Name::State, &Name::NewState].map(Name::to_os);
        let file = |name, access, number| Opening { name, access, number };
        let child = spawn::spawn(&spawn::Command {
            program: OsStr::new("/bin/sh"),
            arguments: &[OsStr::new("sh"), OsStr::new("-c"), command],
            directory: self.directory.as_fd(),
            given: (on.output.as_fd(), 1),
            files: &[
                file(&input, Access::Read, 0),
                file(&state, Access::ReadOrMake, 4),
                file(&newstate, Access::New, 5),
            ],
            complaint: on.complaint.as_bytes(),
        })?;
        let ended = wait(&child, pace);
        if !matches!(ended, Ok(Some(_))) {
            child.kill()?;
        }
        ended
    }
}

/// Waits for as long as there is patience.
fn wait(child: &spawn::Child, pace: &mut dyn Pace) -> io::Result<Option<Ending>> {
    loop {
        let limit = match pace.patience() {
            Patience::Endless => None,
            Patience::For(time) => Some(time),
            Patience::Over => return Ok(None),
        };
        if let Some(ending) = child.wait_or(pace.interrupt(), limit)? {
            return Ok(Some(ending));
        }
    }
}
