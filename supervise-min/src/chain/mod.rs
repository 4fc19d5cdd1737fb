//! The chain-loading tools: each changes this process and becomes the program behind it in the command.
//!
//! Any failure before that is fatal, and the program is not run: a service that runs without its limits, its lock or
//! its account is worse than one that does not run.

pub mod account;
pub mod argv0;
pub mod envdir;
pub mod envini;
pub mod envuidgid;
pub mod fghack;
mod getent;
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

/// `-p PREFIX` or `-pPREFIX` at the front, and the words behind it. Without it: no prefix, and all words.
fn prefix(arguments: &[OsString]) -> (&OsStr, &[OsString]) {
    match arguments {
        [first, prefix, rest @ ..] if first == "-p" => (prefix, rest),
        [first, rest @ ..] => match first.as_bytes().strip_prefix(b"-p") {
            Some(prefix @ [_, ..]) => (OsStr::from_bytes(prefix), rest),
            _ => (OsStr::new(""), arguments),
        },
        [] => (OsStr::new(""), arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_in_its_word_or_in_the_next() {
        let words = |text: &str| text.split_whitespace().map(OsString::from).collect::<Vec<_>>();
        for (text, expected, behind) in [
            ("", "", ""),
            ("d c", "", "d c"),
            ("-p X_ d c", "X_", "d c"),
            ("-pX_ d c", "X_", "d c"),
            ("-p", "", "-p"),
            ("-pX", "X", ""),
            ("d -pX", "", "d -pX"),
            ("./-pX c", "", "./-pX c"),
        ] {
            let arguments = words(text);
            assert_eq!(prefix(&arguments), (OsStr::new(expected), &words(behind)[..]), "{text}");
        }
    }
}
