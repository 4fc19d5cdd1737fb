//! `Crew`: the sealing of one directory as the foreground sees it. A thread seals, or the caller where there is none.
//!
//! The thread is started with the first job. The foreground hands jobs over and waits when too many are pending. At the
//! end it waits for the rest: without a limit at the end of the input, and for a bounded time after TERM.

use std::os::fd::AsFd;
use std::sync::{Arc, Barrier};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use tai64tools::Label;
use unix::event::Bell;

use super::desk::{Desk, Order, Prunes};
use super::thread::{SLACK, Thread, is_early};
use super::{Job, Sealed, Sealer};
use crate::descriptors::PENDING;
use crate::host::{GRACE, Host, Pause, Stop};
use crate::logfs::LogFs;
use crate::retention::{HOUR, Retention};

/// How many files may wait with a processor, since none of them may be deleted.
const PENDING_PROCESSING: usize = 2;
/// The stack of the thread. It is enough for the compressors, whose tables are on the heap.
const STACK: usize = 256 << 10;
/// Memory that has to be left for the foreground.
const BESIDE: usize = 128 << 10;

/// How long to wait for the sealing at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// The input ended: until everything is sealed.
    None,
    /// Told to stop: for five seconds, and without trying anything again more than once.
    Soon,
}

impl Deadline {
    fn order(self) -> Order {
        match self {
            Deadline::None => Order::Finish,
            Deadline::Soon => Order::Hurry,
        }
    }
}

/// The sealing of one directory.
#[derive(Debug)]
pub struct Crew<F: LogFs> {
    sealer: Arc<Sealer<F>>,
    desk: Arc<Desk<F::File>>,
    thread: Option<JoinHandle<()>>,
    threading: Threading,
}

/// Who seals.
#[derive(Clone, Debug)]
pub enum Threading {
    /// A thread, if one can be had, and the caller otherwise. The thread rings `progress`.
    Thread {
        /// What the foreground of all directories waits for.
        progress: Arc<Bell>,
        /// How many files may wait, at least 2.
        pending: usize,
    },
    /// The caller, as soon as more than `behind` files wait. That is 0 where there is no thread. Simulations of a slow
    /// thread have more, since everything happens in one order then.
    Caller {
        /// How many files may wait.
        behind: usize,
    },
}

impl<F: LogFs> Crew<F> {
    /// A crew without work. No file has a later label than `decided`. The last run has left the files of the labels
    /// `awaited`; each of them will be submitted or forgotten.
    pub fn new(sealer: Sealer<F>, decided: Label, awaited: Vec<Label>, threading: Threading) -> Crew<F> {
        let progress = match &threading {
            Threading::Thread { progress, .. } => Some(Arc::clone(progress)),
            Threading::Caller { .. } => None,
        };
        let (sealer, desk) = (Arc::new(sealer), Arc::new(Desk::new(decided, awaited, progress)));
        Crew { sealer, desk, thread: None, threading }
    }

    /// The rules by which archives of the directory go.
    pub fn retention(&self) -> &Retention {
        &self.sealer.retention
    }

    /// Hands a file over.
    pub fn submit(&mut self, job: Job<F::File>, host: &mut impl Host) {
        self.start();
        let room = self.pending_at_most();
        if let Some(span) = self.retention().span() {
            self.desk.limits.look_within(span.min(HOUR), host.clocks());
        }
        let mut state = self.desk.state();
        // A thread that defers its work looks at the files again by itself.
        let needs_thread =
            !state.deferring || is_early(&job) || !self.sealer.may_defer(state.jobs.len() + 1, room);
        state.hand_over(job);
        drop(state);
        if self.thread.is_none() {
            self.seal_all_but(self.behind(), host);
            return;
        }
        if needs_thread {
            self.desk.wake.notify_all();
        }
        self.bound_disk_use(host);
    }

