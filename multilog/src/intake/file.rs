//! A regular file: read at an offset, consumed by moving the descriptor's own offset.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use unix::event;

use super::{Intake, Seen, Unread, Woken};

/// How much is looked at at once.
const LOOK: usize = 256 << 10;

/// Standard input as a regular file.
#[derive(Debug)]
pub struct FileIntake<'fd> {
    source: BorrowedFd<'fd>,
    buffer: Vec<u8>,
    /// The visible bytes are `buffer[start..end]`, and they stand at `offset` in the file.
    start: usize,
    end: usize,
    offset: u64,
}

impl<'fd> FileIntake<'fd> {
    /// Reads on from where the descriptor stands.
    pub fn new(source: BorrowedFd<'fd>) -> io::Result<FileIntake<'fd>> {
        let offset = unix::file::position(source)?;
        Ok(FileIntake { source, buffer: Vec::new(), start: 0, end: 0, offset })
    }
}

impl Intake for FileIntake<'_> {
    fn peek(&mut self) -> io::Result<Seen> {
        let before = self.end - self.start;
        self.buffer.resize(LOOK, 0);
        let got = unix::file::read_at(self.source, &mut self.buffer, self.offset)?;
        if got > before {
            (self.start, self.end) = (0, got);
            return Ok(Seen::More);
        }
        Ok(Seen::End)
    }

    fn visible(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    fn consume(&mut self, count: usize) -> io::Result<()> {
        unix::file::seek(self.source, self.offset + count as u64)?;
        self.offset += count as u64;
        self.start += count;
        Ok(())
    }

    fn unread(&self) -> Unread {
        Unread::InSource
    }

    fn wait(&mut self, signals: Option<BorrowedFd<'_>>) -> io::Result<Woken> {
        // A file is always ready; only look whether a signal came.
        let signalled = match signals {
            Some(signals) => event::wait([signals], Some(Duration::ZERO))?[0].readable,
            None => false,
        };
        Ok(Woken { signalled, quiet: false })
    }
}
