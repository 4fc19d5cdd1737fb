//! `Text`: the text of the generation in which a follower is.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use unix::file::Stat;

use crate::archive::{Damage, SMALL, Segment, Stream, segments};
use crate::store::{Content, State};

/// A file whose text can be read from its start to its end, however it is compressed.
pub trait Readable: Content {
    /// The text, as far as it was read.
    type Text: Sealed;

    /// From the start of a file that does not grow any more.
    fn text(&self, state: State) -> io::Result<Self::Text>;
}

/// The text of a file that does not grow.
pub trait Sealed {
    /// Reads on: how much, 0 at the end.
    ///
    /// # Errors
    ///
    /// Something can't be read. What is behind it can be read on.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Damage>;
}

/// The text of a real file.
pub struct Segments {
    segments: VecDeque<Segment>,
    stream: Option<Box<Stream>>,
}

impl Readable for Arc<File> {
    type Text = Segments;

    fn text(&self, state: State) -> io::Result<Segments> {
        let size = self.metadata()?.len();
        let segments = segments(self, size, state.declared())?.into();
        Ok(Segments { segments, stream: None })
    }
}

impl Sealed for Segments {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Damage> {
        loop {
            if self.stream.is_none() {
                let Some(segment) = self.segments.pop_front() else { return Ok(0) };
                self.stream = Some(Box::new(Stream::new(&segment, SMALL)));
            }
            let Some(reading) = &mut self.stream else { return Ok(0) };
            match reading.read(buffer) {
                Ok(0) => self.stream = None,
                // What is behind damage comes next.
                result => return result,
            }
        }
    }
}

/// So much is read at once where lines are looked for.
const PIECE: usize = 64 << 10;
/// So much before the place is compared when a file has grown: it may have been cut and written again.
const KNOWN: usize = 32;

/// Where text comes from.
pub(super) enum Text<F: Readable> {
    /// Nowhere.
    Nothing,
    /// A file that may grow, and what is just before the place.
    Growing { file: F, at: u64, known: Vec<u8> },
    /// A file that does not.
    Archive { file: F, text: F::Text },
}

/// Why nothing was read.
pub(super) enum Failed {
    /// What follows can't be read.
    Damage(Damage),
    /// The file is another one than it was, though it is long enough.
    Changed,
    Io(io::Error),
}

impl<F: Readable> Text<F> {
    pub(super) fn growing(file: F, at: u64) -> Text<F> {
        let mut text = Text::Growing { file, at: 0, known: Vec::new() };
        text.go_to(at);
        text
    }

    pub(super) fn archive(file: F, state: State) -> io::Result<Text<F>> {
        let text = file.text(state)?;
        Ok(Text::Archive { file, text })
    }

    /// Reads on: where in `buffer` that is, nowhere at the end for now.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<Range<usize>, Failed> {
        let most = buffer.len().saturating_sub(KNOWN);
        self.read_at_most(buffer, most)
    }

    /// The same, not more than this; `buffer` is larger.
    pub(super) fn read_at_most(&mut self, buffer: &mut [u8], most: usize) -> Result<Range<usize>, Failed> {
        match self {
            Text::Nothing => Ok(0..0),
            Text::Growing { file, at, known } => {
                let before = known.len();
                let wanted = buffer.len().min(before + most);
                let got = file.read_at(&mut buffer[..wanted], *at - before as u64).map_err(Failed::Io)?;
                if got <= before {
                    return Ok(0..0);
                }
                if buffer[..before] != known[..] {
                    return Err(Failed::Changed);
                }
                *at += (got - before) as u64;
                known.clear();
                known.extend_from_slice(&buffer[got.saturating_sub(KNOWN)..got]);
                Ok(before..got)
            }
            Text::Archive { text, .. } => {
                text.read(&mut buffer[..most]).map(|got| 0..got).map_err(Failed::Damage)
            }
        }
    }

    /// How far a file that may grow was read.
    pub(super) fn at(&self) -> u64 {
        if let Text::Growing { at, .. } = self { *at } else { 0 }
    }

    /// To a place of a file that may grow.
    pub(super) fn go_to(&mut self, place: u64) {
        if let Text::Growing { file, at, known } = self {
            let from = place.saturating_sub(KNOWN as u64);
            known.resize(usize::try_from(place - from).unwrap_or(0), 0);
            // What can't be read, or is shorter, is not compared.
            if !known.is_empty() && !matches!(file.read_at(known, from), Ok(got) if got == known.len()) {
                known.clear();
            }
            *at = place;
        }
    }

    /// What the open file is. None: there is none.
    pub(super) fn stat(&self) -> io::Result<Option<Stat>> {
        self.file().map(Content::stat).transpose()
    }

    /// The open file.
    pub(super) fn file(&self) -> Option<&F> {
        match self {
            Text::Nothing => None,
            Text::Growing { file, .. } | Text::Archive { file, .. } => Some(file),
        }
    }
}

/// A file that is held, from its start to its end.
pub(super) struct Held<'a, F> {
    pub(super) file: &'a F,
    pub(super) at: u64,
}

impl<F: Content> Sealed for Held<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Damage> {
        let got = self.file.read_at(buffer, self.at).map_err(|error| Damage(error.to_string()))?;
        self.at += got as u64;
        Ok(got)
    }
}

/// The lines of a text. What can't be read ends it.
pub(super) struct Lines<T> {
    text: T,
    piece: Vec<u8>,
    /// What of the piece is not behind.
    from: usize,
}

impl<T: Sealed> Lines<T> {
    pub(super) fn of(text: T) -> Lines<T> {
        Lines { text, piece: Vec::new(), from: 0 }
    }

    /// The next line with its newline; what comes in the end may have none.
    pub(super) fn next(&mut self) -> Option<&[u8]> {
        let mut searched = self.from;
        loop {
            if let Some(newline) = memchr::memchr(b'\n', &self.piece[searched..]) {
                let from = std::mem::replace(&mut self.from, searched + newline + 1);
                return Some(&self.piece[from..self.from]);
            }
            self.piece.drain(..self.from);
            (searched, self.from) = (self.piece.len(), 0);
            self.piece.resize(searched + PIECE, 0);
            let got = self.text.read(&mut self.piece[searched..]).unwrap_or(0);
            self.piece.truncate(searched + got);
            if got == 0 {
                self.from = searched;
                return (searched > 0).then_some(&self.piece[..]);
            }
        }
    }
}

/// The first bytes of the text of a file.
pub(super) fn start<F: Readable>(file: &F, state: State, most: usize) -> io::Result<Vec<u8>> {
    let mut text = file.text(state)?;
    let mut start = vec![0; most];
    let mut filled = 0;
    while filled < most {
        match text.read(&mut start[filled..]) {
            Ok(0) | Err(_) => break,
            Ok(got) => filled += got,
        }
    }
    start.truncate(filled);
    Ok(start)
}
