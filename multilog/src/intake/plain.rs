//! A terminal, a socket, a device, or a pipe that can't be looked into: read as any filter reads.

use std::io::{self, ErrorKind};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use unix::event;
use unix::file::Identity;

use super::visible::{LEAST, Visible};
use super::{Intake, Kind, Seen, Woken};

/// How many bytes are read at once by multilog.
pub(super) const READ: usize = 64 << 10;

/// Standard input that is read for good.
#[derive(Debug)]
pub struct PlainIntake<'fd> {
    source: BorrowedFd<'fd>,
    /// All of it is held.
    visible: Visible,
    ready: bool,
    /// How much is read at once.
    read: usize,
}

impl<'fd> PlainIntake<'fd> {
    /// Reads from `source`, at most `read` bytes at once.
    pub fn new(source: BorrowedFd<'fd>, read: usize) -> PlainIntake<'fd> {
        PlainIntake { source, visible: Visible::default(), ready: false, read }
    }
}

impl Intake for PlainIntake<'_> {
    type Trace = OwnedFd;

    fn kind(&self) -> Kind {
        Kind::Stream
    }

    fn identity(&self) -> io::Result<Identity> {
        Identity::of(self.source)
    }

    fn peek(&mut self) -> io::Result<Seen> {
        if !std::mem::take(&mut self.ready) {
            return Ok(Seen::Nothing);
        }
        self.visible.reserve(self.read.min(LEAST), self.read);
        self.visible.move_to(0);
        let room = self.visible.room();
        let most = room.len().min(self.read);
        match unix::pipe::read(self.source, &mut room[..most]) {
            Ok(0) => Ok(Seen::End),
            Ok(got) => {
                self.visible.add(got);
                self.visible.hold_all();
                Ok(Seen::More)
            }
            // Another process made the shared description non-blocking.
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Seen::Nothing),
            Err(error) => Err(error),
        }
    }

    fn visible(&self) -> &[u8] {
        self.visible.bytes()
    }

    fn consume(&mut self, count: usize) -> io::Result<()> {
        self.visible.consume(count);
        Ok(())
    }

    fn held(&self) -> usize {
        self.visible.held()
    }

    fn waiting(&self) -> u64 {
        self.visible.len() as u64 + unix::pipe::filled(self.source).unwrap_or(0)
    }

    fn resume(&mut self, held: Vec<u8>) {
        self.visible.resume(held);
    }

    fn wait(&mut self, signals: Option<BorrowedFd<'_>>, limit: Option<Duration>) -> io::Result<Woken> {
        let (signals, listening) = (signals.unwrap_or(self.source), signals.is_some());
        let [input, signal] = event::wait([self.source, signals], limit)?;
        self.ready = input.readable || input.hung_up;
        Ok(Woken { signalled: listening && signal.readable, quiet: false, crowded: false })
    }
}
