//! `!COMMAND`: full files go through a processor.

use std::ffi::OsString;

use super::compress::Compression;
use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("!"),
    value: "COMMAND",
    help: "full files go through sh -c COMMAND",
    scope: Scope::Directories,
    whose: Whose::Original,
};

/// What the sealer does with a full file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Transform {
    /// Nothing: the file becomes the archive.
    #[default]
    Keep,
    /// `!command`: what `sh -c command` makes of it becomes the archive.
    Process(OsString),
    /// `compress=`: its compressed form becomes the archive.
    Compress(Compression),
}
