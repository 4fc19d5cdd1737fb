//! `SimFs`: files and names with two images each, what processes see and what a power cut leaves.
//!
//! A file's bytes and mode are durable as of its last successful sync; a name, as of the last sync of
//! the directory. Closing syncs nothing. A failed sync marks the file clean: later ones succeed and
//! bring nothing to the disk, as kernels do.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::logfs::{Ending, How, LogFs, Mode, Name, Stat, Streams};

/// What happens at one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It fails with this errno.
    Error(i32),
    /// A write takes only half.
    Short,
    /// The process is killed before it.
    KillBefore,
    /// The process is killed after it.
    KillAfter,
    /// The power goes before it.
    PowerCut,
}

/// Trouble at an operation, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) at: usize,
    pub(crate) trouble: Trouble,
}

/// What a killed process unwinds with.
pub(crate) struct Killed;

#[derive(Clone, Debug, Default)]
struct Inode {
    live: Vec<u8>,
    durable: Vec<u8>,
    mode: u32,
    durable_mode: u32,
    /// A sync has failed, and what was dirty then never gets to the disk.
    lost_until: usize,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    inodes: BTreeMap<u64, Inode>,
    names: BTreeMap<OsString, u64>,
    durable_names: BTreeMap<OsString, u64>,
    /// Names changed since the last sync: each may be on the disk or not.
    changes: Vec<(OsString, Option<u64>)>,
    next_inode: u64,
    operations: usize,
    faults: Vec<Fault>,
    /// The process is dead: what its destructors still try does not happen.
    dead: bool,
}

/// The disk, which outlives the processes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

impl Disk {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A disk on which these things will happen.
    pub(crate) fn with(faults: &[Fault]) -> Disk {
        let disk = Disk::default();
        disk.state().faults = faults.to_vec();
        disk
    }

    /// A process is started.
    pub(crate) fn start(&self) {
        self.state().dead = false;
    }

    /// How many operations there were.
    pub(crate) fn operations(&self) -> usize {
        self.state().operations
    }

    /// Counts an operation, and lets happen what is to happen at it. The power goes by the process
    /// being killed; the caller then asks for [`Disk::cut_power`].
    pub(crate) fn operate<T>(
        &self,
        perform: impl FnOnce(&mut State, Option<Trouble>) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut state = self.state();
        if state.dead {
            return error(ENOENT);
        }
        let number = state.operations;
        state.operations += 1;
        let trouble = state.faults.iter().find(|fault| fault.at == number).map(|fault| fault.trouble);
        match trouble {
            Some(Trouble::Error(errno)) => {
                perform(&mut state, trouble).ok();
                Err(io::Error::from_raw_os_error(errno))
            }
            Some(Trouble::KillBefore | Trouble::PowerCut) => {
                state.dead = true;
                drop(state);
                std::panic::resume_unwind(Box::new(Killed));
            }
            Some(Trouble::KillAfter) => {
                perform(&mut state, None).ok();
                state.dead = true;
                drop(state);
                std::panic::resume_unwind(Box::new(Killed));
            }
            _ => perform(&mut state, trouble),
        }
    }

    /// What a power cut leaves. `choose` decides what of the things not synced got to the disk.
    pub(crate) fn cut_power(&self, mut choose: impl FnMut(usize) -> usize) {
        let mut state = self.state();
        let changes = std::mem::take(&mut state.changes);
        let mut names = state.durable_names.clone();
        for (name, inode) in changes {
            if choose(2) == 0 {
                continue;
            }
            match inode {
                Some(inode) => drop(names.insert(name, inode)),
                None => drop(names.remove(&name)),
            }
        }
        state.names = names.clone();
        state.durable_names = names;
        for inode in state.inodes.values_mut() {
            let unsynced = inode.live.len().saturating_sub(inode.durable.len());
            let mut left = inode.durable.clone();
            match choose(3) {
                0 => {}
                1 => {
                    left.extend_from_slice(&inode.live[inode.live.len() - unsynced..][..choose(unsynced + 1)])
                }
                _ => left.resize(left.len() + choose(unsynced + 1), 0),
            }
            if choose(2) == 1 {
                inode.durable_mode = inode.mode;
            }
            inode.mode = inode.durable_mode;
            inode.live = left.clone();
            inode.durable = left;
            inode.lost_until = 0;
        }
    }

    /// The bytes that a power cut now could not take, by name.
    pub(crate) fn durable(&self) -> Vec<Vec<u8>> {
        let state = self.state();
        let settled = |name: &&OsString| !state.changes.iter().any(|(changed, _)| changed == *name);
        let names = state.durable_names.keys().filter(settled);
        names.map(|name| state.inodes[&state.durable_names[name]].durable.clone()).collect()
    }

    /// What a reader sees: names, modes, bytes.
    pub(crate) fn files(&self) -> Vec<(OsString, u32, Vec<u8>)> {
        let state = self.state();
        let file = |(name, inode): (&OsString, &u64)| {
            let inode = &state.inodes[inode];
            (name.clone(), inode.mode, inode.live.clone())
        };
        state.names.iter().map(file).collect()
    }
}

impl State {
    /// What is still to happen.
    pub(crate) fn faults_left(&self) -> Vec<Trouble> {
        self.faults.iter().filter(|fault| fault.at >= self.operations).map(|fault| fault.trouble).collect()
    }

    fn set_name(&mut self, name: OsString, inode: Option<u64>) {
        match inode {
            Some(inode) => drop(self.names.insert(name.clone(), inode)),
            None => drop(self.names.remove(&name)),
        }
        self.changes.push((name, inode));
    }

