//! Random scripts over random input: our multilog and Debian's must give the same lines in the same directories,
//! the same alerts and the same status files.
//!
//! File boundaries differ on purpose and are not compared; stamps are masked. DIFFERENTIAL_CASES sets the number of
//! cases, DIFFERENTIAL_SEED repeats a run. A failing case is shrunk, printed and kept beside this file.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail by panicking")]

mod case;

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use harness::{LogView, Scratch, original, tool};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, FileFailurePersistence, RngAlgorithm, TestError, TestRng, TestRunner};

use case::Case;

/// Everything that a run leaves, stamps masked.
#[derive(Debug, PartialEq, Eq)]
struct Result {
    code: Option<i32>,
    stderr: String,
    logs: Vec<String>,
    statuses: Vec<String>,
}

/// What ours says about a script without any directory, status file or alert, whatever else is expected.
const DISCARDED: &str = "multilog: warning: no directory, =file, 1 or e: every line is discarded\n";

/// Whether ours may say something else about the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Warnings {
    Expected,
    Unexpected,
}

fn run(program: &Path, case: &Case, warnings: Warnings) -> Result {
    let here = Scratch::in_memory();
    let arguments = case.arguments();
    let mut running = here.run(program, &arguments).start();
    for piece in case.pieces() {
        running.write(piece);
    }
    let outcome = running.end();
    let is_said = |line: &&str| match warnings {
        Warnings::Unexpected => *line != DISCARDED,
        Warnings::Expected => !line.starts_with("multilog: warning: "),
    };
    let stderr: String = outcome.stderr.split_inclusive('\n').filter(is_said).collect();
    let read = |name: &str| std::fs::read(here.path(name)).unwrap_or_default();
    Result {
        code: outcome.code,
        stderr: masked(case, stderr.as_bytes()),
        logs: case.logs().iter().map(|log| masked(case, &LogView::of(here.path(log)).bytes())).collect(),
        statuses: case.statuses().iter().map(|status| masked(case, &read(status))).collect(),
    }
}

/// The text with the digits of every stamp at a line start replaced.
fn masked(case: &Case, bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in bytes.split_inclusive(|&b| b == b'\n') {
        match (case.is_stamped(), line.get(..26), line.get(26..)) {
            (true, Some([b'@', .., b' ']), Some(rest)) => text += &format!("@ {}", rest.escape_ascii()),
            _ => text += &line.escape_ascii().to_string(),
        }
        text.push('\n');
    }
    text
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// Random cases, until ours does something else than the original.
fn compare(name: &str, cases: impl Strategy<Value = Case>, count: u64, warnings: Warnings) {
    let Some(original) = original("multilog").filter(|_| !harness::is_original()) else { return };
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let seed = number("DIFFERENTIAL_SEED", u64::try_from(clock & u128::from(u64::MAX)).unwrap());
    eprintln!("{name}: DIFFERENTIAL_SEED={seed}");
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/differential/regressions.txt");
    let config = Config {
        cases: u32::try_from(number("DIFFERENTIAL_CASES", count)).unwrap(),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(kept))),
        source_file: Some(file!()),
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let ours = tool("multilog");
    let outcome = runner.run(&cases, |case| {
        proptest::prop_assert_eq!(run(&ours, &case, warnings), run(&original, &case, Warnings::Expected));
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => panic!("{case:?}\n{reason}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

#[test]
fn ours_does_with_every_script_and_input_what_the_original_does() {
    compare("scripts", case::cases(), 2000, Warnings::Unexpected);
}

/// A script with `starting` or `nnum` in it ran under the original, and ended ours.
#[test]
fn ours_runs_every_script_that_the_original_runs() {
    compare("odd scripts", case::odd_cases(), 1000, Warnings::Expected);
}
