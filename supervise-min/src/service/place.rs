//! Places: directories by what they are, not by their names, and who works in them.

use std::fs::{self, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

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

/// The same of what is open.
pub fn id_of_open(file: impl AsFd) -> io::Result<Id> {
    let stat = unix::file::stat(file)?;
    Ok((stat.device, stat.inode))
}

/// All processes with their working directories, as far as /proc tells.
pub fn workers() -> impl Iterator<Item = (u32, Id)> {
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        Some((pid, id(&entry.path().join("cwd"))?))
    })
}
