//! `Source`: standard input, rewritten.

use std::io;

use unix::pipe;

use super::{Block, Ending, Rewrite};

/// Standard input, rewritten block by block.
pub(super) struct Source<R> {
    rewrite: R,
    input: Vec<u8>,
    /// How many bytes at the start of `input` are rewritten.
    taken: usize,
    /// How the input ended, if it did.
    end: Option<io::Result<()>>,
}

/// Why a block gets nothing more at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// It is full.
    Full,
    /// All that was read is in it.
    Part,
}

impl<R: Rewrite> Source<R> {
    /// With a buffer, which is read into as far as it has room.
    pub(super) fn new(rewrite: R, input: Vec<u8>) -> Source<R> {
        Source { rewrite, input, taken: 0, end: None }
    }

    /// Reads once.
    pub(super) fn read(&mut self) {
        self.input.drain(..self.taken);
        self.taken = 0;
        match pipe::read_more(pipe::stdin(), &mut self.input) {
            Ok(0) => self.end = Some(Ok(())),
            Ok(_) => self.rewrite.arrived(),
            Err(error) => self.end = Some(Err(error)),
        }
    }

    /// Rewrites what was read to the end of `out`. At the end of the input nothing is left when `out` is not full.
    pub(super) fn rewrite(&mut self, out: &mut Block) -> Filled {
        let ending = if self.end.is_some() { Ending::Final } else { Ending::Open };
        self.taken += self.rewrite.rewrite(&self.input[self.taken..], out, ending);
        if out.is_full() { Filled::Full } else { Filled::Part }
    }

    /// Whether the input is at its end.
    pub(super) fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    /// How it ended.
    pub(super) fn end(self) -> io::Result<()> {
        self.end.unwrap_or(Ok(()))
    }
}
