//! What the engine needs of its surroundings: the clock, signals, pauses, messages, alerts, status files,
//! counters.

mod system;

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use tai64tools::Label;
use unix::diag::Message;

use crate::tally::Tally;
pub use system::System;

/// The name that messages begin with.
pub const PROGRAM: &str = "multilog";

/// Whether to try again or to give up because the program was told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Pause {
    /// The time is over.
    Over,
    /// Told to stop.
    Stop,
}

/// How long something that was begun may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// As long as it takes.
    Endless,
    /// For this long: the program was told to stop.
    For(Duration),
    /// No longer.
    Over,
}

/// What the clocks show at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// The clock of the system, which may be wrong and may step.
    pub wall: Label,
    /// The clock that no step changes. It begins with the run of the machine.
    pub running: Duration,
}

/// Messages and pauses: what everything that retries needs.
pub trait Pace {
    /// Says a warning, if somebody listens.
    fn warn(&mut self, message: &Message);
    /// Waits, on the monotonic clock, unless told to stop.
    fn pause(&mut self, time: Duration) -> Pause;
    /// How long what was begun may go on.
    fn patience(&mut self) -> Patience;
    /// What can be read once [`Pace::patience`] may have changed. None: it has to be asked again and again.
    fn interrupt(&mut self) -> Option<BorrowedFd<'_>> {
        None
    }
    /// What the clocks show.
    fn clocks(&self) -> Clocks {
        Clocks { wall: Label::now(), running: unix::clock::running() }
    }
    /// The name of this run of the machine, as far as the kernel tells it.
    fn boot(&self) -> Vec<u8> {
        unix::file::boot_id().map_or(Vec::new(), |name| name.to_vec())
    }
}

/// How long sealing may go on after the program was told to stop.
pub const GRACE: Duration = Duration::from_secs(5);

/// The first pause after a failure, which doubles up to [`LONGEST_PAUSE`].
pub const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause: what the original waits.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Waits after a failure, each time twice as long.
pub fn wait(pause: &mut Duration, pace: &mut (impl Pace + ?Sized)) -> Pause {
    let ended = pace.pause(*pause);
    *pause = (*pause * 2).min(LONGEST_PAUSE);
    ended
}

/// How a program is told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// INT, HUP: when everything that is in the input now has been read.
    AfterInput,
    /// TERM: after the batch in hand.
    Now,
    /// TERM again: without waiting for the sealers.
    AtOnce,
}

/// What came of a write to standard output.
#[derive(Debug)]
pub enum Output {
    /// It took this number of bytes.
    Took(usize),
    /// The program was told to stop, and there was no room.
    Stopped,
    /// Nobody will ever read it.
    Gone(io::Error),
}

/// The surroundings of the engine.
pub trait Host: Pace {
    /// What the system clock shows.
    fn now(&self) -> Label;
    /// By how many seconds the local clock is ahead when the system clock shows `seconds` since the epoch.
    fn ahead(&self, seconds: i64) -> i64;
    /// Lets each wait for input end when the system clock shows `seconds` since the epoch, and when it is set. Where
    /// that can't be had: how long a wait may last instead.
    fn wake_at(&mut self, seconds: i64) -> Option<Duration>;
    /// What the monotonic clock shows, since some moment.
    fn uptime(&self) -> Duration;
    /// Takes note of the signals that have arrived.
    fn listen(&mut self);
    /// How the program was told to end, as far as was listened.
    fn stop(&self) -> Option<Stop>;
    /// Whether ALRM came since the last call, as far as was listened.
    fn take_rotate(&mut self) -> bool;
    /// Waits for much less time than anybody notices.
    fn linger(&mut self, _: Duration) {}
    /// Whether what can be given back should be, for what is small and can't wait.
    fn is_short_of_memory(&self) -> bool {
        false
    }
    /// Memory that was freed goes back to the system.
    fn give_back(&mut self) {}
    /// What a wait for input has to watch beside it.
    fn signals(&self) -> Option<BorrowedFd<'_>>;
    /// Waits until `bell` rings, or for `limit`, or until a signal arrives.
    fn wait_for(&mut self, bell: BorrowedFd<'_>, limit: Option<Duration>);
    /// Writes part of the alerts to descriptor 2, waiting for a reader until told to stop.
    fn alert(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Writes part of `bytes` to standard output, waiting for its reader until told to stop.
    fn print(&mut self, bytes: &[u8]) -> io::Result<Output>;
    /// Says that input is about to be read, where the script asks for it.
    fn ready(&mut self) {}
    /// What is counted, where the script asks for it.
    fn tally(&mut self) -> Option<&mut Tally> {
        None
    }
    /// How long it is until the counters are written next. None: nothing is new.
    fn until_metrics(&self) -> Option<Duration> {
        None
    }
    /// Writes the counters, if it is time.
    fn write_metrics(&mut self) {}
    /// The program has come to a clean end: nobody counts any more.
    fn end_metrics(&mut self) {}
    /// Replaces what a status file says; how much was written.
    fn write_status(&mut self, status: usize, text: &[u8]) -> io::Result<usize>;
}
