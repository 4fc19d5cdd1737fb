//! `Stream`: the text of a segment, from its start to its end, and what of it can't be read.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flate2::bufread::GzDecoder;

use crate::unnamed::unnamed;

use super::{Form, Segment, window};

/// How much of a compressed file is read at once.
const PIECE: usize = 128 << 10;

/// Why a segment can't be read further.
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
    Gzip(Option<Box<GzDecoder<BufReader<Section>>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<Section>>>),
    /// It could not be begun.
    Failed(String),
    Over,
}

impl Decoder {
    /// How much of the file was read.
    fn at(&self) -> Option<u64> {
        match self {
            Decoder::Plain(section) => Some(section.at),
            Decoder::Gzip(decoder) => decoder.as_ref().map(|decoder| decoder.get_ref().get_ref().at),
            Decoder::Zstd(decoder) => Some(decoder.get_ref().get_ref().at),
            Decoder::Failed(_) | Decoder::Over => None,
        }
    }
}

impl Stream {
    /// Begins at the start of a segment. Nothing is read yet. Frames with a window that is larger than `allowed` are
    /// decoded into a file first.
    pub fn new(segment: &Segment, allowed: u64) -> Stream {
        let section = Section::of(segment);
        let decoder = match segment.form {
            Form::Plain => Decoder::Plain(section),
            Form::Gzip => {
                Decoder::Gzip(Some(Box::new(GzDecoder::new(BufReader::with_capacity(PIECE, section)))))
            }
            Form::Zstd => {
                zstd_of(section, allowed).unwrap_or_else(|error| Decoder::Failed(error.to_string()))
            }
            Form::Foreign(command) => Decoder::Failed(format!("here, but by {command}")),
        };
        Stream { decoder, segment: segment.clone(), read: 0, rest: None, unpacks: true }
    }

    /// Reads text into `buffer`, which is not empty: how much, 0 at the end.
    ///
    /// # Errors
    ///
    /// What follows can't be read. The stream is at its end then.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Damage> {
        let got = match &mut self.decoder {
            Decoder::Plain(section) => section.read(buffer),
            Decoder::Gzip(decoder) => gzip(decoder, buffer),
            Decoder::Zstd(decoder) => decoder.read(buffer),
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
                self.decoder = Decoder::Over;
                Err(damage)
            }
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
        let whole = zstd_of(Section::of(&self.segment), window::LARGEST);
        let mut whole = Stream {
            decoder: whole.unwrap_or_else(|error| Decoder::Failed(error.to_string())),
            segment: self.segment.clone(),
            read: 0,
            rest: None,
            unpacks: false,
        };
        let mut buffer = vec![0; PIECE];
        let damage = loop {
            match whole.read(&mut buffer) {
                Ok(0) => break None,
                Ok(got) => file.write_all(&buffer[..got]).map_err(|error| needs_file(&error))?,
                Err(damage) => break Some(damage),
            }
        };
        (self.rest, self.unpacks) = (damage, false);
        // The archive is not needed any more.
        self.segment.file = Arc::new(file);
        let file = self.segment.file.clone();
        self.decoder = Decoder::Plain(Section { file, at: self.read.min(whole.read), to: whole.read });
        Ok(())
    }
}

fn zstd_of(section: Section, window: u64) -> io::Result<Decoder> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(BufReader::with_capacity(PIECE, section))?;
    decoder.window_log_max(window::logarithm(window))?;
    Ok(Decoder::Zstd(Box::new(decoder)))
}

/// Whether a decoder was not allowed the window of a frame.
fn needs_window(error: &io::Error) -> bool {
    error.to_string().contains("too much memory")
}

/// Reads from the members in a row. Zeros behind the last one are padding.
fn gzip(place: &mut Option<Box<GzDecoder<BufReader<Section>>>>, buffer: &mut [u8]) -> io::Result<usize> {
    while let Some(decoder) = place {
        match decoder.read(buffer)? {
            0 => {}
            got => return Ok(got),
        }
        let Some(mut rest) = place.take().map(|decoder| decoder.into_inner()) else { break };
        loop {
            let there = rest.fill_buf()?;
            let zeros = there.iter().take_while(|&&byte| byte == 0).count();
            match (there.len(), zeros) {
                (0, _) => return Ok(0),
                (_, 0) => break,
                _ => rest.consume(zeros),
            }
        }
        let is_member = rest.fill_buf()?.starts_with(&[0x1f]);
        // The decoder says where that is.
        *place = Some(Box::new(GzDecoder::new(rest)));
        if !is_member {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "something follows that is not gzip"));
        }
    }
    Ok(0)
}

/// A part of a file.
struct Section {
    file: Arc<File>,
    at: u64,
    to: u64,
}

impl Section {
    fn of(segment: &Segment) -> Section {
        Section { file: segment.file.clone(), at: segment.from, to: segment.to }
    }
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.to - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let got = unix::file::read_at(&self.file, &mut buffer[..most], self.at)?;
        if got == 0 && most > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file has become shorter"));
        }
        self.at += got as u64;
        Ok(got)
    }
}
