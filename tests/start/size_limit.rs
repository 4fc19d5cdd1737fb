//! Limits on the size of a file that are smaller than a file of a log.

use harness::{LogView, Scratch, ours_only, wakeups};
use rustix::process::Signal;

use crate::shell;

/// Lines of 5 to 60 bytes, 17 kB.
fn lines() -> String {
    (0..500).map(|number: usize| format!("{number:04}{}\n", "x".repeat(number % 57))).collect()
}

/// The journal did not fit, "no storage space", for as long as the program ran.
#[test]
fn everything_is_logged_in_files_that_the_limit_allows() {
    if ours_only("File size limits") {
        // In blocks of 512 bytes.
        for blocks in [1, 2, 4, 7, 8, 9, 16] {
            let here = Scratch::new();
            let line = format!("ulimit -f {blocks}; exec \"$T\"/multilog n10000 ./log");
            let outcome = shell(&here, &line).over(lines());
            let view = LogView::of(here.path("log"));
            assert_eq!((outcome.code, view.text()), (Some(0), lines()), "{blocks}: {}", outcome.stderr);
            assert!(view.archives.iter().all(|(_, _, bytes)| bytes.len() <= blocks * 512), "{blocks}");
            // Files are not smaller than they have to be.
            assert!(view.archives.len() <= 2 * lines().len() / (blocks * 512) + 1, "{blocks}");
            let said: Vec<&str> = outcome.stderr.lines().collect();
            assert!(said.iter().all(|line| line.ends_with("file too big")), "{blocks}: {said:?}");
            assert!(said.len() <= 1, "{blocks}: {said:?}");
        }
    }
}

#[test]
fn where_nothing_may_be_written_that_is_said_and_waited_for() {
    if ours_only("File size limits") {
        let here = Scratch::new();
        let mut running = shell(&here, "ulimit -f 0; exec \"$T\"/multilog ./log").start();
        running.write(b"a\n");
        let pid = running.pid();
        running.until("it tried and paused", || wakeups(pid) >= 4);
        running.signal(Signal::TERM);
        let outcome = running.wait();
        let said: Vec<&str> = outcome.stderr.lines().collect();
        assert!(!said.is_empty() && said.iter().all(|line| line.ends_with(": file too big")), "{said:?}");
    }
}
