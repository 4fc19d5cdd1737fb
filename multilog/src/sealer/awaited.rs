//! Files that are on their way and not on the desk: those that the last run has left, and those that are left to the next
//! run.

use tai64tools::Label;

/// These files.
#[derive(Debug, Default)]
pub(super) struct Awaited(Vec<File>);

#[derive(Clone, Copy, Debug)]
struct File {
    label: Label,
    /// How many bytes it has. None: nobody has looked yet.
    bytes: Option<u64>,
}

impl Awaited {
    /// What the last run has left. Nobody has looked at it.
    pub(super) fn of(labels: Vec<Label>) -> Awaited {
        Awaited(labels.into_iter().map(|label| File { label, bytes: None }).collect())
    }

    /// A file of this many bytes is left.
    pub(super) fn leave(&mut self, label: Label, bytes: u64) {
        self.0.push(File { label, bytes: Some(bytes) });
    }

    /// A file is handed over, or will never be.
    pub(super) fn remove(&mut self, label: Label) {
        self.0.retain(|file| file.label != label);
    }

    /// Whether the file of this label is among them.
    pub(super) fn contains(&self, label: Label) -> bool {
        self.0.iter().any(|file| file.label == label)
    }

    /// Their labels.
    pub(super) fn labels(&self) -> impl Iterator<Item = Label> {
        self.0.iter().map(|file| file.label)
    }

    /// How many bytes they have, as far as that is known.
    pub(super) fn bytes(&self) -> u64 {
        self.0.iter().filter_map(|file| file.bytes).fold(0, u64::saturating_add)
    }

    /// Whether nobody has looked at some of them.
    pub(super) fn lack_any(&self) -> bool {
        self.0.iter().any(|file| file.bytes.is_none())
    }

    /// Whether nobody has looked at this one.
    pub(super) fn lacks(&self, label: Label) -> bool {
        self.0.iter().any(|file| file.label == label && file.bytes.is_none())
    }

    /// A file has this many bytes. False: it is not among them.
    pub(super) fn weigh(&mut self, label: Label, bytes: u64) -> bool {
        let file = self.0.iter_mut().find(|file| file.label == label);
        file.map(|file| file.bytes = file.bytes.or(Some(bytes))).is_some()
    }

    /// All names were looked at: what was not there has no bytes.
    pub(super) fn end_weighing(&mut self) {
        self.0.iter_mut().for_each(|file| file.bytes = file.bytes.or(Some(0)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_counts_from_the_look_at_it_until_it_is_handed_over() {
        let labels: Vec<Label> =
            std::iter::successors(Some(Label::MIN), |last| Some(last.next())).take(4).collect();
        let mut awaited = Awaited::of(labels[..3].to_vec());
        assert!(awaited.lack_any() && awaited.lacks(labels[0]) && awaited.bytes() == 0);
        assert!(awaited.weigh(labels[0], 10) && awaited.weigh(labels[0], 99));
        assert!(!awaited.weigh(labels[3], 5));
        awaited.leave(labels[3], 100);
        assert_eq!((awaited.bytes(), awaited.lacks(labels[0]), awaited.lack_any()), (110, false, true));
        awaited.remove(labels[0]);
        awaited.end_weighing();
        assert_eq!((awaited.bytes(), awaited.lack_any(), awaited.contains(labels[0])), (100, false, false));
        assert_eq!(awaited.labels().collect::<Vec<_>>(), labels[1..]);
    }
}
