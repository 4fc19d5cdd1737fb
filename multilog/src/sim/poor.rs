//! File systems that lack something: renames that replace nothing, second names, modes.
//!
//! vfat and exfat lack all of it, NFS the renames, some FUSE file systems any of it. Power cuts are left out: where a
//! file has no second name, a rename that is torn by one may lose it.

use super::exhaustive::{Extent, check, check_ends, check_failures};
use super::workload::Workload;
use super::workloads::workloads;

/// What the file system of a disk lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lacks {
    /// Renames that replace nothing.
    pub(crate) renames: bool,
    /// Second names; the errno that says so.
    pub(crate) links: Option<i32>,
    /// Modes: every file shows this one.
    pub(crate) modes: Option<u32>,
    /// Room for what the sealer writes: how often it asks in vain.
    pub(crate) room: usize,
}

const EPERM: i32 = 1;
const EXDEV: i32 = 18;
const EMLINK: i32 = 31;
const EOPNOTSUPP: i32 = 95;

/// What is lacking on some file system or other.
fn poor() -> Vec<Lacks> {
    let links = |errno| Lacks { renames: true, links: Some(errno), ..Lacks::default() };
    let modes = |mode| Lacks { modes: Some(mode), ..links(EPERM) };
    vec![
        Lacks { renames: true, ..Lacks::default() },
        Lacks { links: Some(EMLINK), ..Lacks::default() },
        links(EPERM),
        links(EXDEV),
        links(EOPNOTSUPP),
        // As vfat shows files with the usual masks, and with those that let nothing be run.
        modes(0o755),
        modes(0o644),
    ]
}

fn workloads_on(lacks: Lacks) -> impl Iterator<Item = Workload> {
    workloads().into_iter().map(move |workload| Workload { lacks, ..workload })
}

#[test]
fn without_trouble_everything_is_there_on_a_poor_file_system() {
    for workload in poor().into_iter().flat_map(workloads_on) {
        check(&workload, &workload.expected(), None, &[]).unwrap();
    }
}

#[test]
fn a_failure_kill_or_term_at_any_operation_loses_and_repeats_nothing_on_a_poor_file_system() {
    for (at, lacks) in poor().into_iter().enumerate() {
        // Each has its own operations.
        let extent = Extent { step: 23 + at, cuts: 0 };
        for workload in workloads_on(lacks) {
            check_failures(&workload, None, extent).unwrap();
            check_ends(&workload, None, extent).unwrap();
        }
    }
}
