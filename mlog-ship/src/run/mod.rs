//! The program: finds directories, opens the state, and runs a thread for each lane, one that wakes them, and one that waits
//! for signals.

mod bell;
mod driver;
mod places;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mlog::follow::{Hints, Told};
use unix::diag::Message;
use unix::event;
use unix::signal::{Signal, Signals};
use unix::tool::{Exit, Fatal};

use bell::Bell;
use driver::Driver;
use places::Place;

use crate::command::Settled;
use crate::lane::{Backoff, Lane, Outage, Pace, Parts, Shared, Terms};
use crate::letters::Refused;
use crate::memory::Memory;
use crate::metrics::Tally;
use crate::sink::{Given, Settings};
use crate::source::Logs;
use crate::state::{self, Disk, State};
use crate::stopping::Stopping;

/// A thread needs no more: the buffers are elsewhere.
const STACK: usize = 512 << 10;

/// Ships until a signal comes.
///
/// # Errors
///
/// What can't be opened, or that no lane goes on.
pub(crate) fn run(settled: Settled) -> Result<Exit, Fatal> {
    let failed = |what: &str, error: &std::io::Error| Fatal::system(Message::new(what), error);
    let signals = Signals::take_over(&[Signal::TERM, Signal::INT])
        .map_err(|error| failed("unable to take over signals", &error))?;
    let stopping = Arc::new(Stopping::new().map_err(|error| failed("unable to create an event", &error))?);
    let places = places::find(&settled)?;
    check(&settled, &places)?;
    let state = State::open(&settled.state)?;
    let run = Run { settled, state, stopping, begun: Instant::now() };
    let drivers = run.drivers(&places)?;
    run.go(drivers, places, &signals)
}

/// Looks at all directories together before anything is opened.
fn check(settled: &Settled, places: &[Place]) -> Result<(), Fatal> {
    let origins: Vec<_> = places.iter().map(|place| place.origin.clone()).collect();
    for sink in &settled.sinks {
        sink.check(&origins).map_err(|wrong| Fatal::misuse(Message::new(wrong)))?;
    }
    Ok(())
}

/// What all lanes have in common.
struct Run {
    settled: Settled,
    state: State,
    stopping: Arc<Stopping>,
    begun: Instant,
}

impl Run {
    /// A driver for each directory and each sink.
    fn drivers(&self, places: &[Place]) -> Result<Vec<Driver>, Fatal> {
        let memory = Memory::new(self.settled.memory);
        let mut drivers = Vec::new();
        for (at, sink) in self.settled.sinks.iter().enumerate() {
            let name = self.name(at);
            let outage = Arc::new(Outage::default());
            for (number, place) in places.iter().enumerate() {
                let tally = Arc::new(Tally::default());
                let shared = Shared { outage: outage.clone(), tally };
                let terms = self.terms(number, &name, place);
                let lane = self.lane(&**sink, place, terms, shared)?;
                let (bell, memory) = (Arc::new(Bell::default()), memory.clone());
                drivers.push(Driver { lane, bell, memory, begun: self.begun });
            }
        }
        Ok(drivers)
    }

    /// The name of a sink: its kind, and a number where there are several.
    fn name(&self, at: usize) -> String {
        let kind = self.settled.sinks[at].name();
        match self.settled.sinks[..at].iter().filter(|sink| sink.name() == kind).count() {
            0 => kind.into(),
            before => format!("{kind}-{}", before + 1),
        }
    }

    fn terms(&self, number: usize, sink: &str, place: &Place) -> Terms {
        Terms {
            number,
            sink: sink.into(),
            file: state::name(sink, &place.origin.directory),
            instance: self.state.instance.clone(),
            origin: place.origin.clone(),
            most: self.settled.batch,
            longest: self.settled.longest,
        }
    }

