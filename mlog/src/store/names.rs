//! `Names`: what one look at the names of a directory has shown of its generations.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use tai64tools::label::LAST_SECOND;
use tai64tools::{Label, label};

use crate::archive::Form;

use super::{Generation, State};

/// The names of a directory that matter.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) labels: BTreeMap<Label, (OsString, State)>,
    /// Labels that a file on its way has.
    in_work: BTreeSet<Label>,
    previous: bool,
    processed: bool,
    /// Whether there is `current`, `lock` or `state`.
    of_a_logger: bool,
}

impl Names {
    pub(super) fn see(&mut self, name: &OsStr) {
        match name.as_bytes() {
            b"previous" => self.previous = true,
            b"processed" => self.processed = true,
            b"current" | b"lock" | b"state" => self.of_a_logger = true,
            bytes => {
                if let Some((label, state)) = parse(bytes) {
                    self.see_archive(label, name, state);
                }
            }
        }
    }

    /// A final name goes before `.u`, and of two final names the first in the order of bytes.
    fn see_archive(&mut self, label: Label, name: &OsStr, state: State) {
        if state == State::Unsealed {
            self.in_work.insert(label);
        }
        let rank = |state, name: &OsStr| (state == State::Unsealed, name.to_owned());
        let better = self.labels.get(&label).is_none_or(|(old, kept)| rank(state, name) < rank(*kept, old));
        if better {
            self.labels.insert(label, (name.to_owned(), state));
        }
    }

    /// The name of a generation that has been rotated and has no label yet. A logger removes `previous` when all of
    /// `processed` is on the disk, and only then gives that its label.
    pub(super) fn unlabelled(&self) -> Option<&'static OsStr> {
        match (self.previous, self.processed) {
            (true, _) => Some(OsStr::new("previous")),
            (false, true) => Some(OsStr::new("processed")),
            (false, false) => None,
        }
    }

    /// What has no label has one by now.
    pub(super) fn forget_unlabelled(&mut self) {
        (self.previous, self.processed) = (false, false);
    }

    /// Whether two looks have found the same generations.
    pub(super) fn is_like(&self, other: &Names) -> bool {
        self.unlabelled() == other.unlabelled() && self.labels.keys().eq(other.labels.keys())
    }

    /// What an earlier look has shown as well. Of a label the names of the later look hold.
    pub(super) fn with(mut self, earlier: &Names) -> Names {
        self.previous |= earlier.previous;
        self.processed |= earlier.processed;
        self.in_work.extend(&earlier.in_work);
        for (label, found) in &earlier.labels {
            self.labels.entry(*label).or_insert_with(|| found.clone());
        }
        self
    }

    /// Those up to a label, as archives. `later` are left out, and what has no label.
    pub(super) fn up_to(mut self, last: Option<Label>) -> Names {
        self.labels.retain(|label, _| Some(*label) <= last);
        self.forget_unlabelled();
        self
    }

    pub(super) fn newest(&self) -> Option<Label> {
        self.labels.last_key_value().map(|(&label, _)| label)
    }

    pub(super) fn is_log_directory(&self) -> bool {
        self.of_a_logger || self.previous || !self.labels.is_empty()
    }

    /// The generations in order.
    pub(super) fn archives(self) -> Vec<Generation> {
        let unlabelled = self.unlabelled();
        let labelled = self.labels.into_iter().map(|(label, (name, state))| Generation {
            label: Some(label),
            name,
            state,
            in_work: self.in_work.contains(&label),
        });
        let mut all: Vec<Generation> = labelled.collect();
        all.extend(unlabelled.map(|name| Generation {
            label: None,
            name: name.into(),
            state: State::Previous,
            in_work: true,
        }));
        all
    }
}

/// The label and state that a name says. None: it is no generation.
pub fn parse(name: &[u8]) -> Option<(Label, State)> {
    let label = Label::parse(name).filter(|label| label.seconds() <= LAST_SECOND)?;
    match &name[label::LENGTH..] {
        b".t" => None,
        b".u" => Some((label, State::Unsealed)),
        b".gz" => Some((label, State::Packed(Form::Gzip))),
        b".zst" => Some((label, State::Packed(Form::Zstd))),
        [b'.', _, ..] => Some((label, State::Sealed)),
        _ => None,
    }
}
