//! `Delivery`: what became of the records of a batch so far, while it is delivered in one request or several.

use std::time::Duration;

use crate::batch::Batch;
use crate::sink::{Answer, Attempt};

use super::connection::Arrived;
use super::entry::Common;
use super::reply::Said;

/// What became of a batch so far.
pub(super) struct Delivery<'a> {
    pub(super) batch: &'a Batch,
    pub(super) common: Common,
    /// How many records are settled, from the first on.
    pub(super) done: usize,
    attempt: Attempt,
    /// The records that are refused. Where the engine only counts them: all of the request.
    refused: Vec<usize>,
    /// How many of these are refused.
    count: u64,
    said: String,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(batch: &'a Batch, attempt: Attempt) -> Delivery<'a> {
        let common = Common::of(&batch.origin);
        let (refused, said) = (Vec::new(), String::new());
        Delivery { batch, common, done: 0, attempt, refused, count: 0, said }
    }

    /// The next records are taken, except for those that the engine counts.
    pub(super) fn take(&mut self, records: usize, said: Said) {
        if said.rejected >= records as u64 {
            return self.refuse(records, said.message);
        }
        if said.rejected > 0 {
            self.refused.extend(self.done..self.done + records);
            self.count += said.rejected;
        }
        self.done += records;
        self.attempt = Attempt::Again;
        if !said.message.is_empty() {
            self.said = said.message;
        }
    }

    /// The next records are refused.
    pub(super) fn refuse(&mut self, records: usize, reason: String) {
        self.refused.extend(self.done..self.done + records);
        self.count += records as u64;
        self.done += records;
        self.said = reason;
    }

    /// The others are not settled now, so the whole batch is delivered again.
    pub(super) fn later(self, wait: Option<Duration>, reason: String, arrived: Arrived) -> Answer {
        let sent = match arrived {
            Arrived::No => self.attempt,
            Arrived::Perhaps => Attempt::Again,
        };
        Answer::Later { wait, reason, sent }
    }

    /// All records are settled.
    pub(super) fn answer(self) -> Answer {
        if self.count == 0 {
            let notice = (!self.said.is_empty()).then_some(self.said);
            return Answer::Taken { memory: String::new(), notice };
        }
        let reason = if self.said.is_empty() { "refused without a reason".to_owned() } else { self.said };
        Answer::Refused { records: self.refused, count: self.count, reason }
    }
}
