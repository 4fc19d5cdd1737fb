//! Others who may change a log directory: `current` is removed or replaced at every operation.

use std::ffi::OsString;

use super::disk::{Disk, State};
use super::exhaustive::operations;
use super::trouble::{Fault, Trouble};
use super::workload::Workload;
use super::workloads::{small, workloads};

/// What they put in the place of `current`.
pub(super) const FOREIGN: &[u8] = b"a line of somebody else\n";

/// Does to `current` of the first directory what they do.
pub(super) fn meddle(state: &mut State, trouble: Option<Trouble>) {
    let current = (0, OsString::from("current"));
    if !state.names.contains_key(&current) {
        return;
    }
    state.set_name(current.clone(), None);
    if trouble == Some(Trouble::Replaced) {
        let number = state.make(current);
        state.inode(number).live.extend_from_slice(FOREIGN);
    }
}

/// One run in which they are there at an operation.
fn run(workload: &Workload, faults: &[Fault]) -> (Disk, Result<(), String>) {
    let disk = Disk::with(faults);
    let ran = workload.run(&disk, None, |_, _| {});
    let about = |error| format!("{} {faults:?}: {error}; {}", workload.summary(), disk.report());
    let checked = ran.and_then(|()| workload.check_exact(&disk, &workload.expected())).map_err(about);
    (disk, checked)
}

/// The operations before the last look at `current`, when the input has ended. Who comes later comes after multilog.
fn in_time(workload: &Workload) -> std::ops::Range<usize> {
    let quiet = Disk::default();
    workload.run(&quiet, None, |_, _| {}).unwrap();
    0..quiet.last("look at current") + 1 - workload.directories()
}

const STRANGERS: [Trouble; 2] = [Trouble::Removed, Trouble::Replaced];

#[test]
fn a_current_that_is_removed_or_replaced_at_any_operation_loses_nothing_at_the_end_of_the_input() {
    for workload in workloads() {
        for (at, trouble) in in_time(&workload).flat_map(|at| STRANGERS.map(|trouble| (at, trouble))) {
            let (_, checked) = run(&workload, &[Fault::once(at, trouble)]);
            checked.unwrap();
        }
    }
}

#[test]
fn a_current_that_is_removed_or_replaced_before_term_loses_nothing() {
    for workload in small() {
        let count = operations(&workload);
        for (at, trouble) in (0..count).flat_map(|at| STRANGERS.map(|trouble| (at, trouble))) {
            for told in [at + 1, at + 4, at + 11].into_iter().filter(|told| told + 20 < count) {
                let (_, checked) =
                    run(&workload, &[Fault::once(at, trouble), Fault::once(told, Trouble::Told)]);
                checked.unwrap();
            }
        }
    }
}

#[test]
fn a_failure_after_current_was_removed_or_replaced_loses_and_repeats_nothing() {
    for workload in small() {
        for (at, trouble) in in_time(&workload).flat_map(|at| STRANGERS.map(|trouble| (at, trouble))) {
            for (after, times) in [(1, 1), (2, 1), (3, 1), (4, 3), (5, 1), (7, 2), (9, 1), (11, 3)] {
                let failure = Fault { at: at + after, times, trouble: Trouble::Error(5) };
                run(&workload, &[Fault::once(at, trouble), failure]).1.unwrap();
            }
        }
    }
}

/// Nobody has what was in it then. What can be done is to say so, and to go on with what is in the input.
#[test]
fn what_is_lost_when_current_is_removed_and_multilog_killed_is_said() {
    for workload in workloads() {
        let expected = workload.expected();
        for (at, trouble) in in_time(&workload).flat_map(|at| STRANGERS.map(|trouble| (at, trouble))) {
            for killed in [at + 1, at + 5, at + 30] {
                let kill = Fault::once(killed, Trouble::KillAfter);
                let (disk, checked) = run(&workload, &[Fault::once(at, trouble), kill]);
                // Replaced between the look at it and its rename, and killed before there was a copy: for a
                // rotation that was killed.
                let renames = |at| ["rename_new", "link"].contains(&disk.name_of(at));
                let unseen = (renames(at) || renames(at + 1)) && killed <= at + 5;
                if unseen {
                    continue;
                }
                let said = disk.state().losses_said > 0;
                // A long line of which a part was in the one that was replaced may be two.
                for (directory, log) in workload.script().logs.iter().enumerate() {
                    let keeps = log.keeps_all() || log.has_limits();
                    let (logged, expected) =
                        (workload.logged_and_deleted(&disk, directory), &expected[directory]);
                    let all = workload.is_limited(directory) || workload.has_at_least(&logged, expected);
                    // The others have everything in any case.
                    let right = all || !keeps || said && directory == 0;
                    assert!(right, "{checked:?}, directory {directory} {at}: {}", disk.report());
                }
            }
        }
    }
}
