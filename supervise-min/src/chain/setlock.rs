//! `setlock`: runs a program while a file is locked. The lock goes when the program and all that inherited the lock
//! have ended.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use unix::diag::Message;
use unix::environment::Environment;
use unix::lock::{self, Keep};
use unix::tool::{Exit, Fatal};

use super::Command;
use unix::options::{Given, Names, Syntax, parse};

const SYNTAX: Syntax = Syntax { program: "setlock", letters: "nNxX", names: Names::None, usage: USAGE };
/// How it is used.
pub const USAGE: &str = "setlock [ -nNxX ] file program [ arg ... ]";

/// What to do while another process has the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// `-N`
    Wait,
    /// `-n`
    Fail,
}

/// What a lock that can't be had is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// `-X`: said, exit 111.
    Loud,
    /// `-x`: exit 0 without a word.
    Quiet,
}

/// Runs a program while a file is locked.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let (given, words) = parse(&SYNTAX, &arguments)?;
    let (mut held, mut failure) = (Held::Wait, Failure::Loud);
    for option in given {
        match option {
            Given::Letter(b'n') => held = Held::Fail,
            Given::Letter(b'N') => held = Held::Wait,
            Given::Letter(b'x') => failure = Failure::Quiet,
            _ => failure = Failure::Loud,
        }
    }
    let usage = || Fatal::usage(SYNTAX.usage);
    let (file, command) = words.split_first().ok_or_else(usage)?;
    let command = Command::new(command).ok_or_else(usage)?;
    let said = |verb: &str, error| Fatal::system(Message::new(verb).and(file.as_bytes()), &error);
    let locked = lock::open_file(Path::new(file), Keep::Across)
        .map_err(|error| said("unable to open ", error))
        .and_then(|open| {
            let taken = if held == Held::Fail { lock::exclusive_now(&open) } else { lock::exclusive(&open) };
            taken.map(|()| open).map_err(|error| said("unable to lock ", error))
        });
    match locked {
        // The lock is the open file's, which the program inherits.
        Ok(_open) => match command.run(Environment::inherited())? {},
        Err(_) if failure == Failure::Quiet => Ok(Exit::Success),
        Err(fatal) => Err(fatal),
    }
}
