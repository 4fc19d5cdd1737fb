//! Every operation of a workload, failed in every way and killed at; then the run goes on with the next process, and the
//! log is looked at.
//!
//! After failures, kills and TERM every line is there exactly once and in order, and nothing is left half done.

use super::disk::Disk;
use super::mutant::Mutant;
use super::poor::Lacks;
use super::trouble::{EPIPE, Fault, Trouble};
use super::workload::{Journal, Workload};
use super::workloads::{small, workloads};

/// Errors that calls give: EIO, ENOSPC, EINTR, EAGAIN.
pub(super) const ERRORS: [i32; 4] = [5, 28, 4, 11];

/// How long a failure lasts that does not go away at once.
const STICKY: usize = 7;

/// What of all that can happen is made to happen.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    /// How far the operations are apart at which something happens.
    pub(super) step: usize,
    /// Power cuts at each operation.
    pub(super) cuts: u64,
}

impl Extent {
    pub(super) const ALL: Extent = Extent { step: 1, cuts: 6 };
}

/// A run in which nothing happens.
pub(super) fn check_quiet(workload: &Workload, mutant: Option<Mutant>, _: Extent) -> Result<(), String> {
    check(workload, &workload.expected(), mutant, &[])
}

pub(super) fn operations(workload: &Workload) -> usize {
    let quiet = Disk::default();
    workload.run(&quiet, None, |_, _| {}).unwrap();
    quiet.operations()
}

/// One run with these faults, after which everything has to be there.
pub(super) fn check(
    workload: &Workload,
    expected: &[Vec<Vec<u8>>],
    mutant: Option<Mutant>,
    faults: &[Fault],
) -> Result<(), String> {
    check_on(&Disk::with(faults), workload, expected, mutant, faults)
}

/// The same on this disk, which has these faults and whatever else.
pub(super) fn check_on(
    disk: &Disk,
    workload: &Workload,
    expected: &[Vec<Vec<u8>>],
    mutant: Option<Mutant>,
    faults: &[Fault],
) -> Result<(), String> {
    let about = |error| format!("{} {faults:?}: {error}; {}", workload.summary(), disk.report());
    workload.run(disk, mutant, |_, _| {}).map_err(about)?;
    workload.check_exact(disk, expected).map_err(about)?;
    workload.check_limits(disk).map_err(about)?;
    if !faults.iter().any(|fault| fault.trouble == Trouble::Error(EPIPE)) {
        workload.check_printed(disk, expected).map_err(about)?;
    }
    workload.check_counted(disk, expected).map_err(about)?;
    if disk.state().losses_said > 0 {
        return Err(about("it says that lines are lost".to_string()));
    }
    // A sync that fails between two processes may leave a file for good, and says so.
    let refused = faults.iter().any(|fault| matches!(fault.trouble, Trouble::Error(_)));
    let ended = faults.iter().any(|fault| !matches!(fault.trouble, Trouble::Error(_) | Trouble::Short));
    if !refused && workload.journal == Journal::Kept && workload.lacks == Lacks::default() {
        let repeated = disk.state().wall.check_repeated();
        repeated.map_err(about)?;
    }
    // Where modes are forgotten, what is there at a start stays as it is.
    if !(refused && ended) && workload.lacks.modes.is_none() {
        workload.check_processed(disk, expected).map_err(about)?;
    }
    // What a killed process was writing is put aside where no journal has it.
    let aside = ended && workload.journal == Journal::Impossible;
    let untidy = refused || aside || workload.lacks.modes.is_some();
    if untidy { Ok(()) } else { workload.check_tidy(disk).map_err(about) }
}

/// Failures of all kinds, once and for a while.
pub(super) fn check_failures(
    workload: &Workload,
    mutant: Option<Mutant>,
    extent: Extent,
) -> Result<(), String> {
    let expected = workload.expected();
    let troubles = ERRORS.map(Trouble::Error).into_iter().chain([Trouble::Short]);
    for trouble in troubles {
        for at in (0..operations(workload)).step_by(extent.step) {
            check(workload, &expected, mutant, &[Fault::once(at, trouble)])?;
            check(workload, &expected, mutant, &[Fault { at, times: STICKY, trouble }])?;
        }
    }
    Ok(())
}

/// Kills and TERM; and the next process is killed as well, while it repairs or soon after.
pub(super) fn check_ends(workload: &Workload, mutant: Option<Mutant>, extent: Extent) -> Result<(), String> {
    let expected = workload.expected();
    for trouble in [Trouble::KillBefore, Trouble::KillAfter, Trouble::Told] {
        for at in (0..operations(workload)).step_by(extent.step) {
            check(workload, &expected, mutant, &[Fault::once(at, trouble)])?;
            for second in [at + 3, at + 9, at + 17, at + 60] {
                check(workload, &expected, mutant, &[at, second].map(|at| Fault::once(at, trouble)))?;
            }
        }
    }
    Ok(())
}

/// TERM while something fails: it ends at once, and the next process goes on.
fn check_told_in_trouble(workload: &Workload, extent: Extent) -> Result<(), String> {
    let expected = workload.expected();
    for error in [5, 28] {
        for at in (0..operations(workload)).step_by(extent.step) {
            let failing = Fault { at, times: STICKY, trouble: Trouble::Error(error) };
            check(workload, &expected, None, &[Fault::once(at, Trouble::Told), failing])?;
            check(workload, &expected, None, &[Fault::once(at + 2, Trouble::Told), failing])?;
        }
    }
    Ok(())
}

#[test]
fn without_trouble_everything_is_there() {
    for workload in workloads() {
        check(&workload, &workload.expected(), None, &[]).unwrap();
    }
}

#[test]
fn a_failure_of_any_operation_loses_and_repeats_nothing() {
    workloads().iter().for_each(|workload| check_failures(workload, None, Extent::ALL).unwrap());
}

#[test]
fn a_kill_or_term_at_any_operation_loses_and_repeats_nothing() {
    workloads().iter().for_each(|workload| check_ends(workload, None, Extent::ALL).unwrap());
}

#[test]
fn term_while_something_fails_loses_and_repeats_nothing() {
    workloads().iter().for_each(|workload| check_told_in_trouble(workload, Extent::ALL).unwrap());
}

#[test]
fn any_two_things_at_any_two_operations_lose_and_repeat_nothing() {
    let kinds =
        [Trouble::Error(5), Trouble::Error(28), Trouble::KillBefore, Trouble::KillAfter, Trouble::Told];
    for workload in small() {
        let expected = workload.expected();
        let count = operations(&workload);
        for first in 0..count {
            for second in first + 1..count + 40 {
                let pair =
                    [kinds[(first + second) % kinds.len()], kinds[(first * 3 + second) / 2 % kinds.len()]];
                let faults = [Fault::once(first, pair[0]), Fault::once(second, pair[1])];
                check(&workload, &expected, None, &faults).unwrap();
            }
        }
    }
}
