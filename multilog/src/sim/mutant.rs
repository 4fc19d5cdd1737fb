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
    /// The record does not say how much of the piece in hand is written.
    ForgetsThePieceInHand,
    /// An empty piece follows one that is as long as is allowed.
    AddsAnEmptyPiece,
    /// What the last run has dropped and not said is not said.
    ForgetsWhatIsUnsaid,
    /// What a batch drops is unsaid, also when the batch is rolled back.
    CountsDroppedLinesTwice,
    /// What was dropped is said within a line.
    SaysItWithinALine,
    /// Hours are counted from some moment and not by the local clock.
    CountsFromTheStart,
    /// After the clock was set back, the boundaries come again that it has shown already.
    ForgetsTheLastBoundary,
    /// When no line comes, nothing ends a wait at a boundary.
    SleepsThroughBoundaries,
    /// A start does not look at when `current` was last written to.
    TakesAnOldCurrentForNew,
}

impl Mutant {
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
    pub(super) const ALL: [Mutant; 31] = [
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
        Mutant::ForgetsThePieceInHand,
        Mutant::AddsAnEmptyPiece,
        Mutant::ForgetsWhatIsUnsaid,
        Mutant::CountsDroppedLinesTwice,
        Mutant::SaysItWithinALine,
        Mutant::CountsFromTheStart,
        Mutant::ForgetsTheLastBoundary,
        Mutant::SleepsThroughBoundaries,
        Mutant::TakesAnOldCurrentForNew,
    ];

    /// How an argument begins without which a script does not show it.
    pub(super) fn action(self) -> &'static str {
        match self {
            Mutant::ForgetsThePieceInHand | Mutant::AddsAnEmptyPiece => "maxline=",
            Mutant::ForgetsWhatIsUnsaid | Mutant::CountsDroppedLinesTwice | Mutant::SaysItWithinALine => {
                "limit="
            }
            Mutant::TakesYoungForOld | Mutant::ForgetsTheHour => "age=",
            Mutant::WeighsNothing | Mutant::WeighsTwice => "cap=",
            Mutant::PrintsLate => "1",
            Mutant::IgnoresTheAskedMode => "mode=",
            _ => "",
        }
    }
}

/// Whether the last line is as long as the shortest limit allows.
pub(super) fn ends_with_a_full_piece(bytes: &[u8]) -> bool {
    let last = bytes.split_inclusive(|&byte| byte == b'\n').next_back();
    last.is_some_and(|line| line.len() == 1001 && line.ends_with(b"\n"))
}
