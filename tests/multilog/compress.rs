//! `compress=` and `w`: archives that the usual tools read.

use std::process::Command;

use harness::{LogView, Scratch, ours_only};

fn input() -> String {
    (0..5000).map(|n| format!("line {n} with some text that repeats\n")).collect()
}

fn unpacked(here: &Scratch, tool: &str, view: &LogView) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for (name, mode, _) in &view.archives {
        assert_eq!(*mode, 0o744);
        let output = Command::new(tool).arg("-dc").arg(here.path("main").join(name)).output().ok()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        bytes.extend(output.stdout);
    }
    bytes.extend(view.current());
    Some(bytes)
}

#[test]
fn archives_are_compressed_and_say_how() {
    if ours_only("Compression") {
        for (action, code, tool) in [
            ("compress=gzip", "gz", "gzip"),
            ("compress=gzip:9", "gz", "gzip"),
            ("compress=zstd", "zst", "zstd"),
            ("compress=zstd:19", "zst", "zstd"),
        ] {
            let here = Scratch::new();
            here.multilog(&["s30000", "n100", action, "./main"]).over(input()).quietly();
            let view = LogView::of(here.path("main"));
            assert!(view.archives.len() >= 5);
            assert!(view.codes().iter().all(|found| *found == code), "{:?}", view.codes());
            match unpacked(&here, tool, &view) {
                Some(bytes) => assert!(bytes == input().as_bytes(), "{action}"),
                None => {
                    assert_ne!(tool, "gzip", "gzip is on every machine");
                    eprintln!("skipped: there is no {tool} to read {action}");
                }
            }
        }
    }
}

#[test]
fn a_code_names_the_archives_of_a_processor() {
    if ours_only("Actions of daemontools-encore") {
        let here = Scratch::new();
        here.multilog(&["s30000", "n100", "wgz", "!gzip", "./main"]).over(input()).quietly();
        let view = LogView::of(here.path("main"));
        assert!(view.codes().iter().all(|code| *code == "gz"));
        assert!(unpacked(&here, "gzip", &view).unwrap() == input().as_bytes());
    }
}

#[test]
fn compressed_archives_count() {
    if ours_only("Compression") {
        let here = Scratch::new();
        here.multilog(&["s30000", "n3", "compress=gzip", "./main"]).over(input()).quietly();
        assert_eq!(LogView::of(here.path("main")).archives.len(), 2);
    }
}
