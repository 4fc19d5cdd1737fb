//! `Hints`: told by the kernel that something in a directory has changed, for any number of directories at once.

use std::collections::VecDeque;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use tai64tools::Label;
use unix::event;
use unix::pipe;

use super::Doubt;
use crate::store::parse;

/// After so long followers look by themselves: a file system may tell nothing.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same where there is nobody who tells.
const BLIND: Duration = Duration::from_millis(200);
/// What comes within so long of a wait's end is waited for, so that many small writes are one read.
const TOGETHER: Duration = Duration::from_millis(10);
/// How many labels of a directory are remembered.
const LABELS: usize = 4096;

/// What was told of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// Nothing.
    Nothing,
    /// Something was written to `current`.
    Written,
    /// Names have changed, or may have.
    Changed,
}

/// Waits for changes.
#[derive(Debug)]
pub struct Hints {
    inotify: Option<OwnedFd>,
    watched: Vec<Watched>,
    /// Whether standard output is a pipe, whose reader may go away.
    to_pipe: bool,
    /// After so long followers look by themselves.
    patience: Option<Duration>,
    /// The same where there is nobody who tells.
    blind: Duration,
    /// The same as is asked for.
    look: Option<Duration>,
    /// Whether nobody looks by himself where it is told.
    is_patient: bool,
    woken: Option<Instant>,
}

/// How a wait goes.
#[derive(Clone, Copy, Debug)]
pub struct Pause {
    /// It ends after so long. None: when something is told.
    pub limit: Option<Duration>,
    /// Whether nobody tells of some of the directories.
    is_blind: bool,
}

#[derive(Debug)]
struct Watched {
    path: PathBuf,
    /// None: it can't be watched at the moment.
    watch: Option<i32>,
    /// The labels of which was told, the newest ones last.
    labels: VecDeque<Label>,
    /// The latest one of those that are not remembered any more.
    forgotten: Option<Label>,
    /// Whether its follower has begun.
    is_begun: bool,
    /// Whether there may be others of which nobody has told.
    is_incomplete: bool,
}

impl Watched {
    fn new(path: PathBuf) -> Watched {
        let labels = VecDeque::new();
        Watched { path, watch: None, labels, forgotten: None, is_begun: false, is_incomplete: false }
    }

    /// Notes the label in a name of which was told.
    fn note(&mut self, name: &[u8]) {
        let Some((label, _)) = parse(name) else { return };
        if self.labels.iter().rev().any(|&known| known == label) {
            return;
        }
        if self.labels.len() == LABELS {
            self.forgotten = self.forgotten.max(self.labels.pop_front());
        }
        self.labels.push_back(label);
    }
}

impl Hints {
    /// Watches directories. Those that can't be watched are looked at from time to time.
    pub fn new(directories: impl Iterator<Item = PathBuf>) -> Hints {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok();
        let watched = directories.map(Watched::new).collect();
        let to_pipe = matches!(pipe::kind(unix::diag::stdout()), Ok(pipe::Kind::Pipe));
        let mut hints = Hints {
            inotify,
            watched,
            to_pipe,
            patience: Some(PATIENCE),
            blind: BLIND,
            look: None,
            is_patient: false,
            woken: None,
        };
        hints.watch();
        hints
    }

    /// The same for a program that writes nothing and waits for days: nobody looks by himself where all file systems tell
    /// what happens on them, and the reader of standard output does not matter.
    #[must_use]
    pub fn patient(mut self) -> Hints {
        self.to_pipe = false;
        self.blind = PATIENCE;
        self.is_patient = true;
        if !self.watched.iter().any(|one| is_remote(&one.path)) {
            self.patience = None;
        }
        self
    }

    /// Lets followers look by themselves after so long, in the waits that come.
    pub fn look_after(&mut self, span: Option<Duration>) {
        self.look = span;
    }

    /// Watches one more directory: the last one of those that are told of.
    pub fn add(&mut self, path: PathBuf) {
        if self.is_patient && is_remote(&path) {
            self.patience = Some(PATIENCE);
        }
        self.watched.push(Watched::new(path));
        self.watch();
    }

    /// The follower of a directory is about to look at it. What came and went before its first look is not missing, even if
    /// the directory could not be watched then.
    pub fn begin(&mut self, directory: usize) {
        self.watch();
        let Some(one) = self.watched.get_mut(directory).filter(|one| !one.is_begun) else { return };
        one.is_begun = one.watch.is_some();
        one.is_incomplete = !one.is_begun;
    }

    /// Watches what is not watched. True: some of it can't be.
    fn watch(&mut self) -> bool {
        let flags = WatchFlags::MODIFY
            | WatchFlags::CREATE
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::DELETE
            | WatchFlags::ATTRIB
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR;
        let Some(inotify) = &self.inotify else { return true };
        for one in self.watched.iter_mut().filter(|one| one.watch.is_none()) {
            one.watch = inotify::add_watch(inotify, &one.path, flags).ok();
            one.is_incomplete |= one.watch.is_none();
        }
        self.watched.iter().any(|one| one.watch.is_none())
    }

    /// What is readable when something was told, for those who wait for others as well. None: nobody tells.
    pub fn inotify(&self) -> Option<io::Result<OwnedFd>> {
        self.inotify.as_ref().map(OwnedFd::try_clone)
    }

