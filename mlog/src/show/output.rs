//! `Output`: standard output, where the lines go.

use std::io::{self, ErrorKind};

/// Nobody reads the output any more, or it can't be written.
#[derive(Debug)]
pub enum Gone {
    /// The reader has gone away, which is no failure.
    Reader,
    /// It can't be written.
    Failed(io::Error),
}

/// Collects lines and writes them.
#[derive(Debug, Default)]
pub struct Output {
    waiting: Vec<u8>,
    /// How many bytes are left out, as they were delivered before.
    skip: u64,
}

/// So much is written at once.
const FULL: usize = 256 << 10;

impl Output {
    /// With nothing written. The first `skip` bytes are left out.
    pub fn new(skip: u64) -> Output {
        Output { waiting: Vec::new(), skip }
    }

    /// Whether all that had been delivered before was left out.
    pub fn is_through(&self) -> bool {
        self.skip == 0
    }

    /// From now on nothing is left out.
    pub fn leave_nothing_out(&mut self) {
        self.skip = 0;
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

    fn write(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        let left_out = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
        self.skip -= left_out as u64;
        let bytes = &bytes[left_out..];
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
