//! Where readers are, in a file: a line for each directory, replaced as a whole.
//!
//! ```text
//! mlog cursor 1
//! output 2049 131 73501 8c736521
//! after @400000006b074d542188117c 8190 37 5d1bf04a @400000006b074d5422056f3c /var/log/web
//! ```
//!
//! The words of a line: how the label is meant, the label, the offset in the text of the generation, length and CRC-32 of
//! the last line, the last stamp, and the path, in which `%`, blanks and what is not printed are `%XX`. `output` is there
//! where standard output is a file: device, inode, its size when all lines before the places were in it, and the
//! CRC-32 of what was asked. What is in the
//! file beyond that size was delivered by a reader that was killed before it could say so, and is left out.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use tai64tools::Label;
use unix::lock::{self, Keep};
use unix::{file, percent};

use crate::follow::{Meant, Place};

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Standard output, where it is a file.
    pub output: Option<Delivered>,
    /// The place in each directory, by its absolute path.
    pub places: Vec<(PathBuf, Place)>,
}

/// A file that is standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Its device.
    pub device: u64,
    /// Its inode.
    pub inode: u64,
    /// How long it was.
    pub size: u64,
    /// The checksum of the question that was asked.
    pub question: u32,
}

const MAGIC: &str = "mlog cursor 1";

/// The file, which one reader has at a time.
#[derive(Debug)]
pub struct CursorFile {
    /// Where it is, behind all links.
    path: PathBuf,
    /// What is there now, and locked.
    file: File,
}

/// Why a file can't be had.
#[derive(Debug)]
pub enum Refused {
    /// It is no cursor. Anything but a regular file is none, and is not opened: writing replaces the file, so a device would
    /// be gone.
    NoCursor,
    /// Another reader has it, this process as far as the system tells.
    InUse(Option<u32>),
    /// It can't be opened or read.
    Failed(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Refused {
        Refused::Failed(error)
    }
}

impl CursorFile {
    /// Opens a file, locks it, and reads it. An empty one is made where there is none.
    ///
    /// # Errors
    ///
    /// It is no cursor, another reader has it, or it can't be opened.
    pub fn open(path: &Path) -> Result<(CursorFile, Cursor), Refused> {
        loop {
            if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
                return Err(Refused::NoCursor);
            }
            let mut file = File::from(lock::open_file(path, Keep::Here)?);
            match lock::exclusive_now(&file) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Err(Refused::InUse(lock::holder(&file)));
                }
                locked => locked?,
            }
            let path = path.canonicalize()?;
            // A reader that has ended meanwhile may have put another file there.
            if file::stat(&file)?.identity != file::stat(&File::open(&path)?)?.identity {
                continue;
            }
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            let known = if bytes.is_empty() { Some(Cursor::default()) } else { Cursor::parse(&bytes) };
            return Ok((CursorFile { path, file }, known.ok_or(Refused::NoCursor)?));
        }
    }

    /// Replaces the file: beside it, to the disk, in its place. Whatever is beside it is a leftover, and is never written
    /// through.
    ///
    /// # Errors
    ///
    /// One of this has failed. The file has its old text, or the new one.
    pub fn write(&mut self, cursor: &Cursor) -> io::Result<()> {
        let mut beside = self.path.as_os_str().to_owned();
        beside.push(".new");
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = File::create_new(&beside)?;
        lock::exclusive_now(&file)?;
        file.write_all(cursor.text().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.path)?;
        self.file = file;
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Cursor {
    /// Reads the text of a file. None: it is no cursor.
    pub fn parse(bytes: &[u8]) -> Option<Cursor> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let mut cursor = Cursor::default();
        if lines.next() != Some(MAGIC) {
            return None;
        }
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["output", device, inode, size, question] => {
                    let (device, inode, size) =
                        (device.parse().ok()?, inode.parse().ok()?, size.parse().ok()?);
                    let question = u32::from_str_radix(question, 16).ok()?;
                    cursor.output = Some(Delivered { device, inode, size, question });
                }
                [meant, label, offset, length, crc, last, path] => {
                    let place = Place {
                        label: parse_label(label)?,
                        meant: parse_meant(meant)?,
                        offset: offset.parse().ok()?,
                        length: length.parse().ok()?,
                        crc: u32::from_str_radix(crc, 16).ok()?,
                        last: parse_label(last)?,
                    };
                    cursor.places.push((PathBuf::from(OsString::from_vec(percent::unescape(path)?)), place));
                }
                _ => return None,
            }
        }
        Some(cursor)
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let mut text = format!("{MAGIC}\n");
        if let Some(Delivered { device, inode, size, question }) = self.output {
            text.push_str(&format!("output {device} {inode} {size} {question:08x}\n"));
        }
        for (path, place) in &self.places {
            let Place { offset, length, crc, .. } = place;
            let meant = match place.meant {
                Meant::Own => "in",
                Meant::After => "after",
                Meant::SecondAfter => "second-after",
            };
            let (label, last) = (show_label(place.label), show_label(place.last));
            text.push_str(&format!(
                "{meant} {label} {offset} {length} {crc:08x} {last} {}\n",
                percent::escape(path.as_os_str().as_bytes())
            ));
        }
        text
    }
}

