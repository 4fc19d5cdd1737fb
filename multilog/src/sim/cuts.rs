//! A power cut at every operation of a workload; then the run goes on with the next process, and the log is looked at.
//!
//! After a power cut every archive is whole, no line is out of order, and nothing is lost that was on the disk.

use super::disk::Disk;
use super::exhaustive::{ERRORS, Extent, operations};
use super::limited::{check_said, is_part_of_remark};
use super::mutant::Mutant;
use super::outcome::content;
use super::trouble::{Fault, Trouble};
use super::workload::Workload;
use super::workloads::workloads;
use crate::script::{Durability, LogConfig};

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
    workload.check_deletions(&disk).map_err(about)?;
    check_dropped(workload, expected, &disk).map_err(about)?;
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
        let dropped = workload.is_limited(directory);
        let keeps = config.keeps_all() || config.has_limits();
        if config.durability != Durability::Always || !keeps || dropped {
            continue;
        }
        let logged = workload.logged_and_deleted(disk, directory).concat();
        for line in consumed.iter().filter(|line| expected[directory].iter().any(|known| known == *line)) {
            if line.len() < 900 && memchr::memmem::find(&logged, line).is_none() {
                return Err(format!("consumed and lost: {}", line.escape_ascii()));
            }
        }
    }
    Ok(())
}

/// The lines of every archive are whole and in order, except a long one that goes on in the next file.
fn check_archives(workload: &Workload, expected: &[Vec<Vec<u8>>], disk: &Disk) -> Result<(), String> {
    for (directory, expected) in expected.iter().enumerate() {
        let mut next = 0;
        let files = disk.files(directory).into_iter();
        let is_archive = |name: &str| name.starts_with('@') && !name.ends_with(".u") && !name.ends_with(".t");
        for (name, _, bytes) in files.filter(|(name, ..)| is_archive(name)) {
            for (at, line) in workload.lines_of(&content(&name, &bytes)).iter().enumerate() {
                if workload.is_limited(directory) && is_part_of_remark(line) {
                    continue;
                }
                if let Some(further) = expected[next..].iter().position(|known| known == line) {
                    next += further + 1;
                } else if !is_part(line, at == 0, expected) {
                    let line = line.escape_ascii();
                    return Err(format!("{name} in {directory}: {line} is torn or out of order"));
                }
            }
        }
    }
    Ok(())
}

/// Whether it is the part of a line at the end of a file or, if it is the file's first line, at its start.
fn is_part(line: &[u8], first: bool, expected: &[Vec<u8>]) -> bool {
    let ends = first && expected.iter().any(|known| known.ends_with(line));
    let begins = !line.ends_with(b"\n") && expected.iter().any(|known| known.starts_with(line));
    // A long line may go on in the next file, and from there in one more.
    let goes_on = |known: &Vec<u8>| memchr::memmem::find(known, line).is_some();
    ends || begins || first && expected.iter().filter(|known| known.len() > 900).any(goes_on)
}

/// What was on the disk is still there, where nothing is pruned, or it has gone by age or size.
fn check_safe(
    workload: &Workload,
    expected: &[Vec<Vec<u8>>],
    disk: &Disk,
    safe: &[(usize, Vec<u8>)],
) -> Result<(), String> {
    let logs = workload.script().logs;
    let is_safe = |config: &LogConfig| config.keeps_all() || config.has_limits();
    for (directory, bytes) in safe.iter().filter(|(directory, _)| is_safe(&logs[*directory])) {
        // As bytes: what was torn ends within a line, and another file comes behind it.
        let logged = workload.logged_and_deleted(disk, *directory).concat();
        for line in workload.lines_of(bytes).iter().filter(|line| expected[*directory].contains(line)) {
            if memchr::memmem::find(&logged, line).is_none() {
                return Err(format!("lost {}", line.escape_ascii()));
            }
        }
    }
    Ok(())
}

/// What is said to be dropped is in no log. Without a journal lines may be there twice.
fn check_dropped(workload: &Workload, expected: &[Vec<Vec<u8>>], disk: &Disk) -> Result<(), String> {
    let limited = |directory: &usize| workload.is_limited(*directory) && disk.state().journals_given_up == 0;
    (0..workload.directories())
        .filter(limited)
        .try_for_each(|directory| check_said(&workload.logged(disk, directory), &expected[directory]))
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
                all.extend(files.into_iter().map(|(name, _, bytes)| (directory, name, bytes)));
            }
            all
        };
        let before = archives(&disk);
        disk.cut_power(|_| 0);
        let mut after = archives(&disk);
        // The removal of what is too old or too much is not brought to the disk by itself.
        after.retain(|archive| {
            before.contains(archive) || !workload.has_deleted(&disk, archive.0, &archive.1)
        });
        if after != before {
            return Err(format!("{:?} EIO at {at}: an archive is not on the disk", workload.script));
        }
    }
    Ok(())
}

#[test]
fn an_archive_survives_a_power_cut_also_when_a_sync_had_failed() {
    workloads().iter().for_each(|workload| check_refusals(workload, None, Extent::ALL).unwrap());
}
