//! Little memory.

use std::path::Path;

use harness::{Scratch, original, ours_only};

use crate::case::{CASES, Case, OURS};
use crate::limit::{Form, Limit, of_memory};
use crate::program::static_tool;

/// A run that takes longer waits for memory.
const SECONDS: u32 = 20;

/// `softlimit -m 3000000`, which is in many log/run scripts, was a SIGSEGV, and `ulimit -v 4000` an abort in the middle.
#[test]
fn wherever_the_original_logs_everything_in_little_memory_so_does_ours() {
    let (Some(ours), Some(original)) = (static_tool("multilog"), original("multilog")) else { return };
    let mut compared = 0;
    for case in CASES {
        let everything = case.run(&original, &Limit::none(), SECONDS).contents();
        let without_limit = case.run(&ours, &Limit::none(), SECONDS).files;
        for limit in of_memory(Form::wanted()) {
            let theirs = case.run(&original, &limit, SECONDS);
            if theirs.code == Some(0) && theirs.contents() == everything {
                compared += 1;
                let found = case.run(&ours, &limit, SECONDS);
                let what = format!("{}, {}: {:?} {}", case.name, limit.name, found.code, end(&found.said));
                assert!(found.code == Some(0) && found.contents() == everything, "{what}");
                // And is cut into the same files as ever.
                assert!(found.files == without_limit, "{what}");
            }
        }
    }
    assert!(compared > CASES.len() * 7, "the original logs everything in few of them: {compared}");
}

#[test]
fn compression_and_expressions_need_no_more_memory_than_there_is() {
    let Some(ours) = static_tool("multilog") else { return };
    for case in OURS {
        for limit in of_memory(Form::wanted()) {
            let found = case.run(&ours, &limit, SECONDS);
            let what = format!("{}, {}: {:?} {}", case.name, limit.name, found.code, end(&found.said));
            if case.name == "regular expressions" && found.code == Some(111) {
                // They are compiled before anything is read.
                assert_eq!(found.said, "multilog: fatal: out of memory\n", "{what}");
                continue;
            }
            assert!(found.code == Some(0) && found.contents()[0] == case.everything(), "{what}");
            assert!(found.said.lines().count() <= 1, "{what}");
        }
    }
}

/// Level 22 wanted 0.7 GB for a file of 100 kB, and tried again for ever where that was not to be had.
#[test]
fn the_highest_level_takes_as_much_memory_as_a_file_needs() {
    let Some(ours) = static_tool("multilog") else { return };
    let case = OURS.iter().find(|case| case.name == "zstd at its highest level").unwrap();
    let found = case.run(&ours, &Limit::by_prlimit("as", 40 << 20), SECONDS);
    assert_eq!((found.code, found.said.as_str()), (Some(0), ""));
}

#[test]
fn a_lack_of_memory_for_a_level_is_warned_about_once_and_a_lower_one_is_used() {
    let Some(ours) = static_tool("multilog").filter(|_| ours_only("Compression")) else { return };
    let said = |megabytes: usize| {
        let case = Case::large();
        let found = case.run(&ours, &Limit::by_prlimit("as", megabytes << 20), 180);
        assert!(
            found.code == Some(0) && found.contents()[0] == case.everything(),
            "{:?} {}",
            found.code,
            found.said
        );
        found.said
    };
    let lower = said(14);
    assert!(
        lower.starts_with("multilog: warning: unable to compress in ./a as asked, using level "),
        "{lower}"
    );
    assert_eq!(lower.lines().count(), 1);
    let none =
        "multilog: warning: unable to compress in ./a as asked, leaving files as they are: out of memory\n";
    assert_eq!(said(3), none);
}

/// Before anything is read there is nothing to wait for.
#[test]
fn too_little_memory_to_start_is_said() {
    let Some(ours) = static_tool("multilog") else { return };
    let here = Scratch::new();
    let arguments = ["--as=4000000", ours.to_str().unwrap(), "R", "-(?:[ab][cd]){1,20000}", "./a"];
    let outcome = here.run(Path::new("prlimit"), &arguments).over("line\n");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(111), "multilog: fatal: out of memory\n"));
}

fn end(said: &str) -> &str {
    said.get(said.len().saturating_sub(300)..).unwrap_or_default()
}
