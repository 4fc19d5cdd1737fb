//! `!COMMAND`: full files go through a processor.

use std::ffi::OsString;

use super::compress::Compression;

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
