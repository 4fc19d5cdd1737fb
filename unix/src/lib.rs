//! The boundary to the operating system: every system call the toolchain makes, and its words for failures.
//!
//! This is the only crate with unsafe code. Each block argues why it is sound. Nothing above this crate sees a raw
//! descriptor, a raw signal set or an errno.

#![allow(
    unsafe_code,
    reason = "system calls that no safe wrapper covers: fork, exec, ids, pidfd, signalfd, localtime_r; and one vector \
              comparison"
)]

pub mod about;
pub mod alarm;
pub mod bytes;
pub mod clock;
pub mod descriptors;
pub mod diag;
pub mod environment;
pub mod errno;
pub mod event;
pub mod exec;
pub mod fifo;
pub mod file;
pub mod glob;
pub mod held;
pub mod ids;
pub mod inherited;
pub mod launch;
pub mod limit;
pub mod localtime;
pub mod lock;
pub mod memory;
pub mod options;
pub mod percent;
mod pidfd;
pub mod pipe;
pub mod process;
pub mod readiness;
pub mod signal;
pub mod socket;
pub mod spawn;
pub mod stdio;
pub mod stdout;
pub mod tool;
pub mod watch;
pub mod wide;
