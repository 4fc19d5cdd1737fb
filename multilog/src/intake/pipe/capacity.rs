//! How large a pipe is: larger while its writer keeps it full, and as it was when the input is quiet.
//!
//! The side pipe has the same capacity, except that it is never larger than a look.

use std::io::{self, ErrorKind};
use std::os::fd::{BorrowedFd, OwnedFd};

use unix::pipe;

use super::{LOOK, PAGE};

/// How large a pipe is made when its writer keeps it full: measured, 1 MiB is worth a third of the
/// time over 256 KiB, but an unprivileged user has 64 MiB for all pipes together.
const LARGEST_FOR_ROOT: usize = 1 << 20;
const LARGEST: usize = 256 << 10;

/// The capacity of a pipe, in bytes.
#[derive(Debug)]
pub(super) struct Capacity {
    now: usize,
    /// What the pipe had at first.
    original: usize,
    /// What it is enlarged to at most.
    largest: usize,
}

impl Capacity {
    /// That of `source`, which `side` is given too.
    pub(super) fn shared(source: BorrowedFd<'_>, side: &OwnedFd) -> io::Result<Capacity> {
        let original = pipe::capacity(source)?;
        let now = pipe::set_capacity(side, original).or_else(|_| pipe::capacity(side))?;
        let largest = if unix::file::effective_user() == 0 { LARGEST_FOR_ROOT } else { LARGEST };
        Ok(Capacity { now, original, largest })
    }

    pub(super) fn bytes(&self) -> usize {
        self.now
    }

    /// A pipe that is full after a batch was written has a writer that waits: gives it more room. A look never
    /// finds it full, since it comes right after bytes were taken out. Bytes fill less than the capacity when
    /// pages begin or end with what was taken out or not yet written.
    pub(super) fn grow_if_full(&mut self, source: BorrowedFd<'_>, side: &OwnedFd) {
        let nearly_all = u64::try_from(self.now / 8 * 7).unwrap_or(u64::MAX);
        if self.now >= self.largest || pipe::filled(source).unwrap_or(0) < nearly_all {
            return;
        }
        let wanted = (self.now * 4).min(self.largest);
        match pipe::set_capacity(side, wanted.min(LOOK)).and_then(|_| pipe::set_capacity(source, wanted)) {
            Ok(capacity) => self.now = capacity,
            Err(_) => self.largest = self.now,
        }
    }

    /// Gives back what the pipe was enlarged by.
    pub(super) fn shrink(&mut self, source: BorrowedFd<'_>, side: &OwnedFd) {
        if self.now > self.original && pipe::set_capacity(source, self.original).is_ok() {
            // The side pipe is empty between peeks, and its size only bounds the next one.
            pipe::set_capacity(side, self.original).ok();
            self.now = self.original;
        }
    }

    /// Whether more than half of the pipe's slots are in use: then it can't be made half as large.
    pub(super) fn is_crowded(&self, source: BorrowedFd<'_>) -> bool {
        let half = (self.now / 2).max(PAGE);
        if half == self.now {
            // A single slot, and it is in use.
            return true;
        }
        match pipe::set_capacity(source, half) {
            Err(error) => error.kind() == ErrorKind::ResourceBusy,
            Ok(_) => {
                pipe::set_capacity(source, self.now).ok();
                false
            }
        }
    }
}
