//! The program: finds directories, opens the state, and runs a thread for each lane, one that wakes them, and one that waits
//! for signals and writes counters.

mod bell;
mod driver;
mod ears;
mod lanes;
mod places;
mod retention;
mod waking;
mod watch;

use std::os::fd::AsFd as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use unix::diag::{self, Message};
use unix::event;
use unix::signal::{Signal, Signals};
use unix::tool::{Exit, Fatal};

use driver::Driver;
use ears::Ears;
use places::Place;
use waking::Waking;
use watch::Watch;

use crate::lane::Outage;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::settled::Settled;
use crate::state::State;
use crate::stopping::Stopping;

/// A thread needs no more: the buffers are elsewhere.
const STACK: usize = 512 << 10;

/// After so long the program ends whatever its lanes do.
const END: Duration = Duration::from_secs(2);

/// What all lanes have in common.
struct Run {
    settled: Settled,
    state: State,
    stopping: Arc<Stopping>,
    begun: Instant,
    memory: Arc<Memory>,
    watch: Arc<Watch>,
    ears: Arc<Ears>,
    /// The outage of each sink.
    outages: Vec<Arc<Outage>>,
    metrics: Option<Mutex<Metrics>>,
}

/// Ships until a signal comes.
///
/// # Errors
///
/// What can't be opened, or that no lane goes on.
pub(crate) fn run(settled: Settled) -> Result<Exit, Fatal> {
    let signals = Signals::take_over(&[Signal::TERM, Signal::INT])
        .map_err(|error| failed("unable to take over signals", &error))?;
    unix::limit::raise_descriptors();
    let places = places::find(&settled)?;
    if places.is_empty() && settled.scan.is_none() {
        return Err(Fatal::failure(Message::new("nothing to ship")));
    }
    check(&settled, &places)?;
    let run = Arc::new(Run::new(settled)?);
    let mut drivers = Vec::new();
    for (number, place) in places.iter().enumerate() {
        drivers.push(run.drivers(number, place)?);
    }
    run.go(places, drivers, &signals)
}

fn failed(what: &str, error: &std::io::Error) -> Fatal {
    Fatal::system(Message::new(what), error)
}

/// Looks at all directories together before anything is opened.
fn check(settled: &Settled, places: &[Place]) -> Result<(), Fatal> {
    let origins: Vec<_> = places.iter().map(|place| place.origin.clone()).collect();
    for sink in &settled.sinks {
        sink.check(&origins).map_err(|wrong| Fatal::misuse(Message::new(wrong)))?;
    }
    Ok(())
}

impl Run {
    fn new(settled: Settled) -> Result<Run, Fatal> {
        let unable = |error: std::io::Error| failed("unable to create an event", &error);
        let state = State::open(&settled.state)?;
        let metrics =
            settled.metrics.as_ref().map(|path| Mutex::new(Metrics::new(path.as_os_str(), Vec::new())));
        Ok(Run {
            state,
            stopping: Arc::new(Stopping::new().map_err(unable)?),
            begun: Instant::now(),
            memory: Memory::new(settled.memory),
            watch: Arc::new(Watch::new(metrics.is_some()).map_err(unable)?),
            outages: settled.sinks.iter().map(|_| Arc::default()).collect(),
            ears: Arc::new(Ears::new().map_err(unable)?),
            metrics,
            settled,
        })
    }

    fn metrics(&self) -> Option<MutexGuard<'_, Metrics>> {
        self.metrics.as_ref().map(|metrics| metrics.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs everything until a signal comes and what is in flight has ended, or the time for that.
    fn go(
        self: &Arc<Run>,
        places: Vec<Place>,
        drivers: Vec<Vec<Driver>>,
        signals: &Signals,
    ) -> Result<Exit, Fatal> {
        let unable = |error: &std::io::Error| failed("unable to start a thread", error);
        let mut waking = Waking::new(self.clone());
        for (place, drivers) in places.into_iter().zip(drivers) {
            waking.add(place, drivers).map_err(|error| unable(&error))?;
        }
        let bells = waking.bells();
        thread::Builder::new()
            .name("hints".into())
            .stack_size(STACK)
            .spawn(move || waking.run())
            .map_err(|error| unable(&error))?;
        let ended = self.wait(signals);
        self.stopping.begin();
        bells.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|bell| bell.end());
        self.memory.end();
        let begun = Instant::now();
        while begun.elapsed() < END && !self.watch.all_ended() {
            event::wait([self.watch.as_fd()], Some(END.saturating_sub(begun.elapsed()))).ok();
            self.watch.quiet();
        }
        if let Some(message) = self.metrics().and_then(|mut metrics| metrics.end()) {
            diag::warn("mlog-ship", &message);
        }
        ended.map(|()| Exit::Success)
    }

    /// Waits for a signal, and writes counters.
    fn wait(&self, signals: &Signals) -> Result<(), Fatal> {
        self.watch.changed();
        loop {
            let limit = self.write_metrics();
            let waited = event::wait([signals.as_fd(), self.watch.as_fd()], limit);
            waited.map_err(|error| failed("unable to wait", &error))?;
            self.watch.quiet();
            if signals.next().is_some() {
                return Ok(());
            }
            if self.watch.all_ended() && self.settled.scan.is_none() {
                return Err(Fatal::failure(Message::new("no directory is shipped any more")));
            }
        }
    }

    /// Writes the counters if that is due. How long it is until it is; None: until something changes.
    fn write_metrics(&self) -> Option<Duration> {
        let mut metrics = self.metrics().filter(|_| self.watch.has_changed())?;
        let now = self.begun.elapsed();
        let left = metrics.until_due(now);
        if !left.is_zero() {
            return Some(left);
        }
        self.watch.forget_changes();
        if let Some(message) = metrics.write(now) {
            diag::warn("mlog-ship", &message);
        }
        None
    }
}
