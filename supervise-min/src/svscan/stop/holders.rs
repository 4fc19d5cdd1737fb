//! Which processes can write to a pipe: those that have outlived the service whose output it is.

use std::fs;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use unix::process::Process;
use unix::signal::Signal;
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

/// Kills those that have it as standard output or error, as the processes of a service do. Any other descriptor proves
/// nothing: a user may have passed it to a process in order to get that one killed.
pub(super) fn kill(reader: impl AsFd) {
    let Ok(inode) = pipe::inode(&reader) else { return };
    let target = PathBuf::from(format!("pipe:[{inode}]"));
    for Holder { pid, .. } in of(&reader) {
        // Held first, so that who is looked at again is who is killed.
        if let Ok(Some(process)) = Process::find(pid) {
            if ["1", "2"].iter().any(|number| has(pid, number, &target)) {
                process.signal(Signal::KILL).ok();
            }
        }
    }
}

fn holds(pid: u32, target: &Path) -> bool {
    let all = descriptors::of(pid).unwrap_or_default();
    all.iter().any(|(number, found)| found == target && descriptors::is_for_writing(pid, number))
}

fn has(pid: u32, number: &str, target: &Path) -> bool {
    fs::read_link(format!("/proc/{pid}/fd/{number}")).is_ok_and(|found| found == target)
}

fn name_of(pid: u32) -> String {
    let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    String::from_utf8_lossy(name.strip_suffix(b"\n").unwrap_or(&name)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn who_was_only_handed_a_pipe_is_named_and_not_killed() {
        let (reader, writer) = pipe::new().unwrap();
        let start = |script: &str| {
            let (input, output) = (Stdio::null(), Stdio::from(writer.try_clone().unwrap()));
            Command::new("/bin/sh").args(["-c", script]).stdin(input).stdout(output).spawn().unwrap()
        };
        let (mut worker, mut handed) =
            (start("exec sleep 1000"), start("exec 7>&1 >/dev/null; exec sleep 1000"));
        drop(writer);
        let is_there = |pid: u32| of(&reader).contains(&Holder { pid, name: "sleep".into() });
        while ![&worker, &handed].iter().all(|child| is_there(child.id())) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        kill(&reader);
        assert!(!worker.wait().unwrap().success());
        assert!(handed.try_wait().unwrap().is_none() && is_there(handed.id()));
        handed.kill().unwrap();
        handed.wait().unwrap();
        assert!(pipe::has_no_writers(&reader) && of(&reader).is_empty());
    }
}
