//! The checks of this folder find each [`Mutant`].

use super::budgets::check_budgets;
use super::cuts::{check_cuts, check_refusals};
use super::exhaustive::{Extent, check_ends, check_failures, check_quiet};
use super::mutant::Mutant;
use super::workloads::workloads;

#[test]
fn every_mutant_is_found() {
    let extent = Extent { step: 1, cuts: 4 };
    for mutant in Mutant::ALL {
        let mut workloads = workloads();
        // Those that are most likely to find it come first.
        workloads.sort_by_key(|workload| workload.has_limits() != mutant.is_about_limits());
        let found = workloads.iter().any(|workload| {
            [check_quiet, check_budgets, check_ends, check_failures, check_cuts, check_refusals]
                .iter()
                .any(|check| check(workload, Some(mutant), extent).is_err())
        });
        assert!(found, "{mutant:?} goes unnoticed");
    }
}
