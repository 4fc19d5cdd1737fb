//! Every operation of a workload, failed in every way, killed at and cut off at; then the run goes on
//! with the next process, and the log is looked at.
//!
//! What is required: after failures, kills and TERM every line exactly once and in order, and nothing
//! left half done; after a power cut no archive that is not whole, no line out of order, and nothing
//! lost that was on the disk.

use super::disk::{Disk, Fault, Trouble};
use super::mutant::Mutant;
use super::surroundings::Source;
use super::workload::{Journal, Workload, content};
use crate::script::Durability;

/// Errors that calls give: EIO, ENOSPC, EINTR, EAGAIN.
const ERRORS: [i32; 4] = [5, 28, 4, 11];

/// How long a failure lasts that does not go away at once.
const STICKY: usize = 7;

/// What of all that can happen is made to happen.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    /// Every so many operations.
    pub(super) step: usize,
    /// Power cuts at each operation.
    pub(super) cuts: u64,
}

impl Extent {
    pub(super) const ALL: Extent = Extent { step: 1, cuts: 6 };
}

/// Rotations, a long line, a partial line, stamps; each in a way of its own.
pub(super) fn workloads() -> Vec<Workload> {
    let mut all = vec![
        Workload::new(&["s4096", "n100", "./main"], 120, 1500),
        Workload::new(&["t", "s4096", "n100", "-* line *7 *", "./main"], 150, 1500),
        Workload::new(&["s4096", "n100", "!copy", "./main"], 120, 1500),
        Workload::new(&["s4096", "n100", "compress=gzip:1", "./main"], 120, 600),
        // Everything at once: two directories with a selection of their own, and pruning.
        Workload::new(
            &["t", "s4096", "n100", "!copy", "./all", "-*", "+* line *3 *", "s4096", "n3", "./few"],
            170,
            5000,
        ),
    ];
    all.push(Workload::new(&["t", "s4096", "n100", "durable=always", "./main"], 120, 1500));
    all.push(Workload::new(
        &["s4096", "n100", "durable=1s", "./main", "s5000", "durable=always", "./b"],
        90,
        600,
    ));
    // Without memory for anything large: small batches, and files that are not compressed after all.
    all.push(Workload {
        memory: 0,
        ..Workload::new(&["t", "s4096", "n100", "compress=gzip", "./a"], 90, 5000)
    });
    all[0].open_end = true;
    all[1].source = Source::File;
    all[1].chunks = vec![977, 1, 30];
    // Nothing but newlines, more than fit into the tail of a journal.
    let mut newlines = Workload::new(&["s4096", "n100", "./a", "./b"], 0, 0);
    newlines.lines = vec![Vec::new(); 7000];
    newlines.chunks = vec![3000, 1];
    all.push(newlines);
    // A pipe so small that the pieces of a line have to be taken out of it.
    let mut crumbs = Workload::new(&["t", "s4096", "n100", "./main"], 12, 1200);
    crumbs.source = Source::Packets;
    crumbs.chunks = vec![7, 3, 11];
    crumbs.open_end = true;
    all.push(crumbs);
    all.extend(corners());
    all
}

