//! `svshutdown`: ends all services of a directory in order, and waits until they have ended.
//!
//! A svscan that runs there is told to do so. Where there is none, or one that leaves its services running as the
//! original does, svshutdown does the same itself.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use unix::diag::{Message, warn};
use unix::event;
use unix::file::{Identity, open_directory};
use unix::process::{Ended, Process, change_directory};
use unix::signal::Signal;
use unix::spawn::Ending;
use unix::tool::{Exit, Fatal};

use crate::service::folder::Home;
use crate::service::scanner::{Trust, lock_holder, svscan_in};
use crate::svscan::{LEFT, stop_without};

const USAGE: &str = "svshutdown [ dir ]";

/// Ends the services of a directory: /service, if none is given.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let directory = match &arguments[..] {
        [] => PathBuf::from("/service"),
        [directory] => PathBuf::from(directory),
        _ => return Err(Fatal::usage(USAGE)),
    };
    let failed = |what: &str| {
        let message = Message::new(what).and(directory.as_os_str().as_bytes());
        move |error| Fatal::system(message, &error)
    };
    change_directory(&directory).map_err(failed("unable to chdir to "))?;
    std::fs::read_dir(".").map_err(failed("unable to read directory "))?;
    if let Some(svscan) = svscan_here() {
        match end(&svscan).map_err(failed("unable to stop svscan in "))? {
            Ended(Some(Ending::Exited(0))) => return Ok(Exit::Success),
            Ended(Some(Ending::Exited(LEFT))) => {
                warn("svshutdown", &Message::new("svscan has left something, and has said what"));
                return Ok(Exit::Code(LEFT));
            }
            // The original leaves everything. Otherwise nothing runs any more, and there is nothing to do.
            _ => {}
        }
    }
    match out_of_reach() {
        Some((name, error)) => {
            Err(Fatal::system(Message::new("unable to control ").and(name.as_os_str().as_bytes()), &error))
        }
        None => stop_without("svshutdown"),
    }
}

/// The svscan that runs here. Where another user's hides in which directory it works, its lock shows it.
fn svscan_here() -> Option<Process> {
    Identity::at(Path::new(".")).and_then(svscan_in).or_else(|| {
        let directory = open_directory(Path::new(".")).ok()?;
        let (pid, _) = lock_holder(&directory).filter(|(_, trust)| *trust == Trust::Svscan)?;
        // Held first, so that who is looked at again is who will be told.
        let process = Process::find(pid).ok()??;
        (lock_holder(&directory) == Some((pid, Trust::Svscan))).then_some(process)
    })
}

/// A service or a logger that this user may not control. Nothing is told then, since half a stop helps nobody.
fn out_of_reach() -> Option<(PathBuf, io::Error)> {
    let names = std::fs::read_dir(".").ok()?.flatten().map(|entry| PathBuf::from(entry.file_name()));
    let services = names.filter(|name| !name.as_os_str().as_bytes().starts_with(b"."));
    services.flat_map(|name| [name.clone(), name.join("log")]).find_map(|place| {
        let error = Home::open(&place).and_then(|home| home.folder()?.is_supervised()).err()?;
        (error.kind() == io::ErrorKind::PermissionDenied).then_some((place, error))
    })
}

/// Tells a svscan to end and waits until it has.
fn end(svscan: &Process) -> io::Result<Ended> {
    svscan.signal(Signal::TERM)?;
    loop {
        if let Some(ended) = svscan.ended()? {
            return Ok(ended);
        }
        if let Some(watch) = svscan.watch() {
            event::wait([watch], None)?;
        }
    }
}
