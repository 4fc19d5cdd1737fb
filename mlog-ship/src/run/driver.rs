//! The thread of a lane: makes its steps, waits between them, and says what it has to say.

use std::sync::Arc;
use std::time::{Duration, Instant};

use unix::diag;

use super::bell::{Bell, Woken};
use crate::lane::{Lane, Next, Word};
use crate::memory::{Class, Memory, Share};
use crate::source::Logs;
use crate::state::Disk;

/// What drives a lane.
pub(super) struct Driver {
    pub(super) lane: Lane<Logs, Disk>,
    pub(super) bell: Arc<Bell>,
    pub(super) memory: Arc<Memory>,
    pub(super) begun: Instant,
}

impl Driver {
    /// Makes steps until the program ends, or the lane does. True: the lane has stopped by itself.
    pub(super) fn run(mut self) -> bool {
        let mut share = None;
        self.lane.told(self.now());
        let stopped = loop {
            if self.bell.has_ended() {
                break false;
            }
            if self.bell.take_lines() {
                self.lane.told(self.now());
            }
            if share.is_none() && self.lane.wants_batch(self.now()) {
                share = match self.share() {
                    Some(share) => Some(share),
                    None => break false,
                };
            }
            let next = self.lane.step(self.now());
            self.say();
            if next == Next::Nothing {
                break true;
            }
            if next != Next::Go {
                self.give_back(&mut share);
                if self.wait(next) == Woken::End {
                    break false;
                }
            }
        };
        // What was taken since is delivered again by the next run, if this fails.
        self.lane.settle().ok();
        stopped
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Memory for a batch. Where that takes time, the cursor is written before.
    fn share(&mut self) -> Option<Share> {
        // The lines, and what a sink makes of them.
        let bytes = 2 * self.lane.full();
        if let Some(share) = self.memory.share_now(bytes) {
            return Some(share);
        }
        self.lane.settle().ok();
        let class = if self.lane.catches_up() { Class::Behind } else { Class::Fresh };
        self.memory.share(class, bytes)
    }

    /// Gives the memory back, unless the lane has a batch for which it waits and nobody wants the memory.
    fn give_back(&mut self, share: &mut Option<Share>) {
        if self.lane.has_batch() && !self.memory.is_wanted() {
            return;
        }
        self.lane.put_down();
        *share = None;
    }

    fn wait(&mut self, next: Next) -> Woken {
        let woken = match next {
            Next::At(at) => self.bell.sleep(at.saturating_sub(self.now())),
            _ => self.bell.wait(),
        };
        if woken == Woken::Lines {
            self.lane.told(self.now());
        }
        woken
    }

    fn say(&mut self) {
        for word in self.lane.words() {
            match word {
                Word::Warning(message) => diag::warn("mlog-ship", &message),
                Word::Notice(message) => diag::complain("mlog-ship", &message),
            }
        }
    }
}
