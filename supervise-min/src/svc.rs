//! `svc`: sends commands to services.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use unix::diag::{Message, say, warn};
use unix::fifo;
use unix::process::change_directory;
use unix::tool::{Exit, Fatal, MISUSE};

use crate::options::{Given, Names, Syntax, parse};
use crate::service::place::Home;

const SYNTAX: Syntax =
    Syntax { program: "svc", letters: "udopchaitkxq12w+=", names: Names::None, usage: "svc options" };
const OPTIONS: &str = "svc options: u up, d down, o once, x exit, p pause, c continue, h hup, a alarm, i interrupt, t term, \
                       k kill, q quit, 1 usr1, 2 usr2, w winch, + group, = process";
/// No more commands go at once.
const MOST: usize = 20;

/// Writes the commands, each once and in their order, to the services in directories. What goes wrong is warned about.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let Ok((given, directories)) = parse(&SYNTAX, &arguments) else {
        say(&Message::new(OPTIONS));
        return Ok(Exit::Code(MISUSE));
    };
    let commands = commands(&given);
    let home = Home::here()?;
    for directory in directories {
        if let Err(message) = send(directory, &commands) {
            warn("svc", &message);
        }
        home.back()?;
    }
    Ok(Exit::Success)
}

fn commands(given: &[Given<'_>]) -> Vec<u8> {
    let mut commands = Vec::new();
    for option in given {
        if let Given::Letter(letter) = option
            && !commands.contains(letter)
            && commands.len() < MOST
        {
            commands.push(*letter);
        }
    }
    // What a later svc sends is for the process again.
    if commands.contains(&b'+') && !commands.ends_with(b"=") {
        commands.push(b'=');
    }
    commands
}

fn send(directory: &OsStr, commands: &[u8]) -> Result<(), Message> {
    let name = directory.as_bytes();
    let about = |what: &str, error: &io::Error| Message::new(what).and(name).because(error);
    change_directory(Path::new(directory)).map_err(|error| about("unable to chdir to ", &error))?;
    let control =
        fifo::open_to_write(Path::new("supervise/control")).map_err(|error| match error.raw_os_error() {
            Some(fifo::NOBODY_READS) => {
                Message::new("unable to control ").and(name).and(": supervise not running")
            }
            _ => about("unable to control ", &error),
        })?;
    let written = unix::file::write(&control, commands);
    written.map(drop).map_err(|error| about("error writing commands to ", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_dropped_and_the_order_stays() {
        let given: Vec<Given<'_>> = b"tduutdk".iter().map(|&letter| Given::Letter(letter)).collect();
        assert_eq!(commands(&given), b"tduk");
    }

    #[test]
    fn what_is_for_the_group_ends_with_the_write() {
        for (letters, sent) in
            [("+t", "+t="), ("t+d", "t+d="), ("+t=", "+t="), ("+t=k", "+t=k="), ("=t", "=t")]
        {
            let given: Vec<Given<'_>> = letters.bytes().map(Given::Letter).collect();
            assert_eq!(commands(&given), sent.as_bytes());
        }
    }
}
