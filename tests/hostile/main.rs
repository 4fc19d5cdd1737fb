//! What stands in a directory that somebody else may write to: whatever it is, nothing outside of it changes, nothing hangs,
//! and nothing is given away.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail by panicking")]

mod journal;
mod logdir;
mod meddling;
mod poor;
mod service;
mod view;
mod world;
