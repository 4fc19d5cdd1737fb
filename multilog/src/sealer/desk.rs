//! `Desk`: everything that the foreground shares with the thread. It has the files that are handed over, the inventory
//! of the archives, the order of the foreground, and the outcome.
//!
//! A file that was handed over belongs to the sealer until it is an archive, left, or deleted from here. All of that is
//! under one lock, so that every file is either on the desk or in the inventory.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use tai64tools::Label;
use unix::event::Bell;

use super::{Job, Sealed};
use crate::logfs::{Archive, LogFs};
use crate::retention::{Inventory, Reason, Retention, Scope, Stock};

/// What the foreground and the thread share.
#[derive(Debug)]
pub(super) struct Desk<File> {
    pub(super) state: Mutex<State<File>>,
    /// Rung for the thread.
    pub(super) wake: Condvar,
    /// Rung for the foreground after each round. None: the foreground does the sealing itself.
    pub(super) progress: Option<Arc<Bell>>,
    /// Rung for those who wait for a processor. The first of them makes it.
    stop: OnceLock<Bell>,
}

/// One label that goes.
#[derive(Debug)]
pub(super) enum Doomed<File> {
    /// All files of an archive.
    Archives(Vec<Archive>),
    /// A file that is not sealed yet.
    Job(Job<File>),
}

#[derive(Debug)]
pub(super) struct State<File> {
    pub(super) jobs: VecDeque<Job<File>>,
    /// When the newest two jobs were handed over.
    pub(super) newest: Option<Instant>,
    pub(super) second: Option<Instant>,
    /// When the transformation of a job that waits alone begins. None: at once.
    pub(super) put_off: Option<Instant>,
    /// The labels of the jobs that are in work.
    pub(super) in_work: Vec<Label>,
    /// The labels of files that the last run has left and that will be handed over, and of those left to the next run.
    awaited: Vec<Label>,
    /// Whether the thread defers its work because retention will probably delete what it would seal.
    pub(super) deferring: bool,
    /// Files up to this label are archives, or stay what they are. Later ones are on their way.
    decided: Label,
    pub(super) inventory: Inventory,
    /// How the jobs that are over ended, all together.
    pub(super) outcome: Sealed,
    pub(super) order: Order,
}

impl<File> State<File> {
    /// How many files are on their way.
    pub(super) fn pending(&self) -> usize {
        self.jobs.len() + self.in_work.len()
    }

    /// Whether one file waits, and neither another file nor the end.
    pub(super) fn is_alone_and_has_time(&self) -> bool {
        self.order == Order::Work && self.jobs.len() == 1 && self.in_work.is_empty()
    }

    /// Puts a file back that was taken from the desk.
    pub(super) fn put_back(&mut self, job: Job<File>) {
        self.in_work.retain(|&label| label != job.label);
        let place = self.jobs.partition_point(|other| other.label < job.label);
        self.jobs.insert(place, job);
    }

    /// A file is handed over.
    pub(super) fn hand_over(&mut self, job: Job<File>) {
        self.await_no_more(job.label);
        self.jobs.push_back(job);
        self.second = self.newest.replace(Instant::now());
    }

    /// This file of the last run is handed over, or will never be.
    pub(super) fn await_no_more(&mut self, label: Label) {
        self.awaited.retain(|&other| other != label);
    }

    /// Takes the newest file for a moment.
    pub(super) fn take_newest(&mut self) -> Option<Job<File>> {
        let job = self.jobs.pop_back()?;
        self.in_work.push(job.label);
        Some(job)
    }

    /// Takes the oldest files into work, `most` of them at most.
    pub(super) fn take(&mut self, most: usize) -> Vec<Job<File>> {
        let count = most.min(self.jobs.len());
        let taken: Vec<Job<File>> = self.jobs.drain(..count).collect();
        self.in_work.extend(taken.iter().map(|job| job.label));
        taken
    }

    /// Takes away the oldest of the files to which retention applies, if that goes. Files in work count and are not
    /// taken.
    pub(super) fn take_doomed(&mut self, retention: &Retention) -> Option<Doomed<File>> {
        match retention.scope() {
            Scope::Everything => self.take_doomed_file(retention),
            Scope::Archives => self.take_doomed_archive(retention, self.inventory.count()),
        }
    }

    fn take_doomed_file(&mut self, retention: &Retention) -> Option<Doomed<File>> {
        let waits = self.jobs.front().map(|job| job.label);
        let oldest = self.inventory.oldest().into_iter().chain(waits).min()?;
        let in_work = self.in_work.iter().filter(|&&label| label > oldest).count();
        let count = self.inventory.count() + self.jobs.len() + in_work;
        if waits != Some(oldest) {
            return self.take_doomed_archive(retention, count);
        }
        if retention.doomed(Reason::Surplus, &Stock { count }) == 0 {
            return None;
        }
        self.decide(oldest);
        self.inventory.pass();
        self.jobs.pop_front().map(Doomed::Job)
    }

    fn take_doomed_archive(&mut self, retention: &Retention, count: usize) -> Option<Doomed<File>> {
        match retention.doomed(Reason::Surplus, &Stock { count }) {
            0 => None,
            _ => self.inventory.take_oldest().map(Doomed::Archives),
        }
    }

    /// The work on a file is over: it is this archive now. None: it was deleted.
    pub(super) fn end_work(&mut self, label: Label, archive: Option<Archive>) {
        self.in_work.retain(|&other| other != label);
        self.decide(label);
        if let Some(archive) = archive {
            self.inventory.add(archive);
        }
    }

