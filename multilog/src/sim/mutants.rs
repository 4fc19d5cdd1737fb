//! The checks of this folder find each [`Mutant`].

use super::budgets::check_budgets;
use super::cuts::{check_cuts, check_refusals};
use super::exhaustive::{Extent, check_ends, check_failures, check_quiet};
use super::mutant::Mutant;
use super::workload::Workload;
use super::workloads::{hours, workloads};

/// The workloads that may show a defect.
fn suspects(mutant: Mutant) -> Vec<Workload> {
    let shows = |word: &String| word.starts_with(mutant.action());
    match mutant {
        Mutant::CountsFromTheStart
        | Mutant::ForgetsTheLastBoundary
        | Mutant::SleepsThroughBoundaries
        | Mutant::TakesAnOldCurrentForNew => hours(),
        _ => workloads().into_iter().filter(|workload| workload.script.iter().any(shows)).collect(),
    }
}

/// Each by the rule that it breaks.
#[test]
fn a_boundary_that_is_repeated_and_one_that_is_missed_are_found() {
    type Check = fn(&Workload, Option<Mutant>, Extent) -> Result<(), String>;
    for (mutant, check, said) in [
        (Mutant::ForgetsTheLastBoundary, check_quiet as Check, "again"),
        (Mutant::SleepsThroughBoundaries, check_quiet, "nothing woke the process"),
        (Mutant::CountsFromTheStart, check_quiet, "hour"),
        (Mutant::TakesAnOldCurrentForNew, check_ends, "nothing was rotated"),
    ] {
        let found = hours().iter().find_map(|hours| check(hours, Some(mutant), Extent::ALL).err());
        assert!(found.as_ref().is_some_and(|found| found.contains(said)), "{mutant:?}: {found:?}");
    }
}

#[test]
fn every_mutant_is_found() {
    let extent = Extent { step: 1, cuts: 4 };
    for mutant in Mutant::ALL {
        let found = suspects(mutant).iter().any(|workload| {
            [check_quiet, check_budgets, check_ends, check_failures, check_cuts, check_refusals]
                .iter()
                .any(|check| check(workload, Some(mutant), extent).is_err())
        });
        assert!(found, "{mutant:?} goes unnoticed");
    }
}
