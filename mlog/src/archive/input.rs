//! `Input`: the bytes of a part of a file, some of them ahead.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

/// How much of a compressed file is read at once.
const PIECE: usize = 128 << 10;
/// What looks like the start of a piece may be anything: it is tried so often behind a damaged one.
const TRIES: usize = 256;
/// How much of a file is searched at once.
const SEARCHED: usize = 64 << 10;

/// A part of a file.
#[derive(Clone)]
pub(super) struct Section {
    pub(super) file: Arc<File>,
    pub(super) at: u64,
    pub(super) to: u64,
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

impl Section {
    /// Where the first whole piece begins, of those that begin with these bytes. None: there is none.
    pub(super) fn first_whole(self, magic: &[u8], is_whole: impl Fn(u64) -> bool) -> io::Result<Option<u64>> {
        let mut input = Input::new(self);
        let mut tries = 0;
        while tries < TRIES {
            let at = input.at();
            let ahead = input.ahead(SEARCHED)?;
            let Some(found) = memchr::memmem::find(ahead, magic) else {
                let passed = ahead.len().saturating_sub(magic.len() - 1);
                if passed == 0 || ahead.len() < SEARCHED {
                    return Ok(None);
                }
                input.take(passed);
                continue;
            };
            tries += 1;
            let start = at + found as u64;
            if is_whole(start) {
                return Ok(Some(start));
            }
            input.take(found + 1);
        }
        Ok(None)
    }
}

/// A part of a file, of which some bytes are read ahead.
pub(super) struct Input {
    section: Section,
    buffer: Vec<u8>,
    /// What of the buffer was read and not taken.
    from: usize,
    to: usize,
}

impl Input {
    pub(super) fn new(section: Section) -> Input {
        Input { section, buffer: Vec::new(), from: 0, to: 0 }
    }

    /// Where in the file the next byte is.
    pub(super) fn at(&self) -> u64 {
        self.section.at - (self.to - self.from) as u64
    }

    /// Goes to a place of the file.
    pub(super) fn go_to(&mut self, place: u64) {
        (self.section.at, self.from, self.to) = (place.min(self.section.to), 0, 0);
    }

    /// The file, from a place on.
    pub(super) fn section(&self, from: u64) -> Section {
        Section { at: from.min(self.section.to), ..self.section.clone() }
    }

    /// What is read ahead: at least this number of bytes, fewer only at the end.
    pub(super) fn ahead(&mut self, least: usize) -> io::Result<&[u8]> {
        if self.to - self.from < least {
            if self.buffer.is_empty() {
                self.buffer = vec![0; PIECE];
            }
            self.buffer.copy_within(self.from..self.to, 0);
            (self.from, self.to) = (0, self.to - self.from);
            while self.to < least {
                match self.section.read(&mut self.buffer[self.to..])? {
                    0 => break,
                    got => self.to += got,
                }
            }
        }
        Ok(&self.buffer[self.from..self.to])
    }

    /// Takes bytes that are read ahead.
    pub(super) fn take(&mut self, count: usize) {
        self.from += count.min(self.to - self.from);
    }

    /// Takes a number of bytes.
    ///
    /// # Errors
    ///
    /// There are fewer, or they can't be read.
    pub(super) fn exactly<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let found = self.ahead(N)?.first_chunk().copied();
        self.take(N);
        found.ok_or_else(too_short)
    }
}

/// The file ends where more has to come.
pub(super) fn too_short() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the end is missing")
}

/// Something is not what it has to be.
pub(super) fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
