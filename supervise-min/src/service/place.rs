//! Places: directories by what they are, not by their names, and who works in them.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::folder::Home;

/// Device and inode: two names for one directory, or one file, are the same.
pub type Id = (u64, u64);

/// What a name leads to. None: nothing that can be looked at.
pub fn id(path: &Path) -> Option<Id> {
    fs::metadata(path).ok().as_ref().map(id_of)
}

/// The same of what was looked at already.
pub fn id_of(stat: &Metadata) -> Id {
    (stat.dev(), stat.ino())
}

/// All processes with their working directories, as far as /proc tells.
pub fn workers() -> impl Iterator<Item = (u32, Id)> {
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        Some((pid, id(&entry.path().join("cwd"))?))
    })
}

/// Whether a supervise runs in a service directory.
pub fn is_supervised(service: &Path) -> bool {
    Home::open(service).and_then(|home| home.folder()?.is_supervised()).unwrap_or(false)
}