    fn lane(
        &self,
        sink: &dyn Settings,
        place: &Place,
        terms: Terms,
        shared: Shared,
    ) -> Result<Lane<Logs, Disk>, Fatal> {
        let kept = self.state.kept(&terms.file, &terms.origin.directory)?.unwrap_or_default();
        let given = Given {
            instance: self.state.instance.clone(),
            origin: place.origin.clone(),
            memory: kept.memory.clone(),
            stopping: self.stopping.clone(),
        };
        let sink = sink.open(given).map_err(|wrong| Fatal::failure(Message::new(wrong)))?;
        let source = Logs::new(place.store.clone(), self.settled.ahead, self.settled.begin);
        let seed = u64::from(crc32fast::hash(terms.file.as_bytes())) << 32
            | u64::from(crc32fast::hash(terms.instance.0.as_bytes()));
        let files = Disk::new(&self.state.path);
        let letters = Box::new(Refused::new(self.settled.refused.join(letters_of(&terms))));
        let parts = Parts { terms, shared, source, sink, files, letters, kept };
        Ok(Lane::new(parts, Pace::new(self.settled.delay), Backoff::new(seed)))
    }

    /// Runs everything until a signal comes and what is in flight has ended, or the time for that.
    fn go(&self, drivers: Vec<Driver>, places: Vec<Place>, signals: &Signals) -> Result<Exit, Fatal> {
        let failed = |error: &std::io::Error| Fatal::system(Message::new("unable to start a thread"), error);
        let memory = drivers.first().map(|driver| driver.memory.clone());
        let bells: Vec<Arc<Bell>> = drivers.iter().map(|driver| driver.bell.clone()).collect();
        let ended = Arc::new(Ended::new(drivers.len()).map_err(|error| failed(&error))?);
        for driver in drivers {
            let ended = ended.clone();
            thread::Builder::new()
                .name("lane".into())
                .stack_size(STACK)
                .spawn(move || ended.note(driver.run()))
                .map_err(|error| failed(&error))?;
        }
        let waking = bells.clone();
        thread::Builder::new()
            .name("hints".into())
            .stack_size(STACK)
            .spawn(move || wake(&waking, places.into_iter().map(|place| place.store.path).collect()))
            .map_err(|error| failed(&error))?;
        self.wait(signals, &ended)?;
        self.stopping.begin();
        bells.iter().for_each(|bell| bell.end());
        if let Some(memory) = memory {
            memory.end();
        }
        while let Some(left) = self.stopping.left().filter(|left| !left.is_zero() && !ended.all()) {
            event::wait([ended.as_fd()], Some(left)).ok();
            ended.quiet();
        }
        Ok(Exit::Success)
    }

    /// Waits for a signal.
    fn wait(&self, signals: &Signals, ended: &Ended) -> Result<(), Fatal> {
        use std::os::fd::AsFd as _;
        loop {
            let waited = event::wait([signals.as_fd(), ended.as_fd()], None);
            waited.map_err(|error| Fatal::system(Message::new("unable to wait"), &error))?;
            ended.quiet();
            if signals.next().is_some() {
                return Ok(());
            }
            if ended.all() {
                return Err(Fatal::failure(Message::new("no directory is shipped any more")));
            }
        }
    }
}

/// The name of the directory for what is refused of a lane.
fn letters_of(terms: &Terms) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let service = terms.origin.service.iter().take(100);
    let service: String = service.map(|&byte| if is_plain(byte) { char::from(byte) } else { '_' }).collect();
    format!("{service}.{}", terms.file)
}

/// Rings the bells of the lanes whose directories have changed.
fn wake(bells: &[Arc<Bell>], directories: Vec<PathBuf>) {
    let count = directories.len();
    let mut told = vec![Told::Nothing; count];
    let mut hints = Hints::new(directories.into_iter()).patient();
    loop {
        if hints.wait(&mut told).is_err() {
            thread::sleep(Duration::from_secs(1));
            told.fill(Told::Changed);
        }
        for (at, bell) in bells.iter().enumerate() {
            if told[at % count] != Told::Nothing {
                bell.lines();
            }
        }
        told.fill(Told::Nothing);
    }
}

/// How many lanes have not ended.
struct Ended {
    left: AtomicUsize,
    bell: event::Bell,
}

impl Ended {
    fn new(lanes: usize) -> std::io::Result<Ended> {
        Ok(Ended { left: AtomicUsize::new(lanes), bell: event::Bell::new()? })
    }

    fn note(&self, _by_itself: bool) {
        self.left.fetch_sub(1, Ordering::AcqRel);
        self.bell.ring();
    }

    fn all(&self) -> bool {
        self.left.load(Ordering::Acquire) == 0
    }

    fn quiet(&self) {
        self.bell.quiet();
    }

    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        use std::os::fd::AsFd as _;
        self.bell.as_fd()
    }
}
