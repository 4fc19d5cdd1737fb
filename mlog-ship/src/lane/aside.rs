//! What an engine will never take: set aside, and then the lane goes on.

use std::time::Duration;

use super::{Doing, Lane, Next};
use crate::batch::{Batch, Record};
use crate::source::Source;
use crate::state::Files;

/// Records that are refused.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// Their indices. Empty: any of them.
    pub(super) records: Vec<usize>,
    /// How many.
    pub(super) count: u64,
    /// Why.
    pub(super) reason: String,
}

impl<S: Source, F: Files> Lane<S, F> {
    /// Keeps what is refused, and goes on behind the batch when that is on the disk.
    pub(super) fn set_aside(&mut self, batch: Box<Batch>, refusal: Refusal, now: Duration) -> Next {
        let lines = lines(&batch, &refusal.records);
        match self.letters.set_aside(&lines) {
            Ok(older_are_gone) => {
                self.has_answered(now);
                let taken = (batch.count() as u64).saturating_sub(refusal.count);
                if taken > 0 {
                    self.count(taken, batch.lines.len().saturating_sub(lines.len()));
                }
                self.say_refused(&refusal, older_are_gone);
                let memory = self.kept.memory.clone();
                self.go_on_behind(batch.id.number, batch.id.end, memory)
            }
            Err(error) => {
                self.unable_to_set_aside(&error);
                self.doing = Doing::SettingAside(batch, refusal);
                self.not_before = now + self.backoff.next(None);
                Next::At(self.not_before)
            }
        }
    }
}

/// The lines of these records, or all, each with a newline.
fn lines(batch: &Batch, records: &[usize]) -> Vec<u8> {
    if records.is_empty() {
        let mut all = batch.lines.clone();
        if all.last().is_some_and(|&last| last != b'\n') {
            all.push(b'\n');
        }
        return all;
    }
    let mut lines = Vec::new();
    for Record { bytes, .. } in records.iter().filter_map(|&at| batch.records.get(at)) {
        lines.extend_from_slice(&batch.lines[bytes.clone()]);
        lines.push(b'\n');
    }
    lines
}
