//! The library of the black-box suites: the binary under test, a scratch directory, a run, a view of a log
//! directory.
//!
//! By default the binaries are ours, built by cargo once. With `TOOLS_UNDER_TEST=/usr/bin` they are the ones in
//! that folder, Debian's daemontools for example, and tests of a deliberate difference say that they are skipped.
//! With `OUR_TOOLS` they are ours from that folder.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests fail by panicking")]

mod pipe;
mod port;
mod random;
mod run;
mod small_disk;
mod under_test;
mod view;

pub use pipe::{PipeReader, PipeWriter, pipe};
pub use port::free_port;
pub use random::Random;
pub use run::{Outcome, Run, Running, Scratch, blocks, spawn, until, until_it_rests, wakeups};
pub use small_disk::SmallDisk;
pub use under_test::{
    corpus, is_ignored, is_original, is_root, needs_root, original, ours_only, program, strace, tool,
    user_cannot_read,
};
pub use view::LogView;
