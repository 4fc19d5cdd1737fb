//! `World`: a directory in memory, whose logger does its next operation whenever the schedule says so, between any two
//! operations of a reader.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, ErrorKind};
use std::rc::Rc;

use unix::file::{Identity, Stat};

use crate::archive::Damage;
use crate::follow::{Doubt, Readable, Sealed};
use crate::store::{Content, Directory, State, parse};

/// What a logger does at once.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// Appends a line to `current`.
    Write(String),
    Create(String),
    Rename(String, String),
    Link(String, String),
    Unlink(String),
    /// Writes the text of a file into another one, each line with something behind it.
    Copy(String, String, &'static str),
}

/// When the logger does its operations.
pub(super) trait Schedule {
    /// Whether it does one now, before an operation of the reader.
    fn now(&mut self) -> bool;
}

/// A file.
#[derive(Debug)]
pub(super) struct Inode {
    number: u64,
    text: RefCell<Vec<u8>>,
    links: Cell<u64>,
    /// Which generation it is of.
    generation: Cell<usize>,
    free: Rc<RefCell<Vec<u64>>>,
}

impl Drop for Inode {
    /// The number is used again at once when nobody holds the file.
    fn drop(&mut self) {
        self.free.borrow_mut().push(self.number);
    }
}

/// Names in the order in which a directory is listed.
#[derive(Default)]
struct Names(Vec<(u64, String, Rc<Inode>)>);

impl Names {
    fn get(&self, name: &str) -> Option<&Rc<Inode>> {
        self.0.iter().find(|(_, known, _)| known == name).map(|(_, _, inode)| inode)
    }

    fn remove(&mut self, name: &str) -> Rc<Inode> {
        let at = self.0.iter().position(|(_, known, _)| known == name);
        self.0.remove(at.unwrap_or_else(|| panic!("no {name}"))).2
    }

    fn insert(&mut self, name: String, inode: Rc<Inode>) {
        assert!(self.get(&name).is_none(), "{name} is there");
        let mut hasher = DefaultHasher::new();
        hasher.write(name.as_bytes());
        let place = hasher.finish();
        let at = self.0.partition_point(|(other, _, _)| *other < place);
        self.0.insert(at, (place, name, inode));
    }

    fn listed_after(&self, place: Option<u64>) -> Option<(u64, String)> {
        let at = place.map_or(0, |place| self.0.partition_point(|(other, _, _)| *other <= place));
        self.0.get(at).map(|(place, name, _)| (*place, name.clone()))
    }
}

/// The directory.
pub(super) struct World {
    names: RefCell<Names>,
    free: Rc<RefCell<Vec<u64>>>,
    made: Cell<u64>,
    /// How many generations were begun.
    begun: Cell<usize>,
    script: RefCell<VecDeque<Op>>,
    /// How many operations of the logger were done.
    pub(super) done: Cell<usize>,
    schedule: RefCell<Option<Box<dyn Schedule>>>,
    /// Whether the logger may do something between two names of a list.
    torn: bool,
    /// Names that have come or gone.
    pub(super) news: RefCell<Vec<String>>,
    /// In which generation each line was written.
    pub(super) generation_of: RefCell<Vec<usize>>,
    /// What reader and logger did, if that is wanted.
    pub(super) journal: RefCell<Option<Vec<String>>>,
}

impl World {
    pub(super) fn new(script: Vec<Op>, torn: bool) -> World {
        World {
            names: RefCell::default(),
            free: Rc::default(),
            made: Cell::new(0),
            begun: Cell::new(0),
            script: RefCell::new(script.into()),
            done: Cell::new(0),
            schedule: RefCell::new(None),
            torn,
            news: RefCell::default(),
            generation_of: RefCell::default(),
            journal: RefCell::default(),
        }
    }

    pub(super) fn log(&self, what: impl FnOnce() -> String) {
        if let Some(log) = self.journal.borrow_mut().as_mut() {
            log.push(what());
        }
    }

    /// From now on the logger follows this.
    pub(super) fn follow(&self, schedule: Box<dyn Schedule>) {
        *self.schedule.borrow_mut() = Some(schedule);
    }

    pub(super) fn is_over(&self) -> bool {
        self.script.borrow().is_empty()
    }

    /// Whether there is still something to read of a generation.
    pub(super) fn has(&self, generation: usize) -> bool {
        let names = self.names.borrow();
        let is_whole =
            |name: &str| !name.ends_with(".t") && (name != "processed" || names.get("previous").is_none());
        names.0.iter().any(|(_, name, inode)| is_whole(name) && inode.generation.get() == generation)
    }

    /// Whether a name has come or gone that is of what a follower doubts.
    pub(super) fn is_told(&self, doubt: &Doubt) -> bool {
        let names = self.news.borrow();
        let mut labels = names.iter().filter_map(|name| parse(name.as_bytes()));
        labels.any(|(label, _)| doubt.is_about(label))
    }

    fn turn(&self) {
        let mut schedule = self.schedule.borrow_mut();
        let Some(schedule) = schedule.as_mut() else { return };
        while !self.is_over() && schedule.now() {
            self.go_on();
        }
    }

