//! Checks one service directory and its logger: names, owners, modes, rules, and the texts of scripts.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use unix::file::{here, open_directory, read_start};

use super::Findings;
use super::script;
use crate::service::folder::Home;
use crate::service::rules::Rules;

/// How much of a script is read.
const LONGEST: usize = 1 << 16;
/// How much of a rule's file counts.
const LONGEST_RULE: usize = 4096;
/// May be written by the group or by all.
const OTHERS_WRITE: u32 = 0o022;

/// Checks a service directory, and that of its logger.
pub(super) fn check(directory: &Path, findings: &mut Findings) {
    check_one(directory, findings);
    let log = directory.join("log");
    match fs::metadata(&log) {
        Ok(stat) if stat.is_dir() => check_one(&log, findings),
        Ok(_) => findings
            .add(&log, "is no directory, so the service has no logger; a logger is a directory with a run"),
        Err(_) if fs::symlink_metadata(&log).is_ok() => {
            findings.add(&log, "is a link that leads nowhere, so the service has no logger");
        }
        Err(_) => {}
    }
}

fn check_one(directory: &Path, findings: &mut Findings) {
    let run = directory.join("run");
    let Some(owner) = fs::metadata(directory).ok().map(|stat| stat.uid()) else {
        return findings.add(directory, "can't be looked at: use the rights of its owner");
    };
    check_rights(directory, owner, findings);
    if fs::metadata(&run).is_err() {
        let is_log = directory.file_name().is_some_and(|name| name == "log");
        findings.add(
            &run,
            match (fs::symlink_metadata(&run).is_ok(), is_log) {
                (true, _) => "is a link that leads nowhere, so supervise has nothing to run",
                (_, true) => {
                    "is missing: nothing reads the log, and the service stands still when its pipe is full"
                }
                _ => "is missing: supervise has nothing to run",
            },
        );
    } else {
        check_script(&run, owner, true, findings);
    }
    for name in ["finish", "shutdown"] {
        let path = directory.join(name);
        if fs::symlink_metadata(&path).is_ok() {
            check_script(&path, owner, false, findings);
        }
    }
    check_rules(directory, findings);
    check_supervise(directory, findings);
}

/// Who can change what runs as the user of svscan: root and this user may.
fn check_rights(path: &Path, directory_owner: u32, findings: &mut Findings) {
    let Ok(stat) = fs::metadata(path) else { return };
    let own = unix::file::effective_user();
    if stat.uid() != 0 && stat.uid() != own {
        let why = "who decides what svscan's user runs: chown it to root, or run svscan as that user";
        findings.add(path, format!("belongs to user number {}, {why}", stat.uid()));
    } else if stat.uid() != directory_owner {
        findings.add(
            path,
            format!("belongs to user number {} and its directory to {directory_owner}", stat.uid()),
        );
    }
    if stat.mode() & OTHERS_WRITE != 0 {
        let who = if stat.mode() & 0o002 != 0 { "everybody" } else { "its group" };
        let mode = stat.mode() & 0o7777;
        findings
            .add(path, format!("can be changed by {who} (mode {mode:04o}), and so what runs: chmod go-w"));
    }
}

fn check_script(path: &Path, owner: u32, is_run: bool, findings: &mut Findings) {
    let Ok(stat) = fs::metadata(path) else {
        return findings.add(path, "is a link that leads nowhere");
    };
    if !stat.is_file() {
        return findings.add(path, "is no file, so it can't be run");
    }
    check_rights(path, owner, findings);
    if stat.mode() & 0o111 == 0 {
        findings.add(path, "is not executable, so it can't be run: chmod +x");
    }
    let Some(text) = read(path) else {
        return findings.add(path, "can't be read, so its text was not checked");
    };
    for finding in script::lint(&text, is_run, &is_program) {
        findings.add(path, finding);
    }
}

/// The start of a file through links, but of no pipe or device.
fn read(path: &Path) -> Option<Vec<u8>> {
    let folder = open_directory(path.parent()?).ok()?;
    read_start(&folder, path.file_name()?, LONGEST).ok()
}

/// Whether an interpreter is there and can be run.
fn is_program(path: &OsStr) -> bool {
    unix::file::is_executable(here(), path)
}

/// Files of rules that supervise would not understand.
fn check_rules(directory: &Path, findings: &mut Findings) {
    let Ok(home) = Home::open(directory) else { return };
    for file in Rules::FILES {
        let path = directory.join(file);
        match unix::file::read_start_of_file(&home, OsStr::new(file), LONGEST_RULE + 1) {
            Ok(text) => {
                let text = String::from_utf8_lossy(&text).into_owned();
                if text.len() > LONGEST_RULE || !Rules::understands(file, &text) {
                    let shown = text.trim().chars().take(40).collect::<String>();
                    findings.add(&path, format!("is not understood and has no effect: {shown}"));
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => findings.add(&path, "is no file that can be read, so it has no effect"),
        }
    }
}

/// What would keep a supervise from using its own directory.
fn check_supervise(directory: &Path, findings: &mut Findings) {
    let path: PathBuf = directory.join("supervise");
    match fs::symlink_metadata(&path) {
        Ok(stat) if !stat.is_dir() && !stat.is_symlink() => {
            findings.add(&path, "is no directory, so supervise can't begin: remove it");
        }
        Ok(stat) if stat.uid() != 0 && stat.uid() != unix::file::effective_user() => {
            let why = "so a supervise of another user can't use it: remove it while none runs";
            findings.add(&path, format!("belongs to user number {}, {why}", stat.uid()));
        }
        _ => {}
    }
}
