//! How a lane delivers a batch, and what it does with each answer.

use std::time::Duration;

use tai64tools::Label;

use super::aside::Refusal;
use super::{Doing, LEAST, Lane, Next};
use crate::batch::Batch;
use crate::bound::Bound;
use crate::sink::{Answer, Attempt};
use crate::source::Source;
use crate::state::{Files, Kept};

impl<S: Source, F: Files> Lane<S, F> {
    pub(super) fn deliver(&mut self, batch: Box<Batch>, attempt: Attempt, now: Duration) -> Next {
        match self.sink.deliver(&batch, attempt) {
            Answer::Taken { memory, notice } => {
                self.room.fits(batch.lines.len(), self.terms.most);
                self.has_answered(now);
                self.count(batch.count() as u64, batch.lines.len());
                self.say_notice(notice);
                self.go_on_behind(batch.id.number, batch.id.end, memory)
            }
            Answer::Refused { records, count, reason } => {
                self.set_aside(batch, Refusal { records, count, reason }, now)
            }
            Answer::Later { wait, reason, sent } => {
                let is_again = attempt == Attempt::Again || sent == Attempt::Again;
                let attempt = if is_again { Attempt::Again } else { Attempt::First };
                self.doing = Doing::Delivering(batch, attempt);
                self.wait_for_engine(&reason, wait, now)
            }
            Answer::TooLong { reason } => self.cut_anew(batch, reason, now),
            Answer::Ahead { number, end, memory } => {
                // What may have been sent of this batch is there under its number.
                self.before_ahead = (number != batch.id.number).then(|| self.kept.clone());
                self.go_on_behind(number, end, memory);
                self.doing = Doing::Finding;
                Next::Go
            }
            Answer::Stop { reason } => self.stop(&reason),
        }
    }

    /// The engine has all up to this.
    pub(super) fn go_on_behind(&mut self, number: u64, end: Bound, memory: String) -> Next {
        let is_word = memory.len() <= 200 && memory.bytes().all(|byte| byte.is_ascii_graphic());
        self.kept = Kept {
            engine: std::mem::take(&mut self.kept.engine),
            number,
            cursor: Some(end),
            memory: if is_word { memory } else { String::new() },
            intent: None,
        };
        self.shared.tally.set_cursor(self.kept.cursor.as_ref());
        self.unwritten = true;
        Next::Go
    }

    /// The engine is there.
    pub(super) fn has_answered(&mut self, now: Duration) {
        self.backoff.reset();
        self.say_end_of_outage(now);
        self.shared.tally.down.set(0);
    }

    /// Counts what the engine has taken of a batch.
    pub(super) fn count(&self, lines: u64, bytes: usize) {
        let tally = &self.shared.tally;
        tally.taken_at.set(u64::try_from(Label::now().unix_seconds()).unwrap_or(0));
        tally.batches.add(1);
        tally.lines.add(lines);
        tally.bytes.add(bytes as u64);
    }

    pub(super) fn wait_for_engine(&mut self, reason: &str, wait: Option<Duration>, now: Duration) -> Next {
        self.say_outage(reason, now);
        self.shared.tally.failures.add(1);
        self.shared.tally.down.set(1);
        self.not_before = now + self.backoff.next(wait);
        Next::At(self.not_before)
    }

    /// The engine has nothing of a batch and takes no such long one.
    pub(super) fn cut_anew(&mut self, batch: Box<Batch>, reason: String, now: Duration) -> Next {
        let before = self.kept.intent.as_ref().and_then(|intent| intent.longest);
        let shorter = self.longest().is_some_and(|longest| before.is_none_or(|before| longest < before));
        if !shorter {
            let half = batch.lines.len() / 2;
            if half < LEAST {
                let refusal = Refusal { records: Vec::new(), count: batch.count() as u64, reason };
                return self.set_aside(batch, refusal, now);
            }
            self.room.narrow(half);
        }
        self.kept.intent = None;
        self.unwritten = true;
        self.doing = Doing::Finding;
        match self.settle() {
            Ok(()) => Next::Go,
            Err(error) => {
                self.unable_to_write(&error);
                self.try_later(now)
            }
        }
    }

    pub(super) fn stop(&mut self, reason: &str) -> Next {
        self.say_stop(reason);
        self.shared.tally.stopped.set(1);
        self.doing = Doing::Stopped;
        Next::Nothing
    }
}
