//! The seam to the file system: the verbs a log directory uses, and the names it knows.
//!
//! Everything multilog does to a log directory goes through [`LogFs`], so that every one of these
//! calls can be failed, cut short and crashed in simulation.

mod copy;
mod name;
mod place;
mod real;
mod whole_lines;

use std::ffi::{OsStr, OsString};
use std::io;
use std::time::SystemTime;

use unix::diag::Message;
use unix::errno;

use crate::host::Pace;
use crate::script::FileMode;
pub use copy::{copy, write_all};
pub use name::{Archive, Name};
pub use place::Place;
pub use real::RealFs;
pub use unix::file::{How, Identity, Stat};
pub use unix::spawn::Ending;
pub use whole_lines::WholeLines;

/// The meanings of a file's mode. The owner's x says that the file is complete and on the disk, and the sticky bit
/// that the disk has refused it. The rw bits mean nothing: they are a setting of the directory, 0644 here.
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
    /// The permission bits of a file with these rw bits.
    pub fn bits(self, rw: FileMode) -> u32 {
        match self {
            Mode::Writing => rw.bits(),
            Mode::Refused => 0o1000 | rw.bits(),
            Mode::Safe => 0o100 | rw.bits(),
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
    /// Where its state is kept.
    pub states: StateFiles,
    /// How a message about a file of this directory begins.
    pub complaint: &'a Message,
}

/// Where a processor's state is kept from run to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateFiles {
    /// In `state` and `newstate`.
    Named,
    /// Nowhere: something of another user has one of the names.
    Nameless,
}

/// When a directory last changed, as its file system counts.
pub type Changed = (i64, u64);

/// What a log directory does not have, so that something is done in another way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// `lock` is a link to a file: that file is locked.
    LockIsLink,
    /// `lock` is neither a file nor a link to one: the directory itself is locked.
    LockIsNoFile,
    /// The file system does not keep the modes that it is given, so they tell nothing.
    ForgetsModes,
}

