//! What a log directory holds: its generations in order, each a file, and how far its labels are ahead of UTC.
//!
//! A generation is what was once called `current`. It is read from one file: its final name where there is one, else
//! `@label.u`; `@label.t` and `processed` are copies that somebody is making. `previous`, of an original multilog with a
//! processor, is a generation that has no label yet. A directory is read by its path and nothing in it is ever changed.

mod ahead;
mod scan;

pub use ahead::{Ahead, guess};
pub use scan::services;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tai64tools::{Label, label};
use unix::file;

/// The last second of the year 9999, as labels have it: later labels are not a logger's.
const LAST_SECOND: u64 = label::EPOCH + 253_402_300_799;

/// In which state a generation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// An archive under its final name.
    Sealed,
    /// `@label.u`: rotated, not sealed.
    Unsealed,
    /// `previous`: rotated, without a label.
    Previous,
    /// `current`.
    Current,
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
pub struct Snapshot {
    /// All generations in order, without `current`.
    pub archives: Vec<Generation>,
    /// `current`, open, and its size.
    pub current: Option<(Arc<File>, u64)>,
}

impl Snapshot {
    /// The newest label: the next one is that of `previous` where that is there, else of `current`.
    pub fn newest(&self) -> Option<Label> {
        self.archives.iter().rev().find_map(|generation| generation.label)
    }

    /// Whether there is a `previous`.
    pub fn has_previous(&self) -> bool {
        self.archives.last().is_some_and(|generation| generation.state == State::Previous)
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
        Ok(self.all_names()?.archives())
    }

    /// The names, looked at until nothing has come or gone meanwhile: a name that is changed during a look may be missed
    /// under both.
    fn all_names(&self) -> io::Result<Names> {
        let mut names = self.names()?;
        loop {
            let again = self.names()?;
            if again.is_like(&names) {
                return Ok(again);
            }
            names = again;
        }
    }

    fn names(&self) -> io::Result<Names> {
        loop {
            let directory = file::open_directory(&self.path)?;
            let mut names = Names::default();
            file::each_name(&directory, &mut |name| names.see(name))?;
            if !names.previous {
                return Ok(names);
            }
            // `previous` gets its label by a link and an unlink, or by a rename: it may have it already, or be gone.
            let Some(previous) = file::lookup(&directory, OsStr::new("previous"))? else { continue };
            if let Some((name, _)) = names.labels.values().next_back() {
                let newest = file::lookup(&directory, name)?;
                names.previous = newest.is_none_or(|newest| newest.identity != previous.identity);
            }
            return Ok(names);
        }
    }

    /// Opens the file of a generation, under the name that it has now if it got another one.
    pub fn open(&self, generation: &Generation) -> io::Result<Option<(File, State)>> {
        let mut tried = generation.clone();
        for _ in 0..8 {
            match self.open_name(&tried.name) {
                Ok(opened) => return Ok(Some((opened, tried.state))),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            let found = self.archives()?.into_iter().find(|other| other.label == generation.label);
            let Some(found) = found else { return Ok(None) };
            tried = found;
        }
        Ok(None)
    }

    /// Opens a regular file of the directory.
    pub fn open_name(&self, name: &OsStr) -> io::Result<File> {
        let directory = file::open_directory(&self.path)?;
        Ok(File::from(file::open_file(&directory, name)?))
    }

    /// Whether what was opened as `current` has no label: it gets one by a link and an unlink, or by a rename.
    fn is_unlabelled(&self, current: Option<&File>, names: &Names) -> io::Result<bool> {
        let (Some(current), Some((name, _))) = (current, names.labels.values().next_back()) else {
            return Ok(true);
        };
        let own = current.metadata()?;
        match self.path.join(name).symlink_metadata() {
            Ok(newest) => Ok((newest.dev(), newest.ino()) != (own.dev(), own.ino())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// All generations at one moment: no rotation has happened between the look at the names and the opening of
    /// `current`.
    ///
    /// # Errors
    ///
    /// The directory can't be read, `current` can't be opened, or it is no log directory (`InvalidInput`).
    pub fn snapshot(&self) -> io::Result<Snapshot> {
        let mut names = self.names()?;
        loop {
            let current = match self.open_name(OsStr::new("current")) {
                Ok(current) => Some(current),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            let size = current.as_ref().map_or(Ok(0), |current| current.metadata().map(|meta| meta.len()))?;
            let after = self.names()?;
            // A rotation makes a label or `previous`.
            if after.is_like(&names) && self.is_unlabelled(current.as_ref(), &after)? {
                if !after.is_log_directory() {
                    return Err(io::Error::new(ErrorKind::InvalidInput, "not a log directory"));
                }
                let current = current.map(|current| (Arc::new(current), size));
                return Ok(Snapshot { archives: after.archives(), current });
            }
            names = after;
        }
    }
}

/// The names of a directory that matter.
#[derive(Debug, Default)]
struct Names {
    labels: BTreeMap<Label, (OsString, State)>,
    previous: bool,
    /// Whether there is `current`, `lock` or `state`.
    of_a_logger: bool,
}

impl Names {
    fn see(&mut self, name: &OsStr) {
        match name.as_bytes() {
            b"previous" => self.previous = true,
            b"current" | b"lock" | b"state" => self.of_a_logger = true,
            bytes => {
                if let Some((label, state)) = parse(bytes) {
                    self.see_archive(label, name, state);
                }
            }
        }
    }

    /// A final name goes before `.u`, and of two final names the first in the order of bytes.
    fn see_archive(&mut self, label: Label, name: &OsStr, state: State) {
        let rank = |state, name: &OsStr| (state == State::Unsealed, name.to_owned());
        let better = self.labels.get(&label).is_none_or(|(old, kept)| rank(state, name) < rank(*kept, old));
        if better {
            self.labels.insert(label, (name.to_owned(), state));
        }
    }

    /// Whether two looks have found the same generations, except the oldest ones, which retention may have deleted.
    fn is_like(&self, other: &Names) -> bool {
        let from = self.labels.keys().next().max(other.labels.keys().next());
        let since = |names: &Names| -> Vec<Label> {
            names.labels.keys().filter(|label| from.is_none_or(|from| *label >= from)).copied().collect()
        };
        self.newest() == other.newest() && self.previous == other.previous && since(self) == since(other)
    }

    fn newest(&self) -> Option<Label> {
        self.labels.last_key_value().map(|(&label, _)| label)
    }

    fn is_log_directory(&self) -> bool {
        self.of_a_logger || self.previous || !self.labels.is_empty()
    }

    fn archives(self) -> Vec<Generation> {
        let labelled = self.labels.into_iter();
        let mut all: Vec<Generation> =
            labelled.map(|(label, (name, state))| Generation { label: Some(label), name, state }).collect();
        if self.previous {
            all.push(Generation { label: None, name: "previous".into(), state: State::Previous });
        }
        all
    }
}

/// The label and state that a name says. None: it is no generation.
pub fn parse(name: &[u8]) -> Option<(Label, State)> {
    let label = Label::parse(name).filter(|label| label.seconds() <= LAST_SECOND)?;
    match &name[label::LENGTH..] {
        b".t" => None,
        b".u" => Some((label, State::Unsealed)),
        [b'.', _, ..] => Some((label, State::Sealed)),
        _ => None,
    }
}

/// A path as it is shown in messages.
pub fn shown(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

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