    /// The next file that is handed over is not transformed for this time, as long as it is the only one.
    pub fn put_off(&self, time: Duration) {
        if self.sealer.config.has_transform() {
            self.desk.state().put_off = Some(Instant::now() + time);
        }
    }

    /// The time until the directory is pruned without a new file. None: only new files cause that.
    pub fn until_pruning(&self, host: &impl Host) -> Option<Duration> {
        let retention = self.retention();
        let limits = retention.span().is_some() || retention.cap().is_some();
        if limits { self.desk.limits.until_due(host.clocks()) } else { None }
    }

    /// Prunes the directory, or has the thread do that.
    pub fn prune(&mut self, host: &mut impl Host) {
        self.desk.limits.begin_look(self.retention(), host.clocks());
        self.start();
        if self.thread.is_none() {
            self.sealer.prune_alone(&self.desk, host);
            return;
        }
        self.desk.state().prunes = Prunes::Asked;
        self.desk.wake.notify_all();
    }

    /// `current` is going to have this many bytes: deletes archives that have to go for it.
    pub fn make_room_for_current(&mut self, length: u64, host: &mut impl Host) {
        if self.retention().cap().is_some() && self.desk.limits.grow(length) {
            self.prune(host);
        }
    }

    /// There is no `current` now, and the next one begins without bytes.
    pub fn begin_current(&self) {
        self.desk.limits.grow(0);
    }

    /// The journal knows of rotations up to this label.
    pub fn note_recorded(&self, label: Label) {
        self.desk.state().recorded = label;
    }

    /// A file that was awaited stays what it is.
    pub fn forget(&self, label: Label) {
        self.desk.state().await_no_more(label);
    }

    fn pending_at_most(&self) -> usize {
        match self.threading {
            Threading::Thread { pending, .. } => pending.min(PENDING),
            Threading::Caller { behind } => behind + 1,
        }
    }

    /// How many files the caller may leave waiting when it seals itself.
    fn behind(&self) -> usize {
        match self.threading {
            Threading::Thread { .. } => 0,
            Threading::Caller { behind } => behind,
        }
    }

    /// The caller seals, the oldest file first, until no more than `left` wait.
    fn seal_all_but(&self, left: usize, host: &mut impl Host) {
        while self.desk.state().jobs.len() > left {
            let sealed = self.sealer.round(&self.desk, host);
            if sealed == Sealed::Left && host.stop().is_some() {
                // There is no time for what failed, so there is none for what comes after it.
                self.sealer.leave_jobs(&self.desk);
            }
        }
    }

    /// The directory is about to change by something of ours. If nothing else of ours was under way, another process
    /// has made the changes before.
    pub fn begin_change(&self) {
        let mut state = self.desk.state();
        if state.is_quiet() {
            state.inventory.compare(self.sealer.fs.changed());
        }
    }

    /// The directory has changed by something of ours.
    pub fn end_change(&self) {
        self.sealer.note_quiet(&mut self.desk.state(), &self.desk);
    }

    /// Waits until another file may be handed over, or the program is told to stop.
    pub fn wait_for_room(&self, host: &mut impl Host) -> Pause {
        let limit = self.pending_at_most();
        let limit = if self.sealer.has_processor() { limit.min(PENDING_PROCESSING) } else { limit };
        self.wait_until_below(limit, host)
    }

    /// Waits until nothing is pending, or the program is told to stop, and that left something.
    pub fn wait_until_idle(&self, host: &mut impl Host) -> Pause {
        match self.wait_until_below(1, host) {
            Pause::Over if host.stop().is_some() && self.desk.state().outcome == Sealed::Left => Pause::Stop,
            ended => ended,
        }
    }

