//! Faults from outside, on the real binary: kills and failures at every system call, storms of kills, full disks,
//! clocks that step. `FAULTS=long` runs all of them; otherwise a part runs that CI has time for.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "tests fail by panicking and say what they skip"
)]

mod calls;
mod clock;
mod disk;
mod engines;
mod lines;
mod removal;
mod storm;
mod storms;
mod table;
mod term;

/// Whether there is time for everything.
fn is_long() -> bool {
    std::env::var_os("FAULTS").is_some_and(|how| how == "long")
}
