//! The seam to the file system: the verbs a log directory uses, and the names it knows.
//!
//! Everything multilog does to a log directory goes through [`LogFs`], so that every one of these
//! calls can be failed, cut short and crashed in simulation.

mod name;
mod real;

use std::ffi::{OsStr, OsString};
use std::io;

use unix::diag::Message;

use crate::host::Pace;
use crate::journal::record::Place;
pub use name::{Archive, Name};
pub use real::RealFs;
pub use unix::file::{How, Stat};
pub use unix::spawn::Ending;

/// The meanings of a file's mode. The owner's x says that the file is complete and on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// 0644: being written, or not known to be on the disk.
    Writing,
    /// 01644: the disk has refused it. A later fsync would claim that it is there.
    Refused,
    /// 0744: safe.
    Safe,
}

impl Mode {
    /// The permission bits.
    pub fn bits(self) -> u32 {
        match self {
            Mode::Writing => 0o644,
            Mode::Refused => 0o1644,
            Mode::Safe => 0o744,
        }
    }

    /// What the permission bits of a file mean.
    pub fn of(stat: &Stat) -> Mode {
        match stat.mode & 0o1100 {
            0 => Mode::Writing,
            0o1000 => Mode::Refused,
            _ => Mode::Safe,
        }
    }
}

/// What a processor works on. It opens its input, `state` (4) and `newstate` (5) itself.
#[derive(Debug)]
pub struct Processing<'a, File> {
    /// 0: the name of the full file.
    pub input: &'a Name,
    /// 1: what becomes the archive.
    pub output: &'a File,
    /// How a message about a file of this directory begins.
    pub complaint: &'a Message,
}

/// When a directory last changed, as its file system counts.
pub type Changed = (i64, u64);

/// One log directory, opened and locked.
pub trait LogFs: Send + Sync + 'static {
    /// An open file.
    type File: Send + 'static;

    /// Opens a regular file that is ours.
    fn open(&self, name: &Name, how: How) -> io::Result<Self::File>;
    /// Writes at the end; how much was written.
    fn write(&self, file: &Self::File, bytes: &[u8]) -> io::Result<usize>;
    /// Reads at an offset; 0 at the end.
    fn read_at(&self, file: &Self::File, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes at an offset of a file that was opened for that; how much was written.
    fn write_at(&self, file: &Self::File, bytes: &[u8], offset: u64) -> io::Result<usize>;
    /// Cuts to a length.
    fn truncate(&self, file: &Self::File, length: u64) -> io::Result<()>;
    /// What an open file is.
    fn stat(&self, file: &Self::File) -> io::Result<Stat>;
    /// What stands under a name.
    fn lookup(&self, name: &Name) -> io::Result<Option<Stat>>;
    /// Sets the mode.
    fn set_mode(&self, file: &Self::File, mode: Mode) -> io::Result<()>;
    /// Brings a file to the disk.
    fn sync(&self, file: &Self::File) -> io::Result<()>;
    /// Brings the names to the disk.
    fn sync_names(&self) -> io::Result<()>;
    /// Renames and never replaces.
    fn rename_new(&self, from: &Name, to: &Name) -> io::Result<()>;
    /// Gives a file a second name, and never replaces.
    fn link(&self, from: &Name, to: &Name) -> io::Result<()>;
    /// Renames and replaces.
    fn rename(&self, from: &Name, to: &Name) -> io::Result<()>;
    /// Removes a name; one that is not there counts as removed.
    fn remove(&self, name: &Name) -> io::Result<()>;
    /// Which directory this is.
    fn place(&self) -> io::Result<Place>;
    /// When a name was last added or removed. Changes that follow each other at once may look like one.
    fn changed(&self) -> io::Result<Changed>;
    /// Shows every name.
    fn each_name(&self, see: &mut dyn FnMut(&OsStr)) -> io::Result<()>;
    /// All names.
    fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        self.each_name(&mut |name| names.push(name.to_owned()))?;
        Ok(names)
    }
    /// Runs `sh -c command` in the directory until it ends, or is killed since `pace` has no patience left (None).
    fn process(
        &self,
        command: &OsStr,
        on: &Processing<'_, Self::File>,
        pace: &mut dyn Pace,
    ) -> io::Result<Option<Ending>>;
}

/// Reads from an offset until the buffer is full or the file ends; how many bytes that is.
pub fn read_part<F: LogFs>(fs: &F, file: &F::File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match fs.read_at(file, &mut buffer[length..], offset + length as u64)? {
            0 => break,
            got => length += got,
        }
    }
    Ok(length)
}

/// How a file came to its new name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// It has both names.
    Twice,
    /// It was renamed: the file system has no second names.
    Anew,
}

/// Gives a file a second name before it loses the first: to some file systems a rename is two changes, of
/// which a power cut may leave the second alone. Doing it again is no failure; another file is never
/// replaced.
pub fn name_twice<F: LogFs>(fs: &F, from: &Name, to: &Name) -> io::Result<Named> {
    match fs.link(from, to) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let inode = |name| Ok::<_, io::Error>(fs.lookup(name)?.map(|stat| (stat.device, stat.inode)));
            if inode(from)? == inode(to)? { Ok(Named::Twice) } else { Err(error) }
        }
        Err(error)
            if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported) =>
        {
            fs.rename_new(from, to).map(|()| Named::Anew)
        }
        linked => linked.map(|()| Named::Twice),
    }
}
