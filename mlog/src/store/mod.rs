//! What a log directory holds: its generations in order, each a file, and how far its labels are ahead of UTC.
//!
//! A generation is what was once called `current`. It is read from one file: its final name where there is one, else
//! `@label.u`; `@label.t` is a copy that somebody is making. `previous`, of a logger that gives labels later, is a generation
//! that has no label yet; so is `processed` when there is no `previous`. A directory is read by its path and nothing in it is ever changed.

mod ahead;
mod look;
mod names;
mod scan;

pub use ahead::{Ahead, guess};
pub use look::{Directory, Look, is_odd, look};
pub use names::parse;
pub use scan::{hidden, services};

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tai64tools::Label;
use unix::file::{self, Identity, Stat};

use crate::archive::{Declared, Form};

/// In which state a generation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// An archive under its final name.
    Sealed,
    /// The same, and the name says how it is compressed.
    Packed(Form),
    /// `@label.u`: rotated, not sealed.
    Unsealed,
    /// `previous`: rotated, without a label.
    Previous,
    /// `current`.
    Current,
}

impl State {
    /// What it says of the content of the file.
    pub fn declared(self) -> Declared {
        match self {
            State::Current => Declared::Grows,
            State::Packed(form) => Declared::Packed(form),
            State::Sealed | State::Unsealed | State::Previous => Declared::Nothing,
        }
    }
}

/// One generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Its label; `previous` and `current` have none.
    pub label: Option<Label>,
    /// The name of its file.
    pub name: OsString,
    /// Its state.
    pub state: State,
    /// Whether the logger is at work on it: it has no label, or `@label.u` is there, beside its final name or alone. A
    /// logger may spare such a file when it deletes others, even newer ones.
    pub in_work: bool,
}

/// A log directory, by its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called in output.
    pub name: Vec<u8>,
}

/// A directory as it was at one moment.
#[derive(Debug)]
pub struct Snapshot<F = Arc<File>> {
    /// All generations in order, without `current`.
    pub archives: Vec<Generation>,
    /// The file of the last one, where that has no label. It may have one at any time, and its name may be another one's
    /// then.
    pub unlabelled: Option<F>,
    /// `current`, open, and its size.
    pub current: Option<(F, u64)>,
}

impl<F> Snapshot<F> {
    /// The newest label: the next one is that of `previous` where that is there, else of `current`.
    pub fn newest(&self) -> Option<Label> {
        self.archives.iter().rev().find_map(|generation| generation.label)
    }

    /// Closes its files.
    pub fn close(&mut self) {
        (self.unlabelled, self.current) = (None, None);
    }

    /// Whether there is a `previous`.
    pub fn has_previous(&self) -> bool {
        self.archives.last().is_some_and(|generation| generation.state == State::Previous)
    }
}

impl<F: Content> Snapshot<F> {
    /// Opens the file of one of its generations, or `current`. None: it was deleted.
    pub fn open<D: Directory<File = F>>(
        &self,
        directory: &D,
        generation: &Generation,
    ) -> io::Result<Option<(F, State)>> {
        let held = match generation.state {
            State::Current => self.current.as_ref().map(|(file, _)| file),
            _ => self.unlabelled.as_ref().filter(|_| generation.label.is_none()),
        };
        match held {
            Some(file) => Ok(Some((file.clone(), generation.state))),
            None => look::open(directory, generation),
        }
    }

    /// Which file one of its generations is, and its size.
    pub fn file_of<D: Directory<File = F>>(
        &self,
        directory: &D,
        generation: &Generation,
    ) -> io::Result<Option<(Identity, u64)>> {
        let stat = match (generation.label, &self.unlabelled) {
            (None, Some(file)) => Some(file.stat()?),
            _ => look::lookup(directory, generation)?,
        };
        Ok(stat.map(|stat| (stat.identity, stat.size)))
    }
}

/// What is read of an open file.
pub trait Content: Clone {
    /// Its size, its identity, and how many names it has.
    fn stat(&self) -> io::Result<Stat>;
    /// Reads at an offset, possibly less than everything; 0 at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl Content for Arc<File> {
    fn stat(&self) -> io::Result<Stat> {
        file::stat(&**self)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        file::read_at(&**self, buffer, offset)
    }
}

impl Directory for Store {
    type File = Arc<File>;

    fn each_name(&self, see: &mut dyn FnMut(&OsStr)) -> io::Result<()> {
        file::each_name(file::open_directory(&self.path)?, see)
    }

    fn lookup(&self, name: &OsStr) -> io::Result<Option<Stat>> {
        file::lookup(file::here(), self.path.join(name).as_os_str())
    }

    fn open_name(&self, name: &OsStr) -> io::Result<Arc<File>> {
        self.open_name(name).map(Arc::new)
    }
}

impl Store {
    /// A directory that is called what it was given as.
    pub fn new(path: impl Into<PathBuf>) -> Store {
        let path = path.into();
        let name = path.as_os_str().as_bytes().to_vec();
        Store { path, name }
    }

    /// The generations in order, without `current`.
    pub fn archives(&self) -> io::Result<Vec<Generation>> {
        look::archives(self)
    }

    /// Opens the file of a generation, under the name that it has now if it got another one.
    pub fn open(&self, generation: &Generation) -> io::Result<Option<(Arc<File>, State)>> {
        look::open(self, generation)
    }

