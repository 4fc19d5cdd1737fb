//! `World`: everything outside of the lane, and what is wrong at the end.

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::chance::Chance;
use super::disk::{Careless, Disk};
use super::engine::{Engine, Kind, To};
use super::log::{Log, Written};

use super::super::{Backoff, Lane, Next, Pace, Parts, Shared, Terms, Word};
use crate::bound::Bound;
use crate::identity::{Instance, Origin};
use crate::letters::Letters;
use crate::state::{Files as _, Kept};

pub(super) const FILE: &str = "lane";
const DIRECTORY: &str = "/log";

/// Everything outside of the lane.
pub(super) struct World {
    pub(super) chance: Chance,
    pub(super) written: Rc<RefCell<Written>>,
    pub(super) engine: Arc<Mutex<Engine>>,
    pub(super) disk: Disk,
    pub(super) aside: Arc<Mutex<Vec<u8>>>,
    pub(super) now: Duration,
    pub(super) deaths: usize,
    pub(super) said: Vec<String>,
    pub(super) batch: usize,
}

/// Where lines go that are refused.
struct Aside(Arc<Mutex<Vec<u8>>>);

impl Letters for Aside {
    fn set_aside(&mut self, lines: &[u8]) -> io::Result<bool> {
        self.0.lock().unwrap().extend_from_slice(lines);
        Ok(false)
    }

    fn place(&self) -> &Path {
        Path::new("/refused")
    }
}

pub(super) type Machine = Lane<Log, Disk>;

impl World {
    pub(super) fn new(seed: u64, kind: Kind, careless: Careless) -> World {
        let chance = Chance::new(seed);
        World {
            written: Rc::default(),
            engine: Arc::new(Mutex::new(Engine::new(kind))),
            disk: Disk::new(chance.clone(), careless),
            aside: Arc::default(),
            now: Duration::from_secs(1),
            deaths: 0,
            said: Vec::new(),
            batch: 100,
            chance,
        }
    }

    /// A lane as a process has it that starts now.
    pub(super) fn start(&self) -> Result<Machine, String> {
        let kept = match self.disk.read(FILE) {
            Ok(text) => Kept::parse(&text).ok_or("the state is damaged")?.1,
            Err(_) => Kept::default(),
        };
        let origin = Origin { directory: PathBuf::from(DIRECTORY), host: Vec::new(), service: Vec::new() };
        let terms = Terms {
            number: 0,
            sink: "model".into(),
            file: FILE.into(),
            instance: Instance("i".into()),
            origin,
            most: self.batch,
            longest: None,
        };
        let engine = self.engine.clone();
        let sink = Box::new(To { engine, memory: kept.memory.clone(), chance: self.chance.clone() });
        let source = Log::new(self.written.clone(), self.chance.clone());
        let letters = Box::new(Aside(self.aside.clone()));
        let files = self.disk.clone();
        let parts = Parts { terms, shared: Shared::default(), source, sink, files, letters, kept };
        Ok(Lane::new(parts, Pace::new(Duration::from_secs(1)), Backoff::new(3)))
    }

    /// A step of the lane. False: the process has died in it.
    pub(super) fn step(&mut self, lane: &mut Machine) -> (Next, bool) {
        let next = lane.step(self.now);
        for word in lane.words() {
            let (Word::Warning(message) | Word::Notice(message)) = word;
            self.said.push(String::from_utf8_lossy(message.as_bytes()).into_owned());
        }
        if let Next::At(at) = next {
            self.now = self.now.max(at);
        }
        let is_alive = self.disk.state.borrow().dead.is_none();
        if !is_alive {
            self.deaths += 1;
            self.disk.restart();
        }
        (next, is_alive)
    }

    /// Ships all that is there, in as many lives as that takes.
    pub(super) fn ship_all(&mut self) -> Result<(), String> {
        let mut lane = self.start()?;
        lane.told(self.now);
        for _ in 0..10_000 {
            let (next, is_alive) = self.step(&mut lane);
            if !is_alive {
                lane = self.start()?;
                lane.told(self.now);
            } else if next == Next::Told {
                lane.settle().map_err(|error| error.to_string())?;
                return Ok(());
            } else if next == Next::Nothing {
                return Err(format!("the lane has stopped: {:?}", self.said));
            }
        }
        Err(format!("it goes round and round: {:?}", self.said))
    }

    /// What is wrong at the end.
    pub(super) fn faults(&self) -> Result<(), String> {
        let (written, engine) = (self.written.borrow(), self.engine.lock().unwrap());
        let (mut at, mut before, mut back) = (0, 0, 0);
        for message in &engine.has {
            let (first, end) = (place(&message.id.first), place(&message.id.end));
            let fits = written.text.get(first..end).is_some_and(|text| is_like(text, &message.lines));
            if !fits {
                return Err(format!("{first}..{end} is not what was written"));
            }
            let is_unseen = at == 0 && first <= written.unseen;
            if first > at && !is_unseen && !self.is_said_to_be_missing(first, &written) {
                return Err(format!("{at}..{first} lost"));
            }
            back += usize::from(first < before);
            (at, before) = (at.max(end), end);
        }
        if at != written.text.len() {
            return Err(format!("{at}..{} did not come", written.text.len()));
        }
        let allowed = match engine.kind {
            Kind::Plain => self.deaths + engine.lost + self.said_to_be_repeated(),
            Kind::ByNumber | Kind::Conditional => self.said_to_be_repeated(),
        };
        if back > allowed {
            return Err(format!("{back} times lines came again, and {allowed} times for a reason"));
        }
        self.refused_faults(&written, &engine)
    }

    fn is_said_to_be_missing(&self, first: usize, written: &Written) -> bool {
        first <= written.gone && self.said.iter().any(|said| said.contains("are missing"))
    }

    fn said_to_be_repeated(&self) -> usize {
        self.said.iter().filter(|said| said.contains("possibly repeated")).count()
    }

    /// What is refused is set aside.
    fn refused_faults(&self, written: &Written, engine: &Engine) -> Result<(), String> {
        let Some(bad) = engine.refused else { return Ok(()) };
        let aside = self.aside.lock().unwrap();
        for line in written.text.split_inclusive(|&byte| byte == b'\n') {
            // Of a longer line a piece is refused.
            let is_bad = line.len() <= 20 && memchr::memmem::find(line, bad.as_bytes()).is_some();
            if is_bad && memchr::memmem::find(&aside, line).is_none() {
                return Err(format!("{:?} was not set aside", String::from_utf8_lossy(line)));
            }
        }
        Ok(())
    }
}

fn place(bound: &Bound) -> usize {
    bound.place.offset as usize + bound.within as usize
}

/// Whether a processor may have made one of the other.
fn is_like(one: &[u8], other: &[u8]) -> bool {
    let plain =
        |text: &[u8]| text.iter().map(|&byte| if byte == b'y' { b'x' } else { byte }).collect::<Vec<_>>();
    plain(one) == plain(other)
}
