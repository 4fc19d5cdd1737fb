//! `Memory`: what the batches of all lanes together may take, given in turn to lanes that are at the end of their
//! directories and to lanes that catch up, so that fresh lines have their share.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Which lanes wait together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Lanes with fresh lines.
    Fresh,
    /// Lanes that catch up.
    Behind,
}

/// The memory of all batches.
#[derive(Debug)]
pub struct Memory {
    all: usize,
    state: Mutex<Held>,
    changed: Condvar,
}

#[derive(Debug)]
struct Held {
    free: usize,
    waiting: [VecDeque<(u64, usize)>; 2],
    /// Which class comes next.
    turn: usize,
    /// What was given to those that wait.
    given: Vec<u64>,
    last: u64,
    ended: bool,
}

/// A share of the memory. It is given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    memory: Arc<Memory>,
    bytes: usize,
}

impl Memory {
    /// A number of bytes.
    pub fn new(bytes: usize) -> Arc<Memory> {
        let held = Held {
            free: bytes,
            waiting: [VecDeque::new(), VecDeque::new()],
            turn: 0,
            given: Vec::new(),
            last: 0,
            ended: false,
        };
        Arc::new(Memory { all: bytes, state: Mutex::new(held), changed: Condvar::new() })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A share, if nobody waits for one and there is so much.
    pub fn share_now(self: &Arc<Memory>, bytes: usize) -> Option<Share> {
        let bytes = bytes.min(self.all);
        let mut held = self.held();
        if held.is_wanted() || held.free < bytes {
            return None;
        }
        held.free -= bytes;
        Some(Share { memory: self.clone(), bytes })
    }

    /// A share, when it is one's turn. None: the program ends.
    pub fn share(self: &Arc<Memory>, class: Class, bytes: usize) -> Option<Share> {
        let bytes = bytes.min(self.all);
        let mut held = self.held();
        held.last += 1;
        let ticket = held.last;
        held.waiting[class as usize].push_back((ticket, bytes));
        held.give();
        loop {
            if let Some(at) = held.given.iter().position(|given| *given == ticket) {
                held.given.swap_remove(at);
                return Some(Share { memory: self.clone(), bytes });
            }
            if held.ended {
                return None;
            }
            // Another one may have got something from the call above.
            self.changed.notify_all();
            held = self.changed.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether a lane waits for a share.
    pub fn is_wanted(&self) -> bool {
        self.held().is_wanted()
    }

    /// Nobody waits any more.
    pub fn end(&self) {
        self.held().ended = true;
        self.changed.notify_all();
    }
}

impl Held {
    fn is_wanted(&self) -> bool {
        self.waiting.iter().any(|waiting| !waiting.is_empty())
    }

    /// Gives what is free to those that wait, in turn.
    fn give(&mut self) {
        while self.is_wanted() {
            let class = if self.waiting[self.turn].is_empty() { 1 - self.turn } else { self.turn };
            let Some(&(ticket, bytes)) = self.waiting[class].front() else { return };
            if self.free < bytes {
                return;
            }
            self.free -= bytes;
            self.waiting[class].pop_front();
            self.given.push(ticket);
            self.turn = 1 - class;
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.memory.held();
        held.free += self.bytes;
        held.give();
        drop(held);
        self.memory.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn what_is_wanted_is_given_back_first() {
        let memory = Memory::new(10);
        let one = memory.share_now(6).unwrap();
        assert!(memory.share_now(6).is_none());
        let other = memory.share_now(4).unwrap();
        drop((one, other));
        // More than all is all.
        let all = memory.share_now(99).unwrap();
        assert!(memory.share_now(1).is_none() && !memory.is_wanted());
        drop(all);
        assert!(memory.share_now(10).is_some());
    }

    #[test]
    fn classes_take_turns_whoever_came_first() {
        let memory = Memory::new(1);
        let held = memory.share_now(1).unwrap();
        let (done, order) = mpsc::channel();
        let mut threads = Vec::new();
        for (number, class) in [(0, Class::Behind), (1, Class::Behind), (2, Class::Behind), (3, Class::Fresh)]
        {
            let (here, done) = (memory.clone(), done.clone());
            threads.push(thread::spawn(move || {
                let share = here.share(class, 1);
                done.send(number).unwrap();
                drop(share);
            }));
            while memory.held().waiting.iter().map(VecDeque::len).sum::<usize>() <= number {
                thread::sleep(Duration::from_millis(1));
            }
        }
        memory.held().turn = Class::Behind as usize;
        drop(held);
        for thread in threads {
            thread.join().unwrap();
        }
        drop(done);
        assert_eq!(order.iter().collect::<Vec<_>>()[..2], [0, 3]);
    }

    #[test]
    fn nobody_waits_at_the_end() {
        let memory = Memory::new(1);
        let held = memory.share_now(1);
        let waiting = memory.clone();
        let thread = thread::spawn(move || waiting.share(Class::Fresh, 1).is_none());
        while !memory.is_wanted() {
            thread::sleep(Duration::from_millis(1));
        }
        memory.end();
        assert!(thread.join().unwrap());
        drop(held);
    }
}
