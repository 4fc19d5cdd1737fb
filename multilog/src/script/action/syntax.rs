//! `S`, `F` and `R`: how the patterns that follow are read.

use super::word::{Head, Scope, Whose, Word};

/// `S`.
pub(super) const STAR: Word = Word {
    head: Head::Whole("S"),
    value: "",
    help: "patterns after it: a star runs to the next byte (default)",
    scope: Scope::Line,
    whose: Whose::Encore,
};

/// `F`.
pub(super) const GLOB: Word = Word {
    head: Head::Whole("F"),
    value: "",
    help: "patterns after it: those of fnmatch(3)",
    scope: Scope::Line,
    whose: Whose::Encore,
};

/// `R`.
pub(super) const REGEX: Word = Word {
    head: Head::Whole("R"),
    value: "",
    help: "patterns after it: regular expressions over bytes",
    scope: Scope::Line,
    whose: Whose::Ours("Regular expressions"),
};
