//! Every workload with every number of descriptors, from the least that the original needs to what the plan
//! wants at most. Whatever is logged with many is logged with few.

use super::disk::Disk;
use super::exhaustive::{Extent, check_on};
use super::mutant::Mutant;
use super::trouble::{Fault, Trouble};
use super::workload::Workload;
use super::workloads::workloads;
use crate::descriptors::{Plan, plan, wanted};
use crate::intake::Care;

/// What a directory has beside `current`: itself and its lock, which the simulation does not open.
const OUTSIDE: usize = 2;
/// What looking into a pipe takes beside the journal.
const PIPE: usize = 4;
/// What a directory and the moment need at least.
fn least(directories: usize) -> usize {
    directories * 3 + 1
}

/// What a budget of this many descriptors leaves for files, and what is planned with it.
fn budget(free: usize, directories: usize) -> (Plan, usize) {
    let plan = plan(free, directories, 0);
    let looking = if plan.care == Care::Peek { PIPE } else { 0 };
    (plan, free - directories * OUTSIDE - looking)
}

/// With every budget, and nothing else happens.
pub(super) fn check_budgets(workload: &Workload, mutant: Option<Mutant>, _: Extent) -> Result<(), String> {
    let directories = workload.directories();
    for free in least(directories)..=wanted(directories, 0) {
        check_budget(workload, mutant, free, &[])?;
    }
    Ok(())
}

fn check_budget(
    workload: &Workload,
    mutant: Option<Mutant>,
    free: usize,
    faults: &[Fault],
) -> Result<(), String> {
    let (plan, files) = budget(free, workload.directories());
    let workload = workload.planned(plan);
    let disk = Disk::with(faults);
    disk.limit_descriptors(files);
    let checked = check_on(&disk, &workload, &workload.expected(), mutant, faults);
    checked.map_err(|error| format!("{free} descriptors, {plan:?}: {error}"))
}

#[test]
fn whatever_is_logged_with_many_descriptors_is_logged_with_few() {
    workloads().iter().for_each(|workload| check_budgets(workload, None, Extent::ALL).unwrap());
}

/// With the fewest of each plan, and things that happen meanwhile.
#[test]
fn with_few_descriptors_a_failure_or_a_kill_loses_nothing_either() {
    let troubles =
        [Trouble::Error(5), Trouble::Error(28), Trouble::KillBefore, Trouble::KillAfter, Trouble::Told];
    for (number, workload) in workloads().iter().enumerate() {
        let directories = workload.directories();
        let mut last = None;
        for free in least(directories)..=least(directories) + 30 {
            let (plan, _) = budget(free, directories);
            if last.replace((plan.care, plan.pending > 0)) == Some((plan.care, plan.pending > 0)) {
                continue;
            }
            for at in (number % 3..400).step_by(3) {
                let trouble = troubles[at % troubles.len()];
                // Who can't look into the input can't say what a kill has interrupted.
                let promised = plan.care == Care::Peek || matches!(trouble, Trouble::Error(_));
                if promised {
                    check_budget(workload, None, free, &[Fault::once(at, trouble)]).unwrap();
                }
            }
        }
    }
}
