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
use crate::store::{Ahead, Snapshot, Store, guess, hidden, services};

/// A directory that can be read.
pub(super) struct Found {
    pub(super) store: Store,
    pub(super) snapshot: Snapshot,
    pub(super) offset: Offset,
}

/// The directories that were given, without those that can't be read.
pub(super) fn directories(given: &ArgMatches, trouble: &mut Trouble) -> Result<Vec<Found>, Fatal> {
    let ahead = match given.get_one::<String>("tai-offset").map(String::as_str) {
        Some("10") => Ahead::Said(Offset::Fixed),
        Some("leap") => Ahead::Said(Offset::Leap),
        _ => Ahead::Auto,
    };
    let mut found = Vec::new();
    for store in stores(given, trouble)? {
        match store.snapshot() {
            Ok(snapshot) => {
                let offset = guess(&store, &snapshot, ahead);
                found.push(Found { store, snapshot, offset });
            }
            Err(error) if error.kind() == ErrorKind::InvalidInput => {
                trouble.fail(&Message::new(store.path.as_os_str().as_bytes()).and(" is not a log directory"));
            }
            Err(error) => {
                let path = unreadable(&store);
                let path = path.as_os_str().as_bytes();
                trouble.fail(&Message::new("unable to read ").and(path).because(&error));
            }
        }
    }
    Ok(found)
}

/// What of a directory can't be read: itself, or its `current`.
fn unreadable(store: &Store) -> PathBuf {
    if store.archives().is_ok() { store.path.join("current") } else { store.path.clone() }
}

fn stores(given: &ArgMatches, trouble: &mut Trouble) -> Result<Vec<Store>, Fatal> {
    let mut stores: Vec<Store> = Vec::new();
    let wanted: Vec<Vec<u8>> = given
        .get_many::<OsString>("unit")
        .into_iter()
        .flatten()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    if let Some(scan) = given.get_one::<OsString>("scan") {
        let shown = || Message::new("unable to read ").and(scan.as_bytes());
        stores = services(Path::new(scan), &wanted).map_err(|error| Fatal::system(shown(), &error))?;
        let hidden = hidden(Path::new(scan), &wanted);
        for (path, error) in &hidden {
            let about = Message::new("unable to read ").and(path.as_os_str().as_bytes());
            trouble.fail(&about.because(error));
        }
        if stores.is_empty() && hidden.is_empty() {
            trouble.fail(&Message::new("no log directory of such a service under ").and(scan.as_bytes()));
        }
    } else if !wanted.is_empty() {
        return Err(Fatal::misuse(Message::new("-u is for services: -S is missing")));
    }
    let named = given.get_many::<OsString>("dir").into_iter().flatten();
    stores.extend(named.map(Store::new));
    if stores.is_empty() && !given.contains_id("scan") {
        let here =
            if Path::new("current").exists() || !Path::new("main/current").exists() { "." } else { "main" };
        stores.push(Store::new(here));
    }
    Ok(stores)
}
