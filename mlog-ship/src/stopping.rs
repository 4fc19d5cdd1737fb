//! `Stopping`: says to every thread that the program ends, and until when what is in flight may be waited for.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use unix::event::Bell;

/// So long what is in flight is waited for. With what has to be put in order then it is two seconds.
pub const GRACE: Duration = Duration::from_millis(1700);

/// Whether the program ends.
#[derive(Debug)]
pub struct Stopping {
    since: OnceLock<Instant>,
    bell: Bell,
}

impl Stopping {
    /// It does not, as yet.
    ///
    /// # Errors
    ///
    /// There is no descriptor left.
    pub fn new() -> std::io::Result<Stopping> {
        Ok(Stopping { since: OnceLock::new(), bell: Bell::new()? })
    }

    /// It ends from now on.
    pub fn begin(&self) {
        self.since.get_or_init(Instant::now);
        self.bell.ring();
    }

    /// Whether it ends.
    pub fn has_begun(&self) -> bool {
        self.since.get().is_some()
    }

    /// How much of the time is left in which an answer is waited for. None: it does not end.
    pub fn left(&self) -> Option<Duration> {
        self.since.get().map(|since| GRACE.saturating_sub(since.elapsed()))
    }
}

/// Readable as soon as the program ends, and for good.
impl AsFd for Stopping {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}
