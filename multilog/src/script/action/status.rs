//! `=FILE`: a selected line replaces a status file.

use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("="),
    value: "FILE",
    help: "if selected: in place of what FILE holds, 1001 bytes",
    scope: Scope::Line,
    whose: Whose::Original,
};
