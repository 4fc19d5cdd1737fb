//! `Source`: where the lines of a lane come from, in pieces between two bounds that can be read again.

mod directory;
mod left;
mod pending;

pub use directory::{Begin, Logs, Witness};
pub use left::{Left, left};

use std::io;

use mlog::follow::Gap;
use tai64tools::Label;

use crate::bound::Bound;

/// Lines between two bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// The lines. A newline is added where the last line of a generation has none.
    pub lines: Vec<u8>,
    /// Where they begin. None: at the place where nothing was read before.
    pub first: Option<Bound>,
    /// Where they end.
    pub end: Option<Bound>,
    /// The last stamp before them.
    pub last: Option<Label>,
    /// What has to be said of them.
    pub said: Vec<Said>,
    /// Whether there is more.
    pub more: bool,
}

/// What is wrong with lines that were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Lines are missing, or may be.
    Gap(Gap),
    /// A file, and what of it can't be read.
    Damage(Vec<u8>, String),
    /// The directory is another one than it was, and is read from its start.
    Anew,
    /// The text is another one than it was, and what was shipped of it may come again.
    Changed,
}

/// How much is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Whole lines, not more bytes than this.
    UpTo(usize),
    /// Exactly this many bytes.
    Exactly(usize),
}

/// Where the lines of a lane come from.
pub trait Source {
    /// Goes back to a bound, or as near to it as can be. True: it is there. Otherwise what [`Source::take`] gives next says
    /// what is missing.
    ///
    /// # Errors
    ///
    /// It can't be read at the moment.
    fn go_to(&mut self, bound: Option<&Bound>) -> io::Result<bool>;

    /// Takes the lines that come next. None: there are none, or fewer than the amount that has to be exact.
    ///
    /// # Errors
    ///
    /// They can't be read at the moment. Nothing was taken.
    fn take(&mut self, amount: Amount) -> io::Result<Option<Cut>>;

    /// Where what comes next begins, if nothing was read beyond it.
    fn place(&self) -> Option<Bound>;

    /// How the stamps of the lines are read.
    fn stamps(&self) -> mlog::stamp::Stamps;
}
