//! `fghack`: keeps a program that goes into the background in the foreground.
//!
//! The program gets many descriptors of a pipe that it does not know of. When the last of them is closed, all of its
//! processes have ended. The hack does not help against programs that close descriptors which they do not know.

use std::ffi::OsString;
use std::io::Error;

use unix::diag::Message;
use unix::environment::Environment;
use unix::exec::Program;
use unix::pipe;
use unix::spawn::Ending;
use unix::tool::{Exit, Fatal};

use super::Command;

/// How it is used.
pub const USAGE: &str = "fghack child";
/// The pipe's end and thirty copies of it, as the original.
const WRITERS: usize = 31;

/// Runs a program and waits until it and everything that it has started have ended. Its exit code is this one's.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let command = Command::new(&arguments).ok_or_else(|| Fatal::usage(USAGE))?;
    let failed = |what: &'static str| move |error: Error| Fatal::system(Message::new(what), &error);
    let program = Program::new(command.program, command.arguments, Environment::inherited());
    let program = program.map_err(|error| command.not_run(&error))?;
    let (reader, writers) = pipe::new_with_writers(WRITERS).map_err(failed("unable to create pipe"))?;
    let child = program.start().map_err(|error| command.not_run(&error))?;
    drop(writers);
    let mut dropped = [0; 512];
    while pipe::read(&reader, &mut dropped).map_err(failed("unable to read pipe"))? > 0 {}
    match child.wait().map_err(failed("wait failed"))? {
        Ending::Exited(0) => Ok(Exit::Success),
        Ending::Exited(code) => Ok(Exit::Code(code)),
        Ending::Crashed(_) => Err(Fatal::failure(Message::new("child crashed"))),
    }
}