    fn decide(&mut self, label: Label) {
        self.decided = self.decided.max(label);
    }

    /// Leaves a file to the next run, because there is no time for it. It is not an archive to retention.
    pub(super) fn leave(&mut self, label: Label) {
        self.in_work.retain(|&other| other != label);
        self.awaited.push(label);
    }

    /// Leaves all files that wait to the next run.
    pub(super) fn leave_jobs(&mut self) -> Vec<Job<File>> {
        let jobs: Vec<Job<File>> = self.jobs.drain(..).collect();
        self.awaited.extend(jobs.iter().map(|job| job.label));
        if !jobs.is_empty() {
            self.outcome = Sealed::Left;
        }
        jobs
    }

    /// Looks at the directory, if that is due.
    pub(super) fn look<F: LogFs>(&mut self, fs: &F) -> io::Result<()> {
        if !self.inventory.is_due() {
            return Ok(());
        }
        let State { jobs, in_work, awaited, decided, .. } = self;
        let is_waiting = |label: Label| {
            label > *decided || awaited.contains(&label) || jobs.iter().any(|job| job.label == label)
        };
        let is_unfinished = |archive: &Archive| archive.is_unsealed() || archive.is_temporary();
        self.inventory.look(fs, |archive| {
            in_work.contains(&archive.label) || is_unfinished(archive) && is_waiting(archive.label)
        })
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
    /// A desk without files. No file has a later label than `decided`; those that are `awaited` will be handed over.
    pub(super) fn new(decided: Label, awaited: Vec<Label>, progress: Option<Arc<Bell>>) -> Desk<File> {
        let state = State {
            jobs: VecDeque::new(),
            newest: None,
            second: None,
            put_off: None,
            in_work: Vec::new(),
            awaited,
            deferring: false,
            decided,
            inventory: Inventory::default(),
            outcome: Sealed::Done,
            order: Order::Work,
        };
        Desk { state: Mutex::new(state), wake: Condvar::new(), progress, stop: OnceLock::new() }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State<File>> {
        // A panic aborts the program, so a poisoned lock is never seen.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn give(&self, order: Order) {
        self.state().order = order;
        self.wake.notify_all();
        if order == Order::Stop
            && let Some(stop) = self.stop.get()
        {
            stop.ring();
        }
    }

    /// What can be read once the order is to stop. None: there is no descriptor for it.
    pub(super) fn stop(&self) -> Option<&Bell> {
        if self.stop.get().is_none() {
            // Another worker may have set it meanwhile; then that one is used.
            self.stop.set(Bell::new().ok()?).ok();
        }
        self.stop.get()
    }

    /// Says to the foreground that something has changed.
    pub(super) fn ring(&self) {
        if let Some(progress) = &self.progress {
            progress.ring();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retention::{Count, Rule};
    use crate::sealer::Asked;

    fn labels(count: usize) -> Vec<Label> {
        std::iter::successors(Some(Label::MIN.next()), |last| Some(last.next())).take(count).collect()
    }

    fn desk(labels: &[Label]) -> Desk<()> {
        let desk = Desk::new(Label::MIN, Vec::new(), None);
        let job = |&label| Job { label, file: None, length: 1, checksum: None, asked: Asked::NotYet };
        desk.state().jobs.extend(labels.iter().map(job));
        desk
    }

    /// The place of the label that goes, and whether as an archive.
    fn doomed(desk: &Desk<()>, labels: &[Label], kept: usize) -> Option<(usize, bool)> {
        let rules: Vec<(Reason, Box<dyn Rule>)> = vec![(Reason::Surplus, Box::new(Count::of(kept)))];
        let doomed = desk.state().take_doomed(&Retention::with(rules, Scope::Everything))?;
        let (label, is_archive) = match doomed {
            Doomed::Archives(archives) => (archives[0].label, true),
            Doomed::Job(job) => (job.label, false),
        };
        labels.iter().position(|&other| other == label).map(|place| (place, is_archive))
    }

    #[test]
    fn what_is_oldest_goes_unless_it_is_in_work() {
        let labels = labels(4);
        let desk = desk(&labels[..3]);
        assert_eq!(desk.state().take(1).len(), 1);
        assert_eq!(desk.state().pending(), 3);
        assert_eq!(doomed(&desk, &labels, 2), None, "an older one that is in work does not count");
        assert_eq!(doomed(&desk, &labels, 1), Some((1, false)));
        // A file that is later than one on its way was left, and is an archive to retention.
        desk.state().inventory.add(Archive::unsealed(labels[3]));
        assert_eq!(doomed(&desk, &labels, 1), Some((2, false)));
        desk.state().end_work(labels[0], Some(Archive::unsealed(labels[0])));
        assert_eq!(doomed(&desk, &labels, 1), Some((0, true)));
        assert_eq!(doomed(&desk, &labels, 1), None);
        assert_eq!(doomed(&desk, &labels, 0), Some((3, true)));
        assert_eq!(desk.state().pending(), 0);
    }

    #[test]
    fn what_is_put_back_is_in_its_place_and_not_in_work() {
        let labels = labels(3);
        let desk = desk(&labels[..2]);
        let mut state = desk.state();
        let job = state.take_newest().unwrap();
        state.jobs.push_back(Job { label: labels[2], ..job });
        let newest = state.take_newest().unwrap();
        state.put_back(Job { label: labels[1], ..newest });
        let order: Vec<Label> = state.jobs.iter().map(|job| job.label).collect();
        assert_eq!((&order[..], &state.in_work[..]), (&labels[..2], &labels[2..]));
    }
}
