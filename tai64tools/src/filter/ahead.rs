//! A long file: one thread reads and rewrites while another writes.

use std::io;
use std::thread;

use unix::diag::stdout;
use unix::pipe;

use super::queue::Queue;
use super::source::{Filled, Source};
use super::{Block, Rewrite, SIZES, has_room};

/// How many blocks there are: 4 MiB. A thread that waits sleeps once for half of them.
const BLOCKS: usize = 16;
/// What the thread has for its own variables.
const STACK: usize = 256 << 10;
/// What the C library and the runtime need for a thread besides. The runtime ends the program if it does not get this
/// memory.
const CARE: usize = 1 << 20;

/// Copies to the end. None: there is no memory or no thread for it, and nothing was done.
pub(super) fn copy<R: Rewrite + Send>(source: &mut Source<R>) -> Option<io::Result<()>> {
    let [size, ..] = SIZES;
    let blocks: Option<Vec<Block>> = (0..BLOCKS).map(|_| Block::new(size, size)).collect();
    let queue = Queue::new(blocks.filter(|_| has_room(STACK + CARE))?);
    thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(STACK);
        builder.spawn_scoped(scope, || fill(source, &queue)).ok()?;
        let written = write(&queue);
        queue.close();
        Some(written)
    })
}

/// Fills blocks until the end of the input or of the writer.
fn fill<R: Rewrite>(source: &mut Source<R>, queue: &Queue) {
    let Some(mut out) = queue.take_empty() else { return };
    while !source.has_ended() {
        source.read();
        while source.rewrite(&mut out) == Filled::Full {
            let Some(mut next) = queue.take_empty() else { return };
            out.move_rest_to(&mut next);
            queue.give_full(out);
            out = next;
        }
    }
    queue.give_full(out);
    queue.close();
}

/// Writes blocks until the last.
fn write(queue: &Queue) -> io::Result<()> {
    while let Some(block) = queue.take_full() {
        pipe::write_all(stdout(), &block.bytes)?;
        queue.give_empty(block);
    }
    Ok(())
}
