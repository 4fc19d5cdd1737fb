//! One file of a log directory as text, by its content: plain, gzip of any number of members, Zstandard of any number of
//! frames. What other programs have compressed is known by its first bytes, and is not read.
//!
//! A file is cut into segments that can be decoded independently of each other: ranges of a plain file, members of gzip that
//! say how long they are, frames that the seek table of the file's end lists. Where there is no table, or one that does
//! not fit the file, the file is one segment, read from its start. A segment begins and ends anywhere within a line.
//!
//! A segment takes little memory, however long it is, unless its frames have a large window. Whoever reads many segments at
//! once allows each of them a small one; a frame that needs more is decoded into a file first, one at a time.

mod frames;
mod gzip;
mod input;
mod segment;
mod stream;
mod table;
mod window;

pub use segment::{Declared, Segment, segments};
pub use stream::{Damage, Stream, begins_with, one_large};
pub use table::wrong_table;
pub use window::SMALL;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Not at all.
    Plain,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// Something that only this command reads.
    Foreign(&'static str),
}

/// How files begin that are read by other commands.
const FOREIGN: [(&[u8], &str); 4] = [
    (b"\xfd7zXZ\0", "xz -dc"),
    (b"\x04\x22\x4d\x18", "lz4 -dc"),
    (b"LZIP\x01", "lzip -dc"),
    (b"\x1f\x9d", "gzip -dc"),
];

impl Form {
    /// The form of a file that begins with these bytes.
    pub fn of(start: &[u8]) -> Form {
        match start {
            [0x1f, 0x8b, 8, ..] => Form::Gzip,
            // A frame, or one that decoders skip.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Form::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', b'S', b'Y', ..] => {
                Form::Foreign("bzip2 -dc")
            }
            _ => Form::foreign(start),
        }
    }

    /// The form of a file that is no text and begins nearly as a compressed one does: a byte is another one, or it ends
    /// there.
    fn nearly(start: &[u8]) -> Form {
        let alike = |magic: &[u8]| {
            let same = magic.iter().zip(start).filter(|(a, b)| a == b).count();
            !start.is_empty() && (start.len() > magic.len() && same + 1 == magic.len() || same == start.len())
        };
        match (alike(&[0x1f, 0x8b, 8]), alike(&[0x28, 0xb5, 0x2f, 0xfd])) {
            (true, _) => Form::Gzip,
            (_, true) => Form::Zstd,
            _ => Form::Plain,
        }
    }

    fn foreign(start: &[u8]) -> Form {
        let found = FOREIGN.iter().find(|(begin, _)| start.starts_with(begin));
        found.map_or(Form::Plain, |(_, command)| Form::Foreign(command))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Form::Plain => "plain",
            Form::Gzip => "gzip",
            Form::Zstd => "zstd",
            Form::Foreign(command) => command.split(' ').next().unwrap_or(command),
        }
    }
}
