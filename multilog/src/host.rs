//! What the engine needs of its surroundings: the clock, signals, pauses, messages, alerts, status files.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use tai64tools::{Label, TimeZone};
use unix::diag::{self, ATOMIC_WRITE, Message};
use unix::event;
use unix::signal::{Signal, Signals};
use unix::tool::Fatal;

use crate::descriptors::Hold;
use crate::waker::Waker;

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

/// How long it takes without an alarm until it is seen that the wall clock was set.
const NO_ALARM: Duration = Duration::from_secs(10);

/// TERMs this close together are one: timeout(1) and others signal the process and its group.
const SAME_TERM: Duration = Duration::from_millis(500);

/// The surroundings of the engine.
pub trait Host: Pace {
    /// What the system clock shows.
    fn now(&self) -> Label;
    /// By how many seconds the local clock is ahead when the system clock shows `seconds` since the epoch.
    fn offset(&self, seconds: i64) -> i32;
    /// Lets waits end when the system clock shows `seconds` since the epoch or is set. Where that can't be had, a wait
    /// may last no longer than this.
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
    /// When the first signal was seen that ends the program.
    stopped: Option<Instant>,
    rotate: bool,
    statuses: Vec<Status>,
    zone: TimeZone,
    waker: Option<Waker>,
}

/// A file that holds the last line of a kind.
#[derive(Debug)]
struct Status {
    path: OsString,
    /// None: there is no descriptor for it to keep.
    file: Option<OwnedFd>,
}

impl System {
    /// Takes the signals over.
    pub fn new() -> Result<System, Fatal> {
        let failed = |error| Fatal::system(Message::new("unable to catch signals"), &error);
        let signals =
            Signals::take_over(&[Signal::TERM, Signal::INT, Signal::HUP, Signal::ALARM]).map_err(failed)?;
        unix::signal::survive_file_size_limit().map_err(failed)?;
        let (started, statuses) = (Instant::now(), Vec::new());
        let (stop, told, stopped, rotate) = (None, None, None, false);
        let (zone, waker) = (TimeZone::default(), None);
        Ok(System { started, signals, stop, told, stopped, rotate, statuses, zone, waker })
    }

    /// Reads the zone that TZ names.
    pub fn read_zone(&mut self) {
        self.zone = TimeZone::of_process();
    }

    /// Makes an alarm for [`Host::wake_at`], if there are descriptors for it to keep.
    pub fn open_alarm(&mut self, hold: Hold) {
        if hold == Hold::Open {
            self.waker = Waker::new(&self.signals).ok();
        }
    }

    /// Opens the status files, and keeps them open if they are to be held.
    pub fn open_statuses(&mut self, paths: &[OsString], hold: Hold) -> Result<(), Fatal> {
        for path in paths {
            let file = unix::file::open_status(path).map_err(|error| {
                Fatal::system(Message::new("unable to create ").and(path.as_encoded_bytes()), &error)
            })?;
            let file = (hold == Hold::Open).then_some(file);
            self.statuses.push(Status { path: path.clone(), file });
        }
        Ok(())
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

    fn patience(&mut self) -> Patience {
        self.listen();
        let Some(stopped) = self.stopped else { return Patience::Endless };
        let left = GRACE.saturating_sub(stopped.elapsed());
        if self.stop == Some(Stop::AtOnce) || left.is_zero() { Patience::Over } else { Patience::For(left) }
    }

    fn interrupt(&mut self) -> Option<BorrowedFd<'_>> {
        Some(self.signals.as_fd())
    }
}

impl Host for System {
    fn now(&self) -> Label {
        Label::now()
    }

    fn offset(&self, seconds: i64) -> i32 {
        self.zone.offset(seconds)
    }

    fn wake_at(&mut self, seconds: i64) -> Option<Duration> {
        let now = self.now().unix_seconds();
        match self.waker.as_mut().map(|waker| waker.set(seconds, now)) {
            Some(Ok(())) => None,
            _ => {
                self.waker = None;
                Some(NO_ALARM)
            }
        }
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    fn listen(&mut self) {
        if let Some(waker) = &mut self.waker {
            waker.listen();
        }
        while let Some(signal) = self.signals.next() {
            match signal {
                Signal::ALARM => self.rotate = true,
                Signal::TERM => {
                    let told = *self.told.get_or_insert_with(Instant::now);
                    let again = told.elapsed() >= SAME_TERM;
                    self.stop = self.stop.max(Some(if again { Stop::AtOnce } else { Stop::Now }));
                }
                Signal::INT | Signal::HUP => self.stop = self.stop.max(Some(Stop::AfterInput)),
                // No other was asked for.
                _ => {}
            }
        }
        if self.stop.is_some() {
            self.stopped.get_or_insert_with(Instant::now);
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
        Some(self.waker.as_ref().map_or(self.signals.as_fd(), Waker::as_fd))
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
        let Status { path, file } = &self.statuses[status];
        match file {
            Some(file) => unix::file::overwrite(file, text),
            None => unix::file::overwrite(unix::file::open_status(path)?, text),
        }
    }
}
