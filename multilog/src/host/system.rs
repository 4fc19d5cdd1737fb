//! `System`: the real surroundings of the engine.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use tai64tools::Label;
use tai64tools::zone::TimeZone;
use unix::diag::{self, ATOMIC_WRITE, Message};
use unix::event;
use unix::readiness::Readiness;
use unix::signal::{Signal, Signals};
use unix::stdout::StandardOutput;
use unix::tool::Fatal;

use super::{GRACE, Host, Output, PROGRAM, Pace, Patience, Pause, Stop};
use crate::descriptors::Hold;
use crate::metrics::Metrics;
use crate::tally::Tally;
use crate::waker::Waker;

/// TERMs this close together are one: timeout(1) and others signal the process and its group.
const SAME_TERM: Duration = Duration::from_millis(500);

/// How long a reader of standard output may rest once the program was told to stop.
const REST: Duration = Duration::from_millis(500);

/// How long it takes without an alarm at most until it is seen that the system clock was set.
const NO_ALARM: Duration = Duration::from_secs(10);

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
    /// Standard output, if lines go there.
    output: Option<StandardOutput>,
    readiness: Option<Readiness>,
    metrics: Option<Box<Metrics>>,
    /// The alarm on the system clock, together with the signals. None: nobody asked for it, or it can't be had.
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
    pub fn new(readiness: Option<Readiness>) -> Result<System, Fatal> {
        let failed = |error| Fatal::system(Message::new("unable to catch signals"), &error);
        let signals =
            Signals::take_over(&[Signal::TERM, Signal::INT, Signal::HUP, Signal::ALARM]).map_err(failed)?;
        unix::signal::survive_file_size_limit().map_err(failed)?;
        Ok(System {
            started: Instant::now(),
            signals,
            stop: None,
            told: None,
            stopped: None,
            rotate: false,
            statuses: Vec::new(),
            output: None,
            readiness,
            metrics: None,
            waker: None,
        })
    }

    /// Makes an alarm for [`Host::wake_at`], if there are descriptors for it to keep.
    pub fn open_alarm(&mut self, hold: Hold) {
        if hold == Hold::Open {
            self.waker = Waker::new(&self.signals).ok();
        }
    }

    /// Counts from here on.
    pub fn count(&mut self, metrics: Metrics) {
        self.metrics = Some(Box::new(metrics));
    }

    /// Looks at standard output, for a script that writes to it.
    pub fn open_output(&mut self) -> Result<(), Fatal> {
        let failed = |error| Fatal::system(Message::new("unable to write to standard output"), &error);
        self.output = Some(StandardOutput::inherited().map_err(failed)?);
        Ok(())
    }

    /// Waits until standard output seems to take something, or a signal arrives. None: the program was told to stop,
    /// and there was no room since `begun`.
    fn wait_for_reader(&mut self, begun: Instant) -> io::Result<Option<bool>> {
        self.listen();
        let rested = self.stopped.map(|stopped| stopped.elapsed().min(begun.elapsed()));
        let over = self.stop >= Some(Stop::Now) && self.patience() == Patience::Over;
        if over || rested.is_some_and(|rested| rested >= REST) {
            return Ok(None);
        }
        let limit = rested.map(|rested| REST.saturating_sub(rested));
        event::wait_writable(diag::stdout(), &self.signals, limit).map(Some)
    }

    /// Opens the status files, and keeps them open where `hold` says so.
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
        // Whoever watches should see what this waits for.
        self.write_metrics();
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
            // The caller treats a wait that fails like one that ended early. It must not spin.
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

    fn ahead(&self, seconds: i64) -> i64 {
        TimeZone::of_process().ahead(seconds)
    }

    fn wake_at(&mut self, seconds: i64) -> Option<Duration> {
        match self.waker.as_mut().map(|waker| waker.set(seconds, || Label::now().unix_seconds())) {
            Some(Ok(None)) => return None,
            // The clock was set after the last look at it.
            Some(Ok(Some(_))) => return Some(Duration::ZERO),
            Some(Err(_)) | None => self.waker = None,
        }
        let now = self.now();
        let left =
            Duration::from_secs(u64::try_from(seconds.saturating_sub(now.unix_seconds())).unwrap_or(0));
        Some(left.saturating_sub(Duration::from_nanos(now.nanos().into())).min(NO_ALARM))
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
            unix::memory::told_to_end();
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
        self.write_metrics();
        let limit = limit.into_iter().chain(self.until_metrics()).min();
        event::wait([bell, self.signals.as_fd()], limit).ok();
        self.listen();
    }

    fn alert(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let stderr = unix::diag::stderr();
        while !event::wait_writable(stderr, &self.signals, None)? {
            self.listen();
            if self.stop.is_some() {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
        unix::file::write(stderr, &bytes[..bytes.len().min(ATOMIC_WRITE)])
    }

    fn print(&mut self, bytes: &[u8]) -> io::Result<Output> {
        let (mut begun, mut seems_to_have_room) = (None, false);
        loop {
            let Some(output) = &mut self.output else { return Ok(Output::Took(bytes.len())) };
            match output.write(bytes) {
                Ok(Some(written)) => return Ok(Output::Took(written)),
                Err(error) if output.is_gone(&error) => return Ok(Output::Gone(error)),
                Err(error) => return Err(error),
                Ok(None) => {}
            }
            if seems_to_have_room {
                // A terminal with room for one byte, and the newline takes two.
                self.linger(Duration::from_millis(10));
            }
            match self.wait_for_reader(*begun.get_or_insert_with(Instant::now))? {
                Some(room) => seems_to_have_room = room,
                None => return Ok(Output::Stopped),
            }
        }
    }

    fn tally(&mut self) -> Option<&mut Tally> {
        self.metrics.as_mut().map(|metrics| metrics.tally())
    }

    fn until_metrics(&self) -> Option<Duration> {
        self.metrics.as_ref()?.until_due(self.uptime())
    }

    fn write_metrics(&mut self) {
        let uptime = self.uptime();
        if let Some(said) = self.metrics.as_mut().and_then(|metrics| metrics.write_if_due(uptime)) {
            self.warn(&said);
        }
    }

    fn end_metrics(&mut self) {
        if let Some(said) = self.metrics.as_mut().and_then(|metrics| metrics.end()) {
            self.warn(&said);
        }
    }

    fn ready(&mut self) {
        if let Some(readiness) = self.readiness.take() {
            if let Err(error) = readiness.say() {
                diag::warn(PROGRAM, &Message::new("unable to say that it is ready").because(&error));
            }
        }
    }

    fn write_status(&mut self, status: usize, text: &[u8]) -> io::Result<usize> {
        let Status { path, file } = &self.statuses[status];
        match file {
            Some(file) => unix::file::overwrite(file, text),
            None => unix::file::overwrite(unix::file::open_status(path)?, text),
        }
    }
}
