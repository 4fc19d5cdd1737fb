//! The chain-loading tools: each changes this process and becomes the program that stands behind it in the command.
//!
//! Whatever fails before that is fatal, and the program is not run: a service that runs without its limits, lock or
//! account is worse than one that does not run.

pub mod account;
pub mod argv0;
pub mod envdir;
pub mod envini;
pub mod envuidgid;
pub mod fghack;
pub mod pgrphack;
pub mod setlock;
pub mod setuidgid;
pub mod softlimit;
pub mod waitport;

use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;

use unix::diag::Message;
use unix::environment::Environment;
use unix::exec::Program;
use unix::tool::Fatal;

/// The command behind a tool's own words: a program and its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command<'a> {
    program: &'a OsStr,
    /// argv 0 included.
    arguments: &'a [OsString],
}

impl<'a> Command<'a> {
    /// All words. None: there is no program.
    fn new(words: &'a [OsString]) -> Option<Command<'a>> {
        Some(Command { program: words.first()?, arguments: words })
    }

    /// Becomes the program.
    fn run(self, environment: Environment) -> Result<Infallible, Fatal> {
        Err(self.not_run(&match Program::new(self.program, self.arguments, environment) {
            Ok(program) => program.run(),
            Err(error) => error,
        }))
    }

    fn not_run(self, error: &io::Error) -> Fatal {
        Fatal::system(Message::new("unable to run ").and(self.program.as_bytes()), error)
    }
}
