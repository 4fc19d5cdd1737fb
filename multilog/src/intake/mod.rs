//! The input: looked at first, taken out only when everything is written.
//!
//! Bytes that were peeked at are still in the pipe or file they come from, so a logger that dies
//! before it consumed them leaves them to the next one.

mod file;
mod pipe;
mod plain;

use std::io;
use std::os::fd::BorrowedFd;

pub use file::FileIntake;
pub use pipe::PipeIntake;
pub use plain::PlainIntake;

/// What a peek found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// More than before.
    More,
    /// Nothing that was not visible before; it may come.
    Nothing,
    /// Nothing that was not visible before, and nothing will come.
    End,
}

/// What a wait ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Woken {
    /// A signal has arrived.
    pub signalled: bool,
    /// Nothing came for a while: the time to give memory back. Said once before a wait without end.
    pub quiet: bool,
}

/// Where bytes are that were seen and not consumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// In the source: whoever reads it next gets them.
    InSource,
    /// In this process only: they have to be written before it ends.
    InMemory,
}

/// A source of bytes that can be looked at before they are taken.
pub trait Intake {
    /// Makes visible what has arrived, without waiting.
    fn peek(&mut self) -> io::Result<Seen>;
    /// The visible bytes that were not consumed.
    fn visible(&self) -> &[u8];
    /// Takes the first `count` visible bytes out of the source.
    fn consume(&mut self, count: usize) -> io::Result<()>;
    /// Where visible bytes are until they are consumed.
    fn unread(&self) -> Unread;
    /// Waits until a peek could find something, or `signals` can be read.
    fn wait(&mut self, signals: Option<BorrowedFd<'_>>) -> io::Result<Woken>;
}

impl<I: Intake + ?Sized> Intake for Box<I> {
    fn peek(&mut self) -> io::Result<Seen> {
        (**self).peek()
    }

    fn visible(&self) -> &[u8] {
        (**self).visible()
    }

    fn consume(&mut self, count: usize) -> io::Result<()> {
        (**self).consume(count)
    }

    fn unread(&self) -> Unread {
        (**self).unread()
    }

    fn wait(&mut self, signals: Option<BorrowedFd<'_>>) -> io::Result<Woken> {
        (**self).wait(signals)
    }
}

/// Whether bytes may stay in the input until they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// Peek, write, consume. Only with a locked directory: two readers that peek at one pipe would
    /// take each other's bytes.
    Peek,
    /// Read, as every other filter does.
    Read,
}

/// Opens standard input in the way that fits what it is.
pub fn open(care: Care) -> Box<dyn Intake> {
    let stdin = unix::pipe::stdin();
    match (care, unix::pipe::kind(stdin)) {
        (Care::Peek, Ok(unix::pipe::Kind::Pipe)) => match PipeIntake::new(stdin) {
            Ok(intake) => Box::new(intake),
            Err(_) => Box::new(PlainIntake::new(stdin)),
        },
        (Care::Peek, Ok(unix::pipe::Kind::File)) => match FileIntake::new(stdin) {
            Ok(intake) => Box::new(intake),
            Err(_) => Box::new(PlainIntake::new(stdin)),
        },
        _ => Box::new(PlainIntake::new(stdin)),
    }
}
