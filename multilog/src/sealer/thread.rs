//! The thread that seals the files of a directory.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use unix::diag::{self, Message};

use super::desk::{Desk, Order, State};
use super::retain::Went;
use super::{Asked, Job, Sealed, Sealer};
use crate::host::{PROGRAM, Pace, Patience, Pause};
use crate::logfs::LogFs;

/// How long a file is held back when retention is expected to delete it sooner than that: its fsync
/// would be for nothing. Also how long a power cut can reach back beyond the last rotation.
const HELD: Duration = Duration::from_secs(1);
/// From here on the newest of the files that are held back is brought to the disk nevertheless: in a flood that
/// goes on a power cut would leave nothing otherwise, since what was there before it is deleted. Smaller ones are
/// so many that the disk would do little else.
const LARGE: u64 = 1 << 20;

/// The thread's life. At most `held_at_most` files are held back.
pub(super) fn work<F: LogFs>(sealer: &Sealer<F>, desk: &Desk<F::File>, held_at_most: usize) {
    let mut pace = ThreadPace { desk, tried: false };
    loop {
        let mut state = desk.state();
        while state.jobs.is_empty() && state.order == Order::Work {
            state = desk.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let state = hold((sealer, held_at_most), desk, state, &mut pace);
        if state.jobs.is_empty() || state.order == Order::Stop {
            break;
        }
        drop(state);
        if matches!(sealer.retain(desk, &mut pace), Ok(Went::Jobs)) {
            // Others may be held back now.
            desk.ring();
            continue;
        }
        let sealed = sealer.round(desk, &mut pace);
        let state = desk.state();
        if sealed == Sealed::Left && matches!(state.order, Order::Hurry | Order::Stop) {
            // There is no time for what failed, so there is none for what comes after it.
            drop(state);
            sealer.leave_jobs(desk);
        }
    }
    sealer.leave_jobs(desk);
    desk.ring();
}

/// Whether a file is brought to the disk though retention may delete it soon.
pub(super) fn is_early<File>(job: &Job<File>) -> bool {
    job.asked == Asked::NotYet && job.length >= LARGE
}

/// Waits for as long as it is likely that the oldest job need not be done: files come so fast that
/// retention will have deleted it within [`HELD`]. Meanwhile the newest is brought to the disk if it is large.
fn hold<'a, F: LogFs>(
    (sealer, held_at_most): (&Sealer<F>, usize),
    desk: &'a Desk<F::File>,
    mut state: MutexGuard<'a, State<F::File>>,
    pace: &mut dyn Pace,
) -> MutexGuard<'a, State<F::File>> {
    let kept = sealer.archives_kept();
    loop {
        let (Some(newest), Some(second)) = (state.newest, state.second) else { return state };
        let between = newest.saturating_duration_since(second);
        let lifetime = between.saturating_mul(u32::try_from(kept).unwrap_or(u32::MAX));
        let left = HELD.saturating_sub(newest.elapsed());
        let waits = state.order == Order::Work
            && !sealer.has_processor()
            && lifetime < HELD
            && !left.is_zero()
            && state.jobs.len() <= held_at_most;
        if !waits {
            return state;
        }
        if state.jobs.back().is_some_and(is_early)
            && let Some(mut job) = state.take_newest()
        {
            drop(state);
            sealer.sync(&mut job, pace);
            state = desk.state();
            state.put_back(job);
            continue;
        }
        state.holding = true;
        state = desk.wake.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        state.holding = false;
    }
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
