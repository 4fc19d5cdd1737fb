//! The inventory knows which archives a directory has: how many labels there are, and the oldest of them by name. It
//! does not read the directory at every rotation.
//!
//! The numbers come from one look at the names and from what this process has done since. Others may delete or add
//! archives meanwhile. So the inventory looks again when the names that it knows are used up, when the directory has
//! changed while nothing of ours was under way, and after a number of rotations that grows with the number of archives.
//! A look then costs a few names for each rotation.

use std::collections::{BTreeMap, VecDeque};
use std::io;

use tai64tools::Label;

use super::weights::{Fresh, Seen, Weights};
use crate::logfs::{Archive, Changed, LogFs};

/// How many of the oldest labels are known by name.
const KNOWN: usize = 1000;
/// How many archives that can't be deleted are tried again.
const REFUSED: usize = 16;
/// A look comes after this many rotations at the latest, or after a number of them that is this part of all archives.
const LOOK_AFTER: usize = 16;

/// The archives of one directory. Files that still have to be sealed are not among them.
#[derive(Debug, Default)]
pub struct Inventory {
    /// How many labels there are.
    count: usize,
    /// The oldest of them, oldest first, each with all its files.
    oldest: VecDeque<Vec<Archive>>,
    /// What they weigh. Nothing where nobody asks.
    weights: Weights,
    trust: Trust,
    /// How many files were rotated since the last look and are archives now, or gone.
    added: usize,
    /// When the directory had last changed at the time when nothing of ours was under way any more.
    seen: Option<Changed>,
    /// Archives that could not be deleted. They do not count, and each pruning tries them again.
    refused: Vec<Archive>,
}

/// Whether the numbers can be relied on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Trust {
    /// There was no look yet, or others have changed the directory.
    #[default]
    None,
    /// They were right at the last look.
    Looked,
}

/// Whether it matters how many bytes the files have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weigh {
    /// It does.
    Bytes,
    /// It does not.
    Nothing,
}

impl Inventory {
    /// Whether a look is due before anything is deleted.
    pub fn is_due(&self) -> bool {
        self.trust == Trust::None
            || self.oldest.is_empty() && self.count > 0
            || self.added > LOOK_AFTER.max(self.count / LOOK_AFTER)
    }

    /// Reads the names. Files for which `is_pending` holds are no archives yet.
    pub fn look<F: LogFs>(
        &mut self,
        fs: &F,
        weigh: Weigh,
        is_pending: impl Fn(&Archive) -> bool,
    ) -> io::Result<()> {
        let mut labels: Vec<Label> = Vec::new();
        let (weights, refused, mut fresh) = (&mut self.weights, &self.refused, Fresh::default());
        weights.begin();
        let mut oldest: BTreeMap<Label, Vec<Archive>> = BTreeMap::new();
        fs.each_name(&mut |name| {
            let counts = |archive: &Archive| !is_pending(archive) && !refused.contains(archive);
            let Some(archive) = Archive::parse(name).filter(counts) else { return };
            if weigh == Weigh::Bytes {
                weights.see(&archive, &mut fresh);
            }
            labels.push(archive.label);
            oldest.entry(archive.label).or_default().push(archive);
            if oldest.len() > KNOWN {
                oldest.pop_last();
            }
        })?;
        weights.end(fresh);
        labels.sort_unstable();
        labels.dedup();
        self.count = labels.len();
        self.oldest = oldest.into_values().collect();
        (self.trust, self.added) = (Trust::Looked, 0);
        Ok(())
    }

    /// An archive has come. Its label is later than nearly all others. `seen` is what it weighs, where that matters.
    pub fn add(&mut self, archive: Archive, seen: Option<&Seen>) {
        if let Some(seen) = seen {
            self.weights.add(&archive, seen);
        }
        let place = self.oldest.partition_point(|other| label(other) < archive.label);
        let are_all_known = self.oldest.len() == self.count && self.count < KNOWN;
        if place < self.oldest.len() || are_all_known {
            self.oldest.insert(place, vec![archive]);
        }
        self.count += 1;
        self.added += 1;
    }

    /// A rotated file has gone before it was an archive.
    pub fn pass(&mut self) {
        self.added += 1;
    }

    /// How many labels there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The oldest label.
    pub fn oldest(&self) -> Option<Label> {
        self.oldest.front().map(|archives| label(archives))
    }

    /// What the archives weigh.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// For who looks at the files.
    pub fn weights_mut(&mut self) -> &mut Weights {
        &mut self.weights
    }

    /// The files of the oldest label, and of the one after it, as far as they are known.
    pub fn two_oldest(&self) -> [&[Archive]; 2] {
        [0, 1].map(|place| self.oldest.get(place).map_or(&[][..], |archives| archives))
    }

    /// Takes the files of the oldest label out of the inventory, so that the caller deletes them.
    pub fn take_oldest(&mut self) -> Option<Vec<Archive>> {
        let oldest = self.oldest.pop_front()?;
        self.count -= 1;
        self.weights.remove(label(&oldest));
        Some(oldest)
    }

    /// An archive could not be deleted. Whether that is new.
    pub fn refuse(&mut self, archive: &Archive) -> bool {
        let is_new = !self.refused.contains(archive);
        if is_new && self.refused.len() < REFUSED {
            self.refused.push(archive.clone());
        }
        is_new
    }

    /// The archives that could not be deleted.
    pub fn refused(&self) -> Vec<Archive> {
        self.refused.clone()
    }

    /// The archive is deleted now.
    pub fn forgive(&mut self, archive: &Archive) {
        self.refused.retain(|other| other != archive);
    }

    /// Nothing of ours is under way now, and the directory has last `changed` at this time.
    pub fn note_quiet(&mut self, changed: io::Result<Changed>) {
        self.seen = changed.ok();
    }

    /// Something of ours is about to begin. A change of the directory since [`Inventory::note_quiet`] is not ours.
    pub fn compare(&mut self, changed: io::Result<Changed>) {
        let changed = changed.ok();
        if changed.is_none() || changed != self.seen {
            self.trust = Trust::None;
        }
    }
}

/// The label that these files have in common.
fn label(archives: &[Archive]) -> Label {
    archives.first().map_or(Label::MIN, |archive| archive.label)
}
