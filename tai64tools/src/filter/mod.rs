//! What the filters have in common: standard input through a rewriting to standard output.
//!
//! A line leaves as soon as it has come, and so does the part of a line that can be decided: everything that was read
//! is written before a read that may wait. A long file never makes its reader wait, so one thread reads and rewrites it
//! while another one writes. Without a second thread, or without memory for it, the file is rewritten and written block
//! by block.

mod ahead;
mod block;
mod queue;
mod source;

use std::io::{self, ErrorKind};

use unix::diag::{Message, stdout};
use unix::pipe;
use unix::tool::{Exit, Fatal};

pub use block::Block;
use source::{Filled, Source};

/// The sizes of reads, and of writes of what came from a long file: the first for which there is memory is taken.
/// Writes of a multiple of 64 KiB let the page cache take them in large pieces, in 0.85 of the time of writes that
/// begin and end anywhere.
const SIZES: [usize; 4] = [256 << 10, 64 << 10, 16 << 10, 4 << 10];
/// A file of at least this many bytes is worth a thread.
const LONG: u64 = 1 << 20;
/// Memory that buffers leave to everything else: messages, zones.
const SPARE: usize = 32 << 10;

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
    /// Is called when input has come, once for all that came together.
    fn arrived(&mut self) {}

    /// Rewrites the start of `input` to the end of `out` until `out` is full. Returns how many bytes of the input it
    /// took. If `out` is not full, what is left of the input comes again with more input behind it; at the end of the
    /// input nothing is left then. It never fails: what it does not understand it copies.
    fn rewrite(&mut self, input: &[u8], out: &mut Block, ending: Ending) -> usize;
}

/// Copies standard input to standard output through a rewriting.
///
/// # Errors
///
/// Exit 111 when reading or writing fails; what was read before is written first. A reader that has gone away is
/// no failure.
pub fn run(rewrite: impl Rewrite + Send) -> Result<Exit, Fatal> {
    unix::inherited::close_standard_descriptors_again();
    // Without it, what is written past the limit ends the program without a word, as in the original.
    unix::signal::survive_file_size_limit().ok();
    let file = unix::file::stat(pipe::stdin()).ok().filter(|stat| stat.regular);
    let pace = if file.is_some_and(|file| file.size >= LONG) { Pace::Blocks } else { Pace::Reads };
    let Some((input, out)) = SIZES.iter().find_map(|&size| buffers(size)) else {
        return Err(Fatal::failure(Message::new("out of memory")));
    };
    let mut source = Source::new(rewrite, input);
    let ahead = if pace == Pace::Blocks { ahead::copy(&mut source) } else { None };
    let written = ahead.unwrap_or_else(|| in_turn(&mut source, out, pace));
    match written {
        Ok(()) => {}
        // Whoever read our output has had enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(Exit::Success),
        Err(error) => return Err(Fatal::system(Message::new("unable to write output"), &error)),
    }
    match source.end() {
        Ok(()) => Ok(Exit::Success),
        Err(error) => Err(Fatal::system(Message::new("unable to read input"), &error)),
    }
}

/// When output is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// After each read.
    Reads,
    /// When a block is full.
    Blocks,
}

/// For reads and blocks of this size. None where there is no memory for them and for all else.
fn buffers(size: usize) -> Option<(Vec<u8>, Block)> {
    let mut input = Vec::new();
    input.try_reserve_exact(size).ok()?;
    let out = Block::new(size, size)?;
    has_room(SPARE).then_some((input, out))
}

/// Whether there is this much memory, which is given back at once.
fn has_room(bytes: usize) -> bool {
    let mut room = Vec::<u8>::new();
    let had = room.try_reserve_exact(bytes).is_ok();
    // The compiler drops a request for memory that is never used.
    std::hint::black_box(&mut room);
    had
}

/// Copies with one thread.
fn in_turn<R: Rewrite>(source: &mut Source<R>, mut out: Block, pace: Pace) -> io::Result<()> {
    loop {
        source.read();
        while source.rewrite(&mut out) == Filled::Full {
            pipe::write_all(stdout(), out.whole())?;
            out.go_on();
        }
        if pace == Pace::Reads || source.has_ended() {
            pipe::write_all(stdout(), out.whole())?;
            out.go_on();
        }
        if source.has_ended() {
            return Ok(());
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What comes out when the input arrives in pieces of this length and leaves in blocks that are full at it.
    pub(crate) fn in_pieces(rewrite: &mut impl Rewrite, input: &[u8], piece: usize) -> Vec<u8> {
        let mut block = Block::new(piece, piece).unwrap();
        let (room, mut out) = (block.bytes.capacity(), Vec::new());
        let (mut start, mut end, mut ending) = (0, 0, Ending::Open);
        loop {
            start += rewrite.rewrite(&input[start..end], &mut block, ending);
            assert_eq!(block.bytes.capacity(), room, "it grew");
            let is_full = block.is_full();
            if is_full || ending == Ending::Final {
                out.extend_from_slice(block.whole());
                block.go_on();
            }
            match (is_full, ending) {
                (true, _) => {}
                (false, Ending::Final) => break,
                (false, Ending::Open) if end == input.len() => ending = Ending::Final,
                (false, Ending::Open) => {
                    end = (end + piece).min(input.len());
                    rewrite.arrived();
                }
            }
        }
        assert_eq!((start, block.bytes.len()), (input.len(), 0), "something was left");
        out
    }
}
