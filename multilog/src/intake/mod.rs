//! The input: looked at first, taken out only when everything is written.
//!
//! Bytes that were peeked at are still in the pipe or file they come from, so a logger that dies
//! before it consumes them leaves them to the next one.

mod file;
mod pipe;
mod plain;
mod visible;

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use unix::file::Identity;

pub use file::FileIntake;
pub use pipe::PipeIntake;
pub use plain::PlainIntake;
pub(crate) use visible::Visible;

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
    /// The pipe is so full of pieces of one line that its writer may not find room for the rest of it.
    pub crowded: bool,
}

/// What can be found out about the source without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A pipe: what is not consumed stays in it.
    Pipe,
    /// A file. The first visible byte that was not taken out is at this offset.
    File(u64),
    /// Anything else: what is visible was read, and is nowhere else.
    Stream,
}

/// What becomes of bytes that are taken out of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// They are written everywhere, and visible no more. Nothing is held before them.
    Consumed,
    /// They stay visible, behind the bytes that are held already.
    Held,
}

/// What was taken out of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The bytes that were visible.
    AsSeen,
    /// Other bytes, or fewer: another process reads the source too. What came is visible now, taken out and not
    /// consumed, in the place of everything that was consumed since the last confirmation.
    Otherwise,
}

/// A source of bytes that can be looked at before they are taken.
pub trait Intake {
    /// What consumption can leave its trace in.
    type Trace;

    /// What the source is.
    fn kind(&self) -> Kind;
    /// Which source it is.
    fn identity(&self) -> io::Result<Identity>;
    /// What the next peek makes visible is likely to go to this place of a file, so it may be aligned for that.
    fn prepare_for(&mut self, _: u64) {}
    /// Makes visible what has arrived, without waiting.
    fn peek(&mut self) -> io::Result<Seen>;
    /// The visible bytes that were not consumed.
    fn visible(&self) -> &[u8];
    /// Takes the first `count` visible bytes out of the source. A confirmation tells whether these were what came out.
    fn consume(&mut self, count: usize) -> io::Result<()>;
    /// What can be done with pipes only. An error where the source is something else.
    fn pipe(&mut self) -> io::Result<&mut dyn Splice<Trace = Self::Trace>> {
        Err(io::ErrorKind::Unsupported.into())
    }
    /// How many of the visible bytes were taken out of the source and not consumed.
    fn held(&self) -> usize;
    /// How many bytes wait at this moment: those that are visible and not consumed, and what is behind them.
    fn waiting(&self) -> u64;
    /// Whether everything that was taken out since the last confirmation is what was visible.
    fn confirm(&mut self) -> io::Result<Taken> {
        Ok(Taken::AsSeen)
    }
    /// Puts bytes that were taken out by another process before what is visible.
    fn resume(&mut self, held: Vec<u8>);
    /// Waits until a peek could find something, or `signals` can be read, or for `limit`.
    fn wait(&mut self, signals: Option<BorrowedFd<'_>>, limit: Option<Duration>) -> io::Result<Woken>;
}

/// A pipe out of which bytes can be moved to where the next process finds them.
pub trait Splice {
    /// What bytes can be moved into.
    type Trace;

    /// Moves the first `count` bytes from the pipe to `offset` in `trace`. A kill leaves all of them or none moved.
    /// Returns the number moved: in practice `count`, or 0 where they were not there any more.
    fn move_into(&mut self, count: usize, fate: Fate, trace: &Self::Trace, offset: u64) -> io::Result<usize>;
    /// The same with a byte that does not come from the pipe.
    fn rehearse(&mut self, byte: u8, trace: &Self::Trace, offset: u64) -> io::Result<()>;
    /// Takes the next `count` visible bytes out of the pipe, without a trace; they stay visible.
    fn hold(&mut self, count: usize) -> io::Result<()>;
}

/// Whether bytes may stay in the input until they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// Peek, write, consume. Only with a locked directory, or for standard output alone: two readers that peek at one
    /// pipe would take each other's bytes.
    Peek,
    /// Read, as every other filter does.
    Read,
}

/// Opens standard input in the way that fits what it is. `refused` is called with the reason if it can't be looked
/// into though it is a pipe or a file.
pub fn open(care: Care, refused: impl FnOnce(&io::Error)) -> Box<dyn Intake<Trace = OwnedFd>> {
    let stdin = unix::pipe::stdin();
    let careful: io::Result<Box<dyn Intake<Trace = OwnedFd>>> = match (care, unix::pipe::kind(stdin)) {
        (Care::Peek, Ok(unix::pipe::Kind::Pipe)) => {
            PipeIntake::new(stdin).map(|intake| Box::new(intake) as _)
        }
        (Care::Peek, Ok(unix::pipe::Kind::File)) => {
            FileIntake::new(stdin).map(|intake| Box::new(intake) as _)
        }
        _ => Ok(Box::new(PlainIntake::new(stdin, plain::READ))),
    };
    careful.unwrap_or_else(|error| {
        refused(&error);
        Box::new(PlainIntake::new(stdin, plain::READ))
    })
}
