//! How lanes are made: one from a directory to each sink.

use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use mlog::follow::Doubt;
use unix::diag::Message;
use unix::tool::Fatal;

use super::Run;
use super::driver::{Driver, Name};
use super::places::Place;
use super::retention::Retention;
use crate::lane::{Backoff, Lane, Pace, Parts, Shared, Terms};
use crate::letters::Refused;
use crate::metrics::{self, Tally};
use crate::sink::Given;
use crate::source::Logs;
use crate::state::{self, Disk, Slots};

impl Run {
    /// Drivers of the lanes from a directory to all sinks.
    ///
    /// # Errors
    ///
    /// A state can't be read, or something for a sink can't be opened.
    pub(super) fn drivers(&self, number: usize, place: &Place) -> Result<Vec<Driver>, Fatal> {
        (0..self.settled.sinks.len()).map(|sink| self.driver(sink, number, place)).collect()
    }

    fn driver(&self, sink: usize, number: usize, place: &Place) -> Result<Driver, Fatal> {
        let name = self.name(sink);
        let tally = Arc::new(Tally::default());
        let directory = place.origin.directory.as_os_str().as_bytes();
        let (lane, ear) = self.lane(sink, self.terms(number, &name, place), place, tally.clone())?;
        if let Some(mut metrics) = self.metrics() {
            metrics.add(metrics::Lane::new(place.store.clone(), directory, &name, tally.clone()));
        }
        Ok(Driver {
            lane,
            ear,
            bell: Arc::default(),
            memory: self.memory.clone(),
            begun: self.begun,
            store: place.store.clone(),
            name: Name { directory: directory.to_vec(), sink: name },
            watch: self.watch.clone(),
            tally,
            retention: Retention::default(),
        })
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

    /// A lane, and its number among the ears.
    fn lane(
        &self,
        sink: usize,
        terms: Terms,
        place: &Place,
        tally: Arc<Tally>,
    ) -> Result<(Lane<Logs, Disk>, usize), Fatal> {
        let (kept, version) = self.state.kept(&terms.file, &terms.origin.directory)?;
        let given = Given {
            instance: self.state.instance.clone(),
            origin: place.origin.clone(),
            memory: kept.memory.clone(),
            stopping: self.stopping.clone(),
        };
        let shared = Shared { outage: self.outages[sink].clone(), tally };
        let sink =
            self.settled.sinks[sink].open(given).map_err(|wrong| Fatal::failure(Message::new(wrong)))?;
        // Before the lane looks at the directory for the first time.
        let ear = self.ears.add(place.store.path.clone());
        let ears = self.ears.clone();
        let was_there = Box::new(move |doubt: &Doubt| ears.confirm(ear, doubt));
        let source = Logs::new(place.store.clone(), self.settled.ahead, self.settled.begin, was_there);
        let backoff = Backoff::new(seed(&terms));
        let letters = Box::new(Refused::new(self.settled.refused.join(letters_of(&terms))));
        let disk = Disk::new(&self.state.path);
        let slots = Slots::new(disk, &terms.file, &terms.origin.directory, version);
        let parts = Parts { terms, shared, source, sink, slots, letters, kept };
        Ok((Lane::new(parts, Pace::new(self.settled.delay), backoff), ear))
    }
}

/// Where the chance of a lane's waits begins: lanes and machines wait differently.
fn seed(terms: &Terms) -> u64 {
    let lane = crc32fast::hash(terms.file.as_bytes());
    let machine = crc32fast::hash(terms.instance.0.as_bytes());
    u64::from(lane) << 32 | u64::from(machine)
}

/// The name of the directory for what is refused of a lane.
fn letters_of(terms: &Terms) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let service = terms.origin.service.iter().take(100);
    let service: String = service.map(|&byte| if is_plain(byte) { char::from(byte) } else { '_' }).collect();
    format!("{service}.{}", terms.file)
}
