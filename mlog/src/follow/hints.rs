//! `Hints`: told by the kernel that something in a directory has changed, for any number of directories at once.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use unix::event;
use unix::pipe;

use crate::store::Store;

/// After so long followers look by themselves: a file system may tell nothing.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same where there is nobody who tells.
const BLIND: Duration = Duration::from_millis(200);

/// Waits for changes.
#[derive(Debug)]
pub struct Hints {
    watch: Option<OwnedFd>,
    /// Watch descriptors, by directory.
    watched: Vec<Option<i32>>,
}

impl Hints {
    /// Watches directories. Where that can't be done they are looked at from time to time.
    pub fn new<'a>(stores: impl Iterator<Item = &'a Store>) -> Hints {
        let Ok(watch) = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK) else {
            return Hints { watch: None, watched: stores.map(|_| None).collect() };
        };
        let flags = WatchFlags::MODIFY
            | WatchFlags::CREATE
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::DELETE
            | WatchFlags::ONLYDIR;
        let watched = stores.map(|store| inotify::add_watch(&watch, &store.path, flags).ok()).collect();
        Hints { watch: Some(watch), watched }
    }

    /// Waits until something has changed, and marks the directories in which. False: the output's reader has gone.
    pub fn wait(&self, changed: &mut [bool]) -> io::Result<bool> {
        let blind = self.watched.iter().any(Option::is_none);
        let limit = Some(if blind { BLIND } else { PATIENCE });
        let stdout = unix::diag::stdout();
        let is_pipe = matches!(pipe::kind(stdout), Ok(pipe::Kind::Pipe));
        let mut fds: Vec<BorrowedFd<'_>> = self.watch.iter().map(AsFd::as_fd).collect();
        if is_pipe {
            fds.push(stdout);
        }
        event::wait_any(&fds, limit)?;
        let told = self.take(changed);
        if is_pipe && event::wait([stdout], Some(Duration::ZERO))?[0].readable {
            return Ok(false);
        }
        if !told || blind {
            changed.fill(true);
        }
        Ok(true)
    }

    /// Marks what was told. False: nothing was.
    fn take(&self, changed: &mut [bool]) -> bool {
        let Some(watch) = &self.watch else { return false };
        let mut room = [const { MaybeUninit::uninit() }; 8192];
        let mut reader = inotify::Reader::new(watch, &mut room);
        let mut told = false;
        while let Ok(event) = reader.next() {
            told = true;
            match self.watched.iter().position(|watched| *watched == Some(event.wd())) {
                Some(at) => changed[at] = true,
                // Too much was told, or a watch has ended.
                None => changed.fill(true),
            }
        }
        told
    }
}
