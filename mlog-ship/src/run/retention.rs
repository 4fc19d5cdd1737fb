//! `Retention`: whether lines will be deleted soon that were not shipped.

use std::time::{Duration, Instant};

use tai64tools::Label;

use crate::source::Left;

/// A directory is looked at so often at most.
pub(super) const SPAN: Duration = Duration::from_secs(10);

/// What was seen of the oldest archives.
#[derive(Debug, Default)]
pub(super) struct Retention {
    looked: Option<Instant>,
    oldest: Option<Label>,
    /// Whether retention was seen to delete.
    deletes: bool,
    said: bool,
}

impl Retention {
    /// Whether it is time for a look.
    pub(super) fn is_due(&self) -> bool {
        self.looked.is_none_or(|looked| looked.elapsed() >= SPAN)
    }

    /// Takes a look. True: it has to be said that lines will be deleted, since they are among the oldest tenth and archives
    /// are deleted.
    pub(super) fn look(&mut self, left: &Left) -> bool {
        self.looked = Some(Instant::now());
        self.deletes |= self.oldest.is_some() && left.oldest > self.oldest;
        self.oldest = left.oldest;
        let is_near = self.deletes && left.archives > 0 && left.before * 10 < left.archives;
        is_near && !std::mem::replace(&mut self.said, is_near)
    }

    /// Nothing waits any more.
    pub(super) fn rest(&mut self) {
        *self = Retention::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_once_that_lines_among_the_oldest_tenth_will_be_deleted() {
        let mut retention = Retention::default();
        let label = |nanos| Label::new(tai64tools::label::EPOCH, nanos);
        let mut look =
            |oldest, before| retention.look(&Left { bytes: 1, before, archives: 20, oldest: label(oldest) });
        // Nobody deletes yet.
        assert!(!look(1, 0));
        assert!(!look(1, 0));
        assert!(!look(2, 5));
        assert!(!look(3, 2));
        assert!(look(4, 1));
        assert!(!look(5, 0));
    }
}
