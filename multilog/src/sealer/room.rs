//! A disk that is too full for what a compressor writes.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Sealer;
use crate::host::Pace;
use crate::logfs::{LogFs, Name};
use crate::retention;

/// How often a file is tried: for three seconds. Files that come after one that found no room are tried once, so that
/// what waits does not wait for each of them.
const TRIES: usize = 6;

/// Whether the last file found room.
#[derive(Debug, Default)]
pub(super) struct Room {
    is_lacking: AtomicBool,
}

impl<F: LogFs> Sealer<F> {
    /// How often a file may find no room until it stays uncompressed.
    pub(super) fn tries_without_room(&self) -> usize {
        if self.room.is_lacking.load(Ordering::Relaxed) { 1 } else { TRIES }
    }

    /// A file has found room.
    pub(super) fn has_room_again(&self) {
        self.room.is_lacking.store(false, Ordering::Relaxed);
    }

    /// A file stays uncompressed. That is said once until there is room again.
    pub(super) fn tell_of_no_room(&self, error: &io::Error, pace: &mut dyn Pace) {
        if !self.room.is_lacking.swap(true, Ordering::Relaxed) {
            let said = self.said("unable to compress in ", ", leaving files as they are");
            pace.warn(&said.because(error));
        }
    }

    /// Deletes an archive if the script says so of a full disk. False: none was deleted.
    pub(super) fn made_room(&self, error: &io::Error, pace: &mut dyn Pace) -> bool {
        let Ok(Some(archive)) = retention::make_room(&*self.fs, &self.retention) else { return false };
        let said = self.said("unable to compress in ", ", removing ");
        pace.warn(&said.and(Name::from(archive).to_os().as_encoded_bytes()).because(error));
        true
    }
}
