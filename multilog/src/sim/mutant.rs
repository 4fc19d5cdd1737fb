//! Programs with one defect each.
//!
//! Each is what the engine would be with a line wrong: the seam does, or does not do, what the wrong line would have
//! asked of it.

use std::time::UNIX_EPOCH;

use crate::logfs::Stat;

/// A defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutant {
    /// The input is consumed when it is seen, and not when it is written.
    ConsumesFirst,
    /// No record is written before a batch.
    KeepsNoJournal,
    /// The record says from the start that the batch was consumed.
    SetsTheFlagFirst,
    /// The batch is consumed without a trace in the journal.
    LeavesNoTrace,
    /// What the last run left is not looked at.
    IgnoresJournals,
    /// A batch that only some directories have stays there.
    TakesNothingBack,
    /// A write that took less is taken for whole.
    TakesShortWritesForWhole,
    /// A write that failed is not repeated.
    IgnoresWriteErrors,
    /// Files are never brought to the disk.
    SyncsNoFile,
    /// Names are never brought to the disk.
    SyncsNoNames,
    /// A sync that failed is repeated on the same file.
    RepeatsSync,
    /// `current` says that it is safe while it is being written.
    MarksSafeAtOnce,
    /// Labels begin with the clock, and not after the labels that are there.
    FollowsTheClock,
    /// A processor that failed or was killed is taken for one that succeeded.
    TakesAnyEndForSuccess,
    /// Retention deletes files that are on their way to an archive.
    PrunesWhatIsOnItsWay,
    /// A batch is printed when it has left the input.
    PrintsLate,
    /// Descriptors are kept of files that are sealed.
    HoldsWhatItHasSealed,
    /// Every archive is taken for one that was written long ago.
    TakesYoungForOld,
    /// The hour in which nothing goes by age is over at the next start.
    ForgetsTheHour,
    /// The bytes of archives do not count.
    WeighsNothing,
    /// The bytes of archives count more than once.
    WeighsTwice,
    /// Files get the usual mode, whatever the script asks for.
    IgnoresTheAskedMode,
}

impl Mutant {
    /// Whether it has to do with retention by age or size.
    pub(super) fn is_about_limits(self) -> bool {
        use Mutant::{ForgetsTheHour, TakesYoungForOld, WeighsNothing, WeighsTwice};
        matches!(self, TakesYoungForOld | ForgetsTheHour | WeighsNothing | WeighsTwice)
    }

    /// What it takes an archive for.
    pub(super) fn seen(self, stat: Stat) -> Stat {
        match self {
            Mutant::TakesYoungForOld => Stat { modified: UNIX_EPOCH, ..stat },
            Mutant::WeighsNothing => Stat { size: 0, ..stat },
            Mutant::WeighsTwice => Stat { size: 9 * stat.size, ..stat },
            _ => stat,
        }
    }

    /// All of them.
    pub(super) const ALL: [Mutant; 22] = [
        Mutant::ConsumesFirst,
        Mutant::KeepsNoJournal,
        Mutant::SetsTheFlagFirst,
        Mutant::LeavesNoTrace,
        Mutant::IgnoresJournals,
        Mutant::TakesNothingBack,
        Mutant::TakesShortWritesForWhole,
        Mutant::IgnoresWriteErrors,
        Mutant::SyncsNoFile,
        Mutant::SyncsNoNames,
        Mutant::RepeatsSync,
        Mutant::MarksSafeAtOnce,
        Mutant::FollowsTheClock,
        Mutant::TakesAnyEndForSuccess,
        Mutant::PrunesWhatIsOnItsWay,
        Mutant::PrintsLate,
        Mutant::HoldsWhatItHasSealed,
        Mutant::TakesYoungForOld,
        Mutant::ForgetsTheHour,
        Mutant::WeighsNothing,
        Mutant::WeighsTwice,
        Mutant::IgnoresTheAskedMode,
    ];
}
