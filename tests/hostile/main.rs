//! Directories that another user may write to. Whatever that user puts there, nothing outside of the directory
//! changes, nothing hangs, and nothing is given away.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail by panicking")]

mod journal;
mod logdir;
mod meddling;
mod poor;
mod service;
mod view;
mod world;
