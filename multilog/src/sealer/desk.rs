//! The desk between the foreground and the thread that seals: files that are handed over, orders, outcomes.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tai64tools::Label;
use unix::event::Bell;

use super::{Job, Sealed};

/// What the foreground and the thread share.
#[derive(Debug)]
pub(super) struct Desk<File> {
    pub(super) state: Mutex<State<File>>,
    /// Rung for the thread.
    pub(super) wake: Condvar,
    /// Rung for the foreground after each job.
    pub(super) progress: Bell,
}

#[derive(Debug)]
pub(super) struct State<File> {
    pub(super) jobs: VecDeque<Job<File>>,
    /// When the newest two jobs were handed over.
    pub(super) newest: Option<Instant>,
    pub(super) second: Option<Instant>,
    /// Whether a job is in work.
    pub(super) busy: bool,
    /// Whether the thread waits because retention will probably delete what it would seal.
    pub(super) holding: bool,
    /// How the jobs that are over ended, all together.
    pub(super) outcome: Sealed,
    pub(super) order: Order,
}

impl<File> State<File> {
    /// Puts a file back that was taken from the desk.
    pub(super) fn put_back(&mut self, job: Job<File>) {
        let place = self.jobs.partition_point(|other| other.label < job.label);
        self.jobs.insert(place, job);
    }

    /// Takes the oldest files, as far as retention has deleted them.
    pub(super) fn take_gone(&mut self, is_gone: impl Fn(Label) -> bool) -> Vec<Job<File>> {
        let gone = self.jobs.iter().take_while(|job| is_gone(job.label)).count();
        self.jobs.drain(..gone).collect()
    }

    /// What was not sealed stays as it is.
    pub(super) fn drop_jobs(&mut self) {
        if !self.jobs.is_empty() {
            self.jobs.clear();
            self.outcome = Sealed::Left;
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Wait for more jobs.
    Work,
    /// End when there are no more jobs.
    Finish,
    /// The same, but with one more try only for what fails.
    Hurry,
    /// End after the step in hand.
    Stop,
}

impl<File> Desk<File> {
    /// With nothing on it.
    pub(super) fn new() -> std::io::Result<Desk<File>> {
        let state = State {
            jobs: VecDeque::new(),
            newest: None,
            second: None,
            busy: false,
            holding: false,
            outcome: Sealed::Done,
            order: Order::Work,
        };
        Ok(Desk { state: Mutex::new(state), wake: Condvar::new(), progress: Bell::new()? })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State<File>> {
        // A panic aborts the program, so a poisoned lock is never seen.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn give(&self, order: Order) {
        self.state().order = order;
        self.wake.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealer::Asked;

    fn job(label: Label) -> Job<()> {
        Job { label, file: (), length: 1, checksum: None, asked: Asked::NotYet }
    }

    #[test]
    fn only_what_is_before_everything_that_is_kept_is_taken() {
        let labels: Vec<Label> =
            std::iter::successors(Some(Label::MIN), |last| Some(last.next())).take(4).collect();
        for (gone, taken) in
            [(&[][..], 0), (&[0], 1), (&[0, 1], 2), (&[1, 2], 0), (&[0, 2], 1), (&[0, 1, 2, 3], 4)]
        {
            let desk = Desk::new().unwrap();
            let mut state = desk.state();
            state.jobs.extend(labels.iter().map(|&label| job(label)));
            let found = state.take_gone(|label| gone.iter().any(|&place| labels[place] == label));
            let found: Vec<Label> = found.iter().map(|job| job.label).collect();
            let left: Vec<Label> = state.jobs.iter().map(|job| job.label).collect();
            assert_eq!((&found[..], &left[..]), labels.split_at(taken), "{gone:?}");
            assert_eq!(state.outcome, Sealed::Done);
        }
    }
}
