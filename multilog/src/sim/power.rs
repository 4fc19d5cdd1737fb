//! The power goes. What was not synced may be on the disk afterwards, in part or whole, or as NULs, and each name for
//! itself.

use super::disk::{Disk, Entry, Inode, State};

impl Disk {
    /// What a power cut leaves. `choose` decides which of the things not synced got to the disk.
    pub(crate) fn cut_power(&self, mut choose: impl FnMut(usize) -> usize) {
        let mut state = self.state();
        state.boots += 1;
        state.time.booted = state.passed();
        state.cut_names(&mut choose);
        state.inodes.values_mut().for_each(|inode| inode.cut(&mut choose));
    }

    /// How many changes of names are not on the disk.
    pub(crate) fn unsynced_names(&self) -> usize {
        self.state().changes.len()
    }

    /// The logs of one directory that a power cut now could not take. An output that is not finished
    /// is no log.
    pub(crate) fn durable(&self, directory: usize) -> Vec<Vec<u8>> {
        let state = self.state();
        let settled = |name: &&Entry| !state.changes.iter().any(|(changed, _)| changed == *name);
        let is_log = |name: &str| name == "current" || name.starts_with('@') && !name.ends_with(".t");
        let names = state.durable_names.keys().filter(|name| name.0 == directory);
        let names = names.filter(|name| is_log(&name.1.to_string_lossy()));
        let names = names.filter(settled);
        names.map(|name| state.inodes[&state.durable_names[name]].durable.clone()).collect()
    }
}

impl State {
    /// Each change of a name is on the disk or not.
    fn cut_names(&mut self, choose: &mut impl FnMut(usize) -> usize) {
        let changes = std::mem::take(&mut self.changes);
        for (name, inode) in changes {
            if choose(2) == 0 {
                continue;
            }
            match inode {
                Some(inode) => drop(self.durable_names.insert(name, inode)),
                None => drop(self.durable_names.remove(&name)),
            }
        }
        self.names = self.durable_names.clone();
    }
}

impl Inode {
    /// What is on the disk of the file becomes all that there is of it.
    fn cut(&mut self, choose: &mut impl FnMut(usize) -> usize) {
        self.age_is_lost = true;
        let known = self.durable.len();
        let unsynced = self.live.len().saturating_sub(known);
        let added = &self.live[known.min(self.live.len())..];
        let mut left = self.durable.clone();
        match choose(5) {
            0 => {}
            // All of it except a page in the middle.
            4 => {
                left.extend_from_slice(added);
                let hole = known + choose(unsynced + 1);
                left[hole..].iter_mut().take(100).for_each(|byte| *byte = 0);
            }
            1 => left.extend_from_slice(&added[..choose(unsynced + 1)]),
            2 => left.resize(known + choose(unsynced + 1), 0),
            // Old content of the blocks.
            _ => left.resize(known + choose(unsynced + 1), b'?'),
        }
        if choose(2) == 1 {
            self.durable_mode = self.mode;
        }
        self.mode = self.durable_mode;
        self.live = left.clone();
        self.durable = left;
        self.lost_until = 0;
    }
}
