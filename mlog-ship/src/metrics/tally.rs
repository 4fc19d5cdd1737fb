//! `Tally`: what is counted of a lane.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::bound::Bound;

/// What is counted of a lane, by its thread, and read by another.
#[derive(Debug, Default)]
pub struct Tally {
    /// Batches that were taken.
    pub batches: Count,
    /// Lines in them.
    pub lines: Count,
    /// Bytes of these.
    pub bytes: Count,
    /// Batches that were not taken at once, each time.
    pub failures: Count,
    /// Records that the engine has refused.
    pub refused: Count,
    /// Times at which lines were missing, or may have been.
    pub gaps: Count,
    /// Batches that were possibly repeated.
    pub repeated: Count,
    /// When the last batch was taken, in seconds since 1970, or 0.
    pub taken_at: Count,
    /// 1 while the engine can't be reached.
    pub down: Count,
    /// 1 when the directory is not shipped any more in this run.
    pub stopped: Count,
    /// Up to where all was taken.
    cursor: Mutex<Option<Bound>>,
}

impl Tally {
    /// All up to this was taken.
    pub fn set_cursor(&self, cursor: Option<&Bound>) {
        *self.cursor.lock().unwrap_or_else(PoisonError::into_inner) = cursor.cloned();
    }

    /// Up to where all was taken. None: nothing was.
    pub fn cursor(&self) -> Option<Bound> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A number that one thread changes and another reads.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// So much more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// It is this now.
    pub fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// What it is.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
