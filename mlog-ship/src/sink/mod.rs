//! `Sink`: what takes batches.
//!
//! Each lane, which is a directory and a sink, has a sink value and a thread of its own, and one batch in flight. A sink
//! blocks until it has an answer or until it is too late for one, and never tries again by itself: the lane does.

use std::time::Duration;

use crate::batch::Batch;

/// Takes batches of one directory.
pub trait Sink: Send {
    /// Delivers a batch, or finds that it was delivered.
    fn deliver(&mut self, batch: &Batch, attempt: Attempt) -> Answer;

    /// The longest record that the engine takes, in bytes without the stamp, as far as it is known by now.
    fn longest(&self) -> Option<usize> {
        None
    }
}

/// Whether an earlier delivery of the same batch may have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It was never sent.
    First,
    /// It was sent, by this process or the one before, and nobody knows what became of it.
    Again,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The engine has all of it. `memory` is what the sink wants to be told after a restart.
    Taken {
        /// A word without blanks, kept beside the cursor and given to the sink of the next run. Empty: nothing.
        memory: String,
        /// What has to be said, such as that lines were possibly repeated.
        notice: Option<String>,
    },
    /// The engine has it except for these records, which it will never take: they are set aside.
    Refused {
        /// The indices of the records, in order. Empty where the engine only counts them: `count` says how many.
        records: Vec<usize>,
        /// How many.
        count: u64,
        /// What the engine said.
        reason: String,
    },
    /// Not now. The lane tries again.
    Later {
        /// What the engine wants to be waited.
        wait: Option<Duration>,
        /// What happened.
        reason: String,
        /// Whether the batch may have arrived.
        sent: Attempt,
    },
    /// Never here: the directory is not shipped on in this run.
    Stop {
        /// Why.
        reason: String,
    },
}
