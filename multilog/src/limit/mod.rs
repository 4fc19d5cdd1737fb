//! `limit=RATE`: which lines a directory does not take, how many these are, and when that is said. Pure.
//!
//! The lines of a batch that fit are its first ones. A line counts when it begins: one that was begun is taken to its
//! end, and one that was dropped is dropped to its end. What is dropped is unsaid until the log says it; the journal has
//! the number, so that a kill neither forgets a line nor counts it twice.

mod bucket;

use std::time::Duration;

use crate::script::Rate;
use bucket::{Bucket, Portion};

/// How long after the first line was dropped the log says it: so there is a remark a second at most.
const SAID_AFTER: Duration = Duration::from_secs(1);

/// The limits of all directories.
#[derive(Debug)]
pub struct Limits {
    /// With the batch in hand, and how it was before.
    now: State,
    before: State,
    /// Whether a batch is in hand.
    in_hand: bool,
}

#[derive(Clone, Debug)]
struct State {
    portion: Portion,
    /// One for each directory, in the order of the script.
    limits: Vec<Limit>,
}

#[derive(Clone, Copy, Debug)]
struct Limit {
    /// None: every line is taken.
    bucket: Option<Bucket>,
    /// How many lines were dropped that the log does not say yet.
    unsaid: u64,
    /// When it is to say so, on the clock of [`crate::host::Host::uptime`].
    due: Duration,
}

impl Limits {
    /// For directories in the order of the script: the rate of each, and how many lines earlier runs have dropped there
    /// without saying so. None: there is nothing to do.
    pub fn new(directories: impl Iterator<Item = (Option<Rate>, u64)>) -> Option<Limits> {
        let limit = |(rate, unsaid): (Option<Rate>, u64)| Limit {
            bucket: rate.map(Bucket::new),
            unsaid,
            due: Duration::ZERO,
        };
        let now = State { portion: Portion::default(), limits: directories.map(limit).collect() };
        let idle = now.limits.iter().all(|limit| limit.bucket.is_none() && limit.unsaid == 0);
        (!idle).then(|| Limits { before: now.clone(), now, in_hand: false })
    }

    /// Whether lines of a directory can be dropped.
    pub fn has(&self, log: usize) -> bool {
        self.now.limits.get(log).is_some_and(|limit| limit.bucket.is_some())
    }

    /// A run begins. So many bytes wait for it, for a time that is not known.
    pub fn start(&mut self, waiting: u64, uptime: Duration) {
        self.now.portion = Portion::new(waiting, uptime);
        if waiting > 0 {
            self.now.limits.iter_mut().filter_map(|limit| limit.bucket.as_mut()).for_each(Bucket::open);
        }
        self.settle();
    }

    /// A batch begins. `waiting` says how many bytes are in the input, and then `uptime` the moment.
    pub fn begin(&mut self, waiting: impl FnOnce() -> u64, uptime: impl FnOnce() -> Duration) {
        self.in_hand = true;
        let waiting = self.now.portion.is_over().then(waiting);
        let uptime = uptime();
        if let Some(waiting) = waiting {
            let passed = self.now.portion.next(waiting, uptime);
            self.now
                .limits
                .iter_mut()
                .filter_map(|limit| limit.bucket.as_mut())
                .for_each(|bucket| bucket.fill(passed));
        }
        for limit in self.now.limits.iter_mut().filter(|limit| limit.unsaid == 0) {
            limit.due = uptime + SAID_AFTER;
        }
    }

    /// A line begins that is for this directory: whether there is room for it.
    pub fn take_line(&mut self, log: usize) -> bool {
        let Some(Limit { bucket: Some(bucket), unsaid, .. }) = self.now.limits.get_mut(log) else {
            return true;
        };
        let fits = bucket.take();
        *unsaid += u64::from(!fits);
        fits
    }

    /// The batch takes `taken` of the `visible` bytes.
    pub fn take(&mut self, taken: usize, visible: usize) {
        self.now.portion.take(taken, visible);
    }

    /// The batch in hand is done, or there was none.
    pub fn settle(&mut self) {
        self.before.portion = self.now.portion;
        self.before.limits.copy_from_slice(&self.now.limits);
        self.in_hand = false;
    }

    /// The batch in hand did not happen, except in these directories.
    pub fn go_back(&mut self, kept: &[usize]) {
        for &log in kept {
            self.before.limits[log] = self.now.limits[log];
        }
        self.now.portion = self.before.portion;
        self.now.limits.copy_from_slice(&self.before.limits);
        self.in_hand = false;
    }

    /// Whether a batch is in hand.
    pub fn are_in_hand(&self) -> bool {
        self.in_hand
    }

    /// How many lines were dropped before the batch in hand, and how many with it, that the log does not say yet.
    pub fn unsaid(&self, log: usize) -> (u64, u64) {
        let unsaid = |state: &State| state.limits.get(log).map_or(0, |limit| limit.unsaid);
        (unsaid(&self.before), unsaid(&self.now))
    }

    /// How many lines the batch in hand drops there.
    pub fn dropped(&self, log: usize) -> u64 {
        let (before, now) = self.unsaid(log);
        now.saturating_sub(before)
    }

    /// When the log is to say what was dropped there. None: nothing was.
    pub fn due(&self, log: usize) -> Option<Duration> {
        self.now.limits.get(log).filter(|limit| limit.unsaid > 0).map(|limit| limit.due)
    }

    /// The line that says what was dropped there, without its stamp and its prefix.
    pub fn remark(&self, log: usize) -> Option<String> {
        let limit = self.now.limits.get(log).filter(|limit| limit.unsaid > 0)?;
        let lines = if limit.unsaid == 1 { "line" } else { "lines" };
        let by = limit.bucket.map_or("an earlier limit=".to_string(), |bucket| bucket.rate().to_string());
        Some(format!("multilog: {} {lines} dropped by {by}\n", limit.unsaid))
    }

    /// The batch in hand has that line.
    pub fn say(&mut self, log: usize) {
        self.in_hand = true;
        self.now.limits[log].unsaid = 0;
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
