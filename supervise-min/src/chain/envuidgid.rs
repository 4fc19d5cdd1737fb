//! `envuidgid`: the numbers of an account in UID and GID, for programs that give up their rights themselves.

use std::ffi::{OsStr, OsString};

use unix::diag::Message;
use unix::environment::Environment;
use unix::tool::{Exit, Fatal};

use super::Command;
use super::account::Account;

/// How it is used.
pub const USAGE: &str = "envuidgid account child";

/// Runs a program with UID and GID set.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let usage = || Fatal::usage(USAGE);
    let (name, command) = arguments.split_first().ok_or_else(usage)?;
    let command = Command::new(command).ok_or_else(usage)?;
    let account = Account::find(name)?;
    let mut environment = Environment::inherited();
    for (variable, number) in [("GID", account.gid), ("UID", account.uid)] {
        environment
            .set(OsStr::new(variable), OsStr::new(&number.to_string()))
            .map_err(|error| Fatal::system(Message::new("unable to set ").and(variable), &error))?;
    }
    match command.run(environment)? {}
}
