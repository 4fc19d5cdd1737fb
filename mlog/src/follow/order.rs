//! `Passed`: which generations are behind a follower, so that all others are its own or later.

use tai64tools::Label;
use unix::file::Identity;

use crate::store::{Generation, Snapshot, State};

/// What is behind a follower, and what it has seen before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Passed {
    /// Labels that are behind, in their order.
    behind: Vec<Label>,
    /// Labels that were seen and are not behind, in the order in which they come.
    ahead: Vec<Label>,
    /// A generation without a label that is behind: it gets the first label that comes.
    pub(super) unlabelled: Option<Known>,
    /// Whether an archive was deleted at any time.
    pub(super) deleted: bool,
    /// Whether the own archive was the oldest one and not sealed.
    in_work: bool,
}

/// A file that was read to its end, or that was before all that was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Which file it was, and its size.
    pub(super) file: Option<(Identity, u64)>,
    /// Its last line.
    pub(super) line: Vec<u8>,
}

impl Passed {
    /// All archives.
    pub(super) fn all<F>(snapshot: &Snapshot<F>) -> Passed {
        let unlabelled = snapshot.has_previous().then(Known::default);
        Passed { behind: labels(&snapshot.archives), unlabelled, ..Passed::default() }
    }

    /// All archives up to a label, and this label.
    pub(super) fn up_to<F>(snapshot: &Snapshot<F>, last: Option<Label>) -> Passed {
        let mut behind = labels(&snapshot.archives);
        behind.retain(|label| Some(*label) < last);
        behind.extend(last);
        Passed { behind, ..Passed::default() }
    }

    /// Those of a snapshot except these, of which the first is entered.
    pub(super) fn before<F>(snapshot: &Snapshot<F>, rest: &[Generation]) -> Passed {
        let (mut behind, coming) = (labels(&snapshot.archives), labels(rest));
        behind.retain(|label| coming.binary_search(label).is_err());
        let own = usize::from(rest.first().is_some_and(|first| first.label.is_some()));
        let ahead = coming[own.min(coming.len())..].to_vec();
        Passed { behind, ahead, ..Passed::default() }
    }

    /// Sees whether anything was deleted, and in which state the own archive is.
    pub(super) fn see<F>(&mut self, snapshot: &Snapshot<F>, own: Option<Label>) {
        let there = labels(&snapshot.archives);
        self.deleted |= self.behind.iter().any(|label| there.binary_search(label).is_err());
        let oldest = snapshot.archives.first();
        self.in_work |= own.is_some()
            && oldest.is_some_and(|oldest| oldest.label == own && oldest.state == State::Unsealed);
    }

    /// Whether archives may have been deleted between the own one, which is there, and these. Our logger leaves alone what
    /// is being sealed, and deletes what comes next, though it is newer.
    pub(super) fn may_lack(&self, others: &[Generation]) -> bool {
        self.deleted && self.in_work && !others.is_empty()
    }

    /// The newest label that is behind.
    pub(super) fn newest(&self) -> Option<Label> {
        self.behind.last().copied()
    }

    /// The generations that are not behind, except an own label. What is earlier by its label is later, where the clock
    /// has stepped back.
    pub(super) fn others<F>(&self, snapshot: &Snapshot<F>, own: Option<Label>) -> Vec<Generation> {
        let is_other = |generation: &&Generation| match generation.label {
            Some(label) => Some(label) != own && self.behind.binary_search(&label).is_err(),
            None => true,
        };
        let mut others: Vec<Generation> = snapshot.archives.iter().filter(is_other).cloned().collect();
        if own.is_some() {
            let labelled = others.iter().take_while(|other| other.label.is_some()).count();
            let earlier =
                others.iter().take_while(|other| other.label.is_some() && other.label < own).count();
            others[..labelled].rotate_left(earlier);
        }
        others
    }

    /// The newest that is behind, and earlier than this label, of those of a snapshot.
    pub(super) fn newest_before<F>(&self, snapshot: &Snapshot<F>, than: Option<Label>) -> Option<Generation> {
        let is_behind = |generation: &&Generation| {
            let is_before = |label: Label| than.is_none_or(|than| label < than);
            generation
                .label
                .is_some_and(|label| is_before(label) && self.behind.binary_search(&label).is_ok())
        };
        snapshot.archives.iter().rev().find(is_behind).cloned()
    }

    /// Whether nothing was ever behind.
    pub(super) fn is_nothing(&self) -> bool {
        self.behind.is_empty()
    }

    /// Whether a label that was seen before the follower is gone. A snapshot that is not settled goes up to its newest.
    pub(super) fn is_missed<F>(&self, snapshot: &Snapshot<F>, settled: bool) -> bool {
        let there = labels(&snapshot.archives);
        let is_shown = |label: &Label| settled || Some(label) <= there.last();
        self.ahead.iter().any(|label| is_shown(label) && there.binary_search(label).is_err())
    }

    /// Whether this is what comes next.
    pub(super) fn is_next(&self, generation: Option<&Generation>) -> bool {
        let next = self.ahead.first();
        next.is_some() && generation.and_then(|generation| generation.label.as_ref()) == next
    }
}

fn labels(generations: &[Generation]) -> Vec<Label> {
    let mut labels: Vec<Label> = generations.iter().filter_map(|generation| generation.label).collect();
    labels.sort_unstable();
    labels
}
