//! `Kept`: what is kept of a lane, and its text.
//!
//! ```text
//! mlog-ship lane 1
//! version 34
//! directory /var/log/web
//! engine 3f0c12aa90b1d2e4
//! taken 17 in,@400000006b074d542188117c,8190,37,5d1bf04a,@400000006b074d5422056f3c,0,0,00000000
//! memory 4711
//! intent 262101 8c736521 0 in,@400000006b074d542188117c,270291,40,00b10c5e,@400000006b074d5622056f3c,0,0,00000000
//! crc 0c2f44a1
//! ```
//!
//! `version` counts the texts. `engine` tells the engine from others; it is not there where nobody knows. `taken` is how many
//! batches the engine has taken and where the last one ended; `-` in the place of a bound is before all that is there.
//! `memory` is a word of the sink. `intent`, where there is one, is the batch that was cut and may have been sent: its bytes,
//! its CRC-32, the longest record in it (0: any) and where it ends. The last line is the CRC-32 of all before it.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use unix::percent;

use crate::bound::Bound;

/// What is kept of a lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// A digest of what tells the engine from others. Empty: nobody knows.
    pub engine: String,
    /// How many batches were taken.
    pub number: u64,
    /// Where the last one ended. None: nothing was taken, and the lane begins before all that is there.
    pub cursor: Option<Bound>,
    /// The word of the sink.
    pub memory: String,
    /// The batch that may have been sent.
    pub intent: Option<Intent>,
}

/// A batch that was cut, and may have been sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// How many bytes its lines have.
    pub bytes: usize,
    /// The CRC-32 of its lines.
    pub crc: u32,
    /// The longest record in it.
    pub longest: Option<usize>,
    /// Where it ends.
    pub end: Bound,
}

/// What a text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which text it is, of those that were written. The first one is 1.
    pub version: u64,
    /// Of which directory.
    pub directory: PathBuf,
    /// What is kept.
    pub kept: Kept,
}

const MAGIC: &str = "mlog-ship lane 1";

impl Kept {
    /// The text of this version.
    pub fn text(&self, version: u64, directory: &Path) -> Vec<u8> {
        let directory = percent::escape(directory.as_os_str().as_bytes());
        let mut text = format!("{MAGIC}\nversion {version}\ndirectory {directory}\n");
        if !self.engine.is_empty() {
            text.push_str(&format!("engine {}\n", self.engine));
        }
        let cursor = self.cursor.as_ref().map_or("-".into(), Bound::word);
        // Writing to a string does not fail.
        writeln!(text, "taken {} {cursor}", self.number).ok();
        if !self.memory.is_empty() {
            writeln!(text, "memory {}", self.memory).ok();
        }
        if let Some(Intent { bytes, crc, longest, end }) = &self.intent {
            writeln!(text, "intent {bytes} {crc:08x} {} {}", longest.unwrap_or(0), end.word()).ok();
        }
        let crc = crc32fast::hash(text.as_bytes());
        writeln!(text, "crc {crc:08x}").ok();
        text.into_bytes()
    }

    /// Reads a text. None: it is damaged.
    pub fn parse(bytes: &[u8]) -> Option<Found> {
        let text = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
        let (before, crc) = text.rsplit_once("\ncrc ")?;
        let checked = &bytes[..=before.len()];
        if u32::from_str_radix(crc, 16).ok()? != crc32fast::hash(checked) {
            return None;
        }
        let mut lines = before.split('\n');
        if lines.next()? != MAGIC {
            return None;
        }
        let version = lines.next()?.strip_prefix("version ")?.parse().ok()?;
        let directory = percent::unescape(lines.next()?.strip_prefix("directory ")?)?;
        let directory = OsString::from_vec(directory).into();
        let mut kept = Kept::default();
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            kept.read(&words)?;
        }
        Some(Found { version, directory, kept })
    }

    fn read(&mut self, words: &[&str]) -> Option<()> {
        match words {
            ["engine", engine] => self.engine = (*engine).to_string(),
            ["taken", number, cursor] => {
                self.number = number.parse().ok()?;
                self.cursor = if *cursor == "-" { None } else { Some(Bound::parse(cursor)?) };
            }
            ["memory", memory] => self.memory = (*memory).to_string(),
            ["intent", bytes, crc, longest, end] => {
                self.intent = Some(Intent {
                    bytes: bytes.parse().ok()?,
                    crc: u32::from_str_radix(crc, 16).ok()?,
                    longest: Some(longest.parse().ok()?).filter(|longest| *longest > 0),
                    end: Bound::parse(end)?,
                });
            }
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mlog::follow::{Meant, Place};
    use proptest::prelude::*;

    fn bound(offset: u64) -> Bound {
        let place = Place { label: None, meant: Meant::After, offset, length: 3, crc: 4, last: None };
        Bound { place, within: 5, part: 6, crc: 7 }
    }

    proptest! {
        #[test]
        fn it_is_read_as_it_was_written_and_any_other_byte_is_noticed(
            path in prop::collection::vec(1u8.., 1..20), offset in any::<u64>(), number in any::<u64>(),
            memory in "[a-z0-9,]{0,9}", engine in "[a-f0-9]{0,16}", longest in prop::option::of(1usize..), at in any::<prop::sample::Index>(),
            some in any::<(bool, bool)>(), byte in any::<u8>(),
        ) {
            let path: PathBuf = std::ffi::OsString::from_vec(path).into();
            let intent = some.0.then(|| Intent { bytes: 1, crc: 2, longest, end: bound(offset / 2) });
            let kept = Kept { engine, number, cursor: some.1.then(|| bound(offset)), memory, intent };
            let mut text = kept.text(number, &path);
            prop_assert_eq!(Kept::parse(&text), Some(Found { version: number, directory: path, kept }));
            let at = at.index(text.len());
            if !std::mem::replace(&mut text[at], byte).eq_ignore_ascii_case(&byte) {
                prop_assert_eq!(Kept::parse(&text), None);
            }
            text.truncate(at);
            prop_assert_eq!(Kept::parse(&text), None);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            Kept::parse(&bytes);
        }
    }
}
