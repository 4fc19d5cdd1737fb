//! `t` and `T`: what goes before each line.

use super::word::{Head, Scope, Whose, Word};

/// `t`.
pub(super) const TAI64N: Word = Word {
    head: Head::Prefix("t"),
    value: "",
    help: "a TAI64N label before each line",
    scope: Scope::First,
    whose: Whose::Original,
};

/// `T`.
pub(super) const ACCUSTAMP: Word = Word {
    head: Head::Whole("T"),
    value: "",
    help: "seconds and microseconds since the epoch before each line",
    scope: Scope::First,
    whose: Whose::Encore,
};
