//! `svstat`: what services are doing, a line each, as the original writes them, or with `-j` as JSON.

mod json;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

use tai64tools::Label;
use unix::diag::Message;
use unix::tool::{Exit, Fatal};

use crate::service::place::Home;
use crate::service::seen::{Normally, look};
use crate::service::status::{Status, Want};

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Words,
    Json,
}

/// Prints the state of each service.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let home = Home::here()?;
    let (form, directories) = match &arguments[..] {
        [first, rest @ ..] if first == "-j" => (Form::Json, rest),
        all => (Form::Words, all),
    };
    let mut lines = Vec::new();
    for directory in directories {
        lines.extend_from_slice(&line(directory, form));
        lines.push(b'\n');
        home.back()?;
    }
    let failed = |error| Fatal::system(Message::new("unable to write output"), &error);
    io::stdout().write_all(&lines).map_err(failed)?;
    Ok(Exit::Success)
}

/// Leaves the service directory as the working directory.
fn line(directory: &OsStr, form: Form) -> Vec<u8> {
    let name = directory.as_bytes();
    let words = |words: &str| [name, b": ", words.as_bytes()].concat();
    match (form, look(directory)) {
        (Form::Words, Ok(seen)) => words(&said(&seen.status, seen.normally, Label::now())),
        (Form::Words, Err(unseen)) => words(unseen.words()),
        (Form::Json, Ok(seen)) => {
            let state = seen.state();
            json::line(name, &seen, seen.is_ready(state), state, Label::now()).into_bytes()
        }
        (Form::Json, Err(unseen)) => json::trouble(name, unseen.words()).into_bytes(),
    }
}

fn said(status: &Status, normally: Normally, now: Label) -> String {
    let seconds = now.seconds().saturating_sub(status.since.seconds());
    let mut text = match status.pid {
        Some(pid) => format!("up (pid {pid}) {seconds} seconds"),
        None => format!("down {seconds} seconds"),
    };
    let up = status.pid.is_some();
    for (holds, words) in [
        (up && normally == Normally::Down, ", normally down"),
        (!up && normally == Normally::Up, ", normally up"),
        (up && status.paused, ", paused"),
        (!up && status.want == Want::Up, ", want up"),
        (up && status.want == Want::Down, ", want down"),
    ] {
        if holds {
            text += words;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_original() {
        let since = Label::new(1 << 62, 999_999_999).unwrap();
        let now = Label::new((1 << 62) + 7, 0).unwrap();
        for (pid, paused, want, normally, words) in [
            (Some(5), false, Want::Up, Normally::Up, "up (pid 5) 7 seconds"),
            (
                Some(5),
                true,
                Want::Down,
                Normally::Down,
                "up (pid 5) 7 seconds, normally down, paused, want down",
            ),
            (Some(5), false, Want::Once, Normally::Up, "up (pid 5) 7 seconds"),
            (None, true, Want::Up, Normally::Up, "down 7 seconds, normally up, want up"),
            (None, false, Want::Down, Normally::Down, "down 7 seconds"),
        ] {
            assert_eq!(said(&Status { since, pid, paused, want }, normally, now), words);
        }
        let future = Status { since: now, pid: None, paused: false, want: Want::Down };
        assert_eq!(said(&future, Normally::Down, since), "down 0 seconds");
    }
}
