//! Places: directories by what they are, not by their names, and who works in them.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use unix::diag::Message;
use unix::fifo;
use unix::process::{go_back, here};
use unix::tool::Fatal;

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
    fifo::open_to_write(&service.join("supervise/ok")).is_ok()
}

/// The directory that a tool was started in, for one that goes into others.
pub struct Home(std::os::fd::OwnedFd);

impl Home {
    /// Before the first other.
    pub fn here() -> Result<Home, Fatal> {
        here().map(Home).map_err(failed("unable to open current directory"))
    }

    /// Makes it the working directory again.
    pub fn back(&self) -> Result<(), Fatal> {
        go_back(&self.0).map_err(failed("unable to set directory"))
    }
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> Fatal {
    move |error| Fatal::system(Message::new(what), &error)
}
