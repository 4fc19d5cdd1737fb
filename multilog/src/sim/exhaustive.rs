//! Every operation of a workload, failed in every way, killed at and cut off at; then the run goes on
//! with the next process, and the log is looked at.
//!
//! What is required: after failures every line exactly once and in order; after a kill every line at
//! least once and in order; after a power cut no archive that is not whole, no line out of order, and
//! nothing lost that was on the disk.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tai64tools::Stamper;

use super::{Disk, Fault, Killed, SimFs, SimHost, SimInput, Trouble};
use crate::engine::Engine;
use crate::logdir::LogDir;
use crate::script::Script;
use crate::sealer::Threading;

/// Errors that calls give: EIO, ENOSPC, EINTR, EAGAIN.
const ERRORS: [i32; 4] = [5, 28, 4, 11];

struct Workload {
    script: &'static [&'static str],
    lines: usize,
    longest: usize,
}

/// Rotations, a processor with state, stamps, selection.
const SCRIPTS: [&[&str]; 4] = [
    &["s4096", "n100", "./main"],
    &["t", "s4096", "n100", "-* line *7 *", "./main"],
    &["s4096", "n100", "!copy", "./main"],
    &["s4096", "n100", "compress=gzip:1", "./main"],
];

/// `longest` is the length of some lines: one of more than 1000 bytes is written piece by piece, and a
/// kill between two pieces makes two lines of it.
fn workloads(longest: usize) -> impl Iterator<Item = Workload> {
    SCRIPTS.into_iter().map(move |script| Workload { script, lines: 150, longest })
}

impl Workload {
    fn script(&self) -> Script {
        Script::parse(self.script.iter().map(Into::into).collect()).unwrap()
    }

    fn line(&self, n: usize) -> Vec<u8> {
        let length = match n % 40 {
            13 => self.longest,
            29 => 0,
            _ => 30 + n % 30,
        };
        format!("line {n:06} {}\n", "x".repeat(length)).into_bytes()
    }

    /// The lines that the directory has to have, in order.
    fn expected(&self) -> Vec<Vec<u8>> {
        let script = self.script();
        let deselects = |line: &[u8]| {
            let stamped = [b"@4 ", line.strip_suffix(b"\n").unwrap()].concat();
            script.actions.iter().any(|action| match action {
                crate::script::Action::Deselect(pattern) => pattern.matches(&stamped),
                _ => false,
            })
        };
        (0..self.lines).map(|n| self.line(n)).filter(|line| !deselects(line)).collect()
    }

    /// The input, in pieces that end within lines as well.
    fn chunks(&self) -> Vec<Vec<u8>> {
        let input: Vec<u8> = (0..self.lines).flat_map(|n| self.line(n)).collect();
        input.chunks(977).map(<[u8]>::to_vec).collect()
    }

    /// Runs process after process until one ends by itself. At a power cut `cut` is asked.
    fn run(&self, disk: &Disk, mut cut: impl FnMut(&Disk)) {
        let input = SimInput::new(disk.clone(), self.chunks());
        for process in 0..10 {
            let power = disk.state().faults_left().contains(&Trouble::PowerCut);
            let ended = catch_unwind(AssertUnwindSafe(|| self.process(disk, input.reopened(), process)));
            match ended {
                Ok(true) => return,
                // Fatal at the start: the supervisor starts it again.
                Ok(false) => {}
                Err(payload) if payload.is::<Killed>() => {
                    if power {
                        cut(disk);
                    }
                }
                Err(payload) => std::panic::resume_unwind(payload),
            }
        }
        panic!("it never ends");
    }

    fn process(&self, disk: &Disk, input: SimInput, number: u64) -> bool {
        disk.start();
        let mut script = self.script();
        let host = SimHost::started_at(1000 + number);
        let config = script.logs.remove(0);
        let now = crate::host::Host::now(&host);
        let Ok(dir) = LogDir::open(SimFs(disk.clone()), config, now, Threading::Inline) else { return false };
        let stamper = script.stamp.map(Stamper::new);
        Engine::new(input, script.actions, stamper, vec![], vec![dir], host).run().is_ok()
    }

    /// The lines of the directory in the order of a reader, with what a next start would drop left out.
    fn logged(&self, disk: &Disk) -> Vec<Vec<u8>> {
        let files = disk.files();
        let names: Vec<String> = files.iter().map(|file| file.0.to_string_lossy().into_owned()).collect();
        let sealed = |name: &str| {
            names
                .iter()
                .any(|other| other.starts_with(&name[..25]) && other.ends_with('s') | other.ends_with('z'))
        };
        let mut text = Vec::new();
        let mut add = |bytes: &[u8], name: &str| match name.ends_with(".gz") {
            true => {
                std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut text).unwrap();
            }
            false => text.extend_from_slice(bytes),
        };
        for ((_, _, bytes), name) in files.iter().zip(&names).filter(|(_, name)| name.starts_with('@')) {
            if !(name.ends_with(".t") || name.ends_with(".u") && sealed(name)) {
                add(bytes, name);
            }
        }
        if let Some((_, _, bytes)) = files.iter().find(|file| file.0 == "current") {
            add(bytes, "current");
        }
        let stamp = self.script().stamp.map_or(0, |stamp| Stamper::new(stamp).width());
        text.split_inclusive(|&b| b == b'\n').map(|line| line.get(stamp..).unwrap_or(line).to_vec()).collect()
    }
}

