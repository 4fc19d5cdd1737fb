//! What a start does with the files that it finds.

use std::os::unix::fs::PermissionsExt;

use harness::{LogView, Scratch, ours_only};

fn put(here: &Scratch, name: &str, text: &str, mode: u32) {
    let path = here.write(&format!("main/{name}"), text);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn start(here: &Scratch) -> LogView {
    here.multilog(&["./main"]).over("new\n").quietly();
    LogView::of(here.path("main"))
}

#[test]
fn a_current_that_was_closed_is_continued() {
    let here = Scratch::new();
    put(&here, "current", "old\n", 0o744);
    let view = start(&here);
    assert_eq!((view.current(), view.archives.len()), (&b"old\nnew\n"[..], 0));
}

#[test]
fn a_current_that_was_not_closed_is_put_aside() {
    for mode in [0o644, 0o600] {
        let here = Scratch::new();
        put(&here, "current", "old\n", mode);
        let view = start(&here);
        assert_eq!((view.codes(), view.text()), (vec!["u"], "old\nnew\n".to_string()));
    }
}

#[test]
fn a_previous_that_was_not_processed_is_put_aside_before_current() {
    let here = Scratch::new();
    put(&here, "previous", "first\n", 0o744);
    put(&here, "processed", "half", 0o644);
    put(&here, "newstate", "half", 0o644);
    put(&here, "current", "second\n", 0o644);
    let view = start(&here);
    assert_eq!((view.codes(), view.text()), (vec!["u", "u"], "first\nsecond\nnew\n".to_string()));
    assert!(!view.others.iter().any(|name| ["previous", "processed", "newstate"].contains(&name.as_str())));
}

#[test]
fn a_previous_that_was_processed_is_finished() {
    let here = Scratch::new();
    put(&here, "previous", "raw\n", 0o744);
    put(&here, "processed", "done\n", 0o744);
    put(&here, "current", "second\n", 0o644);
    let view = start(&here);
    assert_eq!((view.codes(), view.text()), (vec!["s", "u"], "done\nsecond\nnew\n".to_string()));
    assert!(!here.path("main/previous").exists());
}

#[test]
fn with_a_closed_current_nothing_else_of_the_originals_is_touched() {
    let here = Scratch::new();
    put(&here, "previous", "first\n", 0o744);
    put(&here, "current", "second\n", 0o744);
    let view = start(&here);
    assert_eq!(view.current(), b"second\nnew\n");
    assert!(here.path("main/previous").exists());
}

/// What a processor has left is worth keeping: it is from the last run that was finished.
#[test]
fn the_state_of_a_processor_survives_a_kill() {
    if ours_only("Processors") {
        let here = Scratch::new();
        put(&here, "state", "7\n", 0o644);
        put(&here, "newstate", "half", 0o644);
        put(&here, "current", "old\n", 0o644);
        start(&here);
        assert_eq!(std::fs::read_to_string(here.path("main/state")).unwrap(), "7\n");
        assert!(!here.path("main/newstate").exists());
    }
}

#[test]
fn an_empty_current_is_not_put_aside() {
    if ours_only("Empty current") {
        let here = Scratch::new();
        put(&here, "current", "", 0o644);
        let view = start(&here);
        assert_eq!((view.archives.len(), view.current()), (0, &b"new\n"[..]));
    }
}

/// The mode says closed, but a power cut took the end of the file.
#[test]
fn a_current_that_ends_within_a_line_is_put_aside() {
    if ours_only("Torn current") {
        let here = Scratch::new();
        put(&here, "current", "one\ntor", 0o744);
        let view = start(&here);
        assert_eq!((view.codes(), view.current()), (vec!["u"], &b"new\n"[..]));
    }
}

#[test]
fn an_unfinished_output_is_dropped_and_a_finished_one_is_published() {
    if ours_only("Processors") {
        let (a, b) = ("@400000006b00e05e00000001", "@400000006b00e05e00000002");
        let here = Scratch::new();
        put(&here, &format!("{a}.u"), "raw a\n", 0o744);
        put(&here, &format!("{a}.t"), "half", 0o644);
        put(&here, &format!("{b}.u"), "raw b\n", 0o744);
        put(&here, &format!("{b}.t"), "done b\n", 0o744);
        put(&here, "newstate", "2\n", 0o644);
        let view = start(&here);
        let names: Vec<&str> = view.archives.iter().map(|file| file.0.as_str()).collect();
        assert_eq!(names, [format!("{a}.u"), format!("{b}.s")]);
        assert_eq!(view.text(), "raw a\ndone b\nnew\n");
        assert_eq!(std::fs::read_to_string(here.path("main/state")).unwrap(), "2\n");
    }
}

/// `current` as a link to a file of another user: the original writes through it when the file looks closed.
#[test]
fn a_symbolic_link_is_put_aside_and_never_followed() {
    if ours_only("Links and devices") {
        for mode in [0o644, 0o744] {
            let here = Scratch::new();
            let victim = here.write("victim", "precious\n");
            std::fs::set_permissions(&victim, std::fs::Permissions::from_mode(mode)).unwrap();
            std::fs::create_dir(here.path("main")).unwrap();
            std::os::unix::fs::symlink(&victim, here.path("main/current")).unwrap();
            let outcome = here.multilog(&["./main"]).over("new\n");
            assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
            assert!(
                outcome.stderr.contains("/current, renaming it: not a regular file"),
                "{}",
                outcome.stderr
            );
            assert_eq!(std::fs::read(here.path("main/current")).unwrap(), b"new\n");
            assert_eq!(std::fs::read(&victim).unwrap(), b"precious\n");
            assert_eq!(std::fs::metadata(&victim).unwrap().permissions().mode() & 0o7777, mode);
        }
    }
}

/// Its name sorts behind every label of ours: the label after it did not exist, and nothing was rotated anymore.
#[test]
fn a_label_after_the_year_9999_is_no_label() {
    for name in ["@7fffffffffffffff3b9ac9ff.s", "@7fffffffffffffff3b9ac9ff.u", "@4000003afff4418a00000000.s"]
    {
        let here = Scratch::new();
        put(&here, name, "", 0o744);
        let lines: String = (0..3000).map(|n| format!("line {n}\n")).collect();
        here.multilog(&["s4096", "n4", "./main"]).over(&lines).quietly();
        let view = LogView::of(here.path("main"));
        assert!(lines.ends_with(&view.text()));
        if !harness::is_original() {
            // It is neither deleted nor counted.
            assert_eq!(view.archives.len(), 4, "{:?}", view.codes());
            assert!(here.path("main").join(name).exists());
        }
    }
}
