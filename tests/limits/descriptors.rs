//! Few descriptors, many directories, no threads.

use std::path::Path;

use harness::{LogView, Scratch, original, strace, tool};

use crate::case::{CASES, OURS};
use crate::limit::{Form, Limit, of_descriptors};

const SECONDS: u32 = 20;

/// With 32 descriptors it stopped for good, and then did not start; the original logs everything with 8.
#[test]
fn wherever_the_original_logs_everything_with_few_descriptors_so_does_ours() {
    let Some(original) = original("multilog") else { return };
    let ours = tool("multilog");
    let mut compared = 0;
    for case in CASES {
        let everything = case.run(&original, &Limit::none(), SECONDS).contents();
        for limit in of_descriptors(Form::wanted()) {
            // What it says on the way is no failure: one that waits for a descriptor would never end.
            let theirs = case.run(&original, &limit, 3);
            if theirs.code == Some(0) && theirs.contents() == everything {
                compared += 1;
                let found = case.run(&ours, &limit, SECONDS);
                let what = format!("{}, {}: {:?} {}", case.name, limit.name, found.code, found.said);
                assert!(found.code == Some(0) && found.contents() == everything, "{what}");
            }
        }
    }
    assert!(compared > CASES.len() * 4, "the original logs everything in few of them: {compared}");
}

#[test]
fn compression_needs_no_more_descriptors_than_there_are() {
    for case in OURS {
        for limit in of_descriptors(Form::wanted()).into_iter().skip(1) {
            let found = case.run(&tool("multilog"), &limit, SECONDS);
            let what = format!("{}, {}: {:?} {}", case.name, limit.name, found.code, found.said);
            assert!(found.code == Some(0) && found.contents()[0] == case.everything(), "{what}");
        }
    }
}

/// 60 directories stopped under the usual limit of 1024, and 250 did not start.
#[test]
fn directories_are_as_many_as_under_the_original() {
    let lines: String = (0..3000).map(|n| format!("{n:07}\n")).collect();
    let limit = Limit::by_prlimit("nofile", 1024);
    for (count, sealing) in [(60, &[][..]), (60, &["!cat"]), (300, &[])] {
        let names: Vec<String> = (0..count).map(|n| format!("./d{n}")).collect();
        let words = limit.before(120);
        for multilog in [Some(tool("multilog")), original("multilog")].into_iter().flatten() {
            let here = Scratch::in_memory();
            let script = ["s8000", "n50"].iter().copied().chain(sealing.iter().copied());
            let program = [words[1..].iter().map(String::as_str).collect(), vec![multilog.to_str().unwrap()]];
            let arguments: Vec<&str> =
                program.concat().into_iter().chain(script).chain(names.iter().map(String::as_str)).collect();
            let outcome = here.run(Path::new(&words[0]), &arguments).over(&lines);
            assert_eq!(outcome.code, Some(0), "{count} {sealing:?}: {}", outcome.stderr);
            for name in &names {
                let view = LogView::of(here.path(name));
                assert!(view.text() == lines && view.archives.len() > 2, "{multilog:?} {count} {name}");
            }
        }
    }
}

#[test]
fn without_threads_files_are_sealed_all_the_same() {
    let Some(strace) = strace() else { return };
    let lines: String = (0..3000).map(|n| format!("{n:07}\n")).collect();
    for sealing in [&[][..], &["!cat"], &["compress=gzip"]] {
        let here = Scratch::in_memory();
        let multilog = tool("multilog");
        let traced = ["-f", "-o", "calls", "-e", "trace=clone3", "-e", "inject=clone3:error=EAGAIN"];
        let script = [&traced[..], &[multilog.to_str().unwrap(), "s4096", "n2"], sealing, &["./main"]];
        here.run(&strace, &script.concat()).over(&lines).quietly();
        let view = LogView::of(here.path("main"));
        assert_eq!(view.archives.len(), 1, "{sealing:?}");
        let calls = std::fs::read_to_string(here.path("calls")).unwrap();
        assert!(calls.contains("EAGAIN"), "no thread was asked for");
    }
}

/// Retention took files that the processor had not seen, and neither this run nor any later one went on.
#[test]
fn small_numbers_of_files_go_with_every_way_of_sealing() {
    let lines: String = (0..8000).map(|n| format!("{n:07}\n")).collect();
    for keep in ["n0", "n2", "n3", "n4"] {
        for sealing in [&[][..], &["!cat; echo +>&5; cat <&4 >&5"], &["!sleep .05; cat"], &["compress=gzip"]]
        {
            let here = Scratch::in_memory();
            let script = [&["s4096", keep], sealing, &["./main"]].concat();
            for _ in 0..2 {
                here.multilog(&script).over(&lines).quietly();
            }
            let kept = keep[1..].parse::<usize>().unwrap().max(2) - 1;
            let view = LogView::of(here.path("main"));
            assert_eq!(view.archives.len(), kept, "{script:?}");
            if sealing.first().is_some_and(|word| word.contains("&5")) {
                // Every file was processed: each is full at 2096 bytes, and the second run goes on in the last one.
                let runs = std::fs::read(here.path("main/state")).unwrap().len() / 2;
                assert_eq!(runs, 2 * lines.len() / 2096, "{script:?}");
            }
        }
    }
}
