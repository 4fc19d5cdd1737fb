//! Hints that something in a directory has changed.
//!
//! A hint may be missing, and may be about something that is over: who gets one looks.

use std::ffi::{OsStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};

/// What has appeared in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Something that is being made.
    Made,
    /// Something that is complete: a name that was moved in, or a link.
    Complete,
}

/// A directory that is watched.
#[derive(Debug)]
pub struct Watch(OwnedFd);

impl Watch {
    /// Watches a directory for new names.
    pub fn new(path: &Path) -> io::Result<Watch> {
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        inotify::add_watch(&watch, path, WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ONLYDIR)?;
        Ok(Watch(watch))
    }

    /// Everything that was hinted at since the last call.
    pub fn take(&self) -> Vec<(OsString, Hint)> {
        let mut room = [const { MaybeUninit::uninit() }; 4096];
        let mut reader = inotify::Reader::new(&self.0, &mut room);
        let mut hints = Vec::new();
        while let Ok(event) = reader.next() {
            // What is made and is no directory is a link, or nothing of interest.
            let made = event.events().contains(ReadFlags::CREATE | ReadFlags::ISDIR);
            let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()).to_owned());
            hints.push((name.unwrap_or_default(), if made { Hint::Made } else { Hint::Complete }));
        }
        hints
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_names_are_hinted_at() {
        let folder = tempfile::tempdir().unwrap();
        let watch = Watch::new(folder.path()).unwrap();
        let made = |name: &str, hint| vec![(OsString::from(name), hint)];
        assert_eq!(watch.take(), []);
        std::fs::create_dir(folder.path().join("a")).unwrap();
        assert_eq!(watch.take(), made("a", Hint::Made));
        std::os::unix::fs::symlink("a", folder.path().join("c")).unwrap();
        assert_eq!(watch.take(), made("c", Hint::Complete));
        std::fs::rename(folder.path().join("a"), folder.path().join("d")).unwrap();
        assert_eq!(watch.take(), made("d", Hint::Complete));
        assert_eq!(watch.take(), []);
    }
}
