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
    /// How many archives were before the one that comes next.
    before: usize,
    /// Whether retention was seen to delete.
    deletes: bool,
    said: bool,
}

impl Retention {
    /// Whether it is time for a look.
    pub(super) fn is_due(&self) -> bool {
        self.looked.is_none_or(|looked| looked.elapsed() >= SPAN)
    }

    /// Takes a look. True: it has to be said that lines will be deleted, since archives are deleted, and they are among the
    /// oldest tenth or will be reached within two looks at the present pace.
    pub(super) fn look(&mut self, left: &Left) -> bool {
        self.looked = Some(Instant::now());
        self.deletes |= self.oldest.is_some() && left.oldest > self.oldest;
        self.oldest = left.oldest;
        let lost = std::mem::replace(&mut self.before, left.before).saturating_sub(left.before);
        let is_near = left.before * 10 < left.archives || left.before <= 2 * lost;
        let is_near = is_near && self.deletes && left.archives > 0;
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
        assert!(!look(3, 4));
        assert!(look(4, 1));
        assert!(!look(5, 0));
    }

    /// Ten archives of a hundred went between two looks, so that nothing was said until lines were gone.
    #[test]
    fn it_is_said_before_a_fast_logger_deletes_them() {
        let mut retention = Retention::default();
        let label = |nanos| Label::new(tai64tools::label::EPOCH, nanos);
        let mut look =
            |oldest, before| retention.look(&Left { bytes: 1, before, archives: 100, oldest: label(oldest) });
        assert!(!look(1, 90));
        // The engine is slow, and archives are deleted.
        assert!(!look(2, 85));
        assert!(!look(3, 65));
        assert!(look(4, 40));
        assert!(!look(5, 15));
    }
}
