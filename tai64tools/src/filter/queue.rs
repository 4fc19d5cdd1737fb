//! `Queue`: blocks that go round between the thread that fills them and the one that writes them.
//!
//! Two threads of about the same speed that wake each other for every block also sleep for every block. Therefore a
//! thread that has to wait is woken only when half of the blocks are there for it: each sleep moves at least that many.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Block;

/// A fixed number of blocks: empty, full in their order, or in hand.
pub(super) struct Queue {
    state: Mutex<State>,
    /// Rung for the thread that waits for empty blocks.
    emptied: Condvar,
    /// Rung for the thread that waits for full ones.
    filled: Condvar,
    /// How many have to be there for a thread that waits.
    half: usize,
}

struct State {
    empty: Vec<Block>,
    full: VecDeque<Block>,
    filler_waits: bool,
    writer_waits: bool,
    /// One side will not come again.
    closed: bool,
}

impl Queue {
    /// With these blocks, all empty.
    pub(super) fn new(blocks: Vec<Block>) -> Queue {
        let half = blocks.len().div_ceil(2);
        let full = VecDeque::with_capacity(blocks.len());
        let state = State { empty: blocks, full, filler_waits: false, writer_waits: false, closed: false };
        Queue { state: Mutex::new(state), emptied: Condvar::new(), filled: Condvar::new(), half }
    }

    /// An empty block, when there is one. None: nobody writes any more.
    pub(super) fn take_empty(&self) -> Option<Block> {
        let mut state = self.lock();
        while state.empty.is_empty() && !state.closed {
            state.filler_waits = true;
            while state.filler_waits {
                state = self.emptied.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
        if state.closed { None } else { state.empty.pop() }
    }

    /// Hands on a block that is full, or the last.
    pub(super) fn give_full(&self, block: Block) {
        let mut state = self.lock();
        state.full.push_back(block);
        if state.writer_waits && state.full.len() >= self.half {
            state.writer_waits = false;
            drop(state);
            self.filled.notify_one();
        }
    }

    /// The next full block, when there is one. None: that was all.
    pub(super) fn take_full(&self) -> Option<Block> {
        let mut state = self.lock();
        while state.full.is_empty() && !state.closed {
            state.writer_waits = true;
            while state.writer_waits {
                state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
        state.full.pop_front()
    }

    /// Gives back a block that was written.
    pub(super) fn give_empty(&self, mut block: Block) {
        block.bytes.clear();
        let mut state = self.lock();
        state.empty.push(block);
        if state.filler_waits && state.empty.len() >= self.half {
            state.filler_waits = false;
            drop(state);
            self.emptied.notify_one();
        }
    }

    /// Says that this side will not come again. Full blocks are still taken.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.filler_waits = false;
        state.writer_waits = false;
        self.emptied.notify_one();
        self.filled.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn queue(blocks: usize) -> Queue {
        Queue::new((0..blocks).map(|_| Block::endless()).collect())
    }

    #[test]
    fn blocks_come_out_in_their_order_and_all_of_them() {
        for blocks in [1, 2, 3, 16] {
            let queue = queue(blocks);
            thread::scope(|scope| {
                scope.spawn(|| {
                    for number in 0..5000u32 {
                        let mut block = queue.take_empty().unwrap();
                        assert!(block.bytes.is_empty());
                        block.bytes.extend_from_slice(&number.to_ne_bytes());
                        queue.give_full(block);
                    }
                    queue.close();
                });
                for number in 0..5000u32 {
                    let block = queue.take_full().unwrap();
                    assert_eq!(block.bytes, number.to_ne_bytes());
                    queue.give_empty(block);
                }
                assert!(queue.take_full().is_none());
            });
        }
    }

    #[test]
    fn a_thread_that_waits_is_woken_for_half_of_the_blocks() {
        let queue = queue(6);
        thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let first = queue.take_full().unwrap();
                let there = 1 + queue.lock().full.len();
                queue.give_empty(first);
                there
            });
            while !queue.lock().writer_waits {
                thread::yield_now();
            }
            for given in 1..=3 {
                assert!(queue.lock().writer_waits, "woken for {} blocks", given - 1);
                queue.give_full(queue.take_empty().unwrap());
            }
            assert_eq!(writer.join().unwrap(), 3);
        });
    }

    #[test]
    fn whoever_waits_is_told_when_the_other_side_goes() {
        let queue = queue(1);
        thread::scope(|scope| {
            let filler = scope.spawn(|| {
                queue.give_full(queue.take_empty().unwrap());
                queue.take_empty().is_none()
            });
            while !queue.lock().filler_waits {
                thread::yield_now();
            }
            queue.close();
            assert!(filler.join().unwrap());
        });
        assert!(queue.take_full().is_some(), "what was full is still there");
        assert!(queue.take_full().is_none());
    }
}
