//! `Passed`: which generations are behind a follower, so that all others are its own or later.

use tai64tools::Label;
use unix::file::Identity;

use crate::store::{Generation, Snapshot};

/// What is behind a follower, and what it has seen before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Passed {
    /// Labels that are behind, in their order.
    behind: Vec<Label>,
    /// Labels that were seen and are not behind, in the order in which they come.
    ahead: Vec<Label>,
    /// A generation without a label that is behind: it gets the first label that comes.
    pub(super) unlabelled: Option<Known>,
    /// Labels of archives that were complete when the follower came here. As long as one of them is there, nothing later
    /// was deleted.
    complete: Vec<Label>,
    /// Whether an archive was seen to be deleted at any time.
    pub(super) deleted: bool,
    /// Whether archives between the own one and those ahead may have been deleted before these were seen.
    pub(super) may_lack: bool,
    /// Whether nobody could have told of that.
    pub(super) is_untold: bool,
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
        Passed {
            behind: labels(&snapshot.archives),
            unlabelled,
            complete: complete(snapshot),
            ..Passed::default()
        }
    }

    /// All archives up to a label, and this label.
    pub(super) fn up_to<F>(snapshot: &Snapshot<F>, last: Option<Label>) -> Passed {
        let mut behind = labels(&snapshot.archives);
        behind.retain(|label| Some(*label) < last);
        behind.extend(last);
        Passed { behind, complete: complete(snapshot), ..Passed::default() }
    }

    /// Those of a snapshot except these, of which the first is entered.
    pub(super) fn before<F>(snapshot: &Snapshot<F>, rest: &[Generation]) -> Passed {
        let (mut behind, coming) = (labels(&snapshot.archives), labels(rest));
        behind.retain(|label| coming.binary_search(label).is_err());
        let own = usize::from(rest.first().is_some_and(|first| first.label.is_some()));
        let ahead = coming[own.min(coming.len())..].to_vec();
        Passed { behind, ahead, complete: complete(snapshot), ..Passed::default() }
    }

    /// Sees whether something that was behind is gone.
    pub(super) fn see<F>(&mut self, snapshot: &Snapshot<F>) {
        let there = labels(&snapshot.archives);
        self.deleted |= self.behind.iter().any(|label| there.binary_search(label).is_err());
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

    /// The newest archive of a snapshot that was complete when the follower came here, and is not later than this label.
    pub(super) fn newest_complete<F>(
        &self,
        snapshot: &Snapshot<F>,
        up_to: Option<Label>,
    ) -> Option<Generation> {
        let is_complete = |generation: &&Generation| {
            generation.label.is_some_and(|label| {
                up_to.is_none_or(|up_to| label <= up_to) && self.complete.binary_search(&label).is_ok()
            })
        };
        snapshot.archives.iter().rev().find(is_complete).cloned()
    }

    /// The newest of those of a snapshot that are behind.
    pub(super) fn newest_behind<F>(&self, snapshot: &Snapshot<F>) -> Option<Generation> {
        let is_behind = |generation: &&Generation| {
            generation.label.is_some_and(|label| self.behind.binary_search(&label).is_ok())
        };
        snapshot.archives.iter().rev().find(is_behind).cloned()
    }

    /// The follower goes on to the archive with this label, which a later look has shown. `is_sure`: nothing later was
    /// deleted since the look before.
    pub(super) fn comes_after(&mut self, before: &Passed, own: Option<Label>, is_sure: bool) {
        // What was seen before, and is gone, is missing where it was.
        self.ahead.extend(before.ahead.iter().filter(|label| Some(**label) > own));
        self.ahead.sort_unstable();
        self.ahead.dedup();
        let is_left = before.ahead.last().is_some_and(|last| Some(*last) > own);
        self.may_lack = !is_sure || is_left && before.may_lack;
        self.is_untold = is_left && before.is_untold;
    }

    /// This is the follower's first look. The logger may have spared the own archive before.
    pub(super) fn comes_first(&mut self) {
        self.may_lack = true;
    }

    /// The follower comes back to an archive, and `earlier` was there before. Where that is gone and nothing complete is
    /// there that is not later than the own one, the logger may have spared this, and deleted what came next.
    pub(super) fn comes_back<F>(
        &mut self,
        snapshot: &Snapshot<F>,
        own: Option<Label>,
        earlier: Option<Label>,
    ) {
        self.comes_first();
        let is_gone = earlier.is_some_and(|earlier| !labels(&snapshot.archives).contains(&earlier));
        self.deleted = is_gone;
        self.is_untold = is_gone && own.is_some() && self.newest_complete(snapshot, own).is_none();
    }

    /// Whether nothing was ever behind.
    pub(super) fn is_nothing(&self) -> bool {
        self.behind.is_empty()
    }

    /// Whether a label that was seen is gone, of those before the first of the others. A snapshot that is not settled goes
    /// up to its newest.
    pub(super) fn is_missed<F>(&self, snapshot: &Snapshot<F>, others: &[Generation], settled: bool) -> bool {
        let there = labels(&snapshot.archives);
        let first = others.first().and_then(|first| first.label);
        let is_before = |label: &Label| match first {
            Some(first) => *label < first,
            None => settled || Some(label) <= there.last(),
        };
        self.ahead.iter().any(|label| is_before(label) && there.binary_search(label).is_err())
    }

    /// Whether this is what comes next.
    pub(super) fn is_next(&self, generation: Option<&Generation>) -> bool {
        let next = self.ahead.first();
        next.is_some() && generation.and_then(|generation| generation.label.as_ref()) == next
    }
}

/// The labels of the archives on which the logger is not at work.
fn complete<F>(snapshot: &Snapshot<F>) -> Vec<Label> {
    let complete = snapshot.archives.iter().filter(|generation| !generation.in_work);
    let mut labels: Vec<Label> = complete.filter_map(|generation| generation.label).collect();
    labels.sort_unstable();
    labels
}

fn labels(generations: &[Generation]) -> Vec<Label> {
    let mut labels: Vec<Label> = generations.iter().filter_map(|generation| generation.label).collect();
    labels.sort_unstable();
    labels
}
