//! `Stream`: the text of a segment, from its start to its end, and what of it can't be read.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::unnamed::unnamed;

use super::frames::Frames;
use super::gzip::Members;
use super::input::Section;
use super::window::SMALL;
use super::{Declared, Form, Segment, segments, window};

/// How much text is decoded into a file at once.
const PIECE: usize = 128 << 10;

/// Why something of a segment can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage(pub String);

/// The text of a segment.
pub struct Stream {
    decoder: Decoder,
    segment: Segment,
    /// How much text was read.
    read: u64,
    /// Why nothing follows the text that was decoded into a file.
    rest: Option<Damage>,
    /// Whether it may be decoded into a file.
    unpacks: bool,
}

/// One decoder with a large window at a time, where there are many.
static LARGE: Mutex<()> = Mutex::new(());

/// Waits until nobody else has a decoder with a large window. Who holds this may allow a stream any window.
pub fn one_large() -> MutexGuard<'static, ()> {
    LARGE.lock().unwrap_or_else(PoisonError::into_inner)
}

enum Decoder {
    Plain(Section),
    Gzip(Box<Members>),
    Zstd(Box<Frames>),
    /// It could not be begun.
    Failed(String),
    Over,
}

impl Decoder {
    /// How much of the file was read.
    fn at(&self) -> Option<u64> {
        match self {
            Decoder::Plain(section) => Some(section.at),
            Decoder::Gzip(members) => Some(members.at()),
            Decoder::Zstd(frames) => Some(frames.at()),
            Decoder::Failed(_) | Decoder::Over => None,
        }
    }

    /// Behind what can't be read, if something is there.
    fn resume(&mut self) {
        let goes_on = match self {
            Decoder::Gzip(members) => members.resume(),
            Decoder::Zstd(frames) => frames.resume(),
            Decoder::Plain(_) | Decoder::Failed(_) | Decoder::Over => false,
        };
        if !goes_on {
            *self = Decoder::Over;
        }
    }
}

/// Whether the text of a file begins with these bytes.
///
/// # Errors
///
/// The file can't be read.
pub fn begins_with(file: &Arc<File>, declared: Declared, start: &[u8]) -> io::Result<bool> {
    let mut text = vec![0; start.len()];
    let mut filled = 0;
    for segment in segments(file, file.metadata()?.len(), declared)? {
        let mut stream = Stream::new(&segment, SMALL);
        while filled < text.len() {
            match stream.read(&mut text[filled..]) {
                Ok(0) => break,
                Ok(got) => filled += got,
                Err(_) => return Ok(false),
            }
        }
        if filled == text.len() {
            break;
        }
    }
    Ok(text[..filled] == *start)
}

impl Stream {
    /// Begins at the start of a segment. Nothing is read yet. Frames with a window that is larger than `allowed` are
    /// decoded into a file first.
    pub fn new(segment: &Segment, allowed: u64) -> Stream {
        let section = section(segment);
        let decoder = match segment.form {
            Form::Plain => Decoder::Plain(section),
            Form::Gzip => Decoder::Gzip(Box::new(Members::new(section))),
            Form::Zstd => zstd_of(section, allowed),
            Form::Foreign(command) => Decoder::Failed(format!("here, but by {command}")),
        };
        Stream { decoder, segment: segment.clone(), read: 0, rest: None, unpacks: true }
    }

    /// Reads text into `buffer`, which is not empty: how much, 0 at the end.
    ///
    /// # Errors
    ///
    /// Something can't be read. The stream is behind it then: at the next member or frame that is whole, or at its end.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Damage> {
        let got = match &mut self.decoder {
            Decoder::Plain(section) => section.read(buffer),
            Decoder::Gzip(members) => members.read(buffer),
            Decoder::Zstd(frames) => frames.read(buffer),
            Decoder::Failed(why) => {
                let damage = Damage(std::mem::take(why));
                self.decoder = Decoder::Over;
                return Err(damage);
            }
            Decoder::Over => Ok(0),
        };
        match got {
            Ok(0) => self.rest.take().map_or(Ok(0), Err),
            Ok(got) => {
                self.read += got as u64;
                Ok(got)
            }
            Err(error) if self.unpacks && needs_window(&error) => {
                self.unpack()?;
                self.read(buffer)
            }
            Err(error) => {
                let damage = self.damage(&error);
                self.decoder.resume();
                Err(damage)
            }
        }
    }

    /// What is wrong, though all text was read.
    pub fn remark(&self) -> Option<Damage> {
        match &self.decoder {
            Decoder::Gzip(members) if members.is_odd() => {
                Some(Damage("by its members: their lengths don't fit".into()))
            }
            _ => None,
        }
    }

    fn damage(&self, error: &io::Error) -> Damage {
        let at = self.decoder.at().unwrap_or(self.segment.from);
        Damage(format!("near byte {at}: {error}"))
    }

    /// Decodes the segment once more, into a file, and goes on behind what was read.
    fn unpack(&mut self) -> Result<(), Damage> {
        let _one = one_large();
        let needs_file = |error: &io::Error| Damage(format!("without a temporary file: {error}"));
        self.decoder = Decoder::Over;
        let mut file = unnamed().map_err(|error| needs_file(&error))?;
        let mut whole = Stream {
            decoder: zstd_of(section(&self.segment), window::LARGEST),
            segment: self.segment.clone(),
            read: 0,
            rest: None,
            unpacks: false,
        };
        let mut buffer = vec![0; PIECE];
        let (mut damage, mut length, mut is_whole_line) = (None, 0, true);
        loop {
            let text = match whole.read(&mut buffer) {
                Ok(0) => break,
                Ok(got) => &buffer[..got],
                Err(found) => {
                    damage = damage.or(Some(found));
                    // A line ends where text is missing.
                    if is_whole_line || length <= self.read { &[][..] } else { &b"\n"[..] }
                }
            };
            file.write_all(text).map_err(|error| needs_file(&error))?;
            length += text.len() as u64;
            is_whole_line = text.last().map_or(is_whole_line, |&last| last == b'\n');
        }
        (self.rest, self.unpacks) = (damage, false);
        // The archive is not needed any more.
        self.segment.file = Arc::new(file);
        let file = self.segment.file.clone();
        self.decoder = Decoder::Plain(Section { file, at: self.read.min(length), to: length });
        Ok(())
    }
}

fn section(segment: &Segment) -> Section {
    Section { file: segment.file.clone(), at: segment.from, to: segment.to }
}

fn zstd_of(section: Section, window: u64) -> Decoder {
    match Frames::new(section, window) {
        Ok(frames) => Decoder::Zstd(Box::new(frames)),
        Err(error) => Decoder::Failed(error.to_string()),
    }
}

/// Whether a decoder was not allowed the window of a frame.
fn needs_window(error: &io::Error) -> bool {
    error.to_string().contains("too much memory")
}
