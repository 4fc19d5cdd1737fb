//! One svscan for a directory. The directory itself is locked, so no file is needed.
//!
//! Two of them would start everything twice, and the end of the second would end the services of the first.

use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use unix::diag::{Message, warn};
use unix::tool::Fatal;
use unix::{file, lock};

use crate::service::scanner::{self, Trust};

/// How long a svscan that is just ending may keep the lock, and a child of it that has not become supervise yet.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Locks the working directory. None, with a warning: the lock can't be had, and svscan goes on without it. An error:
/// another svscan has the lock. As PID 1 there is no such error, since PID 1 must not end.
pub(super) fn lock_here() -> Result<Option<OwnedFd>, Fatal> {
    let unable = Message::new("unable to lock directory");
    let here = match file::open_directory(Path::new(".")) {
        Ok(here) => here,
        Err(error) => {
            warn("svscan", &unable.because(&error));
            return Ok(None);
        }
    };
    let begun = Instant::now();
    loop {
        match lock::exclusive_now(&here) {
            Ok(()) => return Ok(Some(here)),
            Err(error) if error.kind() == ErrorKind::WouldBlock && begun.elapsed() < PATIENCE => {
                std::thread::sleep(LOOK_AGAIN);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return refused(&here, unable),
            Err(error) => {
                warn("svscan", &unable.because(&error));
                return Ok(None);
            }
        }
    }
}

/// Another process has the lock. That counts only if it is a svscan, since any user who may read the directory can lock
/// it.
fn refused(here: &OwnedFd, unable: Message) -> Result<Option<OwnedFd>, Fatal> {
    let holder = scanner::lock_holder(here);
    if let Some((pid, Trust::Svscan)) = holder {
        if std::process::id() != 1 {
            let message = unable.and(": svscan runs here already, pid ").and(pid.to_string());
            return Err(Fatal::failure(message));
        }
    }
    let who = match holder {
        Some((pid, _)) => Message::new("pid ").and(pid.to_string()).and(" has it"),
        None => Message::new("nobody knows who has it"),
    };
    warn("svscan", &unable.and(", going on: ").and(who.as_bytes()));
    Ok(None)
}
