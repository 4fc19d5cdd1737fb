//! A pipe whose ends are files, as `std::io::pipe` of newer versions of Rust.

use std::fs::File;
use std::io;

use rustix::pipe::{PipeFlags, pipe_with};

/// The end that is read.
pub type PipeReader = File;

/// The end that is written.
pub type PipeWriter = File;

/// A pipe. A program that is run gets neither end unless it is given one.
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    Ok((reader.into(), writer.into()))
}
