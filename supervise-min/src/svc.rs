//! `svc`: sends commands to services.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;

use unix::diag::{Message, say, warn};
use unix::tool::{Exit, Fatal, MISUSE};

use crate::service::command::{self, Part};
use crate::service::folder::Home;
use unix::options::{Given, Names, Syntax, parse};

const SYNTAX: Syntax =
    Syntax { program: "svc", letters: "lLudopchaitkxq12w+=", names: Names::None, usage: OPTIONS };
/// How it is used.
pub const OPTIONS: &str = "svc options: u up, d down, o once, x exit, p pause, c continue, h hup, a alarm, i interrupt, t term, \
                           k kill, q quit, 1 usr1, 2 usr2, w winch, + group, = process, L log, l service";
/// The most commands that are sent at once.
const MOST: usize = 20;

/// Writes the commands, each once and in their order, to the services in directories. Each failure is a warning.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let Ok((given, directories)) = parse(&SYNTAX, &arguments) else {
        say(&Message::new(OPTIONS));
        return Ok(Exit::Code(MISUSE));
    };
    let orders = orders(&given);
    for directory in directories {
        for (part, commands) in &orders {
            if let Err(message) = send(directory, *part, commands) {
                warn("svc", &message);
            }
        }
    }
    Ok(Exit::Success)
}

/// Commands and whom they are for: behind an `L` the logger, behind an `l` the service again.
fn orders(given: &[Given<'_>]) -> Vec<(Part, Vec<u8>)> {
    let mut orders = Vec::new();
    let (mut part, mut behind) = (Part::Main, Vec::new());
    for option in given {
        match *option {
            Given::Letter(letter @ (b'l' | b'L')) => {
                orders.push((part, std::mem::take(&mut behind)));
                part = if letter == b'l' { Part::Main } else { Part::Log };
            }
            Given::Letter(letter) if !behind.contains(&letter) && behind.len() < MOST => behind.push(letter),
            _ => {}
        }
    }
    orders.push((part, behind));
    // Without any command it is still looked whether there is a supervise.
    if orders.len() > 1 {
        orders.retain(|(_, commands)| !commands.is_empty());
    }
    for (_, commands) in &mut orders {
        // What a later svc sends is for the process again.
        if commands.contains(&b'+') && !commands.ends_with(b"=") {
            commands.push(b'=');
        }
    }
    orders
}

fn send(directory: &OsStr, part: Part, commands: &[u8]) -> Result<(), Message> {
    let place = part.of(directory);
    let name = place.as_os_str().as_bytes();
    let about = |what: &str, error: &io::Error| Message::new(what).and(name).because(error);
    let home = Home::open_part(directory, part).map_err(|error| about("unable to chdir to ", &error))?;
    match command::send(&home, commands) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Message::new("unable to control ").and(name).and(": supervise not running")),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::BrokenPipe) => {
            Err(about("error writing commands to ", &error))
        }
        Err(error) => Err(about("unable to control ", &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_dropped_and_the_order_stays() {
        let given: Vec<Given<'_>> = b"tduutdk".iter().map(|&letter| Given::Letter(letter)).collect();
        assert_eq!(orders(&given), [(Part::Main, b"tduk".to_vec())]);
    }

    #[test]
    fn what_is_for_the_group_ends_with_the_write() {
        for (letters, sent) in
            [("+t", "+t="), ("t+d", "t+d="), ("+t=", "+t="), ("+t=k", "+t=k="), ("=t", "=t")]
        {
            let given: Vec<Given<'_>> = letters.bytes().map(Given::Letter).collect();
            assert_eq!(orders(&given), [(Part::Main, sent.as_bytes().to_vec())]);
        }
    }

    #[test]
    fn behind_a_large_l_it_is_for_the_logger() {
        use Part::{Log, Main};
        for (letters, expected) in [
            ("", &[(Main, "")][..]),
            ("L", &[]),
            ("Ld", &[(Log, "d")]),
            ("ddLddx", &[(Main, "d"), (Log, "dx")]),
            ("L+tldLu", &[(Log, "+t="), (Main, "d"), (Log, "u")]),
        ] {
            let given: Vec<Given<'_>> = letters.bytes().map(Given::Letter).collect();
            let expected: Vec<_> =
                expected.iter().map(|(part, sent)| (*part, sent.as_bytes().to_vec())).collect();
            assert_eq!(orders(&given), expected, "{letters}");
        }
    }
}
