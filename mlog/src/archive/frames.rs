//! `Frames`: the text of Zstandard frames in a row.
//!
//! The decoder gets a block at a time, so what is before a damaged block comes out. The lengths of blocks are in front of
//! them; with these the next frame is found behind a damaged one.

use std::fs::File;
use std::io;

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation as _, OutBuffer};

use super::input::{Input, Section, invalid, too_short};
use super::window;

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The longest header of a frame.
const HEADER: usize = 18;

/// Reads frames.
pub(super) struct Frames {
    input: Input,
    decoder: Decoder<'static>,
    window: u64,
    stage: Stage,
    /// How much of the input the decoder may take before the structure is looked at again.
    left: u64,
    /// Whether the decoder may have more text.
    has_more: bool,
    /// Where the frame in hand begins.
    start: u64,
    checksum: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing was read.
    Begin,
    /// Before a block of a frame.
    Block,
    /// Behind the last block of a frame.
    Check,
    /// Behind a frame.
    Between,
    /// Nothing follows.
    Over,
}

impl Frames {
    /// Frames that need a larger window than this are refused.
    pub(super) fn new(section: Section, window: u64) -> io::Result<Frames> {
        Ok(Frames {
            start: section.at,
            input: Input::new(section),
            decoder: decoder(window)?,
            window,
            stage: Stage::Begin,
            left: 0,
            has_more: false,
            checksum: false,
        })
    }

    /// How much of the file was taken.
    pub(super) fn at(&self) -> u64 {
        self.input.at()
    }

    /// Reads text: how much, 0 at the end.
    ///
    /// # Errors
    ///
    /// The frame in hand can't be read further.
    pub(super) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            while self.left > 0 || self.has_more {
                match self.decode(out)? {
                    0 => {}
                    got => return Ok(got),
                }
            }
            match self.stage {
                Stage::Over => return Ok(0),
                Stage::Begin | Stage::Between => self.begin()?,
                Stage::Block => self.block()?,
                Stage::Check => {
                    self.left = if self.checksum { 4 } else { 0 };
                    self.stage = Stage::Between;
                }
            }
        }
    }

    /// To the next frame that is whole. False: there is none.
    pub(super) fn resume(&mut self) -> bool {
        let is_behind = self.stage == Stage::Between && self.left == 0;
        let from = if is_behind { self.input.at() } else { self.start + 1 };
        let found = self.next_whole(from).unwrap_or(None);
        let decoder = decoder(self.window).ok();
        (self.left, self.has_more) = (0, false);
        match (found, decoder) {
            (Some(found), Some(decoder)) => {
                self.input.go_to(found);
                (self.decoder, self.stage) = (decoder, Stage::Between);
                true
            }
            _ => {
                self.stage = Stage::Over;
                false
            }
        }
    }

    fn next_whole(&self, from: u64) -> io::Result<Option<u64>> {
        let section = self.input.section(from);
        let (file, to) = (section.file.clone(), section.to);
        let is_whole =
            |start| frame(&file, start, to).is_some_and(|it| it.to == to || is_start(&file, it.to));
        section.first_whole(&MAGIC, is_whole)
    }

    /// Passes what it may on to the decoder, and takes its text.
    fn decode(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let least = usize::from(self.left > 0);
        let ahead = self.input.ahead(least)?;
        if ahead.len() < least {
            return Err(too_short());
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(ahead.len());
        let mut input = InBuffer::around(&ahead[..most]);
        let mut output = OutBuffer::around(&mut *out);
        self.decoder.run(&mut input, &mut output)?;
        let (taken, got) = (input.pos(), output.pos());
        self.has_more = got == out.len();
        if taken == 0 && got == 0 && self.left > 0 {
            return Err(invalid("its data is damaged"));
        }
        self.left -= taken as u64;
        self.input.take(taken);
        Ok(got)
    }

    /// Into the next frame, or over one that decoders skip.
    fn begin(&mut self) -> io::Result<()> {
        let from = self.input.at();
        let ahead = self.input.ahead(HEADER)?;
        let there = ahead.len();
        if there == 0 && self.stage == Stage::Between {
            self.stage = Stage::Over;
            return Ok(());
        }
        let Some(header) = Header::of(ahead) else {
            return Err(match (there, self.stage) {
                (0, _) => too_short(),
                (_, Stage::Between) => invalid("something follows that is not Zstandard"),
                _ => invalid("it does not begin as Zstandard does"),
            });
        };
        self.start = from;
        // What fails from here on is damage within a frame.
        self.stage = Stage::Begin;
        match header {
            Header::Skipped(length) => {
                let to = from + 8 + length;
                self.input.go_to(to);
                if self.input.at() < to {
                    return Err(too_short());
                }
                self.stage = Stage::Between;
            }
            Header::Frame { length, checksum, .. } => {
                if there < length {
                    return Err(too_short());
                }
                (self.left, self.checksum) = (length as u64, checksum);
                self.stage = Stage::Block;
            }
        }
        Ok(())
    }

    /// Before the next block.
    fn block(&mut self) -> io::Result<()> {
        let Some(three) = self.input.ahead(3)?.first_chunk().copied() else { return Err(too_short()) };
        let block = Block::of(three).ok_or_else(|| invalid("a block is of no kind"))?;
        self.left = 3 + block.length;
        if block.last {
            self.stage = Stage::Check;
        }
        Ok(())
    }
}

