//! `Watch`: wakes the main thread when a lane has ended, or when counters have changed that are written to a file.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use unix::event::Bell;

/// What the main thread waits for besides signals.
#[derive(Debug)]
pub(super) struct Watch {
    left: AtomicUsize,
    /// Whether anybody wants to know of changes.
    counts: bool,
    changed: AtomicBool,
    bell: Bell,
}

impl Watch {
    pub(super) fn new(counts: bool) -> io::Result<Watch> {
        Ok(Watch { left: AtomicUsize::new(0), counts, changed: AtomicBool::new(false), bell: Bell::new()? })
    }

    /// One more lane.
    pub(super) fn begin(&self) {
        self.left.fetch_add(1, Ordering::AcqRel);
    }

    /// A lane has ended.
    pub(super) fn end(&self) {
        self.left.fetch_sub(1, Ordering::AcqRel);
        self.bell.ring();
    }

    /// Whether all lanes have ended.
    pub(super) fn all_ended(&self) -> bool {
        self.left.load(Ordering::Acquire) == 0
    }

    /// Something that is counted may have changed.
    pub(super) fn changed(&self) {
        if self.counts && !self.changed.swap(true, Ordering::AcqRel) {
            self.bell.ring();
        }
    }

    /// Whether something has changed since the counters were written.
    pub(super) fn has_changed(&self) -> bool {
        self.changed.load(Ordering::Acquire)
    }

    /// The counters are written now.
    pub(super) fn forget_changes(&self) {
        self.changed.store(false, Ordering::Release);
    }

    /// The bell was heard.
    pub(super) fn quiet(&self) {
        self.bell.quiet();
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}
