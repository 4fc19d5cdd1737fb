//! A regular file: read at an offset, consumed by moving the descriptor's own offset.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use unix::event;
use unix::file::Identity;

use super::visible::{LEAST, Visible};
use super::{Intake, Kind, Seen, Woken};

/// How much is looked at at once.
const LOOK: usize = 256 << 10;

/// Standard input as a regular file.
#[derive(Debug)]
pub struct FileIntake<'fd> {
    source: BorrowedFd<'fd>,
    /// What is held comes from another process.
    visible: Visible,
    /// Where the visible bytes that are not held begin in the file.
    offset: u64,
}

impl<'fd> FileIntake<'fd> {
    /// Reads on from the offset of the descriptor.
    pub fn new(source: BorrowedFd<'fd>) -> io::Result<FileIntake<'fd>> {
        let offset = unix::file::position(source)?;
        Ok(FileIntake { source, visible: Visible::default(), offset })
    }
}

impl Intake for FileIntake<'_> {
    type Trace = OwnedFd;

    fn kind(&self) -> Kind {
        Kind::File(self.offset)
    }

    fn identity(&self) -> io::Result<Identity> {
        Identity::of(self.source)
    }

    fn peek(&mut self) -> io::Result<Seen> {
        let before = self.visible.len();
        self.visible.reserve(LEAST, LOOK);
        self.visible.move_to(0);
        let got = unix::file::read_at(self.source, self.visible.room(), self.offset)?;
        self.visible.add(got);
        Ok(if self.visible.len() > before { Seen::More } else { Seen::End })
    }

    fn visible(&self) -> &[u8] {
        self.visible.bytes()
    }

    fn consume(&mut self, count: usize) -> io::Result<()> {
        let taken = count.saturating_sub(self.visible.held()) as u64;
        if taken > 0 {
            unix::file::seek(self.source, self.offset + taken)?;
        }
        self.offset += taken;
        self.visible.consume(count);
        Ok(())
    }

    fn held(&self) -> usize {
        self.visible.held()
    }

    /// A file was written before it is read.
    fn waiting(&self) -> u64 {
        u64::MAX
    }

    fn resume(&mut self, held: Vec<u8>) {
        self.visible.resume(held);
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
