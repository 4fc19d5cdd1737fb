//! The names in a directory: which there are, and how they are changed.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{
    AtFlags, Dir, RenameFlags, Timespec, Timestamps, UTIME_OMIT, linkat, renameat, renameat_with, unlinkat,
    utimensat,
};
use rustix::io::Errno;

/// The names in a directory, without `.` and `..`.
pub fn names(directory: impl AsFd) -> io::Result<Vec<OsString>> {
    let mut found = Vec::new();
    each_name(directory, &mut |name| found.push(name.to_owned()))?;
    Ok(found)
}

/// Shows every name in a directory except `.` and `..`.
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

/// Renames within a directory, and replaces what is under `to`.
pub fn rename(directory: impl AsFd, from: &OsStr, to: &OsStr) -> io::Result<()> {
    let directory = directory.as_fd();
    Ok(renameat(directory, from, directory, to)?)
}

/// Says that the bytes of a file have last changed at this moment. Of a symbolic link, the link itself.
pub fn set_modified(directory: impl AsFd, name: &OsStr, moment: SystemTime) -> io::Result<()> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidInput);
    let since = moment.duration_since(UNIX_EPOCH).map_err(|_| invalid())?;
    let seconds = i64::try_from(since.as_secs()).map_err(|_| invalid())?;
    let times = Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec: seconds, tv_nsec: since.subsec_nanos().into() },
    };
    Ok(utimensat(directory, name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Removes a file's name. A name that is not there counts as removed.
pub fn remove(directory: impl AsFd, name: &OsStr) -> io::Result<()> {
    match unlinkat(directory, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
