//! `svgroup`: lets a group control services, like the well-known shell script of this name.
//!
//! Each file is held while it is changed, and has been checked before: a file that another user puts in its place
//! meanwhile is not given away.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;

use unix::diag::{Message, warn};
use unix::held::{Held, Kind};
use unix::tool::{Exit, Fatal, SYSTEM};

use crate::chain::account::group;
use crate::service::folder::{Folder, Home};

/// How it is used.
pub const USAGE: &str = "svgroup group dir ...";

/// What the group gets of each file in `supervise/`. The last is made when there is something to say.
const RIGHTS: [(&str, Kind, u32); 4] = [
    ("control", Kind::Pipe, 0o020),
    ("ok", Kind::Pipe, 0o020),
    ("status", Kind::File, 0o040),
    ("state", Kind::File, 0o040),
];
/// And of the directory itself.
const ENTER: u32 = 0o010;

/// Gives a group the right to control the services in directories.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let [name, directories @ ..] = &arguments[..] else { return Err(Fatal::usage(USAGE)) };
    if directories.is_empty() {
        return Err(Fatal::usage(USAGE));
    }
    Ok(give_services("svgroup", group(name)?, directories))
}

/// The same for `program`, which says what could not be changed.
pub(crate) fn give_services(program: &str, gid: u32, directories: &[impl AsRef<OsStr>]) -> Exit {
    let mut done = true;
    for directory in directories {
        done &= give_service(program, directory.as_ref(), gid);
    }
    if done { Exit::Success } else { Exit::Code(SYSTEM) }
}

/// False: something could not be changed, and was warned about.
fn give_service(program: &str, directory: &OsStr, gid: u32) -> bool {
    let mut done = true;
    let mut unable = |file: &str, error: &io::Error| {
        done = false;
        let path = Message::new("unable to change ").and(directory.as_bytes()).and("/supervise").and(file);
        warn(program, &path.because(error));
    };
    let folder = match Home::open(directory).and_then(|home| home.folder()) {
        Ok(folder) => folder,
        Err(error) => {
            unable("", &error);
            return false;
        }
    };
    for (file, kind, right) in RIGHTS {
        match give(&folder, file, kind, gid, right) {
            Err(error) if file == "state" && error.kind() == ErrorKind::NotFound => {}
            Err(error) => unable(&format!("/{file}"), &error),
            Ok(()) => {}
        }
    }
    // Last, so that who may enter finds everything.
    if let Err(error) = change(folder.held(), gid, ENTER, 0o7777) {
        unable("", &error);
    }
    done
}

/// A file that is one of its kind, its folder owner's, and has no other name.
fn give(folder: &Folder, file: &str, kind: Kind, gid: u32, right: u32) -> io::Result<()> {
    let held = Held::new(folder, OsStr::new(file))?;
    let look = held.look()?;
    look.kind.must_be(kind)?;
    if look.owner != folder.owner() && !folder.is_trusted() {
        return Err(io::Error::other("belongs to somebody else"));
    }
    if look.links != 1 {
        return Err(io::Error::other("has other names"));
    }
    // A program that runs with its group's rights must not get those of another group.
    change(&held, gid, right, 0o777)
}

fn change(held: &Held, gid: u32, right: u32, kept: u32) -> io::Result<()> {
    held.give_to_group(gid)?;
    held.set_mode(held.look()?.mode & kept | right)
}
