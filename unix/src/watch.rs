//! Hints that something in a directory has changed.
//!
//! A hint may be missing, and it may be out of date when it is read. Whoever gets a hint looks at the directory.

use std::ffi::{OsStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};

/// What has happened to a name in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Something that is being made.
    Made,
    /// Something that is complete: a name that was moved in, or a link.
    Complete,
    /// A name that is not there any more.
    Gone,
}

/// A directory that is watched.
#[derive(Debug)]
pub struct Watch(OwnedFd);

impl Watch {
    /// Watches a directory for names that come and go.
    pub fn new(path: &Path) -> io::Result<Watch> {
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let come = WatchFlags::CREATE | WatchFlags::MOVED_TO;
        let go = WatchFlags::DELETE | WatchFlags::MOVED_FROM;
        inotify::add_watch(&watch, path, come | go | WatchFlags::ONLYDIR)?;
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
            let hint = match event.events() {
                events if events.intersects(ReadFlags::DELETE | ReadFlags::MOVED_FROM) => Hint::Gone,
                _ if made => Hint::Made,
                _ => Hint::Complete,
            };
            hints.push((name.unwrap_or_default(), hint));
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
    fn names_that_come_and_go_are_hinted_at() {
        let folder = tempfile::tempdir().unwrap();
        let watch = Watch::new(folder.path()).unwrap();
        let made = |name: &str, hint| vec![(OsString::from(name), hint)];
        assert_eq!(watch.take(), []);
        std::fs::create_dir(folder.path().join("a")).unwrap();
        assert_eq!(watch.take(), made("a", Hint::Made));
        std::os::unix::fs::symlink("a", folder.path().join("c")).unwrap();
        assert_eq!(watch.take(), made("c", Hint::Complete));
        std::fs::rename(folder.path().join("a"), folder.path().join("d")).unwrap();
        assert_eq!(watch.take(), [made("a", Hint::Gone), made("d", Hint::Complete)].concat());
        std::fs::remove_file(folder.path().join("c")).unwrap();
        assert_eq!(watch.take(), made("c", Hint::Gone));
        assert_eq!(watch.take(), []);
    }
}
