//! Small limits on what a process may have: wherever Debian's multilog logs everything, so does ours.
//!
//! The matrix is limit x case. A row is a [`limit::Limit`], a column a [`case::Case`]; the short form is for every day,
//! the long one with LIMITS=long. Ours is the static program that users get, so `make test-limits` builds it first.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "tests fail by panicking and say what they skip"
)]

mod case;
mod descriptors;
mod limit;
mod memory;
mod program;
