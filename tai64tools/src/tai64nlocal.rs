//! `tai64nlocal`: replaces the label at the start of each line by the local time.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Write};

use unix::diag::Message;
use unix::tool::{Exit, Fatal};

use crate::label::{self, Label};
use crate::local::write_local;

/// Copies standard input to standard output with its labels made readable.
pub fn main(_arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    match convert(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => Ok(Exit::Success),
        Err(Failure::Read(error)) => Err(Fatal::system(Message::new("unable to read input"), &error)),
        // Whoever read our output has had enough.
        Err(Failure::Write(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(Exit::Success),
        Err(Failure::Write(error)) => Err(Fatal::system(Message::new("unable to write output"), &error)),
    }
}

enum Failure {
    Read(io::Error),
    Write(io::Error),
}

/// The filter itself. Everything that was read is written before it waits for more.
fn convert(input: impl Read, output: impl Write) -> Result<(), Failure> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    let mut output = BufWriter::with_capacity(BUFFER, output);
    let mut line = Vec::new();
    loop {
        if input.buffer().is_empty() {
            output.flush().map_err(Failure::Write)?;
        }
        line.clear();
        if input.read_until(b'\n', &mut line).map_err(Failure::Read)? == 0 {
            return output.flush().map_err(Failure::Write);
        }
        output.write_all(&readable(&line)).map_err(Failure::Write)?;
    }
}

const BUFFER: usize = 64 << 10;

/// The line with its label made readable, or as it is where it has none.
fn readable(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len() + 8);
    match Label::parse(line) {
        Some(label) if write_local(label, &mut out) => out.extend_from_slice(&line[label::LENGTH..]),
        _ => out.extend_from_slice(line),
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_label_passes_unchanged() {
        let mut out = Vec::new();
        let text = b"@foo\n@4000000037C219BF2EF02E94\n\n@\nlast without newline";
        assert!(convert(&text[..], &mut out).is_ok());
        assert_eq!(out, text);
    }

    #[test]
    fn what_follows_a_label_is_kept() {
        let line = readable(b"@400000000000000a00000001 x y\n");
        assert!(line.ends_with(b".000000001 x y\n"), "{}", line.escape_ascii());
    }
}