fn decoder(window: u64) -> io::Result<Decoder<'static>> {
    let mut decoder = Decoder::new()?;
    decoder.set_parameter(DParameter::WindowLogMax(window::logarithm(window)))?;
    Ok(decoder)
}

/// What begins at a place between frames.
enum Header {
    /// A frame that decoders skip: so much follows its eight bytes.
    Skipped(u64),
    /// A frame, the length of its header, whether a checksum ends it, and the length of its text if that is said.
    Frame { length: usize, checksum: bool, text: Option<u64> },
}

impl Header {
    fn of(bytes: &[u8]) -> Option<Header> {
        match bytes {
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, ..] => {
                Some(Header::Skipped(u64::from(u32::from_le_bytes([*a, *b, *c, *d]))))
            }
            [0x28, 0xb5, 0x2f, 0xfd, flags, ..] => {
                let is_single = flags & 0x20 != 0;
                let dictionary = [0, 1, 2, 4][usize::from(flags & 3)];
                let said = [usize::from(is_single), 2, 4, 8][usize::from(flags >> 6)];
                let at = 5 + usize::from(!is_single) + dictionary;
                let text = bytes.get(at..at + said).filter(|text| !text.is_empty()).map(|text| {
                    let text = text.iter().rev().fold(0, |text, &byte| text << 8 | u64::from(byte));
                    if said == 2 { text + 256 } else { text }
                });
                Some(Header::Frame { length: at + said, checksum: flags & 4 != 0, text })
            }
            _ => None,
        }
    }
}

/// What the three bytes before a block say.
struct Block {
    last: bool,
    /// How many bytes follow them.
    length: u64,
}

impl Block {
    fn of([a, b, c]: [u8; 3]) -> Option<Block> {
        let all = u32::from_le_bytes([a, b, c, 0]);
        let length = match all >> 1 & 3 {
            0 | 2 => u64::from(all >> 3),
            1 => 1,
            _ => return None,
        };
        Some(Block { last: all & 1 == 1, length })
    }
}

/// A frame as its lengths say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Where it ends.
    pub(super) to: u64,
    /// How long its text is, if that is said; none for a frame that decoders skip.
    pub(super) text: Option<u64>,
    /// The checksum that ends it.
    pub(super) checksum: Option<u32>,
    /// Whether decoders skip it.
    pub(super) is_skipped: bool,
}

/// The frame that begins at a place. None: its lengths don't fit.
pub(super) fn frame(file: &File, from: u64, to: u64) -> Option<Frame> {
    let mut bytes = [0; HEADER];
    let got = unix::file::read_at(file, &mut bytes, from).ok()?;
    let inside = |at: u64| (at <= to).then_some(at);
    let (length, checksum, text) = match Header::of(&bytes[..got])? {
        Header::Skipped(length) => {
            let to = inside(from + 8 + length)?;
            return Some(Frame { to, text: None, checksum: None, is_skipped: true });
        }
        Header::Frame { length, checksum, text } => (length, checksum, text),
    };
    let mut at = from + length as u64;
    loop {
        let mut three = [0; 3];
        if unix::file::read_at(file, &mut three, at).ok()? < 3 {
            return None;
        }
        let block = Block::of(three)?;
        at = inside(at + 3 + block.length)?;
        if block.last {
            break;
        }
    }
    let mut known = [0; 4];
    if checksum {
        inside(at + 4)?;
        if unix::file::read_at(file, &mut known, at).ok()? < 4 {
            return None;
        }
        at += 4;
    }
    Some(Frame { to: at, text, checksum: checksum.then_some(u32::from_le_bytes(known)), is_skipped: false })
}

/// Whether a frame begins here.
fn is_start(file: &File, at: u64) -> bool {
    let mut bytes = [0; HEADER];
    let got = unix::file::read_at(file, &mut bytes, at).unwrap_or(0);
    Header::of(&bytes[..got]).is_some()
}
