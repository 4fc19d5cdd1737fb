//! The static program: how much of memory it takes to be loaded.

use std::path::PathBuf;

use harness::tool;

/// `softlimit -m 3000000` leaves the rest for the stack, the kernel's own pages and the heap.
const LOADED: u64 = 2_200_000;

const LOAD: u32 = 1;
const INTERPRETER: u32 = 3;

/// A tool under test, if it is what users get. None, and a word about it: it is not.
pub(crate) fn static_tool(name: &str) -> Option<PathBuf> {
    let path = tool(name);
    let segments = segments(&std::fs::read(&path).unwrap());
    if segments.iter().any(|&(kind, _)| kind == INTERPRETER) {
        eprintln!("skipped: {} is not the static program (make test-limits)", path.display());
        return None;
    }
    Some(path)
}

/// Kind and length in memory of the segments of a 64-bit little-endian program.
fn segments(program: &[u8]) -> Vec<(u32, u64)> {
    let number = |at: usize, length: usize| {
        let mut bytes = [0; 8];
        bytes[..length].copy_from_slice(&program[at..at + length]);
        u64::from_le_bytes(bytes)
    };
    let at = |place: u64| usize::try_from(place).unwrap();
    let (start, each, count) = (at(number(32, 8)), at(number(54, 2)), at(number(56, 2)));
    let headers = (0..count).map(|index| start + index * each);
    headers.map(|header| (u32::try_from(number(header, 4)).unwrap(), number(header + 40, 8))).collect()
}

#[test]
fn little_of_the_memory_that_a_limit_leaves_is_taken_by_the_program_itself() {
    let Some(path) = static_tool("multilog") else { return };
    let segments = segments(&std::fs::read(path).unwrap());
    let loaded: u64 = segments.iter().filter(|(kind, _)| *kind == LOAD).map(|(_, length)| length).sum();
    assert!(loaded <= LOADED, "{loaded} bytes are loaded, which is {} too many", loaded - LOADED);
}
