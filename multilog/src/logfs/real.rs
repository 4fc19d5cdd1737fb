//! `LogFs` on the real file system, relative to the directory's descriptor.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::SystemTime;

use unix::diag::Message;
use unix::spawn::{Access, Opening};
use unix::tool::Fatal;
use unix::{errno, file, lock, spawn};

use super::{Changed, Ending, How, Identity, LogFs, Name, Place, Processing, Quirk, Stat, StateFiles};
use crate::host::{Pace, Patience};
use crate::script::FileMode;

/// A log directory that this process has locked.
#[derive(Debug)]
pub struct RealFs {
    directory: OwnedFd,
    /// Whose the directory is.
    owner: u32,
    /// Held open for the lock on it. None: the directory itself is locked.
    _lock: Option<OwnedFd>,
    quirks: Vec<Quirk>,
    mode: Option<FileMode>,
}

/// The mode of a file that no other user needs.
const PRIVATE: u32 = 0o600;

impl RealFs {
    /// Makes the directory if it is not there, opens it and locks it.
    ///
    /// A directory that was made is brought to the disk with its name, as nothing in it would be
    /// found after a power cut otherwise. `mode` is what the script asks for.
    pub fn open(path: &OsStr, mode: Option<FileMode>) -> Result<RealFs, Fatal> {
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
        let unlockable = |error| fatal("unable to lock directory ", &error);
        let owner = file::stat(&directory).map_err(|error| fatal("unable to read ", &error))?.owner;
        let (lock, mut quirks) = open_lock(&directory).map_err(unlockable)?;
        let locks = lock.as_ref().unwrap_or(&directory);
        lock::exclusive_now(locks).map_err(|error| locked(path, locks, &error))?;
        if lock.as_ref().is_some_and(forgets_modes) {
            quirks.push(Quirk::ForgetsModes);
        }
        Ok(RealFs { directory, owner, _lock: lock, quirks, mode })
    }
}

/// Opens what is to be locked. The original locks whatever `lock` is or leads to; a named pipe or a device is not
/// even opened here.
fn open_lock(directory: &OwnedFd) -> io::Result<(Option<OwnedFd>, Vec<Quirk>)> {
    let name = OsStr::new("lock");
    match file::lookup(directory, name)? {
        Some(stat) if !stat.regular => match file::open_through_link(directory, name) {
            Some(file) => Ok((Some(file), vec![Quirk::LockIsLink])),
            None => Ok((None, vec![Quirk::LockIsNoFile])),
        },
        _ => {
            let opened = match file::open(directory, name, How::Make, PRIVATE) {
                // Somebody else's, but it can be locked all the same.
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    file::open(directory, name, How::Read, PRIVATE)
                }
                opened => opened,
            };
            opened.map(|lock| (Some(lock), Vec::new()))
        }
    }
}

/// Whether modes are forgotten, tried on `lock`. If that is not ours alone, nothing is known to speak for it.
fn forgets_modes(lock: &OwnedFd) -> bool {
    let remembers = |mode: u32| {
        file::set_mode(lock, mode)?;
        Ok::<_, io::Error>(file::stat(lock)?.mode & 0o100 == mode & 0o100)
    };
    let is_ours = file::stat(lock).is_ok_and(|stat| {
        stat.regular && stat.links == 1 && stat.size == 0 && stat.owner == file::effective_user()
    });
    if !is_ours {
        return false;
    }
    match remembers(PRIVATE | 0o100).and_then(|set| Ok(set && remembers(PRIVATE)?)) {
        Ok(remembered) => !remembered,
        Err(error) => is_refused(&error),
    }
}

/// Whether a mode can't be set, as on some file systems of FUSE.
fn is_refused(error: &io::Error) -> bool {
    matches!(errno::kind(error), ErrorKind::PermissionDenied | ErrorKind::Unsupported)
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

impl RealFs {
    /// Fails for what is not to be opened under this name.
    fn check(&self, name: &Name, stat: &Stat) -> io::Result<()> {
        let refuse = |reason| Err(io::Error::new(ErrorKind::PermissionDenied, reason));
        if stat.directory {
            return Err(ErrorKind::IsADirectory.into());
        }
        if !stat.regular {
            return refuse("not a regular file");
        }
        let is_journal = *name == Name::Journal;
        if !self.is_ours(stat) || is_journal && stat.owner != file::effective_user() {
            return refuse("not a file of this user");
        }
        if is_journal && stat.mode & 0o022 != 0 {
            return refuse("others may write to it");
        }
        if is_journal && stat.links != 1 {
            return refuse("it has another name");
        }
        Ok(())
    }
}

impl LogFs for RealFs {
    type File = OwnedFd;

    fn quirks(&self) -> &[Quirk] {
        &self.quirks
    }

    /// Of our own user. Root may log into anybody's directory, where it takes the owner's files for its own, and
    /// those of nobody else who may make files there.
    fn is_ours(&self, stat: &Stat) -> bool {
        let user = file::effective_user();
        stat.regular && (stat.owner == user || user == 0 && stat.owner == self.owner)
    }

    fn open(&self, name: &Name, how: How) -> io::Result<OwnedFd> {
        let is_private = matches!(name, Name::Journal | Name::AgeHold);
        let mode = if is_private { PRIVATE } else { self.mode.unwrap_or_default().at_first() };
        if how != How::New {
            if let Some(stat) = self.lookup(name)? {
                // A device does something when it is opened.
                self.check(name, &stat)?;
            }
        }
        let opened = file::open(&self.directory, &name.to_os(), how, mode)?;
        // A new file was made just now, by us.
        if how != How::New {
            self.check(name, &file::stat(&opened)?)?;
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

    fn asked_mode(&self) -> Option<FileMode> {
        self.mode
    }

    fn set_bits(&self, file: &OwnedFd, bits: u32) -> io::Result<()> {
        match file::set_mode(file, bits) {
            Err(error) if is_refused(&error) && self.quirks.contains(&Quirk::ForgetsModes) => Ok(()),
            set => set,
        }
    }

    fn set_modified(&self, name: &Name, moment: SystemTime) -> io::Result<()> {
        file::set_modified(&self.directory, &name.to_os(), moment)
    }

    fn sync(&self, file: &OwnedFd) -> io::Result<()> {
        file::sync(file)
    }

    fn sync_names(&self) -> io::Result<()> {
        file::sync(&self.directory)
    }

    fn rename_at_once(&self, from: &Name, to: &Name) -> io::Result<()> {
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
        let directory = Identity::of(&self.directory)?;
        Ok(Place { directory, mount: file::mount(&self.directory) })
    }

    fn is_removed(&self) -> bool {
        file::stat(&self.directory).is_ok_and(|stat| stat.links == 0)
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
        let keeps_modes = !self.quirks.contains(&Quirk::ForgetsModes);
        let mode = self.mode.filter(|_| keeps_modes).map(FileMode::bits);
        let opening = |name, access, number| Opening { name, access, number, mode };
        let (reads, writes) = match on.states {
            StateFiles::Named => (Access::ReadOrMake, Access::New),
            StateFiles::Nameless => (Access::Nothing, Access::Nothing),
        };
        // A processor gets what the original gives it.
        file::end_append_mode(on.output)?;
        let child = spawn::spawn(&spawn::Command {
            program: OsStr::new("/bin/sh"),
            arguments: &[OsStr::new("sh"), OsStr::new("-c"), command],
            directory: self.directory.as_fd(),
            given: (on.output.as_fd(), 1),
            files: &[
                opening(&input, Access::Read, 0),
                opening(&state, reads, 4),
                opening(&newstate, writes, 5),
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