    /// Opens a regular file of the directory.
    pub fn open_name(&self, name: &OsStr) -> io::Result<File> {
        let directory = file::open_directory(&self.path)?;
        Ok(File::from(file::open_file(&directory, name)?))
    }

    /// Whether a logger is at work: it holds the lock.
    pub fn is_written(&self) -> bool {
        self.open_name("lock".as_ref()).is_ok_and(unix::lock::is_held)
    }

    /// All generations at one moment: no rotation has happened between the look at the names and the opening of
    /// `current`. Where a logger rotates all the time, those up to a moment without `current`.
    ///
    /// # Errors
    ///
    /// The directory can't be read, `current` can't be opened, or it is no log directory (`InvalidInput`).
    pub fn snapshot(&self) -> io::Result<Snapshot> {
        look::snapshot(self)
    }
}

/// Where the whole lines of the first `size` bytes of a file end.
///
/// # Errors
///
/// The file can't be read.
pub fn whole_lines(file: &File, size: u64) -> io::Result<u64> {
    let mut piece = vec![0; 64 << 10];
    let mut end = size;
    while end > 0 {
        let from = end.saturating_sub(piece.len() as u64);
        let most = usize::try_from(end - from).unwrap_or(0);
        let got = file::read_at(file, &mut piece[..most], from)?;
        if let Some(newline) = memchr::memrchr(b'\n', &piece[..got]) {
            return Ok(from + newline as u64 + 1);
        }
        end = from;
    }
    Ok(0)
}

/// A path as it is shown in messages.
pub fn shown(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    fn listed(names: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let linked = names.contains(&"link");
        for name in names.iter().filter(|name| **name != "link" && !(linked && **name == "previous")) {
            std::fs::write(folder.path().join(name), "x\n").unwrap();
        }
        if linked {
            std::fs::hard_link(folder.path().join(names[1]), folder.path().join("previous")).unwrap();
        }
        let archives = Store::new(folder.path()).archives().unwrap();
        archives.into_iter().map(|generation| generation.name.into_string().unwrap()).collect()
    }

    const A: &str = "@4000000037c219bf2ef02e94";
    const B: &str = "@4000000037c219bf2ef02e95";

    #[test]
    fn one_generation_is_one_file() {
        let name = |label: &str, code: &str| format!("{label}.{code}");
        for (names, expected) in [
            (vec![name(B, "s"), name(A, "s")], vec![name(A, "s"), name(B, "s")]),
            (vec![name(A, "u"), name(A, "s")], vec![name(A, "s")]),
            (vec![name(A, "u"), name(A, "t")], vec![name(A, "u")]),
            (vec![name(A, "t"), "current".into(), "state".into(), "lock".into()], vec![]),
            (vec![name(A, "zst"), name(A, "gz")], vec![name(A, "gz")]),
            (
                vec!["previous".into(), "processed".into(), name(A, "s")],
                vec![name(A, "s"), "previous".into()],
            ),
            (vec!["processed".into(), name(A, "s")], vec![name(A, "s"), "processed".into()]),
            (vec!["link".into(), name(A, "s"), "previous".into()], vec![name(A, "s")]),
            (vec![A.into(), name(A, ""), "@4.s".into()], vec![]),
            (vec!["@7000000037c219bf2ef02e94.s".into()], vec![]),
        ] {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            assert_eq!(listed(&names), expected, "{names:?}");
        }
    }

    #[test]
    fn what_is_no_log_directory_is_said_to_be_none() {
        let folder = tempfile::tempdir().unwrap();
        let error = Store::new(folder.path()).snapshot().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        std::fs::write(folder.path().join("lock"), "").unwrap();
        assert!(Store::new(folder.path()).snapshot().unwrap().current.is_none());
    }

    #[test]
    fn current_that_has_its_label_already_is_an_archive() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let current = folder.path().join("current");
        std::fs::write(&current, "x\n").unwrap();
        std::fs::hard_link(&current, folder.path().join("elsewhere")).unwrap();
        assert!(store.snapshot().unwrap().current.is_some());
        std::fs::hard_link(&current, folder.path().join(format!("{A}.u"))).unwrap();
        let snapshot = store.snapshot().unwrap();
        assert_eq!((snapshot.archives.len(), snapshot.current.is_none()), (1, true));
        std::fs::remove_file(&current).unwrap();
        std::fs::write(&current, "y\n").unwrap();
        let snapshot = store.snapshot().unwrap();
        assert_eq!((snapshot.archives.len(), snapshot.current.is_some()), (1, true));
    }

    #[test]
    fn a_generation_that_was_sealed_meanwhile_is_found_under_its_new_name() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        std::fs::write(folder.path().join(format!("{A}.u")), "x\n").unwrap();
        let [generation] = &store.archives().unwrap()[..] else { panic!() };
        std::fs::rename(folder.path().join(format!("{A}.u")), folder.path().join(format!("{A}.s"))).unwrap();
        assert_eq!(store.open(generation).unwrap().unwrap().1, State::Sealed);
        std::fs::remove_file(folder.path().join(format!("{A}.s"))).unwrap();
        assert!(store.open(generation).unwrap().is_none());
    }
}
