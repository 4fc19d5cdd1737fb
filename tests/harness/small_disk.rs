//! A file system that is soon full.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::run::spawn;

/// A small file system in memory, for as long as it lives.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts it on `place`, which is made. None, and a word about it, where none can be mounted.
    pub fn mount(place: &Path, size: &str) -> Option<SmallDisk> {
        std::fs::create_dir(place).unwrap();
        let options = format!("size={size}");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(place).stderr(Stdio::piped());
        let mounted = spawn(&mut mount).wait_with_output().unwrap();
        if mounted.status.success() {
            return Some(SmallDisk(place.to_path_buf()));
        }
        let why = String::from_utf8_lossy(&mounted.stderr).into_owned();
        eprintln!("skipped: unable to mount a small file system: {why}");
        None
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        spawn(Command::new("umount").arg("-l").arg(&self.0)).wait().unwrap();
    }
}
