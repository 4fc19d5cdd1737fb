//! `Home` and `Folder`: a service directory and the `supervise/` in it, each opened once; files are reached below them.
//!
//! The owner of a service directory decides what is in it, and can change that while another user looks. Therefore
//! nothing in `supervise/` is reached through a link, nothing is opened that is not of its kind, no call blocks, and
//! only the start of a file is read.
//!
//! `supervise` itself may be a link into a file system that can be written to, and so may `log`. Such a link is
//! followed if it belongs to root or to the user of this process, or if it leads to a directory of the link's owner.
//! Following any other link would let svc reach another service than the one that was named.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use unix::fifo;
use unix::file::{Identity, here, is_executable, lookup, open_file, read_start_of_file};
use unix::held::{Held, Kind, Look, look_at};

use super::command::Part;

const LOCK: &str = "lock";

/// A service directory.
#[derive(Debug)]
pub struct Home(Held);

impl Home {
    /// What a path leads to. An error where it could not become the working directory either.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Home> {
        let path = path.as_ref();
        // The name within it asks for the right to enter it. No path at all leads nowhere.
        let within = if path.as_os_str().is_empty() { path.to_path_buf() } else { path.join(".") };
        Held::directory(here(), within.as_os_str()).map(Home)
    }

    /// The same, or the service directory of its logger.
    pub fn open_part(path: impl AsRef<Path>, part: Part) -> io::Result<Home> {
        let home = Home::open(path)?;
        match part {
            Part::Main => Ok(home),
            Part::Log => home.directory("log"),
        }
    }

    /// Which directory it is.
    pub fn id(&self) -> io::Result<Identity> {
        Identity::of(&self.0)
    }

    /// Whether there is a script of this name that can be run.
    pub fn has_script(&self, name: &str) -> bool {
        is_executable(&self.0, OsStr::new(name))
    }

    /// A directory in it, `log` for example.
    pub fn directory(&self, name: &str) -> io::Result<Home> {
        directory_below(&self.0, name).map(|(directory, _)| Home(directory))
    }

    /// Its `supervise/`.
    pub fn folder(&self) -> io::Result<Folder> {
        Folder::below(&self.0)
    }
}

/// A directory of a service directory, and what it is.
fn directory_below(service: impl AsFd, name: &str) -> io::Result<(Held, Look)> {
    let held = Held::new(&service, OsStr::new(name))?;
    let look = held.look()?;
    match look.kind {
        Kind::Directory => Ok((held, look)),
        Kind::Link => {
            let directory = Held::directory(&service, &held.target()?)?;
            let found = directory.look()?;
            // A second name of root's link is not root's doing.
            if look.is_trusted() && look.links == 1 || look.owner == found.owner {
                return Ok((directory, found));
            }
            Err(io::Error::other(format!("the link {name} leads to what is not its owner's")))
        }
        _ => Err(io::ErrorKind::NotADirectory.into()),
    }
}

impl AsFd for Home {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The `supervise/` of a service directory.
#[derive(Debug)]
pub struct Folder {
    held: Held,
    look: Look,
}

impl Folder {
    /// That of the working directory.
    pub fn here() -> io::Result<Folder> {
        Folder::below(here())
    }

    fn below(service: impl AsFd) -> io::Result<Folder> {
        directory_below(service, "supervise").map(|(held, look)| Folder { held, look })
    }

    /// Whether it belongs to the user of this process or to root, and so everything in it is what they want.
    pub fn is_trusted(&self) -> bool {
        self.look.is_trusted()
    }

    /// Its owner.
    pub fn owner(&self) -> u32 {
        self.look.owner
    }

    /// Itself.
    pub fn held(&self) -> &Held {
        &self.held
    }

    /// Whether a supervise runs: the pipe `ok` has a reader.
    pub fn is_supervised(&self) -> io::Result<bool> {
        self.pipe("ok").map(|pipe| pipe.is_some())
    }

    /// A named pipe, to be written to. None: nobody reads it.
    pub fn pipe(&self, name: &str) -> io::Result<Option<OwnedFd>> {
        match fifo::open_to_write(&self.held, OsStr::new(name)) {
            Ok(pipe) => self.believe(pipe).map(Some),
            Err(error) if error.raw_os_error() == Some(fifo::NOBODY_READS) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same where who reads it may come later: what is written is kept as long as this is open.
    pub fn pipe_to_keep(&self, name: &str) -> io::Result<OwnedFd> {
        self.believe(fifo::open_to_keep(&self.held, OsStr::new(name))?)
    }

    /// It may be another user's file with a second name here.
    fn believe(&self, pipe: OwnedFd) -> io::Result<OwnedFd> {
        if !self.is_trusted() && look_at(&pipe)?.links != 1 {
            return Err(io::Error::other("has other names"));
        }
        Ok(pipe)
    }

    /// Its `lock`, opened for reading. None: there is none, or another user decides which file it is.
    pub fn lock(&self) -> io::Result<Option<OwnedFd>> {
        if !self.is_trusted() {
            return Ok(None);
        }
        match open_file(&self.held, OsStr::new(LOCK)) {
            Ok(lock) => Ok(Some(lock)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Which file that is, without opening it.
    pub fn lock_id(&self) -> Option<Identity> {
        let lock = lookup(&self.held, OsStr::new(LOCK)).ok()??;
        (self.is_trusted() && lock.regular).then_some(lock.identity)
    }

    /// The start of a file.
    pub fn read(&self, name: &str, limit: usize) -> io::Result<Vec<u8>> {
        read_start_of_file(&self.held, OsStr::new(name), limit)
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.held.as_fd()
    }
}
