//! `current`: the file to which the lines of a directory go.

use std::time::Duration;

use tai64tools::Label;

use super::Stopped;
use crate::logfs::{Identity, Stat};
use crate::sealer::{Asked, Checksum, Job};

/// An open `current`.
#[derive(Debug)]
pub(super) struct Current<File> {
    pub(super) file: File,
    pub(super) identity: Identity,
    pub(super) length: u64,
    pub(super) checksum: Checksum,
    pub(super) inherited: Inherited,
    /// The label of the archive that it is already. It is a copy then, because another process has removed the
    /// original.
    pub(super) copied: Option<Label>,
    /// Whether its name is known to be on the disk.
    pub(super) named: bool,
    /// Since when it has bytes that were not brought to the disk.
    pub(super) dirty: Option<Duration>,
}

/// Whether `current` is from an earlier run, and what it had then is on the disk under that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inherited {
    Yes,
    No,
    /// It is, but the disk has refused to keep it: nothing may be added.
    Refused,
}

/// A place in `current`.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) length: u64,
    pub(super) checksum: Checksum,
}

impl<File> Current<File> {
    /// A file that was opened or made just now. `stat` says what it is.
    pub(super) fn new(file: File, stat: &Stat, inherited: Inherited) -> Current<File> {
        Current {
            file,
            identity: stat.identity,
            length: stat.size,
            checksum: Checksum::after(stat.size),
            inherited,
            copied: None,
            named: false,
            dirty: None,
        }
    }

    /// Its end.
    pub(super) fn mark(&self) -> Mark {
        Mark { length: self.length, checksum: self.checksum.clone() }
    }

    /// What the sealer gets when the file has become `@label.u`.
    pub(super) fn into_job(self, label: Label, asked: Asked) -> Job<File> {
        let Current { file, length, checksum, .. } = self;
        Job { label, file: Some(file), length, checksum: Some(checksum), asked }
    }
}

/// The place of `current` in its directory. The slot is empty while a rotation makes a new one, and stays empty if the
/// program is told to stop meanwhile; at the end it is empty too. So the answer of an empty slot is [`Stopped`].
#[derive(Debug)]
pub(super) struct Slot<File>(Option<Current<File>>);

impl<File> Slot<File> {
    pub(super) fn new(current: Current<File>) -> Slot<File> {
        Slot(Some(current))
    }

    pub(super) fn get(&self) -> Result<&Current<File>, Stopped> {
        self.0.as_ref().ok_or(Stopped)
    }

    pub(super) fn get_mut(&mut self) -> Result<&mut Current<File>, Stopped> {
        self.0.as_mut().ok_or(Stopped)
    }

    pub(super) fn take(&mut self) -> Result<Current<File>, Stopped> {
        self.0.take().ok_or(Stopped)
    }

    pub(super) fn put(&mut self, current: Current<File>) {
        self.0 = Some(current);
    }
}
