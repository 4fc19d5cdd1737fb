//! `Scan`: the services under a scan directory, and those that come while they are followed.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::ArgMatches;
use tai64tools::Label;

use crate::pipeline::Trouble;
use crate::store::{Ahead, Store, hidden, services};
use crate::time::Moment;

use super::directories::{Found, ahead};

/// svscan looks for services so often.
const SPAN: Duration = Duration::from_secs(5);

/// A scan directory, and which services are wanted.
pub(super) struct Scan {
    pub(super) path: PathBuf,
    wanted: Vec<Vec<u8>>,
    ahead: Ahead,
    /// The last look, by two clocks.
    looked: (Instant, Label),
    /// The directories of which was said that they can't be read.
    refused: HashSet<PathBuf>,
}

impl Scan {
    /// What was given. None: no scan directory.
    pub(super) fn of(given: &ArgMatches) -> Option<Scan> {
        let wanted = given.get_many::<OsString>("unit").into_iter().flatten();
        Some(Scan {
            path: PathBuf::from(given.get_one::<OsString>("scan")?),
            wanted: wanted.map(|name| name.as_bytes().to_vec()).collect(),
            ahead: ahead(given),
            looked: (Instant::now(), Label::now()),
            refused: HashSet::new(),
        })
    }

    /// Their log directories.
    pub(super) fn stores(&self) -> io::Result<Vec<Store>> {
        services(&self.path, &self.wanted)
    }

    /// What can't be looked into and may hide log directories.
    pub(super) fn hidden(&self) -> Vec<(PathBuf, io::Error)> {
        hidden(&self.path, &self.wanted)
    }

    /// What is not known by now can't be read, and that was said.
    pub(super) fn refuse_others(&mut self, is_known: impl Fn(&Path) -> bool) {
        let stores = self.stores().unwrap_or_default();
        self.refused = stores.into_iter().map(|store| store.path).filter(|path| !is_known(path)).collect();
    }

    /// Whether it is time for a look.
    pub(super) fn is_due(&self) -> bool {
        self.looked.0.elapsed() >= SPAN
    }

    /// The log directories that are not known yet, and the moment of the last look: they were not there then.
    pub(super) fn come(
        &mut self,
        is_known: impl Fn(&Path) -> bool,
        trouble: &mut Trouble,
    ) -> (Vec<Found>, Moment) {
        let (_, before) = std::mem::replace(&mut self.looked, (Instant::now(), Label::now()));
        // A scan directory that is gone may come again.
        let stores = self.stores().unwrap_or_default();
        let mut come = Vec::new();
        for store in stores.into_iter().filter(|store| !is_known(&store.path)) {
            let path = store.path.clone();
            match Found::look(store, self.ahead) {
                Ok(found) => come.push(found),
                Err(message) if self.refused.insert(path) => trouble.fail(&message),
                Err(_) => {}
            }
        }
        (come, Moment::Time(before))
    }
}