fn parse_meant(word: &str) -> Option<Meant> {
    Some(match word {
        "in" => Meant::Own,
        "after" => Meant::After,
        "second-after" => Meant::SecondAfter,
        _ => return None,
    })
}

fn parse_label(word: &str) -> Option<Option<Label>> {
    if word == "-" { Some(None) } else { Label::parse(word.as_bytes()).map(Some) }
}

fn show_label(label: Option<Label>) -> String {
    label.map_or("-".into(), |label| String::from_utf8_lossy(&label.text()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_cursor_is_none() {
        for text in [
            "",
            "x\n",
            "mlog cursor 1",
            "mlog cursor 1\nx\n",
            "mlog cursor 2\n",
            "mlog cursor 1\nin x 1 1 0 - /\n",
        ] {
            assert_eq!(Cursor::parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(Cursor::parse(b"mlog cursor 1\n"), Some(Cursor::default()));
    }

    #[test]
    fn one_reader_has_a_file_at_a_time_also_when_it_was_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c");
        let (mut mine, known) = CursorFile::open(&path).unwrap();
        assert_eq!(known, Cursor::default());
        let is_in_use = || matches!(CursorFile::open(&path), Err(Refused::InUse(_)));
        assert!(is_in_use());
        let cursor =
            Cursor { output: Some(Delivered { device: 1, inode: 2, size: 3, question: 4 }), places: vec![] };
        for _ in 0..2 {
            mine.write(&cursor).unwrap();
            assert!(is_in_use());
        }
        drop(mine);
        assert_eq!(CursorFile::open(&path).unwrap().1, cursor);
    }

    proptest! {
        #[test]
        fn a_cursor_is_read_as_it_was_written(
            path in prop::collection::vec(1u8.., 1..20), seconds in prop::option::of(0u64..1 << 62), offset in any::<u64>(),
            crc in any::<u32>(), which in 0usize..3, output in prop::option::of(any::<(u64, u64, u64)>()),
        ) {
            let label = seconds.and_then(|seconds| Label::new(seconds, 7));
            let meant = [Meant::Own, Meant::After, Meant::SecondAfter][which];
            let place = Place { label, meant, offset, length: crc / 3, crc, last: label };
            let output = output.map(|(device, inode, size)| Delivered { device, inode, size, question: crc });
            let cursor = Cursor { output, places: vec![(std::ffi::OsString::from_vec(path).into(), place)] };
            prop_assert_eq!(Cursor::parse(cursor.text().as_bytes()), Some(cursor));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            Cursor::parse(&bytes);
        }
    }
}
