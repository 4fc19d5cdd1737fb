//! What `limit=` promises: each selected line is in the log, or among those that the log says were dropped before.

use super::disk::Disk;
use super::workload::Workload;
use super::workloads::{small, workloads};

/// What a remark about dropped lines begins with, behind its stamp and prefix.
const REMARK: &[u8] = b"multilog: ";

/// How many lines this one says were dropped. None: it is another line.
pub(super) fn said(line: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(line.strip_prefix(REMARK)?).ok()?;
    let (count, rest) = text.split_once(' ')?;
    let by = rest.strip_prefix("lines dropped by limit=").or(rest.strip_prefix("line dropped by limit="))?;
    by.ends_with('\n').then(|| count.parse().ok()).flatten()
}

/// Whether a line is one, or the beginning of one, as a power cut leaves it.
pub(super) fn is_part_of_remark(line: &[u8]) -> bool {
    let same = line.len().min(REMARK.len());
    said(line).is_some() || !line.ends_with(b"\n") && line[..same] == REMARK[..same]
}

/// Lines that are there, and lines that were dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Accounted {
    pub(super) logged: usize,
    pub(super) dropped: usize,
}

/// Both of a log. None: a line is not whole, or not in its place, or said to be dropped before it was read.
pub(super) fn account(logged: &[Vec<u8>], expected: &[Vec<u8>]) -> Option<Accounted> {
    let (mut found, mut next) = (Accounted::default(), 0);
    for line in logged {
        if let Some(dropped) = said(line) {
            found.dropped += dropped;
            next = next.max(found.logged + found.dropped);
        } else {
            next += expected.get(next..)?.iter().position(|known| known == line)? + 1;
            found.logged += 1;
        }
    }
    (next <= expected.len()).then_some(found)
}

impl Workload {
    /// Whether a directory has a limit.
    pub(super) fn is_limited(&self, directory: usize) -> bool {
        self.script().logs.get(directory).is_some_and(|config| config.limit.is_some())
    }

    /// Whether these are all lines of a directory, and nothing else: each is logged, or said to be dropped.
    pub(super) fn is_exact(&self, directory: usize, logged: &[Vec<u8>], expected: &[Vec<u8>]) -> bool {
        if !self.is_limited(directory) {
            return logged == expected;
        }
        account(logged, expected).is_some_and(|found| found.logged + found.dropped == expected.len())
    }
}

/// Never more is said to be dropped than was.
pub(super) fn check_said(logged: &[Vec<u8>], expected: &[Vec<u8>]) -> Result<(), String> {
    let dropped: usize = logged.iter().filter_map(|line| said(line)).sum();
    let there = logged.iter().filter(|line| expected.contains(line)).count();
    if dropped + there > expected.len() {
        return Err(format!("{there} of {} lines, and {dropped} are said to be dropped", expected.len()));
    }
    Ok(())
}

#[test]
fn what_is_accounted_for_is_in_its_place() {
    let lines = |text: &str| -> Vec<Vec<u8>> { text.split_inclusive('\n').map(|line| line.into()).collect() };
    let says = |count: &str| format!("multilog: {count} dropped by limit=5\n");
    let (one, two) = (says("1 line"), says("2 lines"));
    for (logged, expected) in [
        (String::new(), Some((0, 0))),
        ("a\nb\nc\n".to_string(), Some((3, 0))),
        (format!("a\nc\n{one}"), Some((2, 1))),
        (format!("a\n{one}c\n"), Some((2, 1))),
        (format!("{two}c\n"), Some((1, 2))),
        // Before it was dropped, more than there are, not in order, within a line, something else.
        (format!("{one}a\n"), None),
        (format!("a\nb\n{two}"), None),
        ("b\na\n".to_string(), None),
        (format!("a{one}\nb\n"), None),
        ("multilog: 2 lines\n".to_string(), None),
    ] {
        let found = account(&lines(&logged), &lines("a\nb\nc\n"));
        assert_eq!(found.map(|found| (found.logged, found.dropped)), expected, "{logged}");
    }
}

/// The workloads are such that there is something to find.
#[test]
fn each_limit_of_a_workload_keeps_lines_and_drops_lines() {
    let mut found = Vec::new();
    for workload in workloads().iter().chain(&small()) {
        let disk = Disk::default();
        workload.run(&disk, None, |_, _| {}).unwrap();
        for directory in (0..workload.directories()).filter(|&directory| workload.is_limited(directory)) {
            let files = disk.files(directory);
            let is_bare = |bytes: &[u8]| workload.lines_of(bytes).iter().all(|line| said(line).is_some());
            let bare = files.iter().find(|(name, _, bytes)| name != "current" && is_bare(bytes));
            assert!(bare.is_none(), "{bare:?} of {}", workload.summary());
            found.push(account(&workload.logged(&disk, directory), &workload.expected()[directory]).unwrap());
        }
    }
    assert!(found.len() > 5 && found.iter().all(|found| found.logged.min(found.dropped) > 2), "{found:?}");
}