    fn inode(&mut self, number: u64) -> &mut Inode {
        self.inodes.entry(number).or_default()
    }
}

fn error<T>(errno: i32) -> io::Result<T> {
    Err(io::Error::from_raw_os_error(errno))
}

const ENOENT: i32 = 2;
const EEXIST: i32 = 17;

/// One process' view of the disk.
#[derive(Debug)]
pub(crate) struct SimFs(pub(crate) Disk);

impl SimFs {
    fn change<T>(&self, perform: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        self.0.operate(|state, trouble| match trouble {
            Some(Trouble::Error(_)) => error(ENOENT),
            _ => perform(state),
        })
    }

    fn number(state: &State, name: &Name) -> io::Result<u64> {
        state.names.get(&name.to_os()).copied().map_or_else(|| error(ENOENT), Ok)
    }
}

impl LogFs for SimFs {
    type File = u64;

    fn open(&self, name: &Name, how: How) -> io::Result<u64> {
        self.change(|state| match (state.names.get(&name.to_os()).copied(), how) {
            (Some(_), How::New) => error(EEXIST),
            (Some(number), _) => Ok(number),
            (None, How::New | How::Make) => {
                state.next_inode += 1;
                let number = state.next_inode;
                *state.inode(number) = Inode { mode: 0o644, durable_mode: 0o644, ..Inode::default() };
                state.set_name(name.to_os(), Some(number));
                Ok(number)
            }
            (None, _) => error(ENOENT),
        })
    }

    fn write(&self, file: &u64, bytes: &[u8]) -> io::Result<usize> {
        self.0.operate(|state, trouble| {
            let written = match trouble {
                Some(Trouble::Error(_)) => 0,
                Some(Trouble::Short) => bytes.len().div_ceil(2),
                _ => bytes.len(),
            };
            state.inode(*file).live.extend_from_slice(&bytes[..written]);
            Ok(written)
        })
    }

    fn read_at(&self, file: &u64, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.change(|state| {
            let live = &state.inode(*file).live;
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(live.len());
            let count = buffer.len().min(live.len() - start);
            buffer[..count].copy_from_slice(&live[start..start + count]);
            Ok(count)
        })
    }

    fn truncate(&self, file: &u64, length: u64) -> io::Result<()> {
        self.change(|state| {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let inode = state.inode(*file);
            inode.live.truncate(length);
            inode.durable.truncate(length);
            Ok(())
        })
    }

    fn stat(&self, file: &u64) -> io::Result<Stat> {
        self.change(|state| {
            let inode = state.inode(*file);
            let (mode, size) = (inode.mode, inode.live.len() as u64);
            Ok(Stat { regular: true, owner: 0, mode, size, device: 1, inode: *file })
        })
    }

    fn lookup(&self, name: &Name) -> io::Result<Option<Stat>> {
        let number = self.change(|state| Ok(SimFs::number(state, name).ok()))?;
        number.map(|number| self.stat(&number)).transpose()
    }

    fn set_mode(&self, file: &u64, mode: Mode) -> io::Result<()> {
        self.change(|state| {
            state.inode(*file).mode = mode.bits();
            Ok(())
        })
    }

    fn sync(&self, file: &u64) -> io::Result<()> {
        self.0.operate(|state, trouble| {
            let inode = state.inode(*file);
            if let Some(Trouble::Error(_)) = trouble {
                inode.lost_until = inode.live.len();
                return Ok(());
            }
            let known = inode.durable.len();
            inode.durable = inode.live.clone();
            let lost = inode.lost_until.max(known).min(inode.durable.len());
            inode.durable[known..lost].fill(0);
            inode.durable_mode = inode.mode;
            Ok(())
        })
    }

    fn sync_names(&self) -> io::Result<()> {
        self.change(|state| {
            state.durable_names = state.names.clone();
            state.changes.clear();
            Ok(())
        })
    }

    fn rename_new(&self, from: &Name, to: &Name) -> io::Result<()> {
        self.change(|state| {
            let number = SimFs::number(state, from)?;
            if state.names.contains_key(&to.to_os()) {
                return error(EEXIST);
            }
            state.set_name(to.to_os(), Some(number));
            state.set_name(from.to_os(), None);
            Ok(())
        })
    }

    fn rename(&self, from: &Name, to: &Name) -> io::Result<()> {
        self.change(|state| {
            let number = SimFs::number(state, from)?;
            state.set_name(to.to_os(), Some(number));
            state.set_name(from.to_os(), None);
            Ok(())
        })
    }

    fn remove(&self, name: &Name) -> io::Result<()> {
        self.change(|state| {
            if state.names.contains_key(&name.to_os()) {
                state.set_name(name.to_os(), None);
            }
            Ok(())
        })
    }

    fn names(&self) -> io::Result<Vec<OsString>> {
        self.change(|state| Ok(state.names.keys().cloned().collect()))
    }

    /// The processor copies its input, and counts its runs in its state.
    fn process(&self, _: &OsStr, streams: &Streams<'_, u64>) -> io::Result<Option<Ending>> {
        let mut ending = Ending::Exited(1);
        let ran = self.0.operate(|state, trouble| {
            if trouble.is_none() {
                let input = state.inode(*streams.input).live.clone();
                state.inode(*streams.output).live.extend_from_slice(&input);
                let mut runs = state.inode(*streams.state).live.clone();
                runs.push(b'+');
                state.inode(*streams.newstate).live.extend_from_slice(&runs);
                ending = Ending::Exited(0);
            }
            Ok(())
        });
        ran.map(|()| Some(ending))
    }

    fn interrupt(&self) {}
}
