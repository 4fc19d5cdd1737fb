//! `Stream`: the text of a segment, from its start to its end, and what of it can't be read.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use flate2::bufread::GzDecoder;

use super::{Form, Segment};

/// The largest window of Zstandard that is decoded, as `zstd -t` has it: 128 MiB.
const WINDOW: u32 = 27;
/// How much of a compressed file is read at once.
const PIECE: usize = 128 << 10;

/// Why a segment can't be read further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage(pub String);

/// The text of a segment.
pub struct Stream {
    decoder: Decoder,
    /// Where the segment begins; for messages.
    from: u64,
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
    /// Begins at the start of a segment. Nothing is read yet.
    pub fn new(segment: &Segment) -> Stream {
        let section = Section { file: segment.file.clone(), at: segment.from, to: segment.to };
        let decoder = match segment.form {
            Form::Plain => Decoder::Plain(section),
            Form::Gzip => {
                Decoder::Gzip(Some(Box::new(GzDecoder::new(BufReader::with_capacity(PIECE, section)))))
            }
            Form::Zstd => zstd_of(section).unwrap_or_else(|error| Decoder::Failed(error.to_string())),
        };
        Stream { decoder, from: segment.from }
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
            Decoder::Failed(why) => Err(io::Error::other(std::mem::take(why))),
            Decoder::Over => Ok(0),
        };
        got.map_err(|error| {
            let at = self.decoder.at().unwrap_or(self.from);
            self.decoder = Decoder::Over;
            Damage(format!("near byte {at}: {error}"))
        })
    }
}

fn zstd_of(section: Section) -> io::Result<Decoder> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(BufReader::with_capacity(PIECE, section))?;
    decoder.window_log_max(WINDOW)?;
    Ok(Decoder::Zstd(Box::new(decoder)))
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
