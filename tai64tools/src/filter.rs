//! What the filters have in common: standard input through a rewriting to standard output.
//!
//! A line is passed on as soon as it is there, and the part of a line that can be: before a read that may wait,
//! everything that was read is written. A long file never waits, so it is read and rewritten by a thread of its own
//! while this one writes.

use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use unix::diag::Message;
use unix::pipe;
use unix::tool::{Exit, Fatal};

/// How much is read at once.
const READ: usize = 256 << 10;
/// A file that has at least so many bytes is worth a thread.
const LONG: u64 = 1 << 20;
/// A long file is written in multiples of this many bytes, so that the page cache takes it in large pieces: 0.85 of
/// the time of writes that begin and end anywhere.
const BLOCK: usize = 64 << 10;
/// How many pieces of output there are at most: enough that neither thread waits for a hitch of the other.
const PIECES: usize = 6;

/// Whether more input can follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// More may come.
    Open,
    /// This is all.
    Final,
}

/// Takes input and makes output.
pub trait Rewrite {
    /// Rewrites the start of `input` to the end of `out` and says how many bytes it took. What it leaves comes
    /// again with more behind it; at the end it leaves nothing. It never fails: what it does not understand it
    /// copies.
    fn rewrite(&mut self, input: &[u8], out: &mut Vec<u8>, ending: Ending) -> usize;
}

/// Copies standard input to standard output through a rewriting.
///
/// # Errors
///
/// Exit 111 when reading or writing fails; what was read before is written first. A reader that has gone away is
/// no failure.
pub fn run(rewrite: impl Rewrite + Send + 'static) -> Result<Exit, Fatal> {
    unix::inherited::close_standard_descriptors_again();
    let file = unix::file::stat(pipe::stdin()).ok().filter(|stat| stat.regular);
    let mut source = Source { rewrite, input: vec![0; READ], kept: 0 };
    let done = if file.is_some_and(|file| file.size >= LONG) {
        ahead(source)
    } else {
        let mut out = Vec::new();
        loop {
            let got = source.next(&mut out);
            match write(&out).and(got) {
                Ok(Ending::Open) => out.clear(),
                Ok(Ending::Final) => break Ok(()),
                Err(stop) => break Err(stop),
            }
        }
    };
    match done {
        // Whoever read our output has had enough.
        Ok(()) | Err(Stop::Closed) => Ok(Exit::Success),
        Err(Stop::Read(error)) => Err(Fatal::system(Message::new("unable to read input"), &error)),
        Err(Stop::Write(error)) => Err(Fatal::system(Message::new("unable to write output"), &error)),
    }
}

/// Why nothing more is copied.
enum Stop {
    Read(io::Error),
    Write(io::Error),
    Closed,
}

/// Standard input, rewritten.
struct Source<R> {
    rewrite: R,
    input: Vec<u8>,
    /// Bytes at the start of `input` that were not taken yet.
    kept: usize,
}

impl<R: Rewrite> Source<R> {
    /// Reads once and puts what that gives at the end of `out`, also before it fails.
    fn next(&mut self, out: &mut Vec<u8>) -> Result<Ending, Stop> {
        let got = pipe::read(pipe::stdin(), &mut self.input[self.kept..]);
        let ending = if matches!(got, Ok(1..)) { Ending::Open } else { Ending::Final };
        let end = self.kept + *got.as_ref().unwrap_or(&0);
        let taken = self.rewrite.rewrite(&self.input[..end], out, ending);
        self.input.copy_within(taken..end, 0);
        self.kept = end - taken;
        got.map(|_| ending).map_err(Stop::Read)
    }
}

/// Output that is there, or why there is no more.
type Piece = Result<Vec<u8>, Stop>;

/// Copies with a thread that reads and rewrites.
fn ahead<R: Rewrite + Send + 'static>(mut source: Source<R>) -> Result<(), Stop> {
    let (written, empty) = channel::<Vec<u8>>();
    let (made, full) = channel::<Piece>();
    for _ in 1..PIECES {
        written.send(Vec::new()).ok();
    }
    thread::Builder::new().spawn(move || source.make(&empty, &made)).map_err(Stop::Read)?;
    for piece in full {
        let piece = piece?;
        write(&piece)?;
        // The thread that made it may have come to the end.
        written.send(piece).ok();
    }
    Ok(())
}

impl<R: Rewrite> Source<R> {
    /// Fills empty pieces with whole blocks until the end, whose piece has what is left.
    fn make(&mut self, empty: &Receiver<Vec<u8>>, made: &Sender<Piece>) {
        let mut out = Vec::new();
        loop {
            let got = self.next(&mut out);
            let whole = out.len() / BLOCK * BLOCK;
            if matches!(got, Ok(Ending::Open)) && whole == 0 {
                continue;
            }
            let Ok(mut rest) = empty.recv() else { return };
            rest.clear();
            if let Ok(Ending::Open) = got {
                rest.extend_from_slice(&out[whole..]);
                out.truncate(whole);
            }
            made.send(Ok(out)).ok();
            match got {
                Ok(Ending::Open) => out = rest,
                Ok(Ending::Final) => return,
                Err(stop) => return drop(made.send(Err(stop))),
            }
        }
    }
}

fn write(bytes: &[u8]) -> Result<(), Stop> {
    let stdout = io::stdout();
    let mut left = bytes;
    while !left.is_empty() {
        match unix::file::write(stdout.as_fd(), left) {
            Ok(0) => return Err(Stop::Write(ErrorKind::WriteZero.into())),
            Ok(written) => left = &left[written..],
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Err(Stop::Closed),
            Err(error) => return Err(Stop::Write(error)),
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What comes out when the input arrives in pieces of this length.
    pub(crate) fn in_pieces(rewrite: &mut impl Rewrite, input: &[u8], piece: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let (mut start, mut end) = (0, 0);
        while end < input.len() {
            end = (end + piece).min(input.len());
            start += rewrite.rewrite(&input[start..end], &mut out, Ending::Open);
        }
        start += rewrite.rewrite(&input[start..], &mut out, Ending::Final);
        assert_eq!(start, input.len(), "something was left");
        out
    }
}
