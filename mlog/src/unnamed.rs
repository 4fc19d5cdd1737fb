//! Files without a name, for what has no room in memory.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags};

/// A file without a name, in the directory that `TMPDIR` names, `/tmp` without one. It is gone when it is closed.
pub fn unnamed() -> io::Result<File> {
    let directory = std::env::var_os("TMPDIR").filter(|name| !name.is_empty());
    let directory = PathBuf::from(directory.unwrap_or_else(|| "/tmp".into()));
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    if let Ok(file) = rustix::fs::open(&directory, flags, Mode::RUSR | Mode::WUSR) {
        return Ok(File::from(file));
    }
    // Not every file system has files without a name.
    let mut number = 0;
    loop {
        let path = directory.join(format!("mlog.{}.{number}", std::process::id()));
        match OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 1000 => number += 1,
            opened => {
                let opened = opened?;
                std::fs::remove_file(&path)?;
                return Ok(opened);
            }
        }
    }
}
