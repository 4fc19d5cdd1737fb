//! What the black-box suites are made of: the binary under test, a scratch directory, a run, a view
//! of a log directory.
//!
//! The binaries are ours by default, built by cargo once. With `TOOLS_UNDER_TEST=/usr/bin` they are
//! whatever stands there, Debian's daemontools for example, and tests of a chosen difference say
//! that they are skipped. With `OUR_TOOLS` they are ours from that folder.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests fail by panicking")]

mod random;
mod run;
mod small_disk;
mod under_test;
mod view;

pub use random::Random;
pub use run::{Outcome, Run, Running, Scratch, spawn, until, wakeups};
pub use small_disk::SmallDisk;
pub use under_test::{
    corpus, is_ignored, is_original, is_root, needs_root, original, ours_only, program, strace, tool,
    user_cannot_read,
};
pub use view::LogView;
