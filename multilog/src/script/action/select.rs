//! `+PATTERN` and `-PATTERN`: which lines are selected.

use super::word::{Head, Scope, Whose, Word};

/// `+`.
pub(super) const SELECT: Word = Word {
    head: Head::Prefix("+"),
    value: "PATTERN",
    help: "select it if it matches",
    scope: Scope::Line,
    whose: Whose::Original,
};

/// `-`.
pub(super) const DESELECT: Word = Word {
    head: Head::Prefix("-"),
    value: "PATTERN",
    help: "deselect it if it matches",
    scope: Scope::Line,
    whose: Whose::Original,
};