    /// How long the wait may be that comes.
    pub fn pause(&mut self) -> Pause {
        let is_blind = self.watch();
        let patience = self.look.into_iter().chain(self.patience).min();
        Pause { limit: if is_blind { Some(self.blind) } else { patience }, is_blind }
    }

    /// A wait has ended: says of each directory what has changed. `come`: something was told.
    pub fn end_pause(&mut self, pause: Pause, come: bool, told: &mut [Told]) {
        if come {
            self.let_more_come();
            self.take(told, false);
        }
        if !come || pause.is_blind {
            told.fill(Told::Changed);
        }
    }

    /// Waits until something has changed, and says of each directory what. False: the output's reader has gone.
    pub fn wait(&mut self, told: &mut [Told]) -> io::Result<bool> {
        loop {
            let pause = self.pause();
            let limit = pause.limit;
            let stdout = unix::diag::stdout();
            let (come, gone) = match (&self.inotify, self.to_pipe) {
                (Some(inotify), true) => {
                    let [inotify, out] = event::wait([inotify.as_fd(), stdout], limit)?;
                    (inotify.readable, out.readable)
                }
                (Some(inotify), false) => (event::wait([inotify.as_fd()], limit)?[0].readable, false),
                (None, true) => (false, event::wait([stdout], limit)?[0].readable),
                (None, false) => {
                    thread::sleep(self.blind);
                    (false, false)
                }
            };
            if gone {
                return Ok(false);
            }
            self.end_pause(pause, come, told);
            // What was told may be of files that nobody follows.
            if !come || told.iter().any(|told| *told != Told::Nothing) {
                return Ok(true);
            }
        }
    }

    fn let_more_come(&mut self) {
        let since = self.woken.map_or(TOGETHER, |woken| woken.elapsed());
        if let Some(left) = TOGETHER.checked_sub(since).filter(|left| !left.is_zero()) {
            thread::sleep(left);
        }
        self.woken = Some(Instant::now());
    }

    /// Takes what was told: all of it, or what comes at once.
    fn take(&mut self, told: &mut [Told], all: bool) {
        let Some(inotify) = &self.inotify else { return };
        let mut room = [const { MaybeUninit::uninit() }; 16 << 10];
        let mut reader = inotify::Reader::new(inotify, &mut room);
        while let Ok(event) = reader.next() {
            let what = event.events();
            if what.contains(ReadFlags::QUEUE_OVERFLOW) {
                told.fill(Told::Changed);
                self.watched.iter_mut().for_each(|one| one.is_incomplete = true);
            }
            let news = match event.file_name() {
                // `state` and what is being compressed.
                Some(name) if what == ReadFlags::MODIFY && name.to_bytes() != b"current" => Told::Nothing,
                Some(_) if what == ReadFlags::MODIFY => Told::Written,
                _ => Told::Changed,
            };
            let ends =
                ReadFlags::IGNORED | ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::UNMOUNT;
            // A directory may be followed more than once. None: it was told of a watch that has ended.
            let all_of_it = self.watched.iter_mut().zip(told.iter_mut());
            for (one, told) in all_of_it.filter(|(one, _)| one.watch == Some(event.wd())) {
                if let Some(name) = event.file_name().filter(|_| what != ReadFlags::MODIFY) {
                    one.note(name.to_bytes());
                }
                *told = news.max(*told);
                if what.intersects(ends) {
                    one.watch = None;
                    one.is_incomplete = true;
                }
            }
            // A directory that is moved away is not followed; another one may come in its place.
            if what.contains(ReadFlags::MOVE_SELF) {
                inotify::remove_watch(inotify, event.wd()).ok();
            }
            if reader.is_buffer_empty() && !all {
                return;
            }
        }
    }

    /// Whether an archive was there for a time of which a follower doubts whether there was one. Where nobody tells, there
    /// may have been.
    pub fn confirm(&mut self, directory: usize, doubt: &Doubt, told: &mut [Told]) -> bool {
        self.take(told, true);
        let Some(one) = self.watched.get_mut(directory) else { return true };
        let is_incomplete = std::mem::take(&mut one.is_incomplete) || one.watch.is_none();
        let may_be_forgotten = one.forgotten.is_some_and(|latest| doubt.begins_before(latest));
        is_incomplete
            || may_be_forgotten
            || is_remote(&one.path)
            || one.labels.iter().any(|&label| doubt.is_about(label))
    }
}

/// Whether other machines may write to the file system of a directory, which is not told then.
fn is_remote(path: &Path) -> bool {
    const REMOTE: [i128; 8] = [
        0x6969,      // NFS
        0xff53_4d42, // CIFS
        0xfe53_4d42, // SMB2
        0x517b,      // SMB
        0x0102_1997, // 9P
        0x6573_5546, // FUSE
        0x00c3_6400, // Ceph
        0x5346_414f, // AFS
    ];
    rustix::fs::statfs(path).is_ok_and(|found| REMOTE.contains(&(i128::from(found.f_type) & 0xffff_ffff)))
}

#[cfg(test)]
#[path = "hints_tests.rs"]
mod tests;
