//! The state directory of the simulation: what is written is lost in a power cut unless it was synced, and each operation
//! may fail, or be the last one of the process.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use super::chance::Chance;
use crate::state::Files;

/// What happens at an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Death {
    /// The process is killed before it.
    KilledBefore,
    /// The process is killed behind it.
    KilledBehind,
    /// The power goes before it.
    CutBefore,
    /// The power goes behind it.
    CutBehind,
}

impl Death {
    pub(super) const ALL: [Death; 4] =
        [Death::KilledBefore, Death::KilledBehind, Death::CutBefore, Death::CutBehind];
}

/// What is wrong with how the files are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Careless {
    #[default]
    Not,
    /// The text is not synced before the rename.
    NoSync,
    /// The names are not synced.
    NoSyncOfNames,
    /// The names are not synced at the start.
    NoSyncAtStart,
    /// The text has no intent.
    NoIntent,
    /// Each text is written over the last one.
    OneSlot,
}

#[derive(Clone, Default)]
struct Inode {
    text: Vec<u8>,
    /// What a power cut leaves for certain.
    synced: Vec<u8>,
    /// What was written since.
    unsynced: Vec<(usize, Vec<u8>)>,
}

impl Inode {
    /// What a power cut leaves: of each write nothing, all, or the start.
    fn cut(&mut self, chance: &Chance) {
        let mut text = std::mem::take(&mut self.synced);
        for (place, bytes) in self.unsynced.drain(..) {
            let length =
                [0, bytes.len(), chance.below(bytes.len() as u64) as usize][chance.below(3) as usize];
            put(&mut text, place, &bytes[..length]);
        }
        (self.text, self.synced) = (text.clone(), text);
    }
}

fn put(text: &mut Vec<u8>, place: usize, bytes: &[u8]) {
    if !bytes.is_empty() {
        let end = text.len().max(place + bytes.len());
        text.resize(end, 0);
        text[place..place + bytes.len()].copy_from_slice(bytes);
    }
}

#[derive(Default)]
pub(super) struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    /// What the names were at the syncs and since the last one, oldest first.
    history: Vec<BTreeMap<String, usize>>,
    /// How many operations were done.
    pub(super) operations: usize,
    /// What happens at which operation.
    pub(super) plan: BTreeMap<usize, Death>,
    /// The process has died.
    pub(super) dead: Option<Death>,
    /// So often of a hundred an operation fails.
    pub(super) failing: u64,
    pub(super) careless: Careless,
    /// Whether this process has written.
    written: bool,
}

/// The state directory.
#[derive(Clone)]
pub(super) struct Disk {
    pub(super) state: Rc<RefCell<State>>,
    chance: Chance,
}

impl Disk {
    pub(super) fn new(chance: Chance, careless: Careless) -> Disk {
        let state = State { careless, history: vec![BTreeMap::new()], ..State::default() };
        Disk { state: Rc::new(RefCell::new(state)), chance }
    }

    /// The process is gone; what is left on the disk.
    pub(super) fn restart(&self) {
        let mut state = self.state.borrow_mut();
        state.written = false;
        let Some(death) = state.dead.take() else { return };
        if matches!(death, Death::KilledBefore | Death::KilledBehind) {
            return;
        }
        let kept = self.chance.below(state.history.len() as u64) as usize;
        state.names = state.history[kept].clone();
        state.history = vec![state.names.clone()];
        for inode in &mut state.inodes {
            inode.cut(&self.chance);
        }
    }

    fn operate<T>(&self, done: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.state.borrow_mut();
        let gone = || Err(io::Error::other("gone"));
        if state.dead.is_some() {
            return gone();
        }
        let number = state.operations;
        state.operations += 1;
        let planned = state.plan.get(&number).copied();
        if let Some(death @ (Death::KilledBefore | Death::CutBefore)) = planned {
            state.dead = Some(death);
            return gone();
        }
        if self.chance.of_hundred(state.failing) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let result = done(&mut state);
        if let Some(death) = planned {
            state.dead = Some(death);
            return gone();
        }
        result
    }
}

impl Files for Disk {
    type File = usize;

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let state = self.state.borrow();
        let inode = state.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(state.inodes[*inode].text.clone())
    }

    fn create(&self, name: &str) -> io::Result<usize> {
        self.operate(|state| {
            let inode = state.inodes.len();
            state.inodes.push(Inode::default());
            state.names.insert(name.into(), inode);
            state.history.push(state.names.clone());
            Ok(inode)
        })
    }

    fn open(&self, name: &str) -> io::Result<usize> {
        self.operate(|state| state.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into()))
    }

    fn write(&self, file: &usize, place: u64, text: &[u8]) -> io::Result<()> {
        self.operate(|state| {
            let text =
                if state.careless == Careless::NoIntent { without_intent(text) } else { text.to_vec() };
            let place = if state.careless == Careless::OneSlot { 0 } else { place as usize };
            let inode = &mut state.inodes[*file];
            put(&mut inode.text, place, &text);
            inode.unsynced.push((place, text));
            state.written = true;
            Ok(())
        })
    }

    fn sync(&self, file: &usize) -> io::Result<()> {
        self.operate(|state| {
            let is_start = !state.written;
            let is_done = match state.careless {
                Careless::NoSync => false,
                Careless::NoSyncAtStart => !is_start,
                _ => true,
            };
            if is_done {
                let inode = &mut state.inodes[*file];
                inode.synced = inode.text.clone();
                inode.unsynced.clear();
            }
            Ok(())
        })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.operate(|state| {
            let inode = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
            state.names.insert(to.into(), inode);
            state.history.push(state.names.clone());
            Ok(())
        })
    }

    fn sync_names(&self) -> io::Result<()> {
        self.operate(|state| {
            if state.careless != Careless::NoSyncOfNames {
                state.history = vec![state.names.clone()];
            }
            Ok(())
        })
    }
}

/// The texts of a file without their intents.
fn without_intent(text: &[u8]) -> Vec<u8> {
    let room = text.len();
    let text = String::from_utf8(text.to_vec()).unwrap();
    let own = |line: &&str| !line.starts_with("intent") && !line.starts_with("crc") && !line.is_empty();
    let at = text.find(|letter| letter != '\n').unwrap_or(0);
    let mut kept: String = text.lines().filter(own).map(|line| format!("{line}\n")).collect();
    kept += &format!("crc {:08x}\n", crc32fast::hash(kept.as_bytes()));
    let mut found = vec![b'\n'; at];
    found.extend_from_slice(kept.as_bytes());
    found.resize(room, b'\n');
    found
}
