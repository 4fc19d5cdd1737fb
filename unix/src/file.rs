//! Files of one directory, reached through its descriptor and never through a symbolic link.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, RenameFlags, StatxFlags, fstat, ftruncate, linkat, openat,
    renameat, renameat_with, statat, unlinkat,
};
use rustix::io::Errno;

use crate::descriptors;
use crate::held::{Kind, look_at, look_for, look_through};

/// How a file is opened. All of them are close-on-exec and refuse symbolic links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// For reading; it must exist.
    Read,
    /// For writing at any place; it must exist.
    Write,
    /// For reading and appending; it must exist.
    Append,
    /// For reading and appending; it must not exist.
    New,
    /// For appending; made when it is not there.
    Make,
    /// For reading and writing at any place; made when it is not there.
    Update,
}

/// What a file is, in the terms of a log directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Whether it is a regular file.
    pub regular: bool,
    /// Whether it is a directory.
    pub directory: bool,
    /// Its owner.
    pub owner: u32,
    /// Permission bits.
    pub mode: u32,
    /// Length in bytes.
    pub size: u64,
    /// The device it is on.
    pub device: u64,
    /// Its inode number there.
    pub inode: u64,
    /// How many names it has.
    pub links: u64,
}

fn to_stat(stat: &rustix::fs::Stat) -> Stat {
    let kind = FileType::from_raw_mode(stat.st_mode);
    Stat {
        regular: kind == FileType::RegularFile,
        directory: kind == FileType::Directory,
        owner: stat.st_uid,
        mode: stat.st_mode & 0o7777,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        device: stat.st_dev,
        inode: stat.st_ino,
        links: stat.st_nlink,
    }
}

/// Opens a directory, from the working directory.
pub fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(openat(CWD, path, flags, Mode::empty())?)
}

/// Makes a directory that only its owner may enter. True: it was not there before.
pub fn make_directory(path: &Path) -> bool {
    rustix::fs::mkdir(path, Mode::from_raw_mode(0o700)).is_ok()
}

/// Opens the file `name` of `directory`; what is made gets `mode`.
pub fn open(directory: impl AsFd, name: &OsStr, how: How, mode: u32) -> io::Result<OwnedFd> {
    let flags = match how {
        How::Read => OFlags::RDONLY,
        How::Write => OFlags::WRONLY,
        How::Append => OFlags::RDWR | OFlags::APPEND,
        How::New => OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL,
        How::Make => OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE,
        How::Update => OFlags::RDWR | OFlags::CREATE,
    };
    // NONBLOCK: a named pipe in the place of a file must not hold the program up.
    let always = OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::NONBLOCK;
    Ok(openat(directory, name, flags | always, Mode::from_raw_mode(mode))?)
}

/// Opens the regular file that a symbolic link leads to, for reading. None: it leads to something else, or nowhere.
pub fn open_through_link(directory: impl AsFd, name: &OsStr) -> Option<OwnedFd> {
    let directory = directory.as_fd();
    let is_file = |mode| FileType::from_raw_mode(mode) == FileType::RegularFile;
    // A device does something when it is opened, so it is looked at before.
    let stat = statat(directory, name, AtFlags::empty()).ok()?;
    let how = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = is_file(stat.st_mode).then(|| openat(directory, name, how, Mode::empty()).ok())??;
    fstat(&file).is_ok_and(|stat| is_file(stat.st_mode)).then_some(file)
}

/// What the open file is.
pub fn stat(file: impl AsFd) -> io::Result<Stat> {
    Ok(to_stat(&fstat(file)?))
}

