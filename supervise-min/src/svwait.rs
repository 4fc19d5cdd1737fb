//! `svwait`: waits until services are up, ready, or down.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use unix::diag::Message;
use unix::tool::{Exit, Fatal};

use crate::service::command::Part;
use crate::service::seen::{Unseen, look};
use unix::options::{Given, Names, Syntax, parse, seconds};

const SYNTAX: Syntax = Syntax { program: "svwait", letters: "udrt:", names: Names::None, usage: USAGE };
/// How it is used.
pub const USAGE: &str = "svwait -u|-d|-r [ -t seconds ] dir ...";
/// How far looks are apart.
const APART: Duration = Duration::from_millis(20);

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Up,
    /// Up, and it has said that it is ready where it says so.
    Ready,
    /// Also where no supervise runs.
    Down,
}

/// Waits until all services are in the state that is asked for, with `-t` not longer than this number of seconds.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let (given, directories) = parse(&SYNTAX, &arguments)?;
    let usage = || Fatal::usage(SYNTAX.usage);
    let (mut state, mut limit) = (None, None);
    for option in given {
        match option {
            Given::Letter(b'u') => state = Some(State::Up),
            Given::Letter(b'r') => state = Some(State::Ready),
            Given::Letter(_) => state = Some(State::Down),
            Given::Value(_, text) => limit = Some(seconds(text).ok_or_else(usage)?),
            Given::Name(..) => return Err(usage()),
        }
    }
    let state = state.filter(|_| !directories.is_empty()).ok_or_else(usage)?;
    wait(state, directories, limit)?;
    Ok(Exit::Success)
}

fn wait(state: State, directories: &[OsString], limit: Option<Duration>) -> Result<(), Fatal> {
    let begun = Instant::now();
    for directory in directories {
        let about = || Message::new(directory.as_bytes()).and(": ");
        loop {
            let is_so = match look(directory, Part::Main) {
                Ok(view) => match state {
                    State::Up => view.seen.status.pid.is_some(),
                    State::Ready => view.is_ready(view.state()),
                    State::Down => view.seen.status.pid.is_none(),
                },
                Err(Unseen::NotRunning) => state == State::Down,
                // A supervise that is just being started has not made everything yet.
                Err(Unseen::Trouble(_)) if state != State::Down && limit.is_some() => false,
                Err(Unseen::Trouble(words)) => return Err(Fatal::failure(about().and(words))),
            };
            if is_so {
                break;
            }
            let left = limit.map(|limit| limit.saturating_sub(begun.elapsed()));
            if left == Some(Duration::ZERO) {
                let message = Message::new("unable to wait longer for ").and(directory.as_bytes());
                return Err(Fatal::system(message, &io::ErrorKind::TimedOut.into()));
            }
            std::thread::sleep(left.map_or(APART, |left| left.min(APART)));
        }
    }
    Ok(())
}
