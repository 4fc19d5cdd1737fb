//! Which directories were given, and what is in them.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use tai64tools::leap::Offset;
use unix::diag::Message;
use unix::tool::Fatal;

use crate::pipeline::Trouble;
use crate::store::{Ahead, Snapshot, Store, guess};

use super::scan::Scan;

/// A directory that can be read.
pub(super) struct Found {
    pub(super) store: Store,
    pub(super) snapshot: Snapshot,
    pub(super) offset: Offset,
}

/// The directories that were given, without those that can't be read.
pub(super) fn directories(given: &ArgMatches, trouble: &mut Trouble) -> Result<Vec<Found>, Fatal> {
    let ahead = ahead(given);
    let stores = stores(given, trouble)?;
    let found = stores.into_iter().map(|store| Found::look(store, ahead));
    Ok(found.filter_map(|found| found.map_err(|message| trouble.fail(&message)).ok()).collect())
}

impl Found {
    /// Looks at a directory.
    ///
    /// # Errors
    ///
    /// It can't be read: what has to be said.
    pub(super) fn look(store: Store, ahead: Ahead) -> Result<Found, Message> {
        let snapshot = store.snapshot().map_err(|error| match error.kind() {
            ErrorKind::InvalidInput => {
                Message::new(store.path.as_os_str().as_bytes()).and(" is not a log directory")
            }
            _ => {
                let path = unreadable(&store);
                Message::new("unable to read ").and(path.as_os_str().as_bytes()).because(&error)
            }
        })?;
        let offset = guess(&store, &snapshot, ahead);
        Ok(Found { store, snapshot, offset })
    }
}

/// How far labels are ahead, as it was said.
pub(super) fn ahead(given: &ArgMatches) -> Ahead {
    match given.get_one::<String>("tai-offset").map(String::as_str) {
        Some("10") => Ahead::Said(Offset::Fixed),
        Some("leap") => Ahead::Said(Offset::Leap),
        _ => Ahead::Auto,
    }
}

/// What of a directory can't be read: itself, or its `current`.
fn unreadable(store: &Store) -> PathBuf {
    if store.archives().is_ok() { store.path.join("current") } else { store.path.clone() }
}

fn stores(given: &ArgMatches, trouble: &mut Trouble) -> Result<Vec<Store>, Fatal> {
    let mut stores: Vec<Store> = Vec::new();
    let scan = Scan::of(given);
    if let Some(scan) = &scan {
        let path = scan.path.as_os_str().as_bytes();
        let shown = || Message::new("unable to read ").and(path);
        stores = scan.stores().map_err(|error| Fatal::system(shown(), &error))?;
        let hidden = scan.hidden();
        for (path, error) in &hidden {
            let about = Message::new("unable to read ").and(path.as_os_str().as_bytes());
            trouble.fail(&about.because(error));
        }
        if stores.is_empty() && hidden.is_empty() {
            trouble.fail(&Message::new("no log directory of such a service under ").and(path));
        }
    } else if given.contains_id("unit") {
        return Err(Fatal::misuse(Message::new("-u is for services: -S is missing")));
    }
    let named = given.get_many::<OsString>("dir").into_iter().flatten();
    stores.extend(named.map(Store::new));
    if stores.is_empty() && scan.is_none() {
        let here =
            if Path::new("current").exists() || !Path::new("main/current").exists() { "." } else { "main" };
        stores.push(Store::new(here));
    }
    Ok(stores)
}
