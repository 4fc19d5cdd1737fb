//! How many files are kept, and which.

use harness::{LogView, Scratch, ours_only, strace, tool};

fn lines(from: usize, to: usize) -> String {
    (from..to).map(|n| format!("{n:059}\n")).collect()
}

#[test]
fn n_counts_current() {
    for (n, archives) in [("n0", 1), ("n2", 1), ("n3", 2), ("n7", 6)] {
        let here = Scratch::new();
        here.multilog(&["s4096", n, "./main"]).over(lines(0, 1000)).quietly();
        let view = LogView::of(here.path("main"));
        assert_eq!(view.archives.len(), archives, "{n}");
        assert!(lines(0, 1000).ends_with(&view.text()), "the newest are kept");
    }
}

#[test]
fn a_lower_number_deletes_what_is_too_much() {
    let here = Scratch::new();
    here.multilog(&["s4096", "n10", "./main"]).over(lines(0, 1000)).quietly();
    here.multilog(&["s4096", "n3", "./main"]).over(lines(1000, 1100)).quietly();
    let view = LogView::of(here.path("main"));
    assert_eq!(view.archives.len(), 2);
    assert!(lines(0, 1100).ends_with(&view.text()));
}

#[test]
fn a_file_with_another_code_counts() {
    let here = Scratch::new();
    here.multilog(&["./main"]).over("").quietly();
    here.write("main/@400000003000000000000000.s.gz", "x");
    here.multilog(&["s4096", "n2", "./main"]).over(lines(0, 100)).quietly();
    assert_eq!(LogView::of(here.path("main")).archives.len(), 1);
    assert!(!here.path("main/@400000003000000000000000.s.gz").exists());
}

/// Archives from a clock that was ahead: the original takes the file that was just rotated for the
/// oldest and deletes it.
#[test]
fn archives_from_the_future_do_not_make_the_newest_the_oldest() {
    if ours_only("Labels and the clock") {
        let here = Scratch::new();
        here.multilog(&["./main"]).over("").quietly();
        for n in 1..3 {
            here.write(&format!("main/@40000001{n:016x}.s"), "future\n");
        }
        let outcome = here.multilog(&["s4096", "n3", "./main"]).over(lines(0, 100));
        assert_eq!(outcome.code, Some(0));
        assert!(outcome.stderr.lines().all(|line| line.starts_with("multilog: warning: the clock is ")));
        let view = LogView::of(here.path("main"));
        assert!(lines(0, 100).ends_with(&view.text()), "{:?}", view.archives);
        assert_eq!(view.archives.len(), 2);
    }
}

/// A directory with the name of an archive: the original tries to delete it for ever and logs
/// nothing more.
#[test]
fn what_is_no_file_is_not_touched_and_holds_nothing_up() {
    if ours_only("What is pruned") {
        let here = Scratch::new();
        here.multilog(&["./main"]).over("").quietly();
        std::fs::create_dir(here.path("main/@400000003000000000000000.d")).unwrap();
        std::fs::write(here.path("main/@a-note-of-an-administrator"), "keep").unwrap();
        let outcome = here.multilog(&["s4096", "n2", "./main"]).over(lines(0, 200));
        assert_eq!(outcome.code, Some(0));
        assert!(here.path("main/@400000003000000000000000.d").is_dir());
        assert!(here.path("main/@a-note-of-an-administrator").exists());
    }
}

/// Files that came faster than the sealer were deleted by the foreground, and the sealer then brought what had no
/// name anymore to the disk: nearly all files, though two are kept.
#[test]
fn what_retention_has_deleted_is_not_brought_to_the_disk() {
    if !ours_only("What is pruned") {
        return;
    }
    let Some(strace) = strace() else { return };
    let here = Scratch::new();
    let multilog = tool("multilog");
    // With a trace of all system calls the foreground would be too slow to be ahead of the sealer.
    let traced = ["-f", "--seccomp-bpf", "-o", "calls", "-e", "trace=fsync"];
    let words = [&traced[..], &[multilog.to_str().unwrap(), "s4096", "n3", "./main"]].concat();
    let input = lines(0, 100_000);
    here.run(&strace, &words).over(&input).quietly();
    let calls = std::fs::read_to_string(here.path("calls")).unwrap();
    let synced = calls.lines().filter(|line| line.contains("fsync(")).count();
    assert!((1..200).contains(&synced), "{synced} times for 2900 files of which 2 are left");
    assert!(input.ends_with(&LogView::of(here.path("main")).text()));
}
