//! How lanes are made: one from a directory to each sink.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use unix::diag::{self, Message};
use unix::tool::Fatal;

use super::Run;
use super::driver::{Driver, Name};
use super::ears::Listener;
use super::places::Place;
use super::retention::Retention;
use crate::lane::{Backoff, Lane, Pace, Parts, Shared, Terms};
use crate::letters::Refused;
use crate::metrics::{self, Tally};
use crate::sink::{Given, KINDS};
use crate::source::Logs;
use crate::state::{self, Disk, Slots};

impl Run {
    /// Drivers of the lanes from a directory to all sinks.
    ///
    /// # Errors
    ///
    /// A state can't be read, or something for a sink can't be opened.
    pub(super) fn drivers(&self, number: usize, place: &Place) -> Result<Vec<Driver>, Fatal> {
        let files = self.files(&place.origin.directory)?;
        let drivers = files.into_iter().enumerate().map(|(sink, (file, of_another))| {
            let terms = self.terms(number, sink, file, place);
            if of_another {
                let directory = Message::new(place.origin.directory.as_os_str().as_bytes());
                let said = directory.and(": ").and(&terms.sink).and(" is another engine than it was");
                diag::warn("mlog-ship", &said.and(": it gets what comes behind the lines of that one"));
            }
            self.driver(sink, terms, place)
        });
        drivers.collect()
    }

    /// The state file of each sink for a directory, and whether that was of another engine.
    fn files(&self, directory: &Path) -> Result<Vec<(String, bool)>, Fatal> {
        let sinks = &self.settled.sinks;
        let mut files = vec![(String::new(), false); sinks.len()];
        for kind in KINDS {
            let those = |at: &usize| sinks[*at].name() == kind.name;
            let all: Vec<usize> = (0..sinks.len()).filter(those).collect();
            if all.is_empty() {
                continue;
            }
            let engines: Vec<String> = all.iter().map(|&at| state::digest(&sinks[at].engine())).collect();
            for (at, file) in all.into_iter().zip(self.state.assign(kind.name, &engines, directory)?) {
                files[at] = file;
            }
        }
        Ok(files)
    }

    fn driver(&self, sink: usize, terms: Terms, place: &Place) -> Result<Driver, Fatal> {
        let name = terms.sink.clone();
        let tally = Arc::new(Tally::default());
        let directory = place.origin.directory.as_os_str().as_bytes();
        let (lane, ear) = self.lane(sink, terms, place, tally.clone())?;
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

    fn terms(&self, number: usize, sink: usize, file: String, place: &Place) -> Terms {
        let kind = self.settled.sinks[sink].name();
        let before = self.settled.sinks[..sink].iter().filter(|sink| sink.name() == kind).count();
        Terms {
            number,
            sink: state::numbered(kind, before),
            file,
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
        let (mut kept, version) = self.state.kept(&terms.file, &terms.origin.directory)?;
        let engine = state::digest(&self.settled.sinks[sink].engine());
        if !kept.engine.is_empty() && kept.engine != engine {
            // It is of no use for another one.
            kept.memory = String::new();
        }
        kept.engine = engine;
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
        let witness = Box::new(Listener { ears: self.ears.clone(), ear });
        let source = Logs::new(place.store.clone(), self.settled.ahead, self.settled.begin, witness);
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
