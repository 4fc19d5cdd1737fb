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
use unix::file::Identity;
use unix::process::{Ended, Process, change_directory};
use unix::signal::Signal;
use unix::spawn::Ending;
use unix::tool::{Exit, Fatal};

use crate::service::scanner::svscan_in;
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
    if let Some(svscan) = Identity::at(Path::new(".")).and_then(svscan_in) {
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
    stop_without("svshutdown")
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
