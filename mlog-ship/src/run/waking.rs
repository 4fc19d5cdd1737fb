//! `Waking`: the thread that is told by the kernel which directories have changed, wakes their lanes, and finds new services.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use mlog::follow::Told;
use mlog::store::hidden;
use unix::diag::{self, Message};

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
    /// What each lane is told by: its number among the ears, and its bell.
    ours: Vec<(usize, Arc<Bell>)>,
    /// The number of the scan directory.
    scan: Option<usize>,
    bells: Bells,
    /// When the scan directory is looked at again. None: when it changes.
    look: Option<Duration>,
    /// What was wrong with new directories, which was said.
    said: Option<Vec<u8>>,
    /// What can't be looked into, and was said.
    hidden: BTreeSet<PathBuf>,
}

impl Waking {
    pub(super) fn new(run: Arc<Run>) -> Waking {
        let look = run.settled.scan.as_ref().map(|_| FIRST_LOOK);
        let scan = run.settled.scan.clone().map(|scan| run.ears.add(scan));
        let bells = Bells::default();
        let hidden = BTreeSet::new();
        Waking { run, places: Vec::new(), ours: Vec::new(), scan, bells, look, said: None, hidden }
    }

    pub(super) fn bells(&self) -> Bells {
        self.bells.clone()
    }

    /// Starts the lanes of a directory.
    pub(super) fn add(&mut self, place: Place, drivers: Vec<Driver>) -> io::Result<()> {
        for driver in drivers {
            let bell = driver.bell.clone();
            self.bells.lock().unwrap_or_else(PoisonError::into_inner).push(bell.clone());
            if self.run.stopping.has_begun() {
                bell.end();
            }
            self.ours.push((driver.ear, bell));
            let watch = self.run.watch.clone();
            watch.begin();
            let body = move || {
                driver.run();
                watch.end();
            };
            thread::Builder::new().name("lane".into()).stack_size(STACK).spawn(body)?;
        }
        self.places.push(place);
        Ok(())
    }

    /// Wakes lanes for ever.
    pub(super) fn run(mut self) {
        self.say_hidden();
        loop {
            let told = self.run.ears.wait(self.look);
            let is_told = |ear: usize| told.get(ear).is_some_and(|told| *told != Told::Nothing);
            for (_, bell) in self.ours.iter().filter(|(ear, _)| is_told(*ear)) {
                bell.lines();
            }
            if self.scan.is_some_and(is_told) {
                self.look_for_services();
            }
        }
    }

    /// Starts lanes for what is new under the scan directory.
    fn look_for_services(&mut self) {
        self.say_hidden();
        let before = self.places.len();
        if let Ok(found) = places::find(&self.run.settled) {
            for place in found {
                self.start(place);
            }
        }
        self.look = match self.look {
            _ if self.places.len() > before => Some(FIRST_LOOK),
            None => Some(FIRST_LOOK),
            Some(look) if look >= LAST_LOOK => None,
            Some(look) => Some(look * 2),
        };
    }

    /// Names what can't be looked into, once.
    fn say_hidden(&mut self) {
        let settled = &self.run.settled;
        let Some(scan) = &settled.scan else { return };
        let hidden = hidden(scan, &settled.units);
        for (path, error) in hidden.iter().filter(|(path, _)| !self.hidden.contains(path)) {
            let about = Message::new("unable to read ").and(path.as_os_str().as_bytes());
            diag::warn("mlog-ship", &about.because(error));
        }
        self.hidden = hidden.into_iter().map(|(path, _)| path).collect();
    }

    fn start(&mut self, place: Place) {
        let is_known = |known: &Place| known.origin.directory == place.origin.directory;
        if self.places.iter().any(is_known) {
            return;
        }
        let mut all = self.places.clone();
        all.push(place.clone());
        let made = check(&self.run.settled, &all).and_then(|()| self.run.drivers(self.places.len(), &place));
        match made {
            Ok(drivers) => {
                if let Err(error) = self.add(place, drivers) {
                    diag::warn("mlog-ship", super::failed("unable to start a thread", &error).message());
                }
            }
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
