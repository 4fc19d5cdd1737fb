//! `Ears`: what the kernel tells of all directories: to the thread that wakes lanes, and to a lane that doubts whether archives
//! came and went between two of its looks.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use mlog::follow::{Doubt, Hints, Told};
use unix::event::{self, Bell};

use crate::source::Witness;

/// After so long it is tried again where the kernel tells nothing, or where a wait has failed.
const BLIND: Duration = Duration::from_secs(2);

/// What is told of directories, each known by its number.
#[derive(Debug)]
pub(super) struct Ears {
    heard: Mutex<Heard>,
    /// What is readable when something is told.
    inotify: Option<OwnedFd>,
    /// Wakes who waits, since a lane has taken what was told.
    bell: Bell,
}

#[derive(Debug)]
struct Heard {
    hints: Hints,
    /// What was told and nobody knows yet.
    told: Vec<Told>,
}

impl Ears {
    pub(super) fn new() -> io::Result<Ears> {
        let hints = Hints::new(std::iter::empty()).patient();
        let inotify = hints.inotify().transpose()?;
        Ok(Ears { heard: Mutex::new(Heard { hints, told: Vec::new() }), inotify, bell: Bell::new()? })
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens to one more directory, which may be the same as another. Its number.
    pub(super) fn add(&self, path: PathBuf) -> usize {
        let mut heard = self.heard();
        heard.hints.add(path);
        heard.told.push(Told::Nothing);
        self.bell.ring();
        heard.told.len() - 1
    }

    /// Waits until something was told, or for so long. What was told of each directory.
    pub(super) fn wait(&self, look: Option<Duration>) -> Vec<Told> {
        loop {
            if let Some(told) = self.heard().news() {
                return told;
            }
            let pause = {
                let mut heard = self.heard();
                heard.hints.look_after(look);
                heard.hints.pause()
            };
            let bell = self.bell.as_fd();
            let waited = match &self.inotify {
                Some(inotify) => event::wait([inotify.as_fd(), bell], pause.limit)
                    .map(|[inotify, bell]| (inotify.readable, bell.readable)),
                None => event::wait([bell], Some(BLIND)).map(|[bell]| (false, bell.readable)),
            };
            let (come, is_rung) = waited.unwrap_or_else(|_| {
                thread::sleep(BLIND);
                (false, false)
            });
            if is_rung {
                self.bell.quiet();
            }
            if come || !is_rung {
                let heard = &mut *self.heard();
                heard.hints.end_pause(pause, come, &mut heard.told);
            }
        }
    }
}

/// A lane that listens.
pub(super) struct Listener {
    pub(super) ears: Arc<Ears>,
    /// The number of its directory.
    pub(super) ear: usize,
}

impl Witness for Listener {
    fn begin(&self) {
        self.ears.heard().hints.begin(self.ear);
    }

    fn was_there(&self, doubt: &Doubt) -> bool {
        let heard = &mut *self.ears.heard();
        let was_there = heard.hints.confirm(self.ear, doubt, &mut heard.told);
        if heard.told.iter().any(|told| *told != Told::Nothing) {
            self.ears.bell.ring();
        }
        was_there
    }
}

impl Heard {
    /// What was told since this was asked last, if anything was.
    fn news(&mut self) -> Option<Vec<Told>> {
        let nothing = vec![Told::Nothing; self.told.len()];
        (self.told != nothing).then(|| std::mem::replace(&mut self.told, nothing))
    }
}
