//! What can happen at an operation, and when it does.

use std::io;

/// What happens at one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It fails with this errno.
    Error(i32),
    /// A write takes only half.
    Short,
    /// The process is told to end (TERM) before it.
    Told,
    /// The process is killed before it.
    KillBefore,
    /// The process is killed after it.
    KillAfter,
    /// The power goes before it.
    PowerCut,
    /// Another program removes `current` of the first directory before it.
    Removed,
    /// Another program puts another file in its place.
    Replaced,
}

/// Trouble at an operation, by its number, and at the ones after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) at: usize,
    /// How many operations in a row.
    pub(crate) times: usize,
    pub(crate) trouble: Trouble,
}

impl Fault {
    /// At one operation.
    pub(crate) fn once(at: usize, trouble: Trouble) -> Fault {
        Fault { at, times: 1, trouble }
    }

    pub(super) fn hits(&self, operation: usize) -> bool {
        (self.at..self.at + self.times).contains(&operation)
    }
}

/// What a killed process unwinds with.
pub(crate) struct Killed;

pub(super) fn error<T>(errno: i32) -> io::Result<T> {
    Err(io::Error::from_raw_os_error(errno))
}

pub(super) const ENOENT: i32 = 2;
pub(super) const EEXIST: i32 = 17;
pub(super) const EMFILE: i32 = 24;
pub(super) const EPIPE: i32 = 32;
pub(super) const EINVAL: i32 = 22;
pub(super) const ENOSPC: i32 = 28;
