//! Resource limits of this process, which the programs it becomes inherit.

use std::io;
use std::sync::OnceLock;

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

/// The limit of descriptors before [`raise_descriptors`] raised it.
static INHERITED: OnceLock<libc::rlimit> = OnceLock::new();

/// Raises the limit of open descriptors as far as it can be raised. Programs that [`crate::spawn`] starts
/// get the one that this program was started with.
pub fn raise_descriptors() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum || setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_err() {
        return;
    }
    let raw = |limit: Option<u64>| limit.unwrap_or(libc::RLIM_INFINITY);
    INHERITED.get_or_init(|| libc::rlimit { rlim_cur: raw(current), rlim_max: raw(maximum) });
}

/// What a child has to be given back. None: nothing was raised.
pub(crate) fn inherited_descriptors() -> Option<libc::rlimit> {
    INHERITED.get().copied()
}

/// How many more descriptors this process may open, counted up to `most` of them.
pub fn free_descriptors(most: usize) -> usize {
    let limit = getrlimit(Resource::Nofile).current.and_then(|limit| usize::try_from(limit).ok());
    // Whoever starts a program with more descriptors open than this has raised the limit as well.
    let numbers = (most + INHERITED_AT_MOST).min(limit.unwrap_or(usize::MAX));
    let number = |at| libc::pollfd { fd: at, events: 0, revents: 0 };
    let mut asked: Vec<libc::pollfd> = (0..).take(numbers).map(number).collect();
    let count = libc::nfds_t::try_from(asked.len()).unwrap_or(0);
    // SAFETY: `asked` is writable and has `count` entries; a timeout of 0 never waits.
    if unsafe { libc::poll(asked.as_mut_ptr(), count, 0) } < 0 {
        return 0;
    }
    asked.iter().filter(|asked| asked.revents & libc::POLLNVAL != 0).count().min(most)
}

/// How many descriptors are likely to have been open at the start, at most.
const INHERITED_AT_MOST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_that_are_open_are_not_free() {
        assert_eq!(free_descriptors(5), 5);
        let limit = get(Resource::Nofile).soft.unwrap_or(1024);
        let most = usize::try_from(limit.min(1024)).unwrap();
        let before = free_descriptors(most);
        let held: Vec<_> = (0..200).map(|_| std::fs::File::open("/").unwrap()).collect();
        let after = free_descriptors(most);
        drop(held);
        // Other tests open and close a few meanwhile.
        assert!((most - 300..most - 100).contains(&after), "{before} and then {after} of {most}");
    }
}
