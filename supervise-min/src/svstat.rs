//! `svstat`: what services are doing, a line each, as the original writes them, or with `-j` as JSON.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

use tai64tools::Label;
use unix::diag::Message;
use unix::tool::{Exit, Fatal};

use crate::service::command::Part;
use crate::service::json;
use crate::service::seen::{Normally, View, look};
use crate::service::status::{Status, Want};
use crate::svup::parts;

/// How it is used.
pub const USAGE: &str = "svstat [ -jlL ] dir ...";

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Words,
    Json,
}

/// Prints the state of each service.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let (letters, directories) = letters(&arguments);
    let form = if letters.contains(&b'j') { Form::Json } else { Form::Words };
    let parts = parts(letters.contains(&b'l'), letters.contains(&b'L'));
    let mut lines = Vec::new();
    for directory in directories {
        for &part in parts {
            lines.extend_from_slice(&line(directory, part, form));
            lines.push(b'\n');
        }
    }
    let failed = |error| Fatal::system(Message::new("unable to write output"), &error);
    io::stdout().write_all(&lines).map_err(failed)?;
    Ok(Exit::Success)
}

/// The letters of the leading words that consist of our letters alone. Any other word is a directory, even if it begins
/// with a dash: the original has no options.
fn letters(arguments: &[OsString]) -> (Vec<u8>, &[OsString]) {
    let of_word = |word: &OsString| {
        let letters = word.as_bytes().strip_prefix(b"-")?;
        let known = !letters.is_empty() && letters.iter().all(|letter| b"jlL".contains(letter));
        known.then(|| letters.to_vec())
    };
    let words: Vec<Vec<u8>> = arguments.iter().map_while(of_word).collect();
    (words.concat(), &arguments[words.len()..])
}

fn line(directory: &OsStr, part: Part, form: Form) -> Vec<u8> {
    let place = part.of(directory);
    let name = if part == Part::Log {
        [directory.as_bytes(), b" log"].concat()
    } else {
        directory.as_bytes().to_vec()
    };
    let words = |words: &str| [&name[..], b": ", words.as_bytes()].concat();
    match (form, look(directory, part)) {
        (Form::Words, Ok(View { seen, .. })) => words(&said(&seen.status, seen.normally, Label::now())),
        (Form::Words, Err(unseen)) => words(unseen.words()),
        (Form::Json, Ok(view)) => {
            let state = view.state();
            let ready = view.is_ready(state);
            json::line(place.as_os_str().as_bytes(), &view.seen, ready, state, Label::now()).into_bytes()
        }
        (Form::Json, Err(unseen)) => json::trouble(place.as_os_str().as_bytes(), unseen.words()).into_bytes(),
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
    fn letters_are_those_that_are_known_and_everything_else_is_a_directory() {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        for (text, expected, behind) in [
            ("a -j", "", "a -j"),
            ("-j a", "j", "a"),
            ("-jL -l a", "jLl", "a"),
            ("-x -j", "", "-x -j"),
            ("-jx a", "", "-jx a"),
            ("- -j", "", "- -j"),
            ("-- a", "", "-- a"),
        ] {
            let arguments = words(text);
            let (found, rest) = letters(&arguments);
            assert_eq!((&found[..], rest), (expected.as_bytes(), &words(behind)[..]), "{text}");
        }
    }

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
