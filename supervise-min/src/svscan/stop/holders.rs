//! Who can write to a pipe: processes that have outlived the service whose output it is.

use std::fs;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use unix::process::{Process, Signal};
use unix::{descriptors, pipe};

/// A process that holds a pipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) pid: u32,
    /// The name of what it runs, as the kernel has it.
    pub(super) name: String,
}

/// All that this process may look at.
pub(super) fn of(reader: impl AsFd) -> Vec<Holder> {
    let Ok(inode) = pipe::inode(reader) else { return Vec::new() };
    let target = PathBuf::from(format!("pipe:[{inode}]"));
    let mut pids: Vec<u32> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|&pid| pid != std::process::id() && holds(pid, &target))
        .collect();
    pids.sort_unstable();
    pids.into_iter().map(|pid| Holder { pid, name: name_of(pid) }).collect()
}

/// Kills them.
pub(super) fn kill(reader: impl AsFd) {
    let Ok(inode) = pipe::inode(&reader) else { return };
    let target = PathBuf::from(format!("pipe:[{inode}]"));
    for Holder { pid, .. } in of(&reader) {
        // Held first, so that who is looked at again is who is killed.
        if let Ok(Some(process)) = Process::find(pid)
            && holds(pid, &target)
        {
            process.signal(Signal::KILL).ok();
        }
    }
}

fn holds(pid: u32, target: &Path) -> bool {
    let all = descriptors::of(pid).unwrap_or_default();
    all.iter().any(|(number, found)| found == target && descriptors::is_for_writing(pid, number))
}

fn name_of(pid: u32) -> String {
    let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    String::from_utf8_lossy(name.strip_suffix(b"\n").unwrap_or(&name)).into_owned()
}
