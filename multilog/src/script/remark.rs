//! What is odd in a script that is run all the same. Each remark is one warning.

use std::ffi::{OsStr, OsString};

use unix::diag::Message;

use super::action::value::Malformed;

/// Something that the author of the script may not have meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// No action begins like this.
    Unknown(OsString),
    /// A stamp that is not the first action.
    LateStamp(OsString),
    /// A size or a count that is no number, and the argument that it is taken for.
    ReadAs(OsString, String),
    /// A value that means nothing where the original has no such action, and why.
    Ignored(OsString, Malformed),
    /// No line goes anywhere.
    NothingDone,
}

impl Remark {
    /// The warning.
    pub fn message(&self) -> Message {
        let ignoring = |argument: &OsStr| Message::new("ignoring ").and(argument.as_encoded_bytes());
        match self {
            Remark::Unknown(argument) => {
                Message::new("ignoring unknown action ").and(argument.as_encoded_bytes())
            }
            Remark::LateStamp(argument) => ignoring(argument).and(": a stamp has to be the first action"),
            Remark::ReadAs(argument, meaning) => Message::new("reading ")
                .and(argument.as_encoded_bytes())
                .and(" as ")
                .and(meaning)
                .and(": not a number"),
            Remark::Ignored(argument, malformed) => ignoring(argument).and(": ").and(malformed.to_string()),
            Remark::NothingDone => Message::new("no directory, =file, 1 or e: every line is discarded"),
        }
    }
}