/// One log directory, opened and locked.
pub trait LogFs: Send + Sync + 'static {
    /// An open file.
    type File: Send + 'static;

    /// What this directory does not have.
    fn quirks(&self) -> &[Quirk];
    /// Whether a file may be taken for one that a multilog has made here for us.
    fn is_ours(&self, stat: &Stat) -> bool;
    /// Opens a regular file that is ours, and a journal only when no other user can have written it. Anything else with
    /// the name is not touched.
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
    /// What is under a name. None: nothing.
    fn lookup(&self, name: &Name) -> io::Result<Option<Stat>>;
    /// Says that the bytes of a file have last changed at this moment.
    fn set_modified(&self, name: &Name, moment: SystemTime) -> io::Result<()>;
    /// The mode that the script asks for. None: it says nothing of it.
    fn asked_mode(&self) -> Option<FileMode>;
    /// Sets the permission bits.
    fn set_bits(&self, file: &Self::File, bits: u32) -> io::Result<()>;
    /// Brings a file to the disk.
    fn sync(&self, file: &Self::File) -> io::Result<()>;
    /// Brings the names to the disk.
    fn sync_names(&self) -> io::Result<()>;
    /// Renames and never replaces, by one call, which not every file system has.
    fn rename_at_once(&self, from: &Name, to: &Name) -> io::Result<()>;
    /// Gives a file a second name, and never replaces.
    fn link(&self, from: &Name, to: &Name) -> io::Result<()>;
    /// Renames and replaces.
    fn rename(&self, from: &Name, to: &Name) -> io::Result<()>;
    /// Removes a name; one that is not there counts as removed.
    fn remove(&self, name: &Name) -> io::Result<()>;
    /// Whether the directory itself was removed: no name can be made in it any more.
    fn is_removed(&self) -> bool;
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
    /// Runs `sh -c command` in the directory until it ends. None: it was killed, since `pace` had no patience left.
    fn process(
        &self,
        command: &OsStr,
        on: &Processing<'_, Self::File>,
        pace: &mut dyn Pace,
    ) -> io::Result<Option<Ending>>;

    /// Renames and never replaces, in one of three ways: by one call, by a second name and the removal of the first,
    /// or, where there are neither such renames nor second names, after a look at the new name.
    fn rename_new(&self, from: &Name, to: &Name) -> io::Result<()> {
        match self.rename_at_once(from, to) {
            Err(error) if is_not_to_be_had(&error) => {}
            renamed => return renamed,
        }
        match link_again(self, from, to) {
            Err(error) if is_not_to_be_had(&error) => {}
            linked => return linked.and_then(|()| self.remove(from)),
        }
        // The lock keeps other multilogs away, and no other program makes names like these.
        match self.lookup(to)? {
            Some(_) => Err(io::ErrorKind::AlreadyExists.into()),
            None => self.rename(from, to),
        }
    }

    /// Makes a file that is not there.
    fn make(&self, name: &Name) -> io::Result<Self::File> {
        let file = self.open(name, How::New)?;
        self.give_mode(&file)?;
        Ok(file)
    }

    /// Gives a file that was just made the mode that the script asks for.
    fn give_mode(&self, file: &Self::File) -> io::Result<()> {
        self.asked_mode().map_or(Ok(()), |asked| self.set_bits(file, Mode::Writing.bits(asked)))
    }

    /// Says something by the mode of a file. Where the script asks for a mode, the file keeps the rw bits that it has.
    fn set_mode(&self, file: &Self::File, mode: Mode) -> io::Result<()> {
        let rw = match self.asked_mode() {
            Some(asked) => asked.kept_by(&self.stat(file)?),
            None => FileMode::default(),
        };
        self.set_bits(file, mode.bits(rw))
    }

    /// What the mode of a file says. Where modes are forgotten none says that its file is safe.
    fn mode_of(&self, stat: &Stat) -> Mode {
        if self.quirks().contains(&Quirk::ForgetsModes) { Mode::Writing } else { Mode::of(stat) }
    }

    /// Removes a file of ours that is in the way of another one. AlreadyExists: it is not ours, and is left alone.
    fn clear(&self, name: &Name) -> io::Result<()> {
        match self.lookup(name)? {
            Some(stat) if self.is_ours(&stat) => self.remove(name),
            Some(_) => Err(io::ErrorKind::AlreadyExists.into()),
            None => Ok(()),
        }
    }
}

/// Whether a call failed because of what the file system is, or may fail for that. vfat, and some FUSE and network
/// file systems have no links (EPERM, EOPNOTSUPP, ENOSYS), or not this one (EMLINK, EXDEV); they and NFS know no
/// rename that replaces nothing (EINVAL).
fn is_not_to_be_had(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, InvalidInput, PermissionDenied, TooManyLinks, Unsupported};
    let kinds = [CrossesDevices, InvalidInput, PermissionDenied, TooManyLinks, Unsupported];
    kinds.contains(&errno::kind(error))
}

/// Gives a file a second name, which it may have already.
fn link_again<F: LogFs + ?Sized>(fs: &F, from: &Name, to: &Name) -> io::Result<()> {
    let file = |name| Ok::<_, io::Error>(fs.lookup(name)?.map(|stat| stat.identity));
    match fs.link(from, to) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && file(from)? == file(to)? => Ok(()),
        linked => linked,
    }
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
    match link_again(fs, from, to) {
        Err(error) if is_not_to_be_had(&error) => fs.rename_new(from, to).map(|()| Named::Anew),
        linked => linked.map(|()| Named::Twice),
    }
}

/// Renames a file whose bytes are on the disk, so that it has a name there at every moment: link, sync, unlink.
pub fn move_safely<F: LogFs>(fs: &F, from: &Name, to: &Name) -> io::Result<()> {
    match name_twice(fs, from, to)? {
        Named::Anew => Ok(()),
        Named::Twice => fs.sync_names().and_then(|()| fs.remove(from)),
    }
}
