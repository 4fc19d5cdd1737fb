//! What a reader of standard output finds after a workload: every line at least once, in order.
//!
//! What one process writes is a part of all lines behind each other. It begins where the last one ended, or before
//! that, and what it repeats is the same. A line is torn only where a process ended.

use super::disk::Disk;
use super::exhaustive::{Extent, check, operations};
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
