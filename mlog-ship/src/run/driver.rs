//! The thread of a lane: makes its steps, waits between them, and says what it has to say.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mlog::store::Store;
use unix::diag;

use super::bell::{Bell, Woken};
use super::retention::{self, Retention};
use super::watch::Watch;
use crate::lane::{Lane, Next, Word};
use crate::memory::{Class, Memory, Share};
use crate::metrics::{Tally, near_the_end};
use crate::source::{Logs, left};
use crate::state::Disk;

/// What drives a lane.
pub(super) struct Driver {
    pub(super) lane: Lane<Logs, Disk>,
    /// Its number among the ears.
    pub(super) ear: usize,
    pub(super) bell: Arc<Bell>,
    pub(super) memory: Arc<Memory>,
    pub(super) begun: Instant,
    pub(super) store: Store,
    pub(super) name: Name,
    pub(super) watch: Arc<Watch>,
    pub(super) tally: Arc<Tally>,
    pub(super) retention: Retention,
}

/// What a lane is called in messages.
pub(super) struct Name {
    pub(super) directory: Vec<u8>,
    pub(super) sink: String,
}

impl Driver {
    /// Makes steps until the program ends, or the lane does.
    pub(super) fn run(mut self) {
        let mut share = None;
        self.lane.told(self.now());
        loop {
            if self.bell.has_ended() {
                break;
            }
            if self.bell.take_lines() {
                self.lane.told(self.now());
            }
            if share.is_none() && self.lane.wants_batch(self.now()) {
                share = match self.share() {
                    Some(share) => Some(share),
                    None => break,
                };
            }
            let next = self.lane.step(self.now());
            self.say();
            self.watch.changed();
            self.look_at_retention();
            if next == Next::Nothing {
                break;
            }
            if next != Next::Go {
                self.give_back(&mut share);
                if self.wait(next) == Woken::End {
                    break;
                }
            }
        }
        // What was taken since is delivered again by the next run, if this fails.
        self.lane.settle().ok();
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
            // The lane says the same again where it was too early: what waits may be near its end.
            Next::At(at) => self.bell.sleep(at.saturating_sub(self.now()).min(retention::SPAN)),
            _ => self.bell.wait(),
        };
        if woken == Woken::Lines {
            self.lane.told(self.now());
        }
        woken
    }

    /// Says it before retention deletes what was not shipped.
    fn look_at_retention(&mut self) {
        if !self.lane.is_behind() {
            self.retention.rest();
        } else if self.retention.is_due()
            && let Ok(left) = left(&self.store, self.tally.cursor().as_ref())
            && self.retention.look(&left)
        {
            diag::warn("mlog-ship", &near_the_end(&self.name.directory, &self.name.sink));
        }
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
