//! Exclusive locks by flock(2), as daemontools takes them, so that setlock and other loggers see them.

use std::ffi::OsStr;
use std::fs::read_to_string;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{FlockOperation, Mode, OFlags, flock, fstat, major, minor, open};

/// Takes the lock or fails at once with EAGAIN when another process has it.
pub fn exclusive_now(file: impl AsFd) -> io::Result<()> {
    Ok(flock(file, FlockOperation::NonBlockingLockExclusive)?)
}

/// Takes the lock, waiting as long as another process has it.
pub fn exclusive(file: impl AsFd) -> io::Result<()> {
    Ok(rustix::io::retry_on_intr(|| flock(file.as_fd(), FlockOperation::LockExclusive))?)
}

/// Whether a lock outlives the program that takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It goes with this program.
    Here,
    /// The file stays open when this process becomes another program, and the lock with it.
    Across,
}

/// Opens a file to be locked, making it where it is not there. One that stays here can be read and written as well.
pub fn open_file(path: &Path, keep: Keep) -> io::Result<OwnedFd> {
    let how = match keep {
        Keep::Here => OFlags::RDWR | OFlags::CLOEXEC,
        Keep::Across => OFlags::WRONLY | OFlags::APPEND,
    };
    let how = how | OFlags::CREATE | OFlags::NONBLOCK | OFlags::NOCTTY;
    Ok(open(path, how, Mode::RUSR | Mode::WUSR)?)
}

/// The process that holds a lock on `file`, as far as /proc/locks tells.
pub fn holder(file: impl AsFd) -> Option<u32> {
    holder_in(&read_to_string("/proc/locks").ok()?, &place(file).ok()?)
}

/// How /proc/locks calls a file.
fn place(file: impl AsFd) -> io::Result<String> {
    let stat = fstat(file)?;
    Ok(format!("{:02x}:{:02x}:{}", major(stat.st_dev), minor(stat.st_dev), stat.st_ino))
}

/// Whether another process, or this one, holds a lock of any kind on `file`, as far as /proc/locks tells: s6-log locks by
/// fcntl(2).
pub fn is_held(file: impl AsFd) -> bool {
    place(file).is_ok_and(|place| read_to_string("/proc/locks").is_ok_and(|table| is_held_in(&table, &place)))
}

/// Whether a process has a lock on what it has open as this descriptor, as far as /proc tells. This works also where
/// the file system gives its files other numbers in /proc/locks.
pub fn is_held_by(pid: u32, number: &OsStr) -> bool {
    let info = std::path::Path::new("/proc").join(pid.to_string()).join("fdinfo").join(number);
    read_to_string(info).is_ok_and(|info| has_lock(&info))
}

/// Looks for an exclusive flock in the text of /proc/PID/fdinfo/N.
fn has_lock(info: &str) -> bool {
    let lock = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        matches!(fields[..], ["lock:", _, "FLOCK", _, "WRITE", ..])
    };
    info.lines().any(lock)
}

/// Finds the holder of a granted flock in the text of /proc/locks.
fn holder_in(table: &str, place: &str) -> Option<u32> {
    table.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        match fields[..] {
            // A holder outside our process namespace has no number here: /proc says 0.
            [_, "FLOCK", _, "WRITE", pid, at, ..] if at == place => pid.parse().ok().filter(|&pid| pid > 0),
            _ => None,
        }
    })
}

/// Whether the text of /proc/locks has a granted exclusive lock of any kind.
fn is_held_in(table: &str, place: &str) -> bool {
    table.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        matches!(fields[..], [_, "FLOCK" | "POSIX" | "OFDLCK", _, "WRITE", _, at, ..] if at == place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_lock_fails_at_once_and_names_its_holder() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let first = std::fs::File::open(file.path()).unwrap();
        let second = std::fs::File::open(file.path()).unwrap();
        exclusive_now(&first).unwrap();
        assert_eq!(exclusive_now(&second).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(holder(&second), Some(std::process::id()));
        let number = |file: &std::fs::File| std::os::fd::AsRawFd::as_raw_fd(file).to_string();
        assert!(is_held_by(std::process::id(), OsStr::new(&number(&first))));
        assert!(!is_held_by(std::process::id(), OsStr::new(&number(&second))));
    }

    #[test]
    fn only_a_granted_flock_on_that_file_names_a_holder() {
        let table = "1: POSIX  ADVISORY  WRITE 10 fe:00:99 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 11 fe:00:98 0 EOF\n\
                     3: -> FLOCK  ADVISORY  WRITE 12 fe:00:99 0 EOF\n\
                     4: FLOCK  ADVISORY  WRITE 13 fe:00:99 0 EOF\n";
        assert_eq!(holder_in(table, "fe:00:99"), Some(13));
        assert_eq!(holder_in(table, "fe:00:97"), None);
    }

    #[test]
    fn a_granted_lock_of_any_kind_holds_a_file() {
        let table = "1: POSIX  ADVISORY  WRITE 10 fe:00:99 0 EOF\n\
                     2: OFDLCK ADVISORY  WRITE -1 fe:00:98 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 12 fe:00:97 0 EOF\n\
                     4: -> FLOCK  ADVISORY  WRITE 13 fe:00:96 0 EOF\n\
                     5: POSIX  ADVISORY  READ  14 fe:00:95 0 EOF\n";
        let held = [99, 98, 97, 96, 95, 9].map(|inode| is_held_in(table, &format!("fe:00:{inode}")));
        assert_eq!(held, [true, true, true, false, false, false]);
    }
}
