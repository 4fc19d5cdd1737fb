//! Files of one directory, reached through its descriptor and never through a symbolic link.

mod content;
mod names;
mod stat;

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, fstat, openat, statat};

use crate::descriptors;
use crate::held::{Kind, look_at, look_for, look_through};
pub use content::{
    end_append_mode, overwrite, position, read_at, read_start, read_start_of_file, seek, sync, truncate,
    write, write_at,
};
pub use names::{each_name, link, names, remove, rename, rename_new, set_modified};
pub use stat::{Identity, Stat, changed, exists, is_executable, lookup, mount, stat};

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

/// Opens a regular file for reading, through no link; what is there is looked at before it is opened, and nothing
/// waits.
pub fn open_file(directory: impl AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    let directory = directory.as_fd();
    look_for(directory, name)?.kind.must_be(Kind::File)?;
    let file = open(directory, name, How::Read, 0)?;
    look_at(&file)?.kind.must_be(Kind::File)?;
    Ok(file)
}

/// Opens the regular file that a process has as this descriptor, for reading, whether the file still has a name or not.
pub fn open_file_of_process(pid: u32, number: &OsStr) -> io::Result<OwnedFd> {
    let path = descriptors::path(pid, number);
    look_through(&path)?.kind.must_be(Kind::File)?;
    let how = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = rustix::fs::open(&path, how, Mode::empty())?;
    look_at(&file)?.kind.must_be(Kind::File)?;
    Ok(file)
}

/// The working directory, for calls that want one.
pub fn here() -> BorrowedFd<'static> {
    CWD
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

/// Sets the permission bits.
pub fn set_mode(file: impl AsFd, mode: u32) -> io::Result<()> {
    Ok(rustix::fs::fchmod(file, Mode::from_raw_mode(mode))?)
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
    fn the_time_of_a_file_is_what_was_said_and_what_no_file_system_has_is_refused() {
        use std::time::{Duration, SystemTime};
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("a"), "a").unwrap();
        let (directory, name) = (open_directory(place.path()).unwrap(), OsStr::new("a"));
        let modified = || lookup(&directory, name).unwrap().unwrap().modified;
        assert!(SystemTime::now().duration_since(modified()).unwrap_or_default() < Duration::from_secs(3600));
        let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        set_modified(&directory, name, moment).unwrap();
        assert_eq!(modified(), moment);
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(set_modified(&directory, name, before).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(modified(), moment);
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
