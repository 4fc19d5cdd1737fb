//! Resource limits of this process, which the programs it becomes inherit.

use std::io;

pub use rustix::process::Resource;
use rustix::process::{Rlimit, getrlimit, setrlimit};

/// A limit; none is unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What holds now.
    pub soft: Option<u64>,
    /// How far the soft limit can be raised.
    pub hard: Option<u64>,
}

/// The limit that holds.
pub fn get(resource: Resource) -> Limit {
    let Rlimit { current, maximum } = getrlimit(resource);
    Limit { soft: current, hard: maximum }
}

/// Sets both. EPERM for a hard limit that is raised without the right to.
pub fn set(resource: Resource, limit: Limit) -> io::Result<()> {
    Ok(setrlimit(resource, Rlimit { current: limit.soft, maximum: limit.hard })?)
}