/// Small numbers of archives with each way of sealing, at once and behind a queue.
fn corners() -> Vec<Workload> {
    let mut all = Vec::new();
    for (keep, behind) in [("n2", 0), ("n2", 2), ("n3", 1), ("n4", 2)] {
        for sealing in [&[][..], &["!copy"], &["compress=gzip:1"]] {
            let script = [&["s4096", keep], sealing, &["./main"]].concat();
            all.push(Workload { behind, ..Workload::new(&script, 90, 1500) });
        }
    }
    // Two directories that differ.
    let script = ["t", "s4096", "n2", "!copy", "./a", "s5000", "n4", "compress=gzip:1", "./b"];
    all.push(Workload { behind: 2, ..Workload::new(&script, 90, 600) });
    all
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
    if disk.state().losses_said > 0 {
        return Err(about("it says that lines are lost".to_string()));
    }
    // A sync that fails between two processes may leave a file for good, and says so.
    let refused = faults.iter().any(|fault| matches!(fault.trouble, Trouble::Error(_)));
    let ended = faults.iter().any(|fault| !matches!(fault.trouble, Trouble::Error(_) | Trouble::Short));
    // Where modes are forgotten, what stands there at a start stays as it is.
    if !(refused && ended) && workload.lacks.modes.is_none() {
        workload.check_processed(disk, expected).map_err(about)?;
    }
    // What a killed process was writing is put aside where no journal speaks of it.
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

/// Power cuts, each with a choice of its own of what got to the disk.
pub(super) fn check_cuts(workload: &Workload, mutant: Option<Mutant>, extent: Extent) -> Result<(), String> {
    // After a power cut a file is read again from its start.
    let workload = &Workload { source: workload.source.without_files(), ..workload.clone() };
    let expected = workload.expected();
    for at in (0..operations(workload)).step_by(extent.step) {
        let cut = [Fault::once(at, Trouble::PowerCut)];
        for seed in 0..extent.cuts {
            check_cut(workload, &expected, mutant, &cut, Choice { names: None, seed })?;
        }
        let mut kept = 0;
        loop {
            let choice = Choice { names: Some(kept), seed: kept as u64 };
            let unsynced = check_cut(workload, &expected, mutant, &cut, choice)?;
            kept += 1;
            if kept >= 1 << unsynced.min(MASK) {
                break;
            }
        }
    }
    Ok(())
}

/// What gets to the disk of what was not synced when the power goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    /// Of the changes of names these, a bit for each. None: at random.
    pub(super) names: Option<usize>,
    /// Everything else by this.
    pub(super) seed: u64,
}

/// So many changes of names are put through every choice.
const MASK: usize = 8;

/// Power cuts among other things. How many changes of names were not synced at the first.
pub(super) fn check_cut(
    workload: &Workload,
    expected: &[Vec<Vec<u8>>],
    mutant: Option<Mutant>,
    faults: &[Fault],
    choice: Choice,
) -> Result<usize, String> {
    let disk = Disk::with(faults);
    let mut random = choice.seed * 7919 + faults.first().map_or(0, |fault| fault.at as u64) + 1;
    let about = |error| format!("{} {faults:?} {choice:?}: {error}; {}", workload.summary(), disk.report());
    let mut safe: Vec<(usize, Vec<u8>)> = Vec::new();
    let (mut consumed, mut unsynced) = (None, None);
    let ran = workload.run(&disk, mutant, |disk, taken| {
        consumed.get_or_insert(taken);
        let (names, mut asked) = (disk.unsynced_names(), 0);
        unsynced.get_or_insert(names);
        // The names are asked for first.
        let mut choose = |limit: usize| {
            asked += 1;
            if let Some(kept) = choice.names.filter(|_| asked <= names.min(MASK)) {
                return kept >> (asked - 1) & 1;
            }
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(random >> 33).unwrap() % limit
        };
        for directory in 0..workload.directories() {
            safe.extend(disk.durable(directory).into_iter().map(|bytes| (directory, bytes)));
        }
        disk.cut_power(&mut choose);
    });
    ran.map_err(about)?;
    // Who can't write down that a file was refused can't tell the next process.
    if disk.state().marks_refused == 0 {
        check_archives(workload, expected, &disk).map_err(about)?;
    }
    check_safe(workload, expected, &disk, &safe).map_err(about)?;
    // A file that the disk refused, and that could not be written again before its process ended, is not
    // on the disk; it says so by its mode.
    let refused = faults.iter().any(|fault| matches!(fault.trouble, Trouble::Error(_)));
    let ended = faults.iter().any(|fault| !matches!(fault.trouble, Trouble::Error(_) | Trouble::PowerCut));
    if !(refused && ended) {
        check_durable(workload, expected, &disk, consumed.unwrap_or(0)).map_err(about)?;
    }
    Ok(unsynced.unwrap_or(0))
}

/// With `durable=always` every line that was consumed at the first power cut is there.
fn check_durable(
    workload: &Workload,
    expected: &[Vec<Vec<u8>>],
    disk: &Disk,
    consumed: usize,
) -> Result<(), String> {
    let input = workload.input().concat();
    let consumed: Vec<&[u8]> = input[..consumed].split_inclusive(|&b| b == b'\n').collect();
    for (directory, config) in workload.script().logs.iter().enumerate() {
        if config.durability != Durability::Always || config.keep.archives() < 50 {
            continue;
        }
        let logged = workload.logged(disk, directory).concat();
        for line in consumed.iter().filter(|line| expected[directory].iter().any(|known| known == *line)) {
            if line.len() < 900 && memchr::memmem::find(&logged, line).is_none() {
                return Err(format!("consumed and lost: {}", line.escape_ascii()));
            }
        }
    }
    Ok(())
}

