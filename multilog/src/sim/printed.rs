//! What a reader of standard output finds after a workload: every line at least once, in order.
//!
//! What one process writes is a part of all lines behind each other. It begins where the last one ended, or before
//! that, and what it repeats is the same. A line is torn only where a process ended.

use super::disk::Disk;
use super::exhaustive::{Extent, check, operations};
use super::surroundings::Source;
use super::trouble::{EPIPE, Fault, Trouble};
use super::workload::Workload;
use super::workloads::workloads;

impl Workload {
    /// Every line at least once and in order on standard output, if lines go there.
    pub(super) fn check_printed(&self, disk: &Disk, expected: &[Vec<Vec<u8>>]) -> Result<(), String> {
        let script = self.script();
        let Some(prefix) = &script.output else { return Ok(()) };
        if disk.state().journals_given_up > 0 {
            // A kill may break a long line, and what is behind the break may be deselected.
            return Ok(());
        }
        let expected = expected.last().map_or(Vec::new(), |lines| lines.concat());
        let mut covered = 0;
        for (process, printed) in disk.state().printed.iter().enumerate() {
            let lines = printed.split_inclusive(|&byte| byte == b'\n');
            let text: Vec<u8> = lines.flat_map(|line| text_of(line, prefix.as_bytes())).copied().collect();
            let begins = (0..=covered).rev().find(|&at| expected[at..].starts_with(&text));
            let Some(begins) = begins else {
                let start = text[..text.len().min(60)].escape_ascii();
                return Err(format!("process {process} prints '{start}', which does not go on at {covered}"));
            };
            covered = covered.max(begins + text.len());
        }
        if covered < expected.len() {
            Err(format!("printed up to {covered} of {}", expected.len()))
        } else {
            Ok(())
        }
    }
}

/// A line, or the part of one, without its stamp and its prefix, as far as it has them.
fn text_of<'a>(line: &'a [u8], prefix: &[u8]) -> &'a [u8] {
    let text = match line {
        b"@" | [b'@', b'4', ..] => line.get(26..).unwrap_or_default(),
        _ => line,
    };
    let same = text.iter().zip(prefix).take_while(|(a, b)| a == b).count();
    if same == prefix.len() || same == text.len() { &text[same..] } else { text }
}

#[test]
fn a_standard_output_that_nobody_reads_anymore_changes_nothing_in_the_directories() {
    let mut checked = 0;
    for workload in workloads().iter().filter(|workload| workload.prints() && workload.directories() > 0) {
        let expected = workload.expected();
        let quiet = Disk::default();
        workload.run(&quiet, None, |_, _| {}).unwrap();
        for at in (0..operations(workload)).filter(|&at| quiet.name_of(at) == "print") {
            check(workload, &expected, None, &[Fault::once(at, Trouble::Error(EPIPE))]).unwrap();
            checked += 1;
        }
    }
    assert!(checked > 10);
}

/// TERM while standard output has no room.
#[test]
fn term_while_standard_output_is_full_loses_nothing() {
    let extent = Extent::ALL;
    for workload in workloads().iter().filter(|workload| workload.prints()) {
        let expected = workload.expected();
        for at in (0..operations(workload)).step_by(extent.step) {
            let full = Fault { at, times: 7, trouble: Trouble::Error(11) };
            let short = Fault::once(at + 1, Trouble::Short);
            let full_behind = Fault { at: at + 2, ..full };
            check(workload, &expected, None, &[Fault::once(at, Trouble::Told), full]).unwrap();
            check(workload, &expected, None, &[Fault::once(at, Trouble::Told), short, full_behind]).unwrap();
        }
    }
}

/// From a socket nothing can be left to the next process. The directories get it, and it is said what is not printed.
#[test]
fn term_while_standard_output_is_full_leaves_out_no_more_than_it_says() {
    let printed = Workload::new(&["t", "s4096", "n100", "./main", "1"], 60, 1500);
    let few = Workload::new(&["s4096", "n100", "./main", "-*", "+*3 *", "1"], 60, 600);
    let mut said = 0;
    for workload in [printed, few, Workload::new(&["1"], 60, 600)] {
        let workload = Workload { source: Source::Socket, chunks: vec![9000], ..workload };
        let expected = workload.expected();
        let quiet = Disk::default();
        workload.run(&quiet, None, |_, _| {}).unwrap();
        for at in (1..quiet.operations()).filter(|&at| quiet.name_of(at) == "print") {
            for errno in [11, 5] {
                let full = Fault { at, times: 1, trouble: Trouble::Error(errno) };
                let short = Fault::once(at, Trouble::Short);
                let full_behind = Fault { at: at + 1, ..full };
                for faults in [&[full][..], &[short, full_behind]] {
                    let disk = Disk::with(&[&[Fault::once(at - 1, Trouble::Told)], faults].concat());
                    workload.run(&disk, None, |_, _| {}).unwrap();
                    workload.check_exact(&disk, &expected).unwrap();
                    let state = disk.state();
                    let printed = state.printed.concat().iter().filter(|&&byte| byte == b'\n').count();
                    let lines = expected.last().map_or(0, Vec::len);
                    assert_eq!(printed + state.left_out, lines, "{} {faults:?}", workload.summary());
                    said += usize::from(state.left_out > 0);
                }
            }
        }
    }
    assert!(said > 20, "{said}");
}
