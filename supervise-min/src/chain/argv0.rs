//! `argv0`: runs a program under another argv 0.

use std::ffi::OsString;

use unix::environment::Environment;
use unix::tool::{Exit, Fatal};

use super::Command;

/// How it is used.
pub const USAGE: &str = "argv0 realname program [ arg ... ]";

/// Runs the program of the first word with the words behind it, the first of which is its argv 0.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let (program, arguments) = arguments.split_first().ok_or_else(|| Fatal::usage(USAGE))?;
    if arguments.is_empty() {
        return Err(Fatal::usage(USAGE));
    }
    match (Command { program, arguments }).run(Environment::inherited())? {}
}
