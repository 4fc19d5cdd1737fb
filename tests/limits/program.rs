//! The static programs: how much of memory it takes to be loaded, and what is not in them.

use std::path::PathBuf;

use harness::tool;

/// `softlimit -m 3000000` leaves the rest for the stack, the kernel's own pages and the heap.
const LOADED: u64 = 2_200_000;

const LOAD: u32 = 1;
const INTERPRETER: u32 = 3;
/// A table of symbols among the sections.
const SYMBOLS: u64 = 2;

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

/// A number of this many bytes in a little-endian program.
fn number(program: &[u8], at: usize, length: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes[..length].copy_from_slice(&program[at..at + length]);
    u64::from_le_bytes(bytes)
}

/// Where the headers of a table of a 64-bit program begin; its place, the length of each and their number are there.
fn headers(program: &[u8], place: usize, each: usize, count: usize) -> impl Iterator<Item = usize> {
    let read = |at: usize, length: usize| usize::try_from(number(program, at, length)).unwrap();
    let (start, each, count) = (read(place, 8), read(each, 2), read(count, 2));
    (0..count).map(move |index| start + index * each)
}

/// Kind and length in memory of the segments of a program.
fn segments(program: &[u8]) -> Vec<(u32, u64)> {
    let kind = |header| u32::try_from(number(program, header, 4)).unwrap();
    headers(program, 32, 54, 56).map(|header| (kind(header), number(program, header + 40, 8))).collect()
}

/// Kinds of its sections.
fn sections(program: &[u8]) -> Vec<u64> {
    headers(program, 40, 58, 60).map(|header| number(program, header + 4, 4)).collect()
}

/// multilog had them, since a profile of one package left out what the profile says of symbols.
#[test]
fn programs_have_no_symbols() {
    for name in ["multilog", "mlog", "tai64n", "svscan", "svctl"] {
        let Some(path) = static_tool(name) else { return };
        let sections = sections(&std::fs::read(path).unwrap());
        assert!(sections.len() > 5 && !sections.contains(&SYMBOLS), "{name}: {sections:?}");
    }
}

#[test]
fn little_of_the_memory_that_a_limit_leaves_is_taken_by_the_program_itself() {
    let Some(path) = static_tool("multilog") else { return };
    let segments = segments(&std::fs::read(path).unwrap());
    let loaded: u64 = segments.iter().filter(|(kind, _)| *kind == LOAD).map(|(_, length)| length).sum();
    assert!(loaded <= LOADED, "{loaded} bytes are loaded, which is {} too many", loaded - LOADED);
}