/// Each line at least once, and the first of each in order.
fn assert_complete(logged: &[Vec<u8>], expected: &[Vec<u8>], what: &str) {
    let mut next = 0;
    for line in logged {
        if expected.get(next) == Some(line) {
            next += 1;
        } else {
            assert!(
                expected[..next].contains(line),
                "{what}: not a line of the input: {}",
                line.escape_ascii()
            );
        }
    }
    assert_eq!(next, expected.len(), "{what}: lines are missing");
}

#[test]
fn a_failure_of_any_operation_loses_and_repeats_nothing() {
    for workload in workloads(1500) {
        let quiet = Disk::default();
        workload.run(&quiet, |_| {});
        let expected = workload.expected();
        assert!(workload.logged(&quiet) == expected, "{:?} without failures", workload.script);
        let troubles = ERRORS.map(Trouble::Error).into_iter().chain([Trouble::Short]);
        for trouble in troubles {
            for at in 0..quiet.operations() {
                let disk = Disk::with(&[Fault { at, trouble }]);
                workload.run(&disk, |_| {});
                let logged = workload.logged(&disk);
                assert!(logged == expected, "{:?} {trouble:?} at {at}", workload.script);
            }
        }
    }
}

/// A sync that failed, and later a power cut: what the kernel then says is on the disk is not there
/// (it has marked the pages clean). An archive must not be such a file.
#[test]
fn an_archive_survives_a_power_cut_also_when_a_sync_had_failed() {
    for workload in workloads(600) {
        let quiet = Disk::default();
        workload.run(&quiet, |_| {});
        for at in 0..quiet.operations() {
            let disk = Disk::with(&[Fault { at, trouble: Trouble::Error(ERRORS[0]) }]);
            workload.run(&disk, |_| {});
            let archives = |disk: &Disk| {
                let mut files = disk.files();
                files.retain(|file| file.0.to_string_lossy().starts_with('@'));
                files.into_iter().map(|(name, _, bytes)| (name, bytes)).collect::<Vec<_>>()
            };
            let before = archives(&disk);
            disk.cut_power(|_| 0);
            assert!(archives(&disk) == before, "{:?} EIO at {at}", workload.script);
        }
    }
}

#[test]
fn a_kill_at_any_operation_loses_nothing() {
    for workload in workloads(600) {
        let quiet = Disk::default();
        workload.run(&quiet, |_| {});
        let expected = workload.expected();
        for trouble in [Trouble::KillBefore, Trouble::KillAfter] {
            for at in 0..quiet.operations() {
                // The next process is killed as well, while it repairs or soon after.
                for second in [at + 3, at + 17, at + 60] {
                    let disk = Disk::with(&[Fault { at, trouble }, Fault { at: second, trouble }]);
                    workload.run(&disk, |_| {});
                    let what = format!("{:?} {trouble:?} at {at} and {second}", workload.script);
                    assert_complete(&workload.logged(&disk), &expected, &what);
                }
            }
        }
    }
}

#[test]
fn a_power_cut_at_any_operation_tears_no_archive_and_loses_nothing_that_was_on_the_disk() {
    for workload in workloads(600) {
        let quiet = Disk::default();
        workload.run(&quiet, |_| {});
        let expected = workload.expected();
        for at in 0..quiet.operations() {
            for seed in 0..8 {
                let what = format!("{:?} power cut at {at}, choice {seed}", workload.script);
                check_power_cut(&workload, &expected, at, seed, &what);
            }
        }
    }
}

fn check_power_cut(workload: &Workload, expected: &[Vec<u8>], at: usize, seed: u64, what: &str) {
    let disk = Disk::with(&[Fault { at, trouble: Trouble::PowerCut }]);
    let mut random = seed * 7919 + at as u64 + 1;
    let mut safe: Vec<Vec<u8>> = Vec::new();
    workload.run(&disk, |disk| {
        safe = disk.durable();
        disk.cut_power(|limit| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(random >> 33).unwrap() % limit
        });
    });
    let stamp = workload.script().stamp.map_or(0, |stamp| Stamper::new(stamp).width());
    for (name, _, bytes) in disk.files() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with('@') && name.ends_with(".s") {
            let lines: Vec<&[u8]> =
                bytes.split_inclusive(|&b| b == b'\n').map(|line| &line[stamp..]).collect();
            let first = expected.iter().position(|line| line == lines[0]);
            let first = first.unwrap_or_else(|| panic!("{what}: {name} begins with no line"));
            assert_eq!(lines, expected[first..first + lines.len()], "{what}: {name} is not whole");
        }
    }
    let logged = workload.logged(&disk).concat();
    let contains = |line: &[u8]| memchr::memmem::find(&logged, line).is_some();
    if workload.script().logs[0].transform != crate::script::Transform::Keep {
        return;
    }
    for file in safe {
        for line in
            file.split_inclusive(|&b| b == b'\n').filter(|line| line.ends_with(b"\n") && !line.contains(&0))
        {
            assert!(contains(&line[stamp..]), "{what}: lost {}", line.escape_ascii());
        }
    }
}
