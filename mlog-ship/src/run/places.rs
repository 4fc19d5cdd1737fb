//! Which directories are shipped, and what engines call them.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use mlog::store::{Store, services};
use unix::diag::Message;
use unix::tool::Fatal;

use crate::identity::{self, Origin};
use crate::settled::Settled;

/// A directory that is shipped.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) store: Store,
    pub(super) origin: Origin,
}

/// The directories that the command line names, each once.
///
/// # Errors
///
/// The scan directory can't be read.
pub(super) fn find(settled: &Settled) -> Result<Vec<Place>, Fatal> {
    let host = settled.host.clone().unwrap_or_else(this_host);
    let mut places: Vec<Place> = Vec::new();
    let mut add = |store: Store, service: Option<Vec<u8>>| {
        let directory = absolute(&store.path);
        if places.iter().all(|place| place.origin.directory != directory) {
            let service = service.unwrap_or_else(|| identity::service(&directory));
            places.push(Place { store, origin: Origin { directory, host: host.clone(), service } });
        }
    };
    if let Some(scan) = &settled.scan {
        let unable = || Message::new("unable to read ").and(scan.as_os_str().as_bytes());
        for store in services(scan, &settled.units).map_err(|error| Fatal::system(unable(), &error))? {
            let name = store.name.clone();
            add(store, Some(name));
        }
    }
    for directory in &settled.directories {
        add(Store::new(directory), None);
    }
    Ok(places)
}

/// The path from the root, without links where that can be found out.
fn absolute(path: &Path) -> std::path::PathBuf {
    let whole = || std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.canonicalize().unwrap_or_else(|_| whole())
}

fn this_host() -> Vec<u8> {
    rustix::system::uname().nodename().to_bytes().to_vec()
}
