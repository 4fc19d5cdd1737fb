//! The simulated disk: files and names with two images each, what processes see and what a power cut leaves.
//!
//! A file's bytes and mode are durable as of its last successful sync; a name, as of the last sync of its directory.
//! Closing syncs nothing. A failed sync marks the file clean: later ones succeed and bring nothing to the disk, as kernels
//! do. `power.rs` says what a power cut leaves of what was not synced.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::poor::Lacks;
use super::time::{Spans, Time};
use super::trouble::{EMFILE, ENOENT, Fault, Killed, Trouble, error};
use super::wall::Wall;
use crate::logfs::{Identity, Stat};
use crate::tally::Flow;

#[derive(Clone, Debug)]
pub(crate) struct Inode {
    pub(super) live: Vec<u8>,
    pub(super) durable: Vec<u8>,
    pub(super) mode: u32,
    pub(super) durable_mode: u32,
    /// A sync has failed, and what was dirty then never gets to the disk.
    pub(super) lost_until: usize,
    /// When its bytes last changed.
    pub(super) modified: SystemTime,
    /// The latest hour that the wall clock had shown when bytes were last written.
    pub(super) hour: i64,
    /// Nothing says when the file was last written to: bytes were taken back, and whoever did that has not set the time
    /// yet. Or the power was cut, and a file is `current` again that had a label.
    pub(super) age_is_lost: bool,
}

impl Default for Inode {
    fn default() -> Inode {
        let (live, durable, modified) = (Vec::new(), Vec::new(), UNIX_EPOCH);
        let (mode, durable_mode, lost_until, hour, age_is_lost) = (0, 0, 0, 0, false);
        Inode { live, durable, mode, durable_mode, lost_until, modified, hour, age_is_lost }
    }
}

