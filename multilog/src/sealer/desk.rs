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

use super::awaited::Awaited;
use super::limits::{Limits, Oldest};
use super::{Job, Sealed};
use crate::logfs::{Archive, LogFs};
use crate::retention::{Caution, Inventory, Reason, Retention, Scope, Seen, Stock, Weigh};

/// What the foreground and the thread share.
#[derive(Debug)]
pub(super) struct Desk<File> {
    pub(super) state: Mutex<State<File>>,
    /// Rung for the thread.
    pub(super) wake: Condvar,
    /// Rung for the foreground after each round. None: the foreground does the sealing itself.
    pub(super) progress: Option<Arc<Bell>>,
    /// The limits of age and size.
    pub(super) limits: Limits,
    /// Whether the clock is believed, by which archives go. Who holds this may look at files, so it comes before the
    /// lock of `state`, which the foreground takes.
    pub(super) caution: Mutex<Caution>,
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
    /// How many bytes those have.
    in_work_bytes: u64,
    /// How many rounds are under way. One may still change names when its files are not in work any more.
    pub(super) rounds: usize,
    /// Whether the thread has to prune, also when no file waits.
    pub(super) prunes: Prunes,
    /// Files that the last run has left and that will be handed over, and those left to the next run.
    awaited: Awaited,
    /// Whether the thread defers its work because retention will probably delete what it would seal.
    pub(super) deferring: bool,
    /// Files up to this label are archives, or stay what they are. Later ones are on their way.
    decided: Label,
    /// The journal knows of rotations up to this label. Later archives do not go by age or size.
    pub(super) recorded: Label,
    pub(super) inventory: Inventory,
    /// How the jobs that are over ended, all together.
    pub(super) outcome: Sealed,
    pub(super) order: Order,
}

/// Pruning besides that of the rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prunes {
    No,
    /// It was asked for.
    Asked,
    /// It is being done.
    Now,
}

impl<File> State<File> {
    /// How many files are on their way.
    pub(super) fn pending(&self) -> usize {
        self.jobs.len() + self.in_work.len()
    }

    /// Whether nothing of ours is under way in the directory.
    pub(super) fn is_quiet(&self) -> bool {
        self.pending() == 0 && self.rounds == 0 && self.prunes != Prunes::Now
    }

    /// Whether one file waits, and neither another file nor the end.
    pub(super) fn is_alone_and_has_time(&self) -> bool {
        self.order == Order::Work && self.jobs.len() == 1 && self.in_work.is_empty()
    }

    /// Puts a file back that was taken from the desk.
    pub(super) fn put_back(&mut self, job: Job<File>) {
        self.end(job.label, job.length);
        let place = self.jobs.partition_point(|other| other.label < job.label);
        self.jobs.insert(place, job);
    }

    /// A file is not in work any more.
    fn end(&mut self, label: Label, bytes: u64) {
        self.in_work.retain(|&other| other != label);
        self.in_work_bytes = self.in_work_bytes.saturating_sub(bytes);
    }

    /// How many bytes all files have except `current`.
    pub(super) fn bytes(&self) -> u64 {
        let jobs = self.jobs.iter().map(|job| job.length);
        let others = [self.in_work_bytes, self.awaited.bytes(), self.inventory.weights().bytes()];
        jobs.chain(others).fold(0, u64::saturating_add)
    }

    /// Whether nobody has looked yet at some files that count.
    pub(super) fn lacks_weights(&self) -> bool {
        self.inventory.weights().lack_any() || self.awaited.lack_any()
    }

    /// Whether nobody has looked yet at this file, which counts.
    pub(super) fn lacks_weight(&self, archive: &Archive) -> bool {
        self.inventory.weights().lacks(archive) || archive.is_unsealed() && self.awaited.lacks(archive.label)
    }

    /// Somebody has looked at a file.
    pub(super) fn weigh(&mut self, archive: &Archive, seen: &Seen) {
        let stat = seen.as_ref().ok().and_then(Option::as_ref).filter(|stat| stat.regular);
        let bytes = stat.map_or(0, |stat| stat.size);
        if !(archive.is_unsealed() && self.awaited.weigh(archive.label, bytes)) {
            self.inventory.weights_mut().weigh(archive, seen);
        }
    }

    /// All names were looked at.
    pub(super) fn end_weighing(&mut self) {
        self.awaited.end_weighing();
        self.inventory.weights_mut().end_weighing();
    }

    /// A file is handed over.
    pub(super) fn hand_over(&mut self, job: Job<File>) {
        self.await_no_more(job.label);
        self.jobs.push_back(job);
        self.second = self.newest.replace(Instant::now());
    }

    /// This file of the last run is handed over, or will never be.
    pub(super) fn await_no_more(&mut self, label: Label) {
        self.awaited.remove(label);
    }

    /// Takes the newest file for a moment.
    pub(super) fn take_newest(&mut self) -> Option<Job<File>> {
        let job = self.jobs.pop_back()?;
        self.in_work.push(job.label);
        self.in_work_bytes = self.in_work_bytes.saturating_add(job.length);
        Some(job)
    }

    /// Takes the oldest files into work, `most` of them at most.
    pub(super) fn take(&mut self, most: usize) -> Vec<Job<File>> {
        let count = most.min(self.jobs.len());
        let taken: Vec<Job<File>> = self.jobs.drain(..count).collect();
        self.in_work.extend(taken.iter().map(|job| job.label));
        self.in_work_bytes = taken.iter().map(|job| job.length).fold(self.in_work_bytes, u64::saturating_add);
        taken
    }

