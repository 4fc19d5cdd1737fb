//! The thread that seals the files of a directory.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use unix::diag::{self, Message};

use super::desk::{Desk, Order, Prunes, State};
use super::prune::Went;
use super::{Asked, Job, NoTime, Sealed, Sealer};
use crate::host::{PROGRAM, Pace, Patience, Pause};
use crate::logfs::LogFs;

/// The sealing of a file is deferred when retention will probably delete the file within this time: its fsync would be
/// for nothing. A power cut can reach back this much further than the last rotation.
const DEFERRED: Duration = Duration::from_secs(1);
/// The newest of the files that are deferred is brought to the disk at once if it has this many bytes. Otherwise a
/// power cut during a flood would leave nothing, since everything older is deleted. Smaller files come in numbers for
/// which the disk would do little else.
const LARGE: u64 = 1 << 20;

/// How many files more than retention keeps may wait before the thread is woken to delete them together. When twice as
/// many wait, the foreground deletes them itself.
pub(super) const SLACK: usize = 2;

/// Whether there was a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waited {
    Yes,
    No,
}

/// What the thread works with.
pub(super) struct Thread<'a, F: LogFs> {
    pub(super) sealer: &'a Sealer<F>,
    pub(super) desk: &'a Desk<F::File>,
    /// How many files may be pending before the foreground waits.
    pub(super) room: usize,
}

impl<'a, F: LogFs> Thread<'a, F> {
    /// Seals until the order is to end.
    pub(super) fn live(&self) {
        let (sealer, desk) = (self.sealer, self.desk);
        let mut pace = ThreadPace { desk, tried: false };
        loop {
            let mut state = desk.state();
            while state.jobs.is_empty() && state.prunes == Prunes::No && state.order == Order::Work {
                state = desk.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            let has_time = matches!(state.order, Order::Work | Order::Finish);
            if state.jobs.is_empty() && state.prunes == Prunes::Asked && has_time {
                drop(state);
                sealer.prune_alone(desk, &mut pace);
                continue;
            }
            // A round prunes too.
            state.prunes = Prunes::No;
            let state = self.defer(state, &mut pace);
            if state.jobs.is_empty() || state.order == Order::Stop {
                break;
            }
            drop(state);
            let sealed = match sealer.make_room(desk, &mut pace) {
                Ok(Went::Jobs) => {
                    // The others may be deferred now.
                    sealer.end_round(desk, |_| ());
                    continue;
                }
                Ok(Went::Archives) => match self.wait_for_its_time(&mut pace) {
                    // Anything may have happened meanwhile.
                    Waited::Yes => continue,
                    Waited::No => sealer.seal_oldest(desk, &mut pace),
                },
                Err(NoTime) => Sealed::Left,
            };
            let hurries = matches!(desk.state().order, Order::Hurry | Order::Stop);
            if sealed == Sealed::Left && hurries {
                // There is no time for what failed, so there is none for what comes after it.
                sealer.leave_jobs(desk);
            }
        }
        sealer.leave_jobs(desk);
        desk.ring();
    }

    /// Waits for as long as retention will probably delete the oldest file within [`DEFERRED`], because files come that
    /// fast. Meanwhile the newest is brought to the disk if it is large.
    fn defer(
        &self,
        mut state: MutexGuard<'a, State<F::File>>,
        pace: &mut dyn Pace,
    ) -> MutexGuard<'a, State<F::File>> {
        loop {
            let (Some(newest), Some(second)) = (state.newest, state.second) else { return state };
            let lifetime = self.sealer.retention.keeps(newest.saturating_duration_since(second));
            let left = DEFERRED.saturating_sub(newest.elapsed());
            let defers = state.order == Order::Work
                && lifetime < DEFERRED
                && !left.is_zero()
                && self.sealer.may_defer(state.jobs.len(), self.room);
            if !defers {
                return state;
            }
            if state.jobs.back().is_some_and(is_early) {
                if let Some(mut job) = state.take_newest() {
                    drop(state);
                    self.sealer.sync(&mut job, pace);
                    state = self.desk.state();
                    state.put_back(job);
                    continue;
                }
            }
            state.deferring = true;
            state = self.desk.wake.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            state.deferring = false;
        }
    }
}

impl<F: LogFs> Thread<'_, F> {
    /// Waits for as long as the transformation of the only file is put off. The file is brought to the disk and marked
    /// before that, and the directory is pruned when that is asked for. Another file, or an order to end, ends the wait.
    fn wait_for_its_time(&self, pace: &mut dyn Pace) -> Waited {
        let mut waited = Waited::No;
        loop {
            let mut state = self.desk.state();
            let left = state.put_off.map(|end| end.saturating_duration_since(Instant::now()));
            let Some(left) = left.filter(|left| !left.is_zero() && state.is_alone_and_has_time()) else {
                state.put_off = None;
                return waited;
            };
            waited = Waited::Yes;
            if state.prunes == Prunes::Asked {
                drop(state);
                self.sealer.prune_alone(self.desk, pace);
                continue;
            }
            if state.jobs.back().is_some_and(|job| job.asked == Asked::NotYet) {
                if let Some(mut job) = state.take_newest() {
                    drop(state);
                    self.sealer.preserve(&mut job, pace);
                    self.desk.state().put_back(job);
                    continue;
                }
            }
            drop(self.desk.wake.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl<F: LogFs> Sealer<F> {
    /// Whether the sealing of `waiting` files may be deferred: only a few of them would go already, and they are few
    /// enough that the foreground does not wait for room.
    pub(super) fn may_defer(&self, waiting: usize, room: usize) -> bool {
        self.retention.doomed_of_waiting(waiting) < SLACK && waiting <= room / 2
    }
}

/// Whether a file is brought to the disk though retention may delete it soon.
pub(super) fn is_early<File>(job: &Job<File>) -> bool {
    job.asked == Asked::NotYet && job.length >= LARGE
}

struct ThreadPace<'a, File> {
    desk: &'a Desk<File>,
    /// Whether there was a last try.
    tried: bool,
}

impl<File> Pace for ThreadPace<'_, File> {
    fn warn(&mut self, message: &Message) {
        diag::warn(PROGRAM, message);
    }

    fn pause(&mut self, time: Duration) -> Pause {
        let end = Instant::now() + time;
        let mut state = self.desk.state();
        loop {
            // Who tells a logger to end often tells its processors as well, as a signal to a process
            // group or a control group: one more try, and what fails then has really failed.
            match state.order {
                Order::Hurry if !self.tried => {
                    self.tried = true;
                    return Pause::Over;
                }
                Order::Hurry | Order::Stop => return Pause::Stop,
                Order::Work | Order::Finish => {}
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Pause::Over;
            }
            state = self.desk.wake.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn patience(&mut self) -> Patience {
        if self.desk.state().order == Order::Stop { Patience::Over } else { Patience::Endless }
    }

    fn interrupt(&mut self) -> Option<BorrowedFd<'_>> {
        Some(self.desk.stop()?.as_fd())
    }
}
