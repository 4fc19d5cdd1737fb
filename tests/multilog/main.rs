//! The multilog under test, from outside. Every test here passes on Debian's multilog as well, or names the
//! deliberate difference that it shows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "tests fail by panicking and say what they skip"
)]

mod age_and_cap;
mod alert;
mod boundary;
mod compress;
mod corpus;
mod descriptors;
mod durable;
mod ends;
mod failure;
mod held;
mod input;
mod interop;
mod kill;
mod limit;
mod long_lines;
mod maxline;
mod metrics;
mod mode;
mod prefix;
mod processor;
mod readers;
mod ready;
mod recover;
mod retention;
mod rotate;
mod script;
mod select;
mod signals;
mod stamp;
mod stamp_form;
mod status_file;
mod stdout;
mod stdout_ends;
