//! `e`: selected lines go to standard error.

use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("e"),
    value: "",
    help: "if selected: to standard error, cut to 200 bytes",
    scope: Scope::Line,
    whose: Whose::Original,
};
