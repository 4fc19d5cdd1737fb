//! `svup`: whether services are up: 0, or 100 without a word.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use unix::diag::Message;
use unix::tool::{Exit, Fatal, MISUSE};

use crate::service::place::Home;
use crate::service::seen::{Unseen, look};

/// Looks whether all services run.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    if arguments.is_empty() {
        return Err(Fatal::usage("svup dir ..."));
    }
    let home = Home::here()?;
    let mut up = true;
    for directory in &arguments {
        match look(directory) {
            Ok(seen) => up &= seen.status.pid.is_some(),
            Err(Unseen::NotRunning) => up = false,
            Err(Unseen::Trouble(words)) => {
                return Err(Fatal::failure(Message::new(directory.as_bytes()).and(": ").and(words)));
            }
        }
        home.back()?;
    }
    Ok(if up { Exit::Success } else { Exit::Code(MISUSE) })
}
