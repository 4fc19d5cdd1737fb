//! A terminal, a socket, a device, or a pipe that can't be looked into: read as any filter reads.

use std::io::{self, ErrorKind};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use unix::event;

use super::{Intake, Kind, LEAST, Seen, Woken, enlarged, identity_of};
use crate::journal::record::Identity;

/// How much is read at once where nobody says otherwise.
pub(super) const READ: usize = 64 << 10;

/// Standard input that is read for good.
#[derive(Debug)]
pub struct PlainIntake<'fd> {
    source: BorrowedFd<'fd>,
    buffer: Vec<u8>,
    /// The visible bytes are `buffer[start..end]`.
    start: usize,
    end: usize,
    ready: bool,
    /// How much is read at once.
    read: usize,
}

impl<'fd> PlainIntake<'fd> {
    /// Reads from `source`, at most `read` bytes at once.
    pub fn new(source: BorrowedFd<'fd>, read: usize) -> PlainIntake<'fd> {
        PlainIntake { source, buffer: Vec::new(), start: 0, end: 0, ready: false, read }
    }
}

impl Intake for PlainIntake<'_> {
    type Trace = OwnedFd;

    fn kind(&self) -> Kind {
        Kind::Stream
    }

    fn identity(&self) -> io::Result<Identity> {
        identity_of(self.source)
    }

    fn peek(&mut self) -> io::Result<Seen> {
        if !std::mem::take(&mut self.ready) {
            return Ok(Seen::Nothing);
        }
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.buffer.len() < self.end + self.read.min(LEAST) {
            self.buffer = enlarged(&self.buffer[..self.end], self.read);
        }
        let until = self.buffer.len().min(self.end + self.read);
        match unix::pipe::read(self.source, &mut self.buffer[self.end..until]) {
            Ok(0) => Ok(Seen::End),
            Ok(got) => {
                self.end += got;
                Ok(Seen::More)
            }
            // Somebody made the shared description non-blocking.
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Seen::Nothing),
            Err(error) => Err(error),
        }
    }

    fn visible(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    fn consume(&mut self, count: usize) -> io::Result<()> {
        self.start += count;
        Ok(())
    }

    fn held(&self) -> usize {
        self.end - self.start
    }

    fn resume(&mut self, held: Vec<u8>) {
        (self.start, self.end) = (0, held.len());
        self.buffer = held;
    }

    fn wait(&mut self, signals: Option<BorrowedFd<'_>>, limit: Option<Duration>) -> io::Result<Woken> {
        let (signals, listening) = (signals.unwrap_or(self.source), signals.is_some());
        let [input, signal] = event::wait([self.source, signals], limit)?;
        self.ready = input.readable || input.hung_up;
        Ok(Woken { signalled: listening && signal.readable, quiet: false, crowded: false })
    }
}
