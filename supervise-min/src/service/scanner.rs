//! Which process is the svscan of a directory.
//!
//! Any user can choose the names and the working directories of his processes. So only processes of root and of this
//! process's own user are believed.

use std::ffi::OsStr;
use std::fs;
use std::os::fd::AsFd;

use unix::file::Identity;
use unix::process::Process;
use unix::{descriptors, file, lock};

use super::place;

/// Whether a process is believed to be a svscan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It is one, of root or of this user.
    Svscan,
    /// It is another program, or another user's.
    Other,
}

/// Who has locked a directory, as far as /proc tells.
pub fn lock_holder(directory: impl AsFd) -> Option<(u32, Trust)> {
    let trust = |pid| (pid, if is_svscan(pid) { Trust::Svscan } else { Trust::Other });
    lock::holder(&directory).map(trust).or_else(|| {
        // Some file systems have other numbers in /proc/locks.
        let wanted = Identity::of(&directory).ok()?;
        svscans_in(wanted).find(|&pid| has_locked(pid, wanted)).map(trust)
    })
}

/// The svscan that runs in a directory: one that has locked it if there is one. An original locks nothing.
pub fn svscan_in(wanted: Identity) -> Option<Process> {
    let all: Vec<u32> = svscans_in(wanted).collect();
    let pid = all.iter().find(|&&pid| has_locked(pid, wanted)).or(all.first())?;
    // Held first, so that who is looked at again is who will be told.
    let process = Process::find(*pid).ok()??;
    is_svscan(*pid).then_some(process)
}

fn svscans_in(wanted: Identity) -> impl Iterator<Item = u32> {
    place::workers().filter(move |&(pid, place)| place == wanted && is_svscan(pid)).map(|(pid, _)| pid)
}

/// Whether a process has this directory open and locked.
fn has_locked(pid: u32, wanted: Identity) -> bool {
    let all = descriptors::of(pid).unwrap_or_default();
    let is_it = |number: &OsStr| Identity::at(&descriptors::path(pid, number)) == Some(wanted);
    all.iter().any(|(number, _)| is_it(number) && lock::is_held_by(pid, number))
}

fn is_svscan(pid: u32) -> bool {
    let status = fs::read(format!("/proc/{pid}/status")).unwrap_or_default();
    is_believed(&String::from_utf8_lossy(&status), file::effective_user())
}

/// From the text of /proc/PID/status. The owner of the files there is no proof: they belong to root if the process does
/// not let itself be looked at. A user who runs a set-user-id program still is its real user.
fn is_believed(status: &str, own: u32) -> bool {
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
    let users: Option<Vec<u32>> = field("Uid:\t")
        .and_then(|users| users.split_ascii_whitespace().map(|user| user.parse().ok()).collect());
    let all_are = |wanted: u32| {
        users.as_ref().is_some_and(|users| users.len() == 4 && users.iter().all(|&user| user == wanted))
    };
    field("Name:\t") == Some("svscan") && (all_are(0) || all_are(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(name: &str, users: &str) -> String {
        format!("Name:\t{name}\nUmask:\t0022\nState:\tS (sleeping)\nUid:\t{users}\nGid:\t0\t0\t0\t0\n")
    }

    #[test]
    fn only_one_of_root_or_of_the_own_user_is_believed() {
        for (name, users, believed) in [
            ("svscan", "0\t0\t0\t0", true),
            ("svscan", "7\t7\t7\t7", true),
            ("svscan", "8\t8\t8\t8", false),
            // A program with root's rights under another name, started by any user.
            ("svscan", "8\t0\t0\t0", false),
            ("svscan", "0\t8\t0\t0", false),
            ("svscan", "0\t0\t0", false),
            ("svscan", "x\t0\t0\t0", false),
            ("svscan2", "0\t0\t0\t0", false),
            ("a svscan", "0\t0\t0\t0", false),
        ] {
            assert_eq!(is_believed(&status(name, users), 7), believed, "{name} {users}");
        }
        assert!(!is_believed("", 0));
    }

    /// A name may not stand for another field: the kernel escapes what would end its line.
    #[test]
    fn this_process_is_none() {
        assert!(!is_svscan(std::process::id()));
        assert!(!is_svscan(u32::MAX));
    }
}
