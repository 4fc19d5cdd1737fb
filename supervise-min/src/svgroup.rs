//! `svgroup`: lets a group control services, as the script that has been passed around for it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::Path;

use unix::diag::{Message, warn};
use unix::tool::{Exit, Fatal, SYSTEM};

use crate::chain::account::group;

/// What the group gets of each file in `supervise/`, and last of the directory itself.
const RIGHTS: [(&str, u32); 4] = [("/control", 0o020), ("/ok", 0o020), ("/status", 0o040), ("", 0o010)];

/// Gives a group the right to control the services in directories.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let [name, directories @ ..] = &arguments[..] else { return Err(Fatal::usage("svgroup group dir ...")) };
    if directories.is_empty() {
        return Err(Fatal::usage("svgroup group dir ..."));
    }
    let gid = group(name)?;
    let mut done = true;
    for directory in directories {
        for (file, right) in RIGHTS {
            let mut path = directory.clone();
            path.push("/supervise");
            path.push(file);
            if let Err(error) = give(&path, gid, right) {
                done = false;
                warn("svgroup", &Message::new("unable to change ").and(path.as_bytes()).because(&error));
            }
        }
    }
    Ok(if done { Exit::Success } else { Exit::Code(SYSTEM) })
}

fn give(path: &OsStr, gid: u32, right: u32) -> io::Result<()> {
    let path = Path::new(path);
    let stat = fs::symlink_metadata(path)?;
    // supervise itself may be a link to a directory elsewhere; what is in it may not be one.
    if stat.is_symlink() && !path.is_dir() {
        return Err(ErrorKind::PermissionDenied.into());
    }
    let real = fs::canonicalize(path)?;
    lchown(&real, None, Some(gid))?;
    let mode = fs::metadata(&real)?.permissions().mode();
    fs::set_permissions(&real, fs::Permissions::from_mode(mode | right))
}
