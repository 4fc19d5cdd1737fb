//! The plan of what a start has to repair, made of what is in the directory. Pure.
//!
//! The plan covers what our sealer can leave (`.t` files) and what an original multilog can leave (`previous`,
//! `processed`, `newstate`). Every repair may itself be interrupted; the next start plans anew.

use tai64tools::Label;

use crate::logfs::{Archive, Mode};

/// What is in the directory, as far as a start is concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// `current`.
    pub current: Option<Current>,
    /// `previous` of an original multilog.
    pub previous: Option<Old>,
    /// `processed` of an original multilog.
    pub processed: Option<Old>,
    /// `newstate`, if it may become `state`.
    pub newstate: bool,
    /// Every rotated file of ours. The mode matters for `.t` only. A file of another user is not here, so that nothing
    /// is removed because of it.
    pub archives: Vec<(Archive, Mode)>,
}

/// A file of an original multilog's rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Old {
    /// Not known to be complete.
    Writing,
    /// Complete and on the disk.
    Safe,
    /// An archive is the same file: the original links the new name before it removes the old one.
    Archived,
}

/// The state of `current`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Current {
    /// 0644 and without a byte.
    Empty,
    /// 0644: its multilog did not close it.
    Unclean,
    /// An archive is the same file.
    Archived,
    /// 0744, and its last line is whole.
    Clean,
    /// The journal knows what it has to hold.
    Known,
    /// 0744, but it ends within a line: a power cut took back what the mode promised.
    Torn,
    /// Lines may not be added to it: it is a link, a named pipe, a file of another user, or a file with another name.
    Foreign,
}

/// One repair. They are performed in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// `newstate` becomes `state`.
    CommitState,
    /// `newstate` belongs to a run that did not finish.
    DropNewState,
    /// `@label.t` gets its final name.
    PublishTemporary(Label),
    /// This file is not needed: an unfinished `.t`, or a `.u` beside its archive.
    Drop(Archive),
    /// `previous` was processed.
    DropPrevious,
    /// `processed` is not complete.
    DropProcessed,
    /// `processed` becomes `@label.s`.
    PublishProcessed,
    /// `previous` becomes `@label.u`.
    ArchivePrevious,
    /// `current` becomes `@label.u`.
    ArchiveCurrent,
    /// `current` is an archive already.
    DropCurrent,
}

/// The repairs that `snapshot` needs before `current` can be opened or made.
pub fn plan(snapshot: &Snapshot) -> Vec<Repair> {
    let mut repairs = Vec::new();
    let committed = plan_ours(snapshot, &mut repairs);
    if snapshot.current != Some(Current::Clean) {
        plan_original(snapshot, committed, &mut repairs);
    }
    if snapshot.newstate && !repairs.contains(&Repair::CommitState) {
        repairs.push(Repair::DropNewState);
    }
    match snapshot.current {
        Some(Current::Unclean | Current::Torn | Current::Foreign) => repairs.push(Repair::ArchiveCurrent),
        Some(Current::Archived) => repairs.push(Repair::DropCurrent),
        Some(Current::Empty | Current::Clean | Current::Known) | None => {}
    }
    repairs
}

/// Ours: `.t` files. True when one of them was complete.
fn plan_ours(snapshot: &Snapshot, repairs: &mut Vec<Repair>) -> bool {
    let mut committed = false;
    for (archive, mode) in snapshot.archives.iter().filter(|(archive, _)| archive.is_temporary()) {
        if *mode == Mode::Writing || has_archive(snapshot, archive.label) {
            repairs.push(Repair::Drop(archive.clone()));
            continue;
        }
        if snapshot.newstate && !committed {
            repairs.push(Repair::CommitState);
        }
        committed = true;
        repairs.push(Repair::PublishTemporary(archive.label));
        let source = Archive::unsealed(archive.label);
        if snapshot.archives.iter().any(|(archive, _)| *archive == source) {
            repairs.push(Repair::Drop(source));
        }
    }
    for (archive, _) in snapshot.archives.iter().filter(|(archive, _)| archive.is_unsealed()) {
        if has_archive(snapshot, archive.label) {
            repairs.push(Repair::Drop(archive.clone()));
        }
    }
    committed
}

fn has_archive(snapshot: &Snapshot, label: Label) -> bool {
    let finished = |archive: &Archive| !archive.is_temporary() && !archive.is_unsealed();
    snapshot.archives.iter().any(|(archive, _)| archive.label == label && finished(archive))
}

