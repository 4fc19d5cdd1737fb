//! `./DIR` and `/DIR`: selected lines go to a log directory.

use super::word::{Head, Scope, Whose, Word};

/// A path that begins with a dot.
pub(super) const HERE: Word = Word {
    head: Head::Prefix("."),
    value: "/DIR",
    help: "if selected: to the log directory DIR",
    scope: Scope::Line,
    whose: Whose::Original,
};

/// A path that begins with a slash.
pub(super) const ROOT: Word = Word {
    head: Head::Prefix("/"),
    value: "DIR",
    help: "the same, from the root",
    scope: Scope::Line,
    whose: Whose::Original,
};
