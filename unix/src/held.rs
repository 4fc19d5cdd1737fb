//! `Held`: a file system object that is held without being opened, so that the object that is changed is the one that
//! was looked at.
//!
//! Looking at the object has no effect: a named pipe, a device or a lease of another process notices nothing, and the
//! look never blocks.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, chmod, chownat, fchown, fstat, openat, readlinkat, statat,
};
use rustix::io::Errno;

/// What something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A named pipe.
    Pipe,
    /// A symbolic link.
    Link,
    /// A socket.
    Socket,
    /// A device, or what this does not know.
    Device,
}

impl Kind {
    fn of(mode: u32) -> Kind {
        match FileType::from_raw_mode(mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Directory,
            FileType::Fifo => Kind::Pipe,
            FileType::Symlink => Kind::Link,
            FileType::Socket => Kind::Socket,
            _ => Kind::Device,
        }
    }

    /// An error that says what it is, where it should have been of this kind.
    pub fn must_be(self, wanted: Kind) -> io::Result<()> {
        let words = match self {
            same if same == wanted => return Ok(()),
            Kind::File => "is a regular file",
            Kind::Directory => return Err(Errno::ISDIR.into()),
            Kind::Pipe => "is a named pipe",
            Kind::Link => "is a symbolic link",
            Kind::Socket => "is a socket",
            Kind::Device => "is a device",
        };
        Err(io::Error::other(words))
    }
}

/// What was seen of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// What it is.
    pub kind: Kind,
    /// Its owner.
    pub owner: u32,
    /// Its group.
    pub group: u32,
    /// Permission bits.
    pub mode: u32,
    /// How many names it has.
    pub links: u64,
}

impl Look {
    fn of(stat: &rustix::fs::Stat) -> Look {
        Look {
            kind: Kind::of(stat.st_mode),
            owner: stat.st_uid,
            group: stat.st_gid,
            mode: stat.st_mode & 0o7777,
            links: stat.st_nlink,
        }
    }

    /// Whether its owner is this process' user or root.
    pub fn is_trusted(&self) -> bool {
        self.owner == 0 || self.owner == rustix::process::geteuid().as_raw()
    }
}

/// What an open descriptor is of.
pub fn look_at(file: impl AsFd) -> io::Result<Look> {
    Ok(Look::of(&fstat(file)?))
}

/// Gives an open file to a group.
pub fn set_group(file: impl AsFd, gid: u32) -> io::Result<()> {
    Ok(fchown(file, None, Some(Gid::from_raw(gid)))?)
}

/// What has this name, itself if it is a symbolic link.
pub fn look_for(directory: impl AsFd, name: &OsStr) -> io::Result<Look> {
    Ok(Look::of(&statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?))
}

/// What a path leads to, through whatever links.
pub fn look_through(path: &Path) -> io::Result<Look> {
    Ok(Look::of(&statat(CWD, path, AtFlags::empty())?))
}

/// Something that is held.
#[derive(Debug)]
pub struct Held(OwnedFd);

impl Held {
    /// What has this name, itself if it is a symbolic link.
    pub fn new(directory: impl AsFd, name: &OsStr) -> io::Result<Held> {
        Held::with(directory, name, OFlags::NOFOLLOW)
    }

    /// The directory that a path leads to, through whatever links.
    pub fn directory(from: impl AsFd, path: &OsStr) -> io::Result<Held> {
        Held::with(from, path, OFlags::DIRECTORY)
    }

    fn with(directory: impl AsFd, name: &OsStr, flags: OFlags) -> io::Result<Held> {
        Ok(Held(openat(directory, name, flags | OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?))
    }

    /// What it is now.
    pub fn look(&self) -> io::Result<Look> {
        look_at(&self.0)
    }

    /// Where a symbolic link leads to.
    pub fn target(&self) -> io::Result<OsString> {
        Ok(OsString::from_vec(readlinkat(&self.0, "", Vec::new())?.into_bytes()))
    }

    /// Gives it to a group.
    pub fn give_to_group(&self, gid: u32) -> io::Result<()> {
        Ok(chownat(&self.0, "", None, Some(Gid::from_raw(gid)), AtFlags::EMPTY_PATH)?)
    }

    /// Sets the permission bits.
    pub fn set_mode(&self, mode: u32) -> io::Result<()> {
        let descriptor = self.0.as_raw_fd();
        // SAFETY: numbers, and an empty string that lives for ever.
        let done = unsafe {
            libc::syscall(libc::SYS_fchmodat2, descriptor, c"".as_ptr(), mode, libc::AT_EMPTY_PATH)
        };
        if done == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        // Linux 6.6 has the call, and sandboxes that do not know it say EPERM.
        match error.raw_os_error() {
            Some(libc::ENOSYS | libc::EPERM) => self.set_mode_through_proc(mode),
            _ => Err(error),
        }
    }

    /// The same by a name that leads to what is held, whatever its other names lead to.
    fn set_mode_through_proc(&self, mode: u32) -> io::Result<()> {
        Ok(chmod(format!("/proc/self/fd/{}", self.0.as_raw_fd()), Mode::from_raw_mode(mode))?)
    }
}

impl AsFd for Held {
    /// For calls that take a place to begin at, if it is a directory.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn what_is_held_is_changed_whatever_its_name_leads_to_meanwhile() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::write(at("a"), "").unwrap();
        fs::write(at("victim"), "").unwrap();
        fs::set_permissions(at("victim"), PermissionsExt::from_mode(0o600)).unwrap();
        let directory = Held::directory(crate::file::here(), place.path().as_os_str()).unwrap();
        let held = Held::new(&directory, OsStr::new("a")).unwrap();
        fs::rename(at("a"), at("b")).unwrap();
        symlink("victim", at("a")).unwrap();
        let mode = |name: &str| fs::metadata(at(name)).unwrap().permissions().mode() & 0o777;
        held.set_mode_through_proc(0o604).unwrap();
        assert_eq!((mode("b"), mode("victim")), (0o604, 0o600));
        held.set_mode(0o640).unwrap();
        held.give_to_group(held.look().unwrap().group).unwrap();
        assert_eq!((mode("b"), mode("victim")), (0o640, 0o600));
        let link = Held::new(&directory, OsStr::new("a")).unwrap();
        assert_eq!((link.look().unwrap().kind, link.target().unwrap()), (Kind::Link, "victim".into()));
        assert!(link.look().unwrap().kind.must_be(Kind::File).is_err());
        assert!(Held::directory(&directory, OsStr::new("victim")).is_err());
    }
}
