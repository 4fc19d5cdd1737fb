//! One file of a log directory as text, by its content: plain, gzip of any number of members, Zstandard of any number of
//! frames.
//!
//! A file is cut into segments that can be decoded independently of each other: ranges of a plain file, members of gzip that
//! say how long they are, frames that the seek table of the file's end lists. Where there is no table, or one that does
//! not fit the file, the file is one segment, read from its start. A segment begins and ends anywhere within a line.

mod segment;
mod stream;
mod table;

pub use segment::{Segment, segments};
pub use stream::{Damage, Stream};

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Not at all.
    Plain,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Form {
    /// The form of a file that begins with these bytes.
    pub fn of(start: &[u8]) -> Form {
        match start {
            [0x1f, 0x8b, 8, ..] => Form::Gzip,
            // A frame, or one that decoders skip.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Form::Zstd,
            _ => Form::Plain,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Form::Plain => "plain",
            Form::Gzip => "gzip",
            Form::Zstd => "zstd",
        }
    }
}