    /// The logger's next operation.
    pub(super) fn go_on(&self) {
        let Some(op) = self.script.borrow_mut().pop_front() else { return };
        self.done.set(self.done.get() + 1);
        self.log(|| format!("    {op:?}"));
        let mut names = self.names.borrow_mut();
        if let Op::Create(name) | Op::Rename(_, name) | Op::Link(_, name) | Op::Unlink(name) = &op {
            self.news.borrow_mut().push(name.clone());
        }
        match op {
            Op::Write(line) => {
                let current = names.get("current").unwrap();
                current.text.borrow_mut().extend(line.bytes());
                self.generation_of.borrow_mut().push(current.generation.get());
            }
            Op::Create(name) => {
                if name == "current" {
                    self.begun.set(self.begun.get() + 1);
                }
                let inode = self.inode();
                names.insert(name, inode);
            }
            Op::Rename(from, to) => {
                let inode = names.remove(&from);
                names.insert(to, inode);
            }
            Op::Link(from, to) => {
                let inode = names.get(&from).unwrap().clone();
                inode.links.set(inode.links.get() + 1);
                names.insert(to, inode);
            }
            Op::Unlink(name) => {
                let inode = names.remove(&name);
                inode.links.set(inode.links.get() - 1);
            }
            Op::Copy(from, to, behind) => {
                let (from, to) = (names.get(&from).unwrap(), names.get(&to).unwrap());
                let text = String::from_utf8(from.text.borrow().clone()).unwrap();
                *to.text.borrow_mut() = text.replace('\n', &format!("{behind}\n")).into_bytes();
                to.generation.set(from.generation.get());
            }
        }
    }

    fn inode(&self) -> Rc<Inode> {
        let number = self.free.borrow_mut().pop().unwrap_or_else(|| {
            self.made.set(self.made.get() + 1);
            self.made.get()
        });
        Rc::new(Inode {
            number,
            text: RefCell::default(),
            links: Cell::new(1),
            generation: Cell::new(self.begun.get()),
            free: self.free.clone(),
        })
    }
}

impl Inode {
    fn stat(&self) -> Stat {
        Stat {
            regular: true,
            directory: false,
            owner: 0,
            mode: 0o644,
            size: self.text.borrow().len() as u64,
            identity: Identity { device: 1, inode: self.number },
            links: self.links.get(),
            modified: std::time::UNIX_EPOCH,
        }
    }
}

/// The directory as a reader has it.
#[derive(Clone)]
pub(super) struct Reading(pub(super) Rc<World>);

/// An open file.
#[derive(Clone)]
pub(super) struct Opened {
    inode: Rc<Inode>,
    world: Rc<World>,
}

impl Directory for Reading {
    type File = Opened;

    fn each_name(&self, see: &mut dyn FnMut(&OsStr)) -> io::Result<()> {
        self.0.turn();
        let mut from = None;
        loop {
            let next = self.0.names.borrow().listed_after(from);
            let Some((place, name)) = next else { return Ok(()) };
            see(OsStr::new(&name));
            self.0.log(|| format!("list {name}"));
            from = Some(place);
            if self.0.torn {
                self.0.turn();
            }
        }
    }

    fn lookup(&self, name: &OsStr) -> io::Result<Option<Stat>> {
        self.0.turn();
        self.0.log(|| format!("lookup {name:?}"));
        Ok(self.0.names.borrow().get(name.to_str().unwrap()).map(|inode| inode.stat()))
    }

    fn open_name(&self, name: &OsStr) -> io::Result<Opened> {
        self.0.turn();
        self.0.log(|| format!("open {name:?}"));
        let found = self.0.names.borrow().get(name.to_str().unwrap()).cloned();
        let inode = found.ok_or(ErrorKind::NotFound)?;
        Ok(Opened { inode, world: self.0.clone() })
    }
}

impl Content for Opened {
    fn stat(&self) -> io::Result<Stat> {
        self.world.turn();
        self.world.log(|| format!("stat {}", self.inode.number));
        Ok(self.inode.stat())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.world.turn();
        self.world.log(|| format!("read {} at {offset}", self.inode.number));
        let text = self.inode.text.borrow();
        let rest = &text[usize::try_from(offset).unwrap().min(text.len())..];
        let got = rest.len().min(buffer.len());
        buffer[..got].copy_from_slice(&rest[..got]);
        Ok(got)
    }
}

/// The text of a file that does not grow.
pub(super) struct Whole {
    file: Opened,
    at: u64,
    size: u64,
}

impl Readable for Opened {
    type Text = Whole;

    fn text(&self, _: State) -> io::Result<Whole> {
        Ok(Whole { file: self.clone(), at: 0, size: self.stat()?.size })
    }
}

impl Sealed for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Damage> {
        let most = usize::try_from(self.size - self.at).unwrap().min(buffer.len());
        let got = self.file.read_at(&mut buffer[..most], self.at).unwrap();
        self.at += got as u64;
        Ok(got)
    }
}
