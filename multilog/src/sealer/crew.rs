//! Who does the sealing: a thread of the directory, or, where none can be had, the caller.
//!
//! The thread is started with the first job. The foreground hands jobs over, waits when too many are
//! pending, and at the end waits for the rest: as long as it takes at the end of the input, for a
//! bounded time after TERM.

use std::os::fd::AsFd;
use std::sync::{Arc, Barrier};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::desk::{Desk, Order};
use super::thread::{is_early, work};
use super::{Job, Sealed, Sealer};
use crate::host::{Host, Pause, Stop};
use crate::logfs::LogFs;

/// How many files may wait without a processor: each holds a descriptor.
const PENDING: usize = 32;
/// How many may wait with one, since none of them may be deleted.
const PENDING_PROCESSING: usize = 2;
/// How many more archives than asked for may stand before the sealer is woken to delete them together, and
/// again so many before the foreground does.
const SLACK: usize = 2;
/// Enough for the compressors, whose tables are on the heap.
const STACK: usize = 256 << 10;
/// What the foreground needs besides.
const BESIDE: usize = 128 << 10;
/// How long sealers may go on after TERM.
const GRACE: Duration = Duration::from_secs(5);

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
    sealer: Sealer<F>,
    desk: Arc<Desk<F::File>>,
    thread: Option<JoinHandle<()>>,
    threading: Threading,
}

/// Whether jobs go to a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threading {
    /// To a thread, if one can be had.
    Thread,
    /// To the caller, at once: for simulations, where everything happens in one order.
    Inline,
}

impl<F: LogFs> Sealer<F> {
    /// How many files may be held back: those that retention keeps, and a few that it is to delete.
    pub(super) fn held_at_most(&self) -> usize {
        (self.archives_kept() + SLACK - 1).min(PENDING / 2)
    }
}

impl<F: LogFs> Crew<F> {
    /// A crew without work.
    pub fn new(sealer: Sealer<F>, threading: Threading) -> std::io::Result<Crew<F>> {
        Ok(Crew { sealer, desk: Arc::new(Desk::new()?), thread: None, threading })
    }

    /// Hands a file over.
    pub fn submit(&mut self, job: Job<F::File>, host: &mut impl Host) {
        self.start();
        if self.thread.is_none() {
            if self.sealer.seal(job, host) == Sealed::Left {
                self.desk.state().outcome = Sealed::Left;
            }
            return;
        }
        let mut state = self.desk.state();
        // A thread that holds files back looks at them again by itself.
        let enough = !state.holding || is_early(&job) || state.jobs.len() >= self.sealer.held_at_most();
        state.jobs.push_back(job);
        state.second = state.newest.replace(Instant::now());
        drop(state);
        if enough {
            self.desk.wake.notify_all();
        }
        self.bound_disk_use(host);
    }

    /// Waits until another file may be handed over, or the program is told to stop.
    pub fn wait_for_room(&self, host: &mut impl Host) -> Pause {
        let limit = if self.sealer.has_processor() { PENDING_PROCESSING } else { PENDING };
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
        loop {
            self.desk.progress.quiet();
            if self.pending() < limit {
                return Pause::Over;
            }
            host.listen();
            if host.stop().is_some() {
                return Pause::Stop;
            }
            host.wait_for(self.desk.progress.as_fd(), None);
        }
    }

    /// No more files will come: lets the thread go through what it has.
    pub fn begin_finish(&self, deadline: Deadline) {
        self.desk.give(deadline.order());
    }

    /// Waits for the rest of the sealing and ends the thread. Files that were not sealed stay `.u`.
    pub fn finish(&mut self, deadline: Deadline, host: &mut impl Host) -> Sealed {
        let Some(thread) = self.thread.take() else { return self.desk.state().outcome };
        if deadline == Deadline::None && self.sealer.has_compression() {
            self.help(host);
        }
        let mut order = deadline.order();
        let mut end = (deadline == Deadline::Soon).then(|| Instant::now() + GRACE);
        while self.pending() > 0 {
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
                self.sealer.fs.interrupt();
                break;
            }
            host.wait_for(self.desk.progress.as_fd(), left);
            self.desk.progress.quiet();
        }
        // The thread can't panic without ending the program.
        thread.join().ok();
        self.desk.state().outcome
    }

    /// Nothing else is to be done: the caller compresses as well.
    fn help(&self, host: &mut impl Host) {
        loop {
            host.listen();
            if host.stop().is_some() {
                return;
            }
            let Some(job) = self.desk.state().jobs.pop_front() else { return };
            if self.sealer.seal(job, host) == Sealed::Left {
                self.desk.state().outcome = Sealed::Left;
            }
        }
    }

    fn pending(&self) -> usize {
        let state = self.desk.state();
        state.jobs.len() + usize::from(state.busy)
    }

    fn start(&mut self) {
        if self.thread.is_some() || self.threading == Threading::Inline {
            return;
        }
        if !unix::memory::has_room(STACK + BESIDE) {
            return;
        }
        let (sealer, desk) = (self.sealer.clone(), Arc::clone(&self.desk));
        let begun = Arc::new(Barrier::new(2));
        let begin = Arc::clone(&begun);
        let life = move || {
            begin.wait();
            work(&sealer, &desk);
        };
        let started = Builder::new().name("sealer".into()).stack_size(STACK).spawn(life);
        if started.is_ok() {
            // The thread begins with a request for memory that ends the program if it is refused, so nobody may take
            // what is there meanwhile.
            begun.wait();
        }
        self.thread = started.ok();
    }

    /// A sealer that waits for the disk must not let the directory grow: then the foreground deletes
    /// what is beyond retention, which without a processor needs no sealing.
    fn bound_disk_use(&self, host: &mut impl Host) {
        if !self.sealer.has_processor() && self.pending() > self.sealer.archives_kept() + 2 * SLACK {
            // The sealer says what went wrong when it comes to the same.
            self.sealer.prune(host).ok();
        }
    }
}
