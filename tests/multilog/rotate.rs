//! When a file is full, and what becomes of it.

use harness::{LogView, Scratch, ours_only};

#[test]
fn files_are_cut_at_newlines_in_their_last_2000_bytes() {
    let here = Scratch::new();
    let line = "x".repeat(59) + "\n";
    here.multilog(&["s4096", "n100", "./main"]).over(line.repeat(1000)).quietly();
    let view = LogView::of(here.path("main"));
    assert_eq!(view.bytes(), line.repeat(1000).as_bytes());
    for (name, mode, bytes) in &view.archives {
        assert!((2096..=4096).contains(&bytes.len()), "{name}");
        assert!(bytes.ends_with(b"\n"), "{name}");
        assert_eq!(*mode, 0o744);
    }
    assert!(view.codes().iter().all(|code| *code == "s"));
}

#[test]
fn the_boundary_depends_on_the_bytes_only() {
    if ours_only("File boundaries") {
        let here = Scratch::new();
        let line = "x".repeat(59) + "\n";
        here.multilog(&["s4096", "n100", "./main"]).over(line.repeat(1000)).quietly();
        let sizes: Vec<usize> =
            LogView::of(here.path("main")).archives.iter().map(|file| file.2.len()).collect();
        // The first newline at or past 2096.
        assert_eq!(sizes, vec![2100; 28]);
    }
}

#[test]
fn a_line_without_end_is_cut_at_the_size() {
    let here = Scratch::new();
    here.multilog(&["s4096", "./main"]).over("x".repeat(10_000)).quietly();
    let view = LogView::of(here.path("main"));
    let sizes: Vec<usize> = view.archives.iter().map(|file| file.2.len()).collect();
    assert_eq!((sizes, view.current().len()), (vec![4096, 4096], 1809));
}

/// A long line whose first part ended a few bytes before the size was cut there.
#[test]
fn a_long_line_in_pieces_is_cut_at_the_size_as_well() {
    if ours_only("File boundaries") {
        let here = Scratch::new();
        let mut running = here.multilog(&["s4096", "./main"]).start();
        running.write("x".repeat(4066).as_bytes());
        running.until("the first part", || LogView::of(here.path("main")).current().len() == 4066);
        running.write(b"the end\n");
        running.until("the end", || LogView::of(here.path("main")).bytes().len() == 4074);
        running.write("y".repeat(2000).as_bytes());
        running.end().quietly();
        let view = LogView::of(here.path("main"));
        assert_eq!((view.archives[0].2.len(), view.current().len()), (4074, 2001));
    }
}

#[test]
fn the_smallest_full_file() {
    let here = Scratch::new();
    here.multilog(&["s4096", "./a"]).over("x".repeat(2094) + "\n").quietly();
    assert_eq!(LogView::of(here.path("a")).archives.len(), 0);
    here.multilog(&["s4096", "./b"]).over("x".repeat(2095) + "\n").quietly();
    assert_eq!(LogView::of(here.path("b")).archives.len(), 1);
}

#[test]
fn a_run_goes_on_with_the_file_of_the_last_one() {
    let here = Scratch::new();
    here.multilog(&["s4096", "./main"]).over("a\n").quietly();
    here.multilog(&["s4096", "./main"]).over("b\n").quietly();
    let view = LogView::of(here.path("main"));
    assert_eq!((view.current(), view.archives.len()), (&b"a\nb\n"[..], 0));
}

#[test]
fn a_file_that_was_left_larger_than_the_size_is_rotated_first() {
    let here = Scratch::new();
    here.multilog(&["./main"]).over("x".repeat(49) + "\n" + &("y".repeat(99) + "\n").repeat(60)).quietly();
    here.multilog(&["s4096", "./main"]).over("new\n").quietly();
    let view = LogView::of(here.path("main"));
    assert_eq!((view.archives.len(), view.current()), (1, &b"new\n"[..]));
}

#[test]
fn labels_are_later_than_the_stamps_in_the_file() {
    let here = Scratch::new();
    here.multilog(&["t", "s4096", "n100", "./main"]).over("x\n".repeat(2000)).quietly();
    for (name, _, bytes) in LogView::of(here.path("main")).archives {
        let last = bytes.split_inclusive(|&b| b == b'\n').next_back().unwrap();
        assert!(name.as_bytes()[..25] > last[..25], "{name}");
    }
}
