//! `Waking`: the thread that is told by the kernel which directories have changed, wakes their lanes, and finds new services.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use mlog::follow::{Hints, Told};
use unix::diag;

use super::bell::Bell;
use super::driver::Driver;
use super::places::{self, Place};
use super::{Run, STACK, check};

/// After a change of the scan directory it is looked at again after this time, and after twice, until the last one: the log
/// directory of a new service comes when its logger has started.
const FIRST_LOOK: Duration = Duration::from_secs(1);
const LAST_LOOK: Duration = Duration::from_secs(64);

/// All bells, for the end.
pub(super) type Bells = Arc<Mutex<Vec<Arc<Bell>>>>;

/// Wakes lanes.
pub(super) struct Waking {
    run: Arc<Run>,
    places: Vec<Place>,
    /// The bells of each directory's lanes.
    ours: Vec<Vec<Arc<Bell>>>,
    bells: Bells,
    /// When the scan directory is looked at again. None: when it changes.
    look: Option<Duration>,
    /// What was wrong with new directories, which was said.
    said: Option<Vec<u8>>,
}

impl Waking {
    pub(super) fn new(run: Arc<Run>) -> Waking {
        let look = run.settled.scan.as_ref().map(|_| FIRST_LOOK);
        let bells = Bells::default();
        Waking { run, places: Vec::new(), ours: Vec::new(), bells, look, said: None }
    }

    pub(super) fn bells(&self) -> Bells {
        self.bells.clone()
    }

    /// Starts the lanes of a directory.
    pub(super) fn add(&mut self, place: Place, drivers: Vec<Driver>) -> io::Result<()> {
        let mut ours = Vec::new();
        for driver in drivers {
            let bell = driver.bell.clone();
            self.bells.lock().unwrap_or_else(PoisonError::into_inner).push(bell.clone());
            if self.run.stopping.has_begun() {
                bell.end();
            }
            ours.push(bell);
            let watch = self.run.watch.clone();
            watch.begin();
            let body = move || {
                driver.run();
                watch.end();
            };
            thread::Builder::new().name("lane".into()).stack_size(STACK).spawn(body)?;
        }
        self.places.push(place);
        self.ours.push(ours);
        Ok(())
    }

    /// Wakes lanes for ever.
    pub(super) fn run(mut self) {
        let directories: Vec<PathBuf> = self.places.iter().map(|place| place.store.path.clone()).collect();
        let scan = self.run.settled.scan.clone();
        let first = usize::from(scan.is_some());
        let mut hints = Hints::new(scan.into_iter().chain(directories)).patient();
        let mut told = vec![Told::Nothing; first + self.places.len()];
        loop {
            hints.look_after(self.look);
            if hints.wait(&mut told).is_err() {
                thread::sleep(FIRST_LOOK);
                told.fill(Told::Changed);
            }
            for (bells, _) in self.ours.iter().zip(&told[first..]).filter(|(_, told)| **told != Told::Nothing)
            {
                bells.iter().for_each(|bell| bell.lines());
            }
            if first == 1 && told[0] != Told::Nothing {
                self.look_for_services(&mut hints);
            }
            told.clear();
            told.resize(first + self.places.len(), Told::Nothing);
        }
    }

    /// Starts lanes for what is new under the scan directory.
    fn look_for_services(&mut self, hints: &mut Hints) {
        let before = self.places.len();
        if let Ok(found) = places::find(&self.run.settled) {
            for place in found {
                self.start(place, hints);
            }
        }
        self.look = match self.look {
            _ if self.places.len() > before => Some(FIRST_LOOK),
            None => Some(FIRST_LOOK),
            Some(look) if look >= LAST_LOOK => None,
            Some(look) => Some(look * 2),
        };
    }

    fn start(&mut self, place: Place, hints: &mut Hints) {
        let is_known = |known: &Place| known.origin.directory == place.origin.directory;
        if self.places.iter().any(is_known) {
            return;
        }
        let mut all = self.places.clone();
        all.push(place.clone());
        let path = place.store.path.clone();
        let made = check(&self.run.settled, &all).and_then(|()| self.run.drivers(self.places.len(), &place));
        match made {
            Ok(drivers) => match self.add(place, drivers) {
                Ok(()) => hints.add(path),
                Err(error) => {
                    diag::warn("mlog-ship", super::failed("unable to start a thread", &error).message())
                }
            },
            Err(wrong) => {
                let message = wrong.message();
                if self.said.as_deref() != Some(message.as_bytes()) {
                    self.said = Some(message.as_bytes().to_vec());
                    diag::warn("mlog-ship", message);
                }
            }
        }
    }
}