/// A name, in one of the directories.
pub(crate) type Entry = (usize, OsString);

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) inodes: BTreeMap<u64, Inode>,
    pub(super) names: BTreeMap<Entry, u64>,
    pub(super) durable_names: BTreeMap<Entry, u64>,
    /// Names changed since the last sync: each may be on the disk or not.
    pub(super) changes: Vec<(Entry, Option<u64>)>,
    next_inode: u64,
    operations: usize,
    /// What each of them was, for reports.
    names_of_operations: Vec<&'static str>,
    faults: Vec<Fault>,
    /// The process is dead: what its destructors still try does not happen.
    dead: bool,
    /// The process was told to end.
    told: bool,
    /// How often a process went on without a journal.
    pub(crate) journals_given_up: usize,
    /// How often a disk that had refused a file refused to mark it as well.
    pub(crate) marks_refused: usize,
    /// How often a process said that lines are lost.
    pub(crate) losses_said: usize,
    /// What the last process has counted that came to a clean end: its input, and what each directory got and dropped.
    pub(crate) counted: Option<(Flow, Vec<(Flow, u64)>)>,
    /// How many processes were started.
    pub(crate) processes: usize,
    /// What the file system lacks.
    pub(crate) lacks: Lacks,
    /// How often the power came back.
    pub(crate) boots: u8,
    /// How often a name was added to a directory or removed.
    pub(super) renamed: BTreeMap<usize, u64>,
    /// How many files the process in hand has open.
    open: usize,
    /// How many it may have. None: any number.
    budget: Option<usize>,
    /// How time passes from look to look, and what the clock makes due.
    pub(crate) time: Time,
    /// How old archives may become.
    pub(super) spans: Spans,
    /// How many operations have failed.
    pub(super) failed: usize,
    /// What each process wrote to standard output.
    pub(super) printed: Vec<Vec<u8>>,
    /// How many lines processes have left out there, and said so.
    pub(super) left_out: usize,
    /// What each name held that a processor has seen to its end, in the order in which it has seen them first.
    pub(super) processed: Vec<(Entry, Vec<u8>)>,
    /// What the wall clock shows.
    pub(super) wall: Wall,
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

    /// Processes may have this many files open.
    pub(crate) fn limit_descriptors(&self, budget: usize) {
        self.state().budget = Some(budget);
    }

    /// A process is started.
    pub(crate) fn start(&self) {
        let mut state = self.state();
        (state.dead, state.told, state.open) = (false, false, 0);
        state.printed.push(Vec::new());
        (state.counted, state.processes) = (None, state.processes + 1);
        state.start_clock();
    }

    /// Whether the process was told to end.
    pub(crate) fn was_told(&self) -> bool {
        self.state().told
    }

    /// How many operations there were.
    pub(crate) fn operations(&self) -> usize {
        self.state().operations
    }

    /// Counts an operation, and lets happen what is to happen at it. The power goes by the process
    /// being killed; the caller then asks for [`Disk::cut_power`].
    pub(crate) fn operate<T>(
        &self,
        what: &'static str,
        perform: impl FnOnce(&mut State, Option<Trouble>) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut state = self.state();
        if state.dead {
            return error(ENOENT);
        }
        let number = state.operations;
        state.operations += 1;
        state.names_of_operations.push(what);
        let trouble = state.faults.iter().find(|fault| fault.hits(number)).map(|fault| fault.trouble);
        match trouble {
            Some(Trouble::Told) => {
                state.told = true;
                perform(&mut state, None)
            }
            Some(Trouble::Removed | Trouble::Replaced) => {
                super::strangers::meddle(&mut state, trouble);
                perform(&mut state, None)
            }
            Some(Trouble::Error(errno)) => {
                state.failed += 1;
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

    /// The number of the last operation of that name.
    pub(crate) fn last(&self, name: &str) -> usize {
        self.state().names_of_operations.iter().rposition(|operation| *operation == name).unwrap_or(0)
    }

    /// What an operation was.
    pub(crate) fn name_of(&self, operation: usize) -> &'static str {
        self.state().names_of_operations.get(operation).copied().unwrap_or_default()
    }

    /// What the operations were at which something happened, with their neighbours.
    pub(crate) fn report(&self) -> String {
        let state = self.state();
        let around = |fault: &Fault| {
            let end = (fault.at + 1).min(state.names_of_operations.len());
            format!("{} {:?}", fault.at, &state.names_of_operations[fault.at.saturating_sub(3).min(end)..end])
        };
        state.faults.iter().map(around).collect::<Vec<_>>().join(", ")
    }

    /// A process said that it goes on without a journal.
    pub(crate) fn without_journal(&self) {
        self.state().journals_given_up += 1;
    }

    /// What a reader of a directory sees: names, modes, bytes.
    pub(crate) fn files(&self, directory: usize) -> Vec<(String, u32, Vec<u8>)> {
        let state = self.state();
        let file = |(name, inode): (&Entry, &u64)| {
            let inode = &state.inodes[inode];
            (name.1.to_string_lossy().into_owned(), inode.mode, inode.live.clone())
        };
        state.names.iter().filter(|(name, _)| name.0 == directory).map(file).collect()
    }
}

impl Inode {
    pub(super) fn set_mode(&mut self, mode: u32) {
        self.mode = mode;
    }

    /// The bytes and the mode get to the disk, except what an earlier sync has failed to bring there.
    pub(super) fn sync(&mut self) {
        let known = self.durable.len();
        self.durable = self.live.clone();
        let lost = self.lost_until.max(known).min(self.durable.len());
        self.durable[known..lost].fill(0);
        self.durable_mode = self.mode;
    }

    /// What is dirty now never gets to the disk.
    pub(super) fn fail_sync(&mut self) {
        self.lost_until = self.live.len();
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.live.truncate(length);
        self.durable.truncate(length);
    }
}

impl State {
    /// A file is opened.
    pub(super) fn take_descriptor(&mut self) -> io::Result<()> {
        if self.budget.is_some_and(|budget| self.open >= budget) {
            return error(EMFILE);
        }
        self.open += 1;
        Ok(())
    }

    /// A file is closed.
    pub(super) fn close(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// What a file is.
    pub(super) fn stat(&mut self, number: u64) -> Stat {
        let links = self.names.values().filter(|&&inode| inode == number).count() as u64;
        let inode = self.inode(number);
        let (mode, size, modified) = (inode.mode, inode.live.len() as u64, inode.modified);
        let mode = self.lacks.modes.unwrap_or(mode);
        Stat {
            regular: true,
            directory: false,
            owner: 0,
            mode,
            size,
            identity: Identity { device: 1, inode: number },
            links,
            modified,
        }
    }

    /// What is still to happen.
    pub(crate) fn faults_left(&self) -> Vec<Trouble> {
        let left = |fault: &&Fault| fault.at + fault.times > self.operations;
        self.faults.iter().filter(left).map(|fault| fault.trouble).collect()
    }

    /// What the wall clock shows.
    pub(super) fn moment(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.wall.shows().unsigned_abs())
    }

    pub(super) fn set_name(&mut self, name: Entry, inode: Option<u64>) {
        if let Some(number) = inode {
            self.note_rotation(&name, number);
        }
        match inode {
            Some(inode) => drop(self.names.insert(name.clone(), inode)),
            None => drop(self.names.remove(&name)),
        }
        *self.renamed.entry(name.0).or_default() += 1;
        self.changes.push((name, inode));
    }

    /// A new file under a name.
    pub(super) fn make(&mut self, name: Entry) -> u64 {
        let number = self.make_nameless();
        self.set_name(name, Some(number));
        number
    }

    pub(super) fn make_nameless(&mut self) -> u64 {
        self.next_inode += 1;
        let number = self.next_inode;
        let modified = self.moment();
        *self.inode(number) = Inode { mode: 0o644, durable_mode: 0o644, modified, ..Inode::default() };
        number
    }

    /// The names of a directory are on the disk.
    pub(super) fn sync_names(&mut self, directory: usize) {
        let names = self.names.iter().filter(|(name, _)| name.0 == directory);
        let names: Vec<(Entry, u64)> = names.map(|(name, inode)| (name.clone(), *inode)).collect();
        self.durable_names.retain(|name, _| name.0 != directory);
        self.durable_names.extend(names);
        self.changes.retain(|(name, _)| name.0 != directory);
    }

    pub(super) fn inode(&mut self, number: u64) -> &mut Inode {
        self.inodes.entry(number).or_default()
    }
}
