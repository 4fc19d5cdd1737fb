//! What in the directory is a service: names that do not begin with a dot and lead to directories.
//!
//! A directory that is made in place, by `cp -r` for example, is complete only some time after its name has appeared,
//! and a `log` that comes later would never be seen. So a directory that appears while svscan runs has to be quiet for
//! a second first, unless it is a link or was moved in.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use unix::diag::{Message, warn};
use unix::file::Identity;

/// How long a directory that was made in place has to be without a change.
pub(super) const QUIET: Duration = Duration::from_secs(1);

/// A directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: OsString,
    pub(super) id: Identity,
}

/// What is known of the names from earlier looks.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// Directories that were given to the caller.
    known: HashSet<Identity>,
    /// New ones: what they looked like, and since when.
    newcomers: HashMap<Identity, (Look, Duration)>,
    /// Names of which it was said that they are complete.
    complete: HashSet<OsString>,
    looked: bool,
}

/// Times and identities of a service's parts.
type Look = Vec<Option<(u64, i64, i64)>>;

impl Entries {
    /// A name is that of something that is complete.
    pub(super) fn is_complete(&mut self, name: OsString) {
        self.complete.insert(name);
    }

    /// All services, in the order of their names.
    pub(super) fn look(&mut self, now: Duration) -> io::Result<Vec<Entry>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(".")? {
            names.push(entry?.file_name());
        }
        names.sort();
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        for name in names.into_iter().filter(|name| !name.as_bytes().starts_with(b".")) {
            let stat = match fs::metadata(&name) {
                Ok(stat) => stat,
                Err(error) => {
                    warn("svscan", &Message::new("unable to stat ").and(name.as_bytes()).because(&error));
                    continue;
                }
            };
            let id = Identity::from(&stat);
            if stat.is_dir() {
                seen.insert(id);
                if self.is_ready(&name, id, now) {
                    found.push(Entry { name, id });
                }
            }
        }
        self.known.retain(|id| seen.contains(id));
        self.newcomers.retain(|id, _| seen.contains(id) && !self.known.contains(id));
        self.complete.clear();
        self.looked = true;
        Ok(found)
    }

    /// When to look again at those that were not quiet yet.
    pub(super) fn due(&self) -> Option<Duration> {
        self.newcomers.values().map(|(_, since)| *since + QUIET).min()
    }

    fn is_ready(&mut self, name: &OsString, id: Identity, now: Duration) -> bool {
        if self.known.contains(&id) {
            return true;
        }
        let is_link = || fs::symlink_metadata(name).is_ok_and(|stat| stat.is_symlink());
        if !self.looked || self.complete.contains(name) || is_link() {
            self.known.insert(id);
            return true;
        }
        let look = look_of(Path::new(name));
        let (before, since) = self.newcomers.entry(id).or_insert_with(|| (look.clone(), now));
        if *before != look {
            (*before, *since) = (look, now);
        }
        let quiet = now.saturating_sub(*since) >= QUIET;
        if quiet {
            self.known.insert(id);
        }
        quiet
    }
}

fn look_of(path: &Path) -> Look {
    let of = |stat: Metadata| (stat.ino(), stat.ctime(), stat.ctime_nsec());
    ["", "run", "log", "log/run"].iter().map(|part| fs::metadata(path.join(part)).ok().map(of)).collect()
}
