//! `Weights`: how many bytes the archives of a directory have, where the script limits them.
//!
//! Each archive is looked at once, since an archive does not change. What it weighs is kept under its name: 32 bytes
//! for each archive. A file with several names counts once.

use std::collections::VecDeque;
use std::io;

use tai64tools::Label;

use crate::logfs::{Archive, Identity, Stat};

/// What a look at a name has shown.
pub type Seen = io::Result<Option<Stat>>;

/// The weights of the archives of a directory.
#[derive(Debug, Default)]
pub struct Weights {
    /// In the order of their names.
    all: VecDeque<Weight>,
    /// Those of files that have other names as well.
    shared: Vec<(Identity, Key, u64)>,
    /// How many bytes the files have.
    sum: u64,
    /// How many names nobody has looked at yet.
    open: usize,
}

/// A name. Of what follows the label this has a checksum, to save room.
type Key = (Label, u32);

#[derive(Clone, Copy, Debug)]
struct Weight {
    label: Label,
    rest: u32,
    known: Known,
    /// Whether the look that is under way has seen the name.
    is_there: bool,
    bytes: u64,
}

/// What is known of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// Nobody has looked yet.
    NotYet,
    /// It could not be looked at.
    Failed,
    /// It has one name.
    Alone,
    /// It has several names.
    Shared,
}

impl Weight {
    fn key(&self) -> Key {
        (self.label, self.rest)
    }
}

impl Weights {
    /// Begins a look at the names.
    pub fn begin(&mut self) {
        self.all.iter_mut().for_each(|weight| weight.is_there = false);
    }

    /// A name is there. `fresh` collects those that are new.
    pub fn see(&mut self, archive: &Archive, fresh: &mut Fresh) {
        let key = key(archive);
        match self.place(key) {
            Ok(place) => self.all[place].is_there = true,
            // What there is no memory for has no weight.
            Err(_) if fresh.0.try_reserve(1).is_ok() => fresh.0.push(key),
            Err(_) => {}
        }
    }

    /// Ends the look: names that are not there are forgotten, and what could not be looked at may be tried again.
    pub fn end(&mut self, fresh: Fresh) {
        self.all.retain(|weight| weight.is_there);
        let room = self.all.try_reserve(fresh.0.len()).is_ok();
        let new = |(label, rest)| Weight { label, rest, known: Known::NotYet, is_there: true, bytes: 0 };
        self.all.extend(fresh.0.into_iter().filter(|_| room).map(new));
        self.all.make_contiguous().sort_unstable_by_key(Weight::key);
        for weight in self.all.iter_mut().filter(|weight| weight.known == Known::Failed) {
            weight.known = Known::NotYet;
        }
        let mut shared = std::mem::take(&mut self.shared);
        shared.retain(|&(_, key, _)| self.place(key).is_ok());
        self.shared = shared;
        self.settle();
    }

    /// Whether nobody has looked at this file yet.
    pub fn lacks(&self, archive: &Archive) -> bool {
        self.open > 0 && self.place(key(archive)).is_ok_and(|place| self.all[place].known == Known::NotYet)
    }

    /// Whether there are such files.
    pub fn lack_any(&self) -> bool {
        self.open > 0
    }

    /// Somebody has looked at a file. What came with its name before does not count any more.
    pub fn weigh(&mut self, archive: &Archive, seen: &Seen) {
        let key = key(archive);
        let Ok(place) = self.place(key) else { return };
        if !matches!(self.all[place].known, Known::NotYet | Known::Failed) {
            return;
        }
        self.open -= usize::from(self.all[place].known == Known::NotYet);
        let weight = &mut self.all[place];
        match seen {
            Err(_) => weight.known = Known::Failed,
            Ok(Some(stat)) if stat.regular && stat.links > 1 => {
                (weight.known, weight.bytes) = (Known::Shared, stat.size);
                self.shared.push((stat.identity, key, stat.size));
            }
            Ok(stat) => {
                let bytes = stat.as_ref().filter(|stat| stat.regular).map_or(0, |stat| stat.size);
                (weight.known, weight.bytes) = (Known::Alone, bytes);
                self.sum = self.sum.saturating_add(bytes);
            }
        }
    }

    /// All names were looked at. A name that is still unknown has gone meanwhile, or it came meanwhile.
    pub fn end_weighing(&mut self) {
        for weight in self.all.iter_mut().filter(|weight| weight.known == Known::NotYet) {
            weight.known = Known::Failed;
        }
        self.settle();
    }

    /// An archive has come.
    pub fn add(&mut self, archive: &Archive, seen: &Seen) {
        let (label, rest) = key(archive);
        if let Err(place) = self.place((label, rest)) {
            if self.all.try_reserve(1).is_ok() {
                self.all
                    .insert(place, Weight { label, rest, known: Known::NotYet, is_there: true, bytes: 0 });
                self.open += 1;
            }
        }
        let before = self.shared.len();
        self.weigh(archive, seen);
        if self.shared.len() > before {
            self.settle();
        }
    }

    /// The archives of this label are not there any more.
    pub fn remove(&mut self, label: Label) {
        let place = self.all.partition_point(|weight| weight.label < label);
        while let Some(&weight) = self.all.get(place).filter(|weight| weight.label == label) {
            self.all.remove(place);
            match weight.known {
                Known::NotYet => self.open -= 1,
                Known::Failed => {}
                Known::Alone => self.sum = self.sum.saturating_sub(weight.bytes),
                Known::Shared => self.remove_shared(weight.key()),
            }
        }
    }

    fn remove_shared(&mut self, key: Key) {
        let Some(place) = self.shared.iter().position(|&(_, other, _)| other == key) else { return };
        let (identity, _, bytes) = self.shared.remove(place);
        if !self.shared.iter().any(|&(other, ..)| other == identity) {
            self.sum = self.sum.saturating_sub(bytes);
        }
    }

    /// Whether it is known what the archives of this label weigh.
    pub fn know(&self, label: Label) -> bool {
        let place = self.all.partition_point(|weight| weight.label < label);
        let mut same = self.all.range(place..).take_while(|weight| weight.label == label);
        same.all(|weight| matches!(weight.known, Known::Alone | Known::Shared))
    }

    /// How many bytes the archives have.
    pub fn bytes(&self) -> u64 {
        self.sum
    }

    fn place(&self, key: Key) -> Result<usize, usize> {
        self.all.binary_search_by_key(&key, Weight::key)
    }

    /// Counts again. Files with several names are rare.
    fn settle(&mut self) {
        self.shared.sort_unstable_by_key(|&(identity, ..)| (identity.device, identity.inode));
        let alone = self.all.iter().filter(|weight| weight.known == Known::Alone).map(|weight| weight.bytes);
        let same = |one: &(Identity, Key, u64), other: &(Identity, Key, u64)| one.0 == other.0;
        let shared = self.shared.chunk_by(same).filter_map(|names| names.first()).map(|&(.., bytes)| bytes);
        self.sum = alone.chain(shared).fold(0, u64::saturating_add);
        self.open = self.all.iter().filter(|weight| weight.known == Known::NotYet).count();
    }
}

/// Names that a look has found.
#[derive(Debug, Default)]
pub struct Fresh(Vec<Key>);

fn key(archive: &Archive) -> Key {
    (archive.label, crc32fast::hash(archive.suffix()))
}

#[cfg(test)]
#[path = "weights_tests.rs"]
mod weights_tests;
