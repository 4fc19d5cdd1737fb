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
}

#[derive(Clone, Default)]
struct Inode {
    text: Vec<u8>,
    synced: bool,
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
    renamed: bool,
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
        state.renamed = false;
        let Some(death) = state.dead.take() else { return };
        if matches!(death, Death::KilledBefore | Death::KilledBehind) {
            return;
        }
        let kept = self.chance.below(state.history.len() as u64) as usize;
        state.names = state.history[kept].clone();
        state.history = vec![state.names.clone()];
        for inode in &mut state.inodes {
            if !inode.synced {
                let length = self.chance.below(inode.text.len() as u64 + 1) as usize;
                inode.text.truncate(length);
                inode.synced = true;
            }
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

    fn write(&self, file: &mut usize, text: &[u8]) -> io::Result<()> {
        self.operate(|state| {
            let mut text = String::from_utf8(text.to_vec()).unwrap();
            if state.careless == Careless::NoIntent {
                let lines =
                    text.lines().filter(|line| !line.starts_with("intent") && !line.starts_with("crc"));
                text = lines.map(|line| format!("{line}\n")).collect();
                text += &format!("crc {:08x}\n", crc32fast::hash(text.as_bytes()));
            }
            state.inodes[*file].text = text.into_bytes();
            state.inodes[*file].synced = false;
            Ok(())
        })
    }

    fn sync(&self, file: &usize) -> io::Result<()> {
        self.operate(|state| {
            state.inodes[*file].synced |= state.careless != Careless::NoSync;
            Ok(())
        })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.operate(|state| {
            let inode = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
            state.names.insert(to.into(), inode);
            state.renamed = true;
            state.history.push(state.names.clone());
            Ok(())
        })
    }

    fn sync_names(&self) -> io::Result<()> {
        self.operate(|state| {
            let is_start = !std::mem::take(&mut state.renamed);
            let is_done = match state.careless {
                Careless::NoSyncOfNames => false,
                Careless::NoSyncAtStart => !is_start,
                _ => true,
            };
            if is_done {
                state.history = vec![state.names.clone()];
            }
            Ok(())
        })
    }
}