    fn wait_until_below(&self, limit: usize, host: &mut impl Host) -> Pause {
        let Some(progress) = self.desk.progress.as_ref().filter(|_| self.thread.is_some()) else {
            self.seal_all_but(limit.saturating_sub(1), host);
            host.listen();
            let stops = host.stop() >= Some(Stop::Now) && self.pending() >= limit;
            return if stops { Pause::Stop } else { Pause::Over };
        };
        let begun = host.uptime();
        loop {
            progress.quiet();
            if self.pending() < limit {
                return Pause::Over;
            }
            host.listen();
            // INT and HUP want the rest of the input to be read, but not for ever.
            let patience = match host.stop() {
                None => None,
                Some(Stop::AfterInput) => Some(GRACE.saturating_sub(host.uptime().saturating_sub(begun))),
                Some(Stop::Now | Stop::AtOnce) => return Pause::Stop,
            };
            if patience == Some(Duration::ZERO) {
                host.warn(&self.sealer.said("unable to seal files of ", " soon, leaving input unread"));
                return Pause::Stop;
            }
            host.wait_for(progress.as_fd(), patience);
        }
    }

    /// No more files will come: lets the thread go through what it has.
    pub fn begin_finish(&self, deadline: Deadline) {
        self.desk.give(deadline.order());
    }

    /// Waits for the rest of the sealing and ends the thread. Files that were not sealed stay `.u`.
    pub fn finish(&mut self, deadline: Deadline, host: &mut impl Host) -> Sealed {
        let (Some(thread), Some(progress)) = (self.thread.take(), self.desk.progress.clone()) else {
            self.seal_all_but(0, host);
            return self.desk.state().outcome;
        };
        if deadline == Deadline::None && self.sealer.has_compression() {
            self.help(host);
        }
        let mut order = deadline.order();
        let mut end = (deadline == Deadline::Soon).then(|| Instant::now() + GRACE);
        while self.is_busy() {
            host.listen();
            let stop = host.stop();
            if order == Order::Finish && stop.is_some() {
                order = Order::Hurry;
                end = Some(Instant::now() + GRACE);
                self.desk.give(order);
            }
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if stop == Some(Stop::AtOnce) || left == Some(Duration::ZERO) {
                self.desk.give(Order::Stop);
                break;
            }
            host.wait_for(progress.as_fd(), left);
            progress.quiet();
        }
        // The thread can't panic without ending the program.
        thread.join().ok();
        self.desk.state().outcome
    }

    /// The foreground has nothing else to do, so it seals beside the thread until it is told to stop.
    fn help(&self, host: &mut impl Host) {
        while !self.desk.state().jobs.is_empty() {
            host.listen();
            if host.stop().is_some() {
                return;
            }
            self.sealer.round(&self.desk, host);
        }
    }

    /// How many files are on their way.
    pub fn pending(&self) -> usize {
        self.desk.state().pending()
    }

    fn is_busy(&self) -> bool {
        let state = self.desk.state();
        state.pending() > 0 || state.prunes != Prunes::No
    }

    fn start(&mut self) {
        if self.thread.is_some() || matches!(self.threading, Threading::Caller { .. }) {
            return;
        }
        if !unix::memory::has_room(STACK + BESIDE) {
            return;
        }
        let (sealer, desk, room) = (Arc::clone(&self.sealer), Arc::clone(&self.desk), self.pending_at_most());
        let begun = Arc::new(Barrier::new(2));
        let begin = Arc::clone(&begun);
        let life = move || {
            begin.wait();
            Thread { sealer: &sealer, desk: &desk, room }.live();
        };
        let started = Builder::new().name("sealer".into()).stack_size(STACK).spawn(life);
        if started.is_ok() {
            // The thread begins with a request for memory. If that is refused, the program ends. So this thread asks
            // for none meanwhile.
            begun.wait();
        }
        self.thread = started.ok();
    }

    /// A sealer that waits for the disk must not let the directory grow. So the foreground prunes when the files that
    /// wait are too many even by themselves.
    fn bound_disk_use(&self, host: &mut impl Host) {
        if self.retention().doomed_of_waiting(self.pending()) > 2 * SLACK {
            // The sealer says what went wrong when it comes to the same.
            self.sealer.prune(&self.desk, host).ok();
        }
    }
}
