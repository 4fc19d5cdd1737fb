//! `1`: selected lines go to standard output.

use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Whole("1"),
    value: "",
    help: "if selected: to standard output",
    scope: Scope::Line,
    whose: Whose::Ours("Standard output"),
};