/// What stands under `name`, itself if it is a symbolic link. None: nothing.
pub fn lookup(directory: impl AsFd, name: &OsStr) -> io::Result<Option<Stat>> {
    match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(to_stat(&stat))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether a name leads to something, through whatever links. It is not opened.
pub fn exists(directory: impl AsFd, name: &OsStr) -> io::Result<bool> {
    match statat(directory, name, AtFlags::empty()) {
        Ok(_) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether a name leads to a file that its owner may run, through whatever links.
pub fn is_executable(directory: impl AsFd, name: &OsStr) -> bool {
    statat(directory, name, AtFlags::empty()).is_ok_and(|stat| {
        FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_mode & 0o100 != 0
    })
}

/// Opens a regular file for reading, through no link; what is there is looked at before it is opened, and nothing waits.
pub fn open_file(directory: impl AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    let directory = directory.as_fd();
    look_for(directory, name)?.kind.must_be(Kind::File)?;
    let file = open(directory, name, How::Read, 0)?;
    look_at(&file)?.kind.must_be(Kind::File)?;
    Ok(file)
}

/// The same of the file that a process has as this descriptor, whether it still has a name or not.
pub fn open_file_of_process(pid: u32, number: &OsStr) -> io::Result<OwnedFd> {
    let path = descriptors::path(pid, number);
    look_through(&path)?.kind.must_be(Kind::File)?;
    let how = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = rustix::fs::open(&path, how, Mode::empty())?;
    look_at(&file)?.kind.must_be(Kind::File)?;
    Ok(file)
}

/// The names in a directory, without `.` and `..`.
pub fn names(directory: impl AsFd) -> io::Result<Vec<OsString>> {
    let mut found = Vec::new();
    each_name(directory, &mut |name| found.push(name.to_owned()))?;
    Ok(found)
}

/// Shows every name in a directory but `.` and `..`.
pub fn each_name(directory: impl AsFd, see: &mut dyn FnMut(&OsStr)) -> io::Result<()> {
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            see(OsStr::from_bytes(name));
        }
    }
    Ok(())
}

/// When a file or directory last changed: seconds and nanoseconds of its ctime.
pub fn changed(file: impl AsFd) -> io::Result<(i64, u64)> {
    let stat = fstat(file)?;
    Ok((stat.st_ctime, stat.st_ctime_nsec))
}

/// The working directory, for calls that want one.
pub fn here() -> BorrowedFd<'static> {
    CWD
}

/// The first bytes of a regular file, or of what a link by that name leads to. EINVAL for what is no file.
pub fn read_start(directory: impl AsFd, name: &OsStr, limit: usize) -> io::Result<Vec<u8>> {
    let how = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = openat(directory, name, how, Mode::empty())?;
    match FileType::from_raw_mode(fstat(&file)?.st_mode) {
        FileType::RegularFile => {}
        FileType::Directory => return Err(Errno::ISDIR.into()),
        _ => return Err(Errno::INVAL.into()),
    }
    let mut bytes = Vec::new();
    std::fs::File::from(file).take(u64::try_from(limit).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The same of a file that is no link; what is there is looked at before it is opened.
pub fn read_start_of_file(directory: impl AsFd, name: &OsStr, limit: usize) -> io::Result<Vec<u8>> {
    let file = open_file(directory, name)?;
    let mut bytes = Vec::new();
    std::fs::File::from(file).take(u64::try_from(limit).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes to a file, possibly less than everything.
pub fn write(file: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::write(file.as_fd(), bytes))?)
}

/// Reads at an offset, possibly less than everything; 0 at the end.
pub fn read_at(file: impl AsFd, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::pread(file.as_fd(), &mut *buffer, offset))?)
}

/// Writes at an offset, possibly less than everything. Not for files opened for appending.
pub fn write_at(file: impl AsFd, bytes: &[u8], offset: u64) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::pwrite(file.as_fd(), bytes, offset))?)
}

/// The number of the mount that a file is on; 0 where the kernel does not tell.
pub fn mount(file: impl AsFd) -> u64 {
    let asked = rustix::fs::statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID);
    asked.map_or(0, |answer| answer.stx_mnt_id)
}

