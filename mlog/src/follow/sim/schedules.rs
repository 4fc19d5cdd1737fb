//! When a logger does its operations: every way, one after the other, or by chance.

use std::cell::RefCell;
use std::rc::Rc;

use super::world::Schedule;

/// All schedules, one after the other, in which the logger does something at once so often at most.
#[derive(Clone)]
pub(super) struct All {
    path: Vec<bool>,
    at: usize,
    left: usize,
    in_burst: bool,
    shared: Rc<RefCell<Vec<bool>>>,
}

impl All {
    pub(super) fn new(path: Vec<bool>, bursts: usize, shared: &Rc<RefCell<Vec<bool>>>) -> All {
        All { path, at: 0, left: bursts, in_burst: false, shared: shared.clone() }
    }

    /// The next path. None: there are no more.
    pub(super) fn next(mut path: Vec<bool>) -> Option<Vec<bool>> {
        while let Some(last) = path.pop() {
            if !last {
                path.push(true);
                return Some(path);
            }
        }
        None
    }
}

impl Schedule for All {
    fn now(&mut self) -> bool {
        if self.left == 0 && !self.in_burst {
            return false;
        }
        if self.at == self.path.len() {
            self.path.push(false);
            self.shared.borrow_mut().clone_from(&self.path);
        }
        let now = self.path[self.at];
        self.at += 1;
        if now && !self.in_burst {
            self.left -= 1;
        }
        self.in_burst = now;
        now
    }
}

/// The logger does an operation with some chance.
pub(super) struct Chance {
    pub(super) state: u64,
    /// Of 256.
    pub(super) often: u64,
}

impl Schedule for Chance {
    fn now(&mut self) -> bool {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.state >> 56 < self.often
    }
}
