//! `pgrphack`: runs a program in a session and process group of its own.

use std::ffi::OsString;

use unix::environment::Environment;
use unix::ids::new_session;
use unix::tool::{Exit, Fatal};

use super::Command;

/// How it is used.
pub const USAGE: &str = "pgrphack child";

/// Runs a program in a session of its own.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let command = Command::new(&arguments).ok_or_else(|| Fatal::usage(USAGE))?;
    // A process that leads a group already has what is wanted, as in the original.
    new_session().ok();
    match command.run(Environment::inherited())? {}
}
