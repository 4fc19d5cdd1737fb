//! The state directory: who ships, and for each lane where it is, written so that a kill or a power cut leaves the old text
//! or the new one.

mod assign;
mod files;
mod kept;
mod slots;

pub use assign::{Assigned, assign};
pub use files::{Disk, Files, replace};
pub use kept::{Found, Intent, Kept};
pub use slots::Slots;

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use unix::diag::Message;
use unix::lock::{self, Keep};
use unix::tool::Fatal;

use crate::identity::Instance;

/// A state directory that is ours alone.
#[derive(Debug)]
pub struct State {
    /// Where it is.
    pub path: PathBuf,
    /// Who ships.
    pub instance: Instance,
    /// Held as long as the program runs.
    _lock: OwnedFd,
}

impl State {
    /// Opens a state directory, which is made where there is none.
    ///
    /// # Errors
    ///
    /// It is a log directory, can't be made or read, another process has it, or it is damaged.
    pub fn open(path: &Path) -> Result<State, Fatal> {
        let unable = |verb: &str, name: &str, error: &io::Error| {
            Fatal::system(Message::new(verb).and(path.join(name).as_os_str().as_bytes()), error)
        };
        // Its logger has the same lock.
        if path.join("current").symlink_metadata().is_ok() {
            let shown = path.as_os_str().as_bytes();
            return Err(Fatal::misuse(Message::new("--state ").and(shown).and(" is a log directory")));
        }
        unix::file::make_directory(path);
        let lock = lock::open_file(&path.join("lock"), Keep::Here)
            .map_err(|error| unable("unable to open ", "lock", &error))?;
        take(&lock).map_err(|error| in_use(path, &lock, &error))?;
        let disk = Disk::new(path);
        let instance = match disk.read("instance") {
            Ok(text) => Instance::parse(&text).ok_or_else(|| nobody(path))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let made = Instance::new().and_then(|made| {
                    replace(&disk, "instance", format!("{}\n", made.0).as_bytes())?;
                    Ok(made)
                });
                made.map_err(|error| unable("unable to write ", "instance", &error))?
            }
            Err(error) => return Err(unable("unable to read ", "instance", &error)),
        };
        Ok(State { path: path.to_owned(), instance, _lock: lock })
    }

    /// What is kept of a lane, and the version of that. Of a new one: nothing, and 0.
    ///
    /// # Errors
    ///
    /// It can't be read, is damaged, or is of another directory.
    pub fn kept(&self, name: &str, directory: &Path) -> Result<(Kept, u64), Fatal> {
        let file = || Message::new("unable to read ").and(self.path.join(name).as_os_str().as_bytes());
        match Slots::read(&Disk::new(&self.path), name) {
            Ok(None) => Ok((Kept::default(), 0)),
            Ok(Some(found)) if found.directory == directory => Ok((found.kept, found.version)),
            Ok(Some(found)) => {
                let said = Message::new(self.path.join(name).as_os_str().as_bytes()).and(" is of ");
                let said = said.and(found.directory.as_os_str().as_bytes()).and(" and not of ");
                Err(Fatal::failure(said.and(directory.as_os_str().as_bytes())))
            }
            Err(error) if error.kind() == ErrorKind::InvalidData => Err(damaged(&self.path, name)),
            Err(error) => Err(Fatal::system(file(), &error)),
        }
    }
}

impl State {
    /// The file of each of these sinks of one kind for a directory, and whether that was of another engine.
    ///
    /// # Errors
    ///
    /// A file can't be read, is damaged, or is of another directory.
    pub fn assign(
        &self,
        kind: &str,
        engines: &[String],
        directory: &Path,
    ) -> Result<Vec<(String, bool)>, Fatal> {
        let mut kept = Vec::new();
        loop {
            let (found, version) = self.kept(&name(kind, kept.len(), directory), directory)?;
            if version == 0 && kept.len() >= engines.len() {
                break;
            }
            kept.push((version > 0).then_some(found.engine));
        }
        let assigned = assign(engines, &kept).into_iter();
        Ok(assigned.map(|one| (name(kind, one.file, directory), one.of_another)).collect())
    }
}

/// Takes the lock. A shipper that was killed while it started a command leaves the lock to that for a moment.
fn take(lock: &OwnedFd) -> io::Result<()> {
    const TRIES: u32 = 20;
    for _ in 0..TRIES {
        match lock::exclusive_now(lock) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(25)),
            taken => return taken,
        }
    }
    lock::exclusive_now(lock)
}

/// Who ships is not known: another instance would be another shipper, and begin in the middle.
fn nobody(path: &Path) -> Fatal {
    let said = Message::new(path.join("instance").as_os_str().as_bytes()).and(" is damaged: restore it, or ");
    Fatal::failure(said.and("move the whole state directory away, and all is shipped from its start"))
}

fn damaged(path: &Path, name: &str) -> Fatal {
    let said = Message::new(path.join(name).as_os_str().as_bytes());
    Fatal::failure(said.and(" is damaged: move it away, and the directory is shipped from its start"))
}

fn in_use(path: &Path, lock: &OwnedFd, error: &io::Error) -> Fatal {
    let message = Message::new("unable to lock ").and(path.as_os_str().as_bytes());
    match lock::holder(lock) {
        Some(pid) => Fatal::failure(message.and(format!(": process {pid} ships with it"))),
        None => Fatal::system(message, error),
    }
}

/// The name of a lane's file: of the sink with this number, from 0, among those of its kind.
pub fn name(kind: &str, number: usize, directory: &Path) -> String {
    format!("{}.{}", numbered(kind, number), digest(directory.as_os_str().as_bytes()))
}

/// What a sink is called: its kind, and a number where it is not the first one of it.
pub fn numbered(kind: &str, number: usize) -> String {
    if number == 0 { kind.into() } else { format!("{kind}-{}", number + 1) }
}

/// Sixteen hexadecimal digits for a path, or for what tells an engine from others.
pub fn digest(bytes: &[u8]) -> String {
    let backward: Vec<u8> = bytes.iter().rev().copied().collect();
    format!("{:08x}{:08x}", crc32fast::hash(bytes), crc32fast::hash(&backward))
}
