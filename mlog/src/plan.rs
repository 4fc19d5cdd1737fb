//! Which generations of a directory a query has to look at.
//!
//! The key of a line is the greatest of its stamp, the key of the line before it in its generation, and the label of the
//! generation before its own; but never later than the label of its own. So keys never go back within a directory, whatever
//! the clock did, each generation knows its own by itself, and a generation is left out only where its label is earlier than
//! the first moment that is wanted, or the label before it later than the last one.

use std::ffi::OsStr;
use std::fs::File;
use std::sync::Arc;

use tai64tools::Label;
use tai64tools::leap::Offset;

use crate::stamp::moment;
use crate::store::{Content as _, Generation, Snapshot, State};

/// Moments from one to another, both included. A line belongs to it by its key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// From here on.
    pub since: Option<Label>,
    /// Up to here.
    pub until: Option<Label>,
}

impl Range {
    /// Whether it is everything.
    pub fn is_all(self) -> bool {
        self == Range::default()
    }

    /// Whether a key is before all of it.
    pub fn is_after(self, key: Option<Label>) -> bool {
        self.since.is_some_and(|since| key.is_none_or(|key| key < since))
    }

    /// Whether a key is behind all of it.
    pub fn is_before(self, key: Option<Label>) -> bool {
        self.until.is_some_and(|until| key.is_some_and(|key| key > until))
    }
}

/// A generation that has to be looked at.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Which one.
    pub which: Which,
    /// The moment of the label of the generation before it: no key of it is less.
    pub floor: Option<Label>,
    /// The moment of its own label: no key of it is greater.
    pub ceiling: Option<Label>,
}

/// How a generation is found.
#[derive(Clone, Debug)]
pub enum Which {
    /// By its label, whatever its name is by now.
    Archive(Generation),
    /// One that had no label, which is kept open.
    Held(Held),
    /// One that had no label, by what it was.
    Later(Later),
}

impl Which {
    /// The name that it had.
    pub fn name(&self) -> &OsStr {
        match self {
            Which::Archive(generation) => &generation.name,
            Which::Held(Held { state, .. }) | Which::Later(Later { state, .. }) => {
                OsStr::new(if *state == State::Current { "current" } else { "previous" })
            }
        }
    }
}

/// The open file of a generation that has no label.
#[derive(Clone, Debug)]
pub struct Held {
    /// The file.
    pub file: Arc<File>,
    /// `Previous` or `Current`.
    pub state: State,
    /// So many bytes of it are read. None: all.
    pub size: Option<u64>,
}

/// What tells a generation that had no label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Later {
    /// The newest label at that time.
    pub newest: Option<Label>,
    /// How many generations were between that and this one.
    pub between: usize,
    /// How its text began.
    pub start: Vec<u8>,
    /// `Previous` or `Current`.
    pub state: State,
}

/// So much of a text tells it from others: a stamp and more.
const START: usize = 128;

/// The generations for a range, in order. What has no label is kept open, or found again where `hold` is false.
pub fn plan(snapshot: &Snapshot, offset: Offset, range: Range, hold: bool) -> Vec<Planned> {
    let mut planned = Vec::new();
    let mut floor: Option<Label> = None;
    for generation in snapshot.archives.iter().filter(|generation| generation.label.is_some()) {
        if range.is_before(floor) {
            return planned;
        }
        let own = generation.label.map(|label| moment(label, offset));
        if !range.is_after(own) {
            planned.push(Planned { which: Which::Archive(generation.clone()), floor, ceiling: own });
        }
        floor = floor.max(own);
    }
    if range.is_before(floor) {
        return planned;
    }
    let previous = snapshot.unlabelled.iter().map(|file| Held {
        file: file.clone(),
        state: State::Previous,
        size: None,
    });
    let current = snapshot.current.iter().map(|(file, size)| Held {
        file: file.clone(),
        state: State::Current,
        size: Some(*size),
    });
    for (between, held) in previous.chain(current).enumerate() {
        let which =
            if hold { Which::Held(held) } else { Which::Later(held.later(snapshot.newest(), between)) };
        planned.push(Planned { which, floor, ceiling: None });
    }
    planned
}

impl Held {
    fn later(&self, newest: Option<Label>, between: usize) -> Later {
        let mut start = vec![0; START];
        let got = self.file.read_at(&mut start, 0).unwrap_or(0);
        start.truncate(self.size.map_or(got, |size| usize::try_from(size).map_or(got, |size| got.min(size))));
        Later { newest, between, start, state: self.state }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tai64tools::label::EPOCH;

    fn label(seconds: u64) -> Label {
        Label::new(EPOCH + seconds, 0).unwrap()
    }

    #[test]
    fn a_generation_is_left_out_by_its_label_and_the_one_before() {
        let archive = |seconds| Generation {
            label: Some(label(seconds)),
            name: format!("{seconds}").into(),
            state: State::Sealed,
            in_work: false,
        };
        let file = Arc::new(File::open("/dev/null").unwrap());
        let snapshot = Snapshot {
            archives: vec![archive(10), archive(20), archive(30)],
            unlabelled: None,
            current: Some((file, 0)),
        };
        for (since, until, expected) in [
            (None, None, "10 20 30 current"),
            (Some(20), None, "20 30 current"),
            (Some(21), None, "30 current"),
            (Some(31), None, "current"),
            (None, Some(5), "10"),
            (None, Some(10), "10 20"),
            (None, Some(19), "10 20"),
            (Some(15), Some(25), "20 30"),
            (Some(35), Some(25), ""),
        ] {
            let range = Range { since: since.map(label), until: until.map(label) };
            let planned = plan(&snapshot, Offset::Fixed, range, true);
            let names: Vec<String> = planned
                .iter()
                .map(|planned| match &planned.which {
                    Which::Archive(generation) => generation.name.clone().into_string().unwrap(),
                    _ => "current".into(),
                })
                .collect();
            assert_eq!(names.join(" "), expected, "{since:?} {until:?}");
        }
    }
}
