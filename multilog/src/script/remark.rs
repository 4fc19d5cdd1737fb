//! What is odd in a script that is run all the same: one warning for each.

use std::ffi::{OsStr, OsString};

use unix::diag::Message;

use super::Action;
use super::number::Malformed;

/// Something that whoever wrote the script may not have meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// No action begins like this.
    Unknown(OsString),
    /// Stamps are for all directories and come first.
    LateStamp(OsString),
    /// A size or a number that is none, and what it is taken for.
    ReadAs(OsString, String),
    /// No code of an archive, and why.
    NoCode(OsString, Malformed),
    /// Lines are read, and nothing becomes of them.
    NothingDone,
}

impl Remark {
    /// On all actions together.
    pub(super) fn on_actions(actions: &[Action]) -> Option<Remark> {
        let nothing = actions.iter().all(|action| matches!(action, Action::Select(_) | Action::Deselect(_)));
        nothing.then_some(Remark::NothingDone)
    }

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
            Remark::NoCode(argument, malformed) => ignoring(argument).and(": ").and(malformed.to_string()),
            Remark::NothingDone => Message::new("no directory, =file or e: every line is discarded"),
        }
    }
}
