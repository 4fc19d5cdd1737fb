//! `svup`: whether services are up: 0, or 100 without a word.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use unix::diag::Message;
use unix::tool::{Exit, Fatal, MISUSE};

use crate::service::command::Part;
use crate::service::seen::{Unseen, look};
use unix::options::{Given, Names, Syntax, parse};

const SYNTAX: Syntax = Syntax { program: "svup", letters: "lL", names: Names::None, usage: USAGE };
/// How it is used.
pub const USAGE: &str = "svup [ -lL ] dir ...";

/// Looks whether all services run, with `-L` their loggers, with both letters both.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let (given, directories) = parse(&SYNTAX, &arguments)?;
    if directories.is_empty() {
        return Err(Fatal::usage(USAGE));
    }
    let parts = parts(given.contains(&Given::Letter(b'l')), given.contains(&Given::Letter(b'L')));
    let mut up = true;
    for directory in directories {
        for part in parts {
            match look(directory, *part) {
                Ok(view) => up &= view.seen.status.pid.is_some(),
                Err(Unseen::NotRunning) => up = false,
                Err(Unseen::Trouble(words)) => {
                    return Err(Fatal::failure(Message::new(directory.as_bytes()).and(": ").and(words)));
                }
            }
        }
    }
    Ok(if up { Exit::Success } else { Exit::Code(MISUSE) })
}

/// What is looked at with `-l` and with `-L`: without both the service.
pub(crate) fn parts(main: bool, log: bool) -> &'static [Part] {
    match (main, log) {
        (_, false) => &[Part::Main],
        (false, true) => &[Part::Log],
        (true, true) => &[Part::Main, Part::Log],
    }
}
