//! The checks of this folder find each [`Mutant`].

use super::budgets::check_budgets;
use super::cuts::{check_cuts, check_refusals};
use super::exhaustive::{Extent, check_ends, check_failures, check_quiet};
use super::mutant::Mutant;
use super::workload::Workload;
use super::workloads::workloads;

#[test]
fn every_mutant_is_found() {
    let extent = Extent { step: 1, cuts: 4 };
    for mutant in Mutant::ALL {
        let limited = |workload: &Workload| (0..workload.directories()).any(|log| workload.is_limited(log));
        let about = |workload: &&Workload| !mutant.is_about_limits() || limited(workload);
        let found = workloads().iter().filter(about).any(|workload| {
            [check_quiet, check_budgets, check_ends, check_failures, check_cuts, check_refusals]
                .iter()
                .any(|check| check(workload, Some(mutant), extent).is_err())
        });
        assert!(found, "{mutant:?} goes unnoticed");
    }
}
