//! `Output`: standard output, where the lines go.

use std::fs::File;
use std::io::{self, ErrorKind};

/// Nobody reads the output any more, or it can't be written.
#[derive(Debug)]
pub enum Gone {
    /// The reader has gone away, which is no failure.
    Reader,
    /// It can't be written.
    Failed(io::Error),
    /// The place of the reader can't be written down.
    Cursor(io::Error),
}

/// Collects lines and writes them.
#[derive(Debug, Default)]
pub struct Output {
    waiting: Vec<u8>,
    /// What is left out, as it was delivered before.
    before: Option<Before>,
}

/// What standard output, a file, holds beyond the place that a cursor knows.
#[derive(Debug)]
pub struct Before {
    /// The file, open for reading.
    pub file: File,
    /// Where it begins.
    pub from: u64,
    /// Where it ends.
    pub to: u64,
}

impl Before {
    /// How much of `bytes` is there, at most all of it. None: something else is there.
    fn same(&self, bytes: &[u8]) -> Option<usize> {
        let there = usize::try_from(self.to - self.from).unwrap_or(usize::MAX).min(bytes.len());
        let mut text = vec![0; there];
        let mut filled = 0;
        while filled < there {
            match unix::file::read_at(&self.file, &mut text[filled..], self.from + filled as u64) {
                Ok(got) if got > 0 => filled += got,
                _ => return None,
            }
        }
        (text == bytes[..there]).then_some(there)
    }
}

/// So much is written at once.
const FULL: usize = 256 << 10;

impl Output {
    /// With nothing written. What was delivered before is left out as far as the file really holds it: it may hold the
    /// words of another program, or the lines of another directory.
    pub fn new(before: Option<Before>) -> Output {
        Output { waiting: Vec::new(), before }
    }

    /// Whether all that had been delivered before was left out.
    pub fn is_through(&self) -> bool {
        self.before.is_none()
    }

    /// From now on nothing is left out.
    pub fn leave_nothing_out(&mut self) {
        self.before = None;
    }

    /// Adds to it, and writes when there is much.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        if bytes.len() >= FULL {
            self.flush()?;
            return self.write(bytes);
        }
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= FULL { self.flush() } else { Ok(()) }
    }

    /// Writes what waits.
    pub fn flush(&mut self) -> Result<(), Gone> {
        let waiting = std::mem::take(&mut self.waiting);
        let written = self.write(&waiting);
        self.waiting = waiting;
        self.waiting.clear();
        written
    }

    /// How much of `bytes` was delivered before.
    fn leave_out(&mut self, bytes: &[u8]) -> usize {
        let Some(before) = &mut self.before else { return 0 };
        let same = before.same(bytes);
        before.from += same.unwrap_or(0) as u64;
        if same.is_none() || before.from == before.to {
            self.before = None;
        }
        same.unwrap_or(0)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        let bytes = &bytes[self.leave_out(bytes)..];
        if bytes.is_empty() {
            return Ok(());
        }
        match unix::pipe::write_all(unix::diag::stdout(), bytes) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Gone::Reader),
            Err(error) => Err(Gone::Failed(error)),
        }
    }
}
