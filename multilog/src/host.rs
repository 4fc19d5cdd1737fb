//! What the engine needs of its surroundings: the clock, signals, pauses, messages, alerts, status files.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use tai64tools::Label;
use unix::diag::{self, ATOMIC_WRITE, Message};
use unix::event;
use unix::signal::{Signal, Signals};
use unix::tool::Fatal;

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

/// Messages and pauses: what everything that retries needs.
pub trait Pace {
    /// Says a warning, if somebody listens.
    fn warn(&mut self, message: &Message);
    /// Waits, on the monotonic clock, unless told to stop.
    fn pause(&mut self, time: Duration) -> Pause;
}

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

/// TERMs this close together are one: timeout(1) and others signal the process and its group.
const SAME_TERM: Duration = Duration::from_millis(500);

/// The surroundings of the engine.
pub trait Host: Pace {
    /// What the system clock shows.
    fn now(&self) -> Label;
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
    /// Replaces what a status file says; how much was written.
    fn write_status(&mut self, status: usize, text: &[u8]) -> io::Result<usize>;
}

/// The real surroundings.
#[derive(Debug)]
pub struct System {
    started: Instant,
    signals: Signals,
    stop: Option<Stop>,
    /// When the first TERM was seen.
    told: Option<Instant>,
    rotate: bool,
    statuses: Vec<OwnedFd>,
}

impl System {
    /// Takes the signals over and opens the status files.
    pub fn new(statuses: &[OsString]) -> Result<System, Fatal> {
        let failed = |error| Fatal::system(Message::new("unable to catch signals"), &error);
        let signals =
            Signals::take_over(&[Signal::Term, Signal::Int, Signal::Hup, Signal::Alarm]).map_err(failed)?;
        unix::signal::survive_file_size_limit().map_err(failed)?;
        let statuses = statuses
            .iter()
            .map(|path| {
                unix::file::open_status(path).map_err(|error| {
                    Fatal::system(Message::new("unable to create ").and(path.as_encoded_bytes()), &error)
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(System { started: Instant::now(), signals, stop: None, told: None, rotate: false, statuses })
    }
}

impl Pace for System {
    fn warn(&mut self, message: &Message) {
        diag::warn(PROGRAM, message);
    }

    fn pause(&mut self, time: Duration) -> Pause {
        let end = Instant::now() + time;
        loop {
            self.listen();
            if self.stop.is_some() {
                return Pause::Stop;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Pause::Over;
            }
            // A wait that fails is as good as one that ended early, but must not spin.
            if event::wait([self.signals.as_fd()], Some(left)).is_err() {
                std::thread::sleep(left);
            }
        }
    }
}

impl Host for System {
    fn now(&self) -> Label {
        Label::now()
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    fn listen(&mut self) {
        while let Some(signal) = self.signals.next() {
            match signal {
                Signal::Alarm => self.rotate = true,
                // These were not asked for.
                Signal::Abort | Signal::Child => {}
                Signal::Term => {
                    let told = *self.told.get_or_insert_with(Instant::now);
                    let again = told.elapsed() >= SAME_TERM;
                    self.stop = self.stop.max(Some(if again { Stop::AtOnce } else { Stop::Now }));
                }
                Signal::Int | Signal::Hup => self.stop = self.stop.max(Some(Stop::AfterInput)),
            }
        }
    }

    fn stop(&self) -> Option<Stop> {
        self.stop
    }

    fn take_rotate(&mut self) -> bool {
        std::mem::take(&mut self.rotate)
    }

    fn linger(&mut self, time: Duration) {
        std::thread::sleep(time);
    }

    fn is_short_of_memory(&self) -> bool {
        unix::memory::is_short()
    }

    fn give_back(&mut self) {
        unix::memory::give_back();
    }

    fn signals(&self) -> Option<BorrowedFd<'_>> {
        Some(self.signals.as_fd())
    }

    fn wait_for(&mut self, bell: BorrowedFd<'_>, limit: Option<Duration>) {
        event::wait([bell, self.signals.as_fd()], limit).ok();
        self.listen();
    }

    fn alert(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let stderr = unix::diag::stderr();
        while !event::wait_writable(stderr, &self.signals)? {
            self.listen();
            if self.stop.is_some() {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
        unix::file::write(stderr, &bytes[..bytes.len().min(ATOMIC_WRITE)])
    }

    fn write_status(&mut self, status: usize, text: &[u8]) -> io::Result<usize> {
        unix::file::overwrite(&self.statuses[status], text)
    }
}