/// The text that names this run of the machine.
pub fn boot_id() -> io::Result<[u8; 36]> {
    let file =
        rustix::fs::open("/proc/sys/kernel/random/boot_id", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut id = [0; 36];
    match read_at(&file, &mut id, 0)? {
        36 => Ok(id),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Opens a status file: made if it is not there, never truncated, and no wait for a named pipe's reader.
pub fn open_status(path: &OsStr) -> io::Result<OwnedFd> {
    let make = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NONBLOCK | OFlags::CLOEXEC;
    drop(openat(CWD, path, make, Mode::from_raw_mode(0o600))?);
    let write = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(openat(CWD, path, write, Mode::empty())?)
}

/// Writes at the start of a file; how much was written. What can't be positioned is just written to.
pub fn overwrite(file: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    match rustix::io::retry_on_intr(|| rustix::io::pwrite(file.as_fd(), bytes, 0)) {
        Err(Errno::SPIPE) => write(file, bytes),
        result => Ok(result?),
    }
}

/// Cuts a file to `size` bytes.
pub fn truncate(file: impl AsFd, size: u64) -> io::Result<()> {
    Ok(ftruncate(file, size)?)
}

/// Ends append mode: what is written goes to where the descriptor stands. Some programs can't use descriptors in append
/// mode: copy_file_range(2) refuses them.
pub fn end_append_mode(file: impl AsFd) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(&file)?;
    Ok(rustix::fs::fcntl_setfl(&file, flags - OFlags::APPEND)?)
}

/// Sets the permission bits.
pub fn set_mode(file: impl AsFd, mode: u32) -> io::Result<()> {
    Ok(rustix::fs::fchmod(file, Mode::from_raw_mode(mode))?)
}

/// Brings a file to the disk. EINVAL, from what has no disk behind it, counts as done.
pub fn sync(file: impl AsFd) -> io::Result<()> {
    match rustix::fs::fsync(file) {
        Ok(()) | Err(Errno::INVAL) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Renames within a directory and fails with EEXIST rather than replace anything. EINVAL, or ENOSYS: the file
/// system or the kernel has no such rename.
pub fn rename_new(directory: impl AsFd, from: &OsStr, to: &OsStr) -> io::Result<()> {
    let directory = directory.as_fd();
    Ok(renameat_with(directory, from, directory, to, RenameFlags::NOREPLACE)?)
}

/// Gives a file of a directory a second name there. Fails on an existing one.
pub fn link(directory: impl AsFd, from: &OsStr, to: &OsStr) -> io::Result<()> {
    let directory = directory.as_fd();
    Ok(linkat(directory, from, directory, to, AtFlags::empty())?)
}

/// Renames within a directory; what stood under `to` is gone.
pub fn rename(directory: impl AsFd, from: &OsStr, to: &OsStr) -> io::Result<()> {
    let directory = directory.as_fd();
    Ok(renameat(directory, from, directory, to)?)
}

/// Removes a file's name. A name that is not there counts as removed.
pub fn remove(directory: impl AsFd, name: &OsStr) -> io::Result<()> {
    match unlinkat(directory, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The user whose rights the process has.
pub fn effective_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// How large a file of this process may become (RLIMIT_FSIZE). None: as large as it likes.
pub fn size_limit() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Fsize).current
}

/// Sets the file creation mask.
pub fn set_umask(mask: u32) {
    rustix::process::umask(Mode::from_raw_mode(mask));
}

/// Moves a descriptor's offset to `position` from the start.
pub fn seek(file: impl AsFd, position: u64) -> io::Result<()> {
    rustix::fs::seek(file, rustix::fs::SeekFrom::Start(position))?;
    Ok(())
}

/// A descriptor's offset.
pub fn position(file: impl AsFd) -> io::Result<u64> {
    Ok(rustix::fs::tell(file)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbolic_link_is_never_followed() {
        let place = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/passwd", place.path().join("current")).unwrap();
        let directory = open_directory(place.path()).unwrap();
        let error = open(&directory, OsStr::new("current"), How::Append, 0o644).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ELOOP));
        assert!(!lookup(&directory, OsStr::new("current")).unwrap().unwrap().regular);
    }

    #[test]
    fn a_rename_to_a_new_name_replaces_nothing() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("a"), "a").unwrap();
        std::fs::write(place.path().join("b"), "b").unwrap();
        let directory = open_directory(place.path()).unwrap();
        let error = rename_new(&directory, OsStr::new("a"), OsStr::new("b")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        rename_new(&directory, OsStr::new("a"), OsStr::new("c")).unwrap();
        assert!(lookup(&directory, OsStr::new("a")).unwrap().is_none());
        remove(&directory, OsStr::new("a")).unwrap();
    }
}