/// An original's rotation: `current` became `previous`, `processed` is made from it, and is complete
/// when its mode says so.
fn plan_original(snapshot: &Snapshot, committed: bool, repairs: &mut Vec<Repair>) {
    match snapshot.processed {
        Some(state @ (Old::Safe | Old::Archived)) => {
            if snapshot.newstate && !committed {
                repairs.push(Repair::CommitState);
            }
            if snapshot.previous.is_some() {
                repairs.push(Repair::DropPrevious);
            }
            repairs.push(if state == Old::Safe { Repair::PublishProcessed } else { Repair::DropProcessed });
            return;
        }
        Some(Old::Writing) => repairs.push(Repair::DropProcessed),
        None => {}
    }
    match snapshot.previous {
        Some(Old::Archived) => repairs.push(Repair::DropPrevious),
        Some(_) => repairs.push(Repair::ArchivePrevious),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Code;
    use Repair::*;

    #[test]
    fn every_state_that_an_original_can_leave_has_its_repair() {
        use Current::{Clean, Empty, Torn, Unclean};
        let (safe, writing, archived) = (Some(Old::Safe), Some(Old::Writing), Some(Old::Archived));
        for (current, previous, processed, newstate, expected) in [
            (None, None, None, false, vec![]),
            (Some(Empty), None, None, false, vec![]),
            (Some(Clean), None, None, false, vec![]),
            (Some(Current::Known), None, None, true, vec![DropNewState]),
            (Some(Torn), None, None, false, vec![ArchiveCurrent]),
            (Some(Current::Foreign), None, None, false, vec![ArchiveCurrent]),
            (Some(Unclean), None, None, false, vec![ArchiveCurrent]),
            // Killed after current got its second name and before it lost the first.
            (Some(Current::Archived), None, None, false, vec![DropCurrent]),
            // Killed after the rename of current, before or while the processor ran.
            (None, writing, None, false, vec![ArchivePrevious]),
            (Some(Empty), safe, None, false, vec![ArchivePrevious]),
            (
                Some(Unclean),
                safe,
                writing,
                true,
                vec![DropProcessed, ArchivePrevious, DropNewState, ArchiveCurrent],
            ),
            (Some(Empty), archived, None, false, vec![DropPrevious]),
            // Killed when the processor had finished.
            (Some(Empty), safe, safe, true, vec![CommitState, DropPrevious, PublishProcessed]),
            (Some(Empty), None, safe, true, vec![CommitState, PublishProcessed]),
            (Some(Empty), None, safe, false, vec![PublishProcessed]),
            (Some(Empty), None, archived, false, vec![DropProcessed]),
            // A clean current: nothing of the original's is touched.
            (Some(Clean), safe, writing, false, vec![]),
        ] {
            let snapshot = Snapshot { current, previous, processed, newstate, archives: vec![] };
            assert_eq!(plan(&snapshot), expected, "{snapshot:?}");
        }
    }

    #[test]
    fn every_state_that_our_sealer_can_leave_has_its_repair() {
        let label = Label::parse(b"@400000006b00e05e2c8dfba4").unwrap();
        let (u, t, s) =
            (Archive::unsealed(label), Archive::temporary(label), Archive::sealed(label, &Code::plain()));
        for (archives, newstate, expected) in [
            (vec![(u.clone(), Mode::Writing)], false, vec![]),
            (
                vec![(u.clone(), Mode::Safe), (t.clone(), Mode::Writing)],
                true,
                vec![Drop(t.clone()), DropNewState],
            ),
            (
                vec![(u.clone(), Mode::Safe), (t.clone(), Mode::Safe)],
                true,
                vec![CommitState, PublishTemporary(label), Drop(u.clone())],
            ),
            (
                vec![(u.clone(), Mode::Safe), (t.clone(), Mode::Safe)],
                false,
                vec![PublishTemporary(label), Drop(u.clone())],
            ),
            (vec![(u.clone(), Mode::Safe), (s.clone(), Mode::Safe)], false, vec![Drop(u.clone())]),
            // The file with the name of the source belongs to another user.
            (vec![(t.clone(), Mode::Safe)], false, vec![PublishTemporary(label)]),
            (vec![(s.clone(), Mode::Safe)], false, vec![]),
        ] {
            let snapshot = Snapshot { archives, newstate, ..Snapshot::default() };
            assert_eq!(plan(&snapshot), expected, "{snapshot:?}");
        }
    }
}