    /// Takes away the oldest of the files to which retention applies, if that goes. Files in work count and are not
    /// taken. `oldest` is what is known of the oldest archive, and `current` how many bytes `current` has.
    pub(super) fn take_doomed(
        &mut self,
        retention: &Retention,
        oldest: Oldest,
        current: u64,
    ) -> Option<Doomed<File>> {
        let surplus = match retention.scope() {
            Scope::Everything => self.take_doomed_file(retention),
            Scope::Archives => self.take_doomed_archive(retention, self.inventory.count()),
        };
        surplus.or_else(|| self.take_excess(retention, oldest, current))
    }

    fn take_doomed_file(&mut self, retention: &Retention) -> Option<Doomed<File>> {
        let waits = self.jobs.front().map(|job| job.label);
        let oldest = self.inventory.oldest().into_iter().chain(waits).min()?;
        let in_work = self.in_work.iter().filter(|&&label| label > oldest).count();
        let count = self.inventory.count() + self.jobs.len() + in_work;
        if waits != Some(oldest) {
            return self.take_doomed_archive(retention, count);
        }
        if retention.doomed(Reason::Surplus, &Stock { count, ..Stock::default() }) == 0 {
            return None;
        }
        self.decide(oldest);
        self.inventory.pass();
        self.jobs.pop_front().map(Doomed::Job)
    }

    fn take_doomed_archive(&mut self, retention: &Retention, count: usize) -> Option<Doomed<File>> {
        match retention.doomed(Reason::Surplus, &Stock { count, ..Stock::default() }) {
            0 => None,
            _ => self.inventory.take_oldest().map(Doomed::Archives),
        }
    }

    /// Takes the oldest archive away if it is too old, or if there are too many bytes. An archive does not go before a
    /// file with an older label, which is still on its way.
    fn take_excess(&mut self, retention: &Retention, oldest: Oldest, current: u64) -> Option<Doomed<File>> {
        let label = self.inventory.oldest().filter(|label| *label <= self.recorded)?;
        let jobs = self.jobs.front().map(|job| job.label);
        let mut on_their_way = self.in_work.iter().copied().chain(self.awaited.labels()).chain(jobs);
        let is_weighed = self.inventory.weights().know(label);
        let bytes = if is_weighed { self.bytes().saturating_add(current) } else { 0 };
        let stock = Stock { count: self.inventory.count(), age: oldest.age, bytes };
        if on_their_way.any(|other| other < label) || retention.doomed(Reason::Excess, &stock) == 0 {
            return None;
        }
        self.inventory.take_oldest().map(Doomed::Archives)
    }

    /// The work on a file of this many bytes is over: it is this archive now, which was looked at where its bytes matter.
    /// None: it was deleted.
    pub(super) fn end_work(&mut self, label: Label, bytes: u64, archive: Option<(Archive, Option<Seen>)>) {
        self.end(label, bytes);
        self.decide(label);
        if let Some((archive, seen)) = archive {
            self.inventory.add(archive, seen.as_ref());
        }
    }

    fn decide(&mut self, label: Label) {
        self.decided = self.decided.max(label);
    }

    /// Leaves a file to the next run, because there is no time for it. It is not an archive to retention.
    pub(super) fn leave(&mut self, label: Label, bytes: u64) {
        self.end(label, bytes);
        self.awaited.leave(label, bytes);
    }

    /// Leaves all files that wait to the next run.
    pub(super) fn leave_jobs(&mut self) -> Vec<Job<File>> {
        let jobs: Vec<Job<File>> = self.jobs.drain(..).collect();
        jobs.iter().for_each(|job| self.awaited.leave(job.label, job.length));
        if !jobs.is_empty() {
            self.outcome = Sealed::Left;
        }
        jobs
    }

    /// Looks at the directory, if that is due.
    pub(super) fn look<F: LogFs>(&mut self, fs: &F, weigh: Weigh) -> io::Result<()> {
        if !self.inventory.is_due() {
            return Ok(());
        }
        let State { jobs, in_work, awaited, decided, .. } = self;
        let is_waiting = |label: Label| {
            label > *decided || awaited.contains(label) || jobs.iter().any(|job| job.label == label)
        };
        let is_unfinished = |archive: &Archive| archive.is_unsealed() || archive.is_temporary();
        self.inventory.look(fs, weigh, |archive| {
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
            in_work_bytes: 0,
            rounds: 0,
            prunes: Prunes::No,
            awaited: Awaited::of(awaited),
            deferring: false,
            decided,
            recorded: decided,
            inventory: Inventory::default(),
            outcome: Sealed::Done,
            order: Order::Work,
        };
        let (state, caution) = (Mutex::new(state), Mutex::new(Caution::default()));
        let (wake, limits) = (Condvar::new(), Limits::default());
        Desk { state, wake, progress, limits, caution, stop: OnceLock::new() }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State<File>> {
        // A panic aborts the program, so a poisoned lock is never seen.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn caution(&self) -> MutexGuard<'_, Caution> {
        self.caution.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn give(&self, order: Order) {
        self.state().order = order;
        self.wake.notify_all();
        if let Some(stop) = self.stop.get().filter(|_| order == Order::Stop) {
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
#[path = "desk_tests.rs"]
mod desk_tests;