/// The lines of every archive are whole and in order, but for a long one that goes on in the next file.
fn check_archives(workload: &Workload, expected: &[Vec<Vec<u8>>], disk: &Disk) -> Result<(), String> {
    for (directory, expected) in expected.iter().enumerate() {
        let mut next = 0;
        for (name, _, bytes) in disk.files(directory) {
            if !name.starts_with('@') || name.ends_with(".u") || name.ends_with(".t") {
                continue;
            }
            for (at, line) in workload.lines_of(&content(&name, &bytes)).iter().enumerate() {
                if let Some(further) = expected[next..].iter().position(|known| known == line) {
                    next += further + 1;
                } else {
                    let ends = at == 0 && expected.iter().any(|known| known.ends_with(line));
                    let begins =
                        !line.ends_with(b"\n") && expected.iter().any(|known| known.starts_with(line));
                    // A long line may go on in the next file, and from there in one more.
                    let goes_on = |known: &&Vec<u8>| memchr::memmem::find(known, line).is_some();
                    let within =
                        expected.iter().filter(|known| known.len() > 900).any(|known| goes_on(&known));
                    if !(ends || begins || within && at == 0) {
                        return Err(format!(
                            "{name} in {directory}: {} is torn or out of order",
                            line.escape_ascii()
                        ));
                    }
                }
            }
        }
    }
    Ok(())
}

/// What was on the disk is still there, where nothing is pruned.
fn check_safe(
    workload: &Workload,
    expected: &[Vec<Vec<u8>>],
    disk: &Disk,
    safe: &[(usize, Vec<u8>)],
) -> Result<(), String> {
    let logs = workload.script().logs;
    for (directory, bytes) in safe.iter().filter(|(directory, _)| logs[*directory].keep.archives() >= 50) {
        // As bytes: what was torn ends within a line, and another file comes behind it.
        let logged = workload.logged(disk, *directory).concat();
        for line in workload.lines_of(bytes).iter().filter(|line| expected[*directory].contains(line)) {
            if memchr::memmem::find(&logged, line).is_none() {
                return Err(format!("lost {}", line.escape_ascii()));
            }
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
fn a_power_cut_at_any_operation_tears_no_archive_and_loses_nothing_that_was_on_the_disk() {
    workloads().iter().for_each(|workload| check_cuts(workload, None, Extent::ALL).unwrap());
}

/// A sync that failed, and later a power cut: what the kernel then says is on the disk is not there
/// (it has marked the pages clean). An archive must not be such a file.
pub(super) fn check_refusals(
    workload: &Workload,
    mutant: Option<Mutant>,
    extent: Extent,
) -> Result<(), String> {
    for at in (0..operations(workload)).step_by(extent.step) {
        let disk = Disk::with(&[Fault::once(at, Trouble::Error(ERRORS[0]))]);
        workload.run(&disk, mutant, |_, _| {})?;
        let archives = |disk: &Disk| {
            let mut all = Vec::new();
            for directory in 0..workload.directories() {
                let mut files = disk.files(directory);
                files.retain(|(name, ..)| name.starts_with('@') && !name.ends_with(".u"));
                all.extend(files.into_iter().map(|(name, _, bytes)| (name, bytes)));
            }
            all
        };
        let before = archives(&disk);
        disk.cut_power(|_| 0);
        if archives(&disk) != before {
            return Err(format!("{:?} EIO at {at}: an archive is not on the disk", workload.script));
        }
    }
    Ok(())
}

#[test]
fn an_archive_survives_a_power_cut_also_when_a_sync_had_failed() {
    workloads().iter().for_each(|workload| check_refusals(workload, None, Extent::ALL).unwrap());
}

/// A workload small enough for all pairs.
pub(super) fn small() -> Vec<Workload> {
    let mut two =
        Workload::new(&["t", "s4096", "n100", "!copy", "./all", "-*", "+* line *3 *", "./few"], 50, 1100);
    two.chunks = vec![1500];
    let mut crumbs = Workload::new(&["s4096", "n100", "./main"], 3, 40);
    crumbs.source = Source::Packets;
    crumbs.chunks = vec![6];
    vec![two, crumbs]
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
