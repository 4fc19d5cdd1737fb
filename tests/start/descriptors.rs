//! Every subset of the standard descriptors is closed, also where there is no /dev/null to take their place. Rust's
//! runtime aborted there before the program began.

use std::path::Path;

use harness::{LogView, Outcome, Scratch, is_root, ours_only};

use crate::{TOOLS, folder, shell};

/// Runs a tool with some of its standard descriptors closed. `around` runs a shell.
fn run(here: &Scratch, around: &[&str], closed: &[u32], tool: &str, arguments: &str) -> Outcome {
    let closed: String = closed.iter().map(|number| format!("exec {number}>&-; ")).collect();
    let line = format!("{closed} exec \"$T\"/{tool} {arguments}");
    let words = [around, &["/bin/sh", "-c", &line]].concat();
    let program = Path::new(words[0]);
    here.run(program, &words[1..]).with("T", folder().to_str().unwrap()).over("a\nb\n")
}

fn subsets() -> Vec<Vec<u32>> {
    (0..8).map(|set| (0..3).filter(|number| set >> number & 1 == 1).collect()).collect()
}

/// What a shell has to be run by to be without /dev/null. None, and a word about it, where that can't be.
fn without_null(here: &Scratch) -> Option<Vec<&'static str>> {
    let flags = if is_root() { "-m" } else { "-rm" };
    let line = "mount -t tmpfs none /dev && exec \"$@\"";
    let words = vec!["/usr/bin/unshare", flags, "/bin/sh", "-c", line, "sh"];
    let show = [&words[1..], &["/bin/sh", "-c", "[ ! -e /dev/null ]"]].concat();
    let works = here.run(Path::new(words[0]), &show).over("").code == Some(0);
    if !works {
        eprintln!("skipped: no file systems can be mounted here");
    }
    works.then_some(words)
}

fn scratch() -> Scratch {
    let here = Scratch::new();
    std::fs::create_dir(here.path("env")).unwrap();
    here.write("ini", "A=1\n");
    here
}

#[test]
fn every_tool_ends_in_the_same_way_with_and_without_dev_null() {
    if !ours_only("Closed descriptors") {
        return;
    }
    let Some(around) = without_null(&Scratch::new()) else { return };
    for (tool, arguments) in TOOLS {
        for closed in subsets() {
            let with = run(&scratch(), &[], &closed, tool, arguments);
            let without = run(&scratch(), &around, &closed, tool, arguments);
            assert_eq!(without.signal, None, "{tool} without {closed:?}: {without:?}");
            if tool == "multilog" {
                continue;
            }
            assert_eq!(
                (with.code, &with.stderr),
                (without.code, &without.stderr),
                "{tool} without {closed:?}"
            );
        }
    }
}

#[test]
fn a_logger_logs_without_standard_output_and_standard_error() {
    let nowhere = without_null(&Scratch::new()).filter(|_| !harness::is_original());
    for around in [Some(vec![]), nowhere].into_iter().flatten() {
        for closed in subsets() {
            let here = scratch();
            let outcome = run(&here, &around, &closed, "multilog", "s4096 '!cat' ./log");
            let text = LogView::of(here.path("log")).text();
            if !closed.contains(&0) {
                assert_eq!((outcome.code, &*text), (Some(0), "a\nb\n"), "{closed:?}: {outcome:?}");
            } else if around.is_empty() {
                // /dev/null in its place is an input that is empty.
                assert_eq!((outcome.code, &*text), (Some(0), ""), "{closed:?}: {outcome:?}");
            } else {
                assert_eq!((outcome.code, &*text), (Some(111), ""), "{closed:?}: {outcome:?}");
                let said = "multilog: fatal: unable to read input: file descriptor not open\n";
                assert!(outcome.stderr.ends_with(said) || closed.contains(&2), "{outcome:?}");
            }
        }
    }
}

/// Where nothing can be opened at all that is an error, said by the program or by what loads it, and no crash.
#[test]
fn a_tool_that_can_open_nothing_says_so() {
    if ours_only("Closed descriptors") {
        let outcome = shell(&Scratch::new(), "exec <&-; ulimit -n 0; exec \"$T\"/tai64n").over("");
        assert!(matches!(outcome.code, Some(111 | 127)) && !outcome.stderr.is_empty(), "{outcome:?}");
    }
}
