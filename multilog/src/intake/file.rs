//! A regular file: read at an offset, consumed by moving the descriptor's own offset.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use unix::event;

use super::{Intake, Kind, LEAST, Seen, Woken, enlarged, identity_of};
use crate::journal::record::Identity;

/// How much is looked at at once.
const LOOK: usize = 256 << 10;

/// Standard input as a regular file.
#[derive(Debug)]
pub struct FileIntake<'fd> {
    source: BorrowedFd<'fd>,
    buffer: Vec<u8>,
    /// The visible bytes are `buffer[start..end]`. The first `held` of them come from another process;
    /// the others stand at `offset` in the file.
    start: usize,
    end: usize,
    held: usize,
    offset: u64,
}

impl<'fd> FileIntake<'fd> {
    /// Reads on from where the descriptor stands.
    pub fn new(source: BorrowedFd<'fd>) -> io::Result<FileIntake<'fd>> {
        let offset = unix::file::position(source)?;
        Ok(FileIntake { source, buffer: Vec::new(), start: 0, end: 0, held: 0, offset })
    }
}

impl Intake for FileIntake<'_> {
    type Trace = OwnedFd;

    fn kind(&self) -> Kind {
        Kind::File(self.offset)
    }

    fn identity(&self) -> io::Result<Identity> {
        identity_of(self.source)
    }

    fn peek(&mut self) -> io::Result<Seen> {
        let before = self.end - self.start;
        self.buffer.copy_within(self.start..self.start + self.held, 0);
        if self.buffer.len() < self.held + LEAST {
            self.buffer = enlarged(&self.buffer[..self.held], LOOK);
        }
        let got = unix::file::read_at(self.source, &mut self.buffer[self.held..], self.offset)?;
        (self.start, self.end) = (0, self.held + got);
        Ok(if self.end > before { Seen::More } else { Seen::End })
    }

    fn visible(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    fn consume(&mut self, count: usize) -> io::Result<()> {
        let from_held = count.min(self.held);
        let taken = (count - from_held) as u64;
        if taken > 0 {
            unix::file::seek(self.source, self.offset + taken)?;
        }
        self.offset += taken;
        self.held -= from_held;
        self.start += count;
        Ok(())
    }

    fn held(&self) -> usize {
        self.held
    }

    fn resume(&mut self, held: Vec<u8>) {
        (self.start, self.end, self.held) = (0, held.len(), held.len());
        self.buffer = held;
    }

    fn wait(&mut self, signals: Option<BorrowedFd<'_>>, _: Option<Duration>) -> io::Result<Woken> {
        // A file is always ready; only look whether a signal came.
        let signalled = match signals {
            Some(signals) => event::wait([signals], Some(Duration::ZERO))?[0].readable,
            None => false,
        };
        Ok(Woken { signalled, quiet: false, crowded: false })
    }
}
