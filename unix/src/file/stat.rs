//! What a file is, by its descriptor or by its name.

use std::ffi::OsStr;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{AtFlags, FileType, StatxFlags, fstat, statat};
use rustix::io::Errno;

/// Which file, directory or pipe it is, on this machine: two names with the same identity are names of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The device it is on.
    pub device: u64,
    /// Its inode number there.
    pub inode: u64,
}

impl Identity {
    /// The identity of what is open.
    pub fn of(file: impl AsFd) -> io::Result<Identity> {
        Ok(stat(file)?.identity)
    }

    /// The identity of what a path leads to, through whatever links. None: nothing that can be looked at.
    pub fn at(path: &Path) -> Option<Identity> {
        std::fs::metadata(path).ok().as_ref().map(Identity::from)
    }
}

impl From<&std::fs::Metadata> for Identity {
    fn from(metadata: &std::fs::Metadata) -> Identity {
        Identity { device: metadata.dev(), inode: metadata.ino() }
    }
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
    /// Which file it is.
    pub identity: Identity,
    /// How many names it has.
    pub links: u64,
    /// When its bytes last changed.
    pub modified: SystemTime,
}

fn to_stat(stat: &rustix::fs::Stat) -> Stat {
    let kind = FileType::from_raw_mode(stat.st_mode);
    Stat {
        regular: kind == FileType::RegularFile,
        directory: kind == FileType::Directory,
        owner: stat.st_uid,
        mode: stat.st_mode & 0o7777,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        identity: Identity { device: stat.st_dev, inode: stat.st_ino },
        links: stat.st_nlink,
        modified: moment(stat.st_mtime, stat.st_mtime_nsec),
    }
}

/// Seconds since 1970, which may be negative, and nanoseconds. A time that can't be told is 1970.
fn moment(seconds: i64, nanos: u64) -> SystemTime {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let start = if seconds < 0 { UNIX_EPOCH.checked_sub(whole) } else { UNIX_EPOCH.checked_add(whole) };
    start.and_then(|start| start.checked_add(Duration::from_nanos(nanos))).unwrap_or(UNIX_EPOCH)
}

/// What the open file is.
pub fn stat(file: impl AsFd) -> io::Result<Stat> {
    Ok(to_stat(&fstat(file)?))
}

/// What is under `name`; of a symbolic link, the link itself. None: nothing.
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

/// When a file or directory last changed: seconds and nanoseconds of its ctime.
pub fn changed(file: impl AsFd) -> io::Result<(i64, u64)> {
    let stat = fstat(file)?;
    Ok((stat.st_ctime, stat.st_ctime_nsec))
}

/// The number of the mount that a file is on; 0 where the kernel does not tell.
pub fn mount(file: impl AsFd) -> u64 {
    let asked = rustix::fs::statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID);
    asked.map_or(0, |answer| answer.stx_mnt_id)
}
