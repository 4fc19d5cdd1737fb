//! The program with commands as its engine: real loggers write, and it is killed, told to end, and given bad arguments.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::panic,
    reason = "tests fail by panicking"
)]
#![allow(missing_docs, unreachable_pub, reason = "a test has no readers but its own")]

mod arguments;
mod bounds;
mod delivery;
mod manners;
mod surroundings;

use std::path::Path;

use harness::{Run, Scratch, tool};

/// The program, to be run in a scratch directory.
fn ship(scratch: &Scratch, arguments: &[&str]) -> Run {
    scratch.run(Path::new(env!("CARGO_BIN_EXE_mlog-ship")), arguments)
}

/// Lines with these numbers through multilog, as the script says.
fn write(scratch: &Scratch, script: &[&str], numbers: std::ops::Range<usize>) {
    let text: String = numbers.map(|number| format!("line {number} of some text\n")).collect();
    scratch.run(&tool("multilog"), script).over(text).quietly();
}

/// The whole lines of a file, without the stamps. The file may be in the middle of being written.
fn unstamped(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let whole = &text[..text.rfind('\n').map_or(0, |at| at + 1)];
    whole.lines().map(|line| line.split_once(' ').unwrap().1.to_string()).collect()
}

fn expected(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("line {number} of some text")).collect()
}
