//! How the arguments are read.

use harness::{LogView, Scratch, ours_only};

#[test]
fn without_arguments_the_input_is_read_and_discarded() {
    let here = Scratch::new();
    here.multilog(&[]).over("a\nb\n").quietly();
}

#[test]
fn a_directory_is_made_for_its_owner_and_nothing_is_left_but_the_log() {
    use std::os::unix::fs::PermissionsExt;
    let here = Scratch::new();
    here.multilog(&["./main"]).over("a\n").quietly();
    let mode = std::fs::metadata(here.path("main")).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode, 0o700);
    let view = LogView::of(here.path("main"));
    assert_eq!(view.current(), b"a\n");
    assert_eq!(view.current_mode(), 0o744);
    assert!(view.others.iter().all(|name| name == "lock" || name == "state"), "{:?}", view.others);
}

#[test]
fn options_are_patterns() {
    let here = Scratch::new();
    here.multilog(&["--help", "./main"]).over("a\n-help\n").quietly();
    assert_eq!(LogView::of(here.path("main")).text(), "a\n");
}

#[test]
fn a_size_and_a_count_are_for_the_directories_after_them() {
    let here = Scratch::new();
    let input = "x".repeat(59) + "\n";
    here.multilog(&["./a", "s4096", "n3", "./b"]).over(input.repeat(200)).quietly();
    assert_eq!(LogView::of(here.path("a")).archives.len(), 0);
    assert_eq!(LogView::of(here.path("b")).archives.len(), 2);
}

#[test]
fn sizes_below_the_least_are_the_least() {
    let here = Scratch::new();
    here.multilog(&["s1", "./a"]).over("x".repeat(4095) + "\n").quietly();
    assert_eq!(LogView::of(here.path("a")).archives.len(), 1);
    here.multilog(&["s1", "./b"]).over("x".repeat(2000) + "\n").quietly();
    assert_eq!(LogView::of(here.path("b")).archives.len(), 0);
}

#[test]
fn an_unknown_action_is_ignored() {
    let here = Scratch::new();
    let outcome = here.multilog(&["Q", "./main"]).over("a\n");
    assert_eq!(outcome.code, Some(0));
    assert_eq!(LogView::of(here.path("main")).text(), "a\n");
}

#[test]
fn an_unknown_action_is_warned_about() {
    if ours_only("Unknown actions") {
        let here = Scratch::new();
        let outcome = here.multilog(&["Q", "./main", "t"]).over("a\n");
        assert_eq!(
            outcome.stderr,
            "multilog: warning: ignoring unknown action Q\n\
             multilog: warning: ignoring t: a stamp has to be the first action\n"
        );
    }
}

/// A pattern that had lost its quotes ended the program, and what the script was for was logged by nobody.
#[test]
fn a_value_that_is_no_number_is_the_digits_before_it() {
    let here = Scratch::new();
    let arguments =
        ["-*", "cleanq", "+*", "starting", "not", "./a", "s9999x", "nnum", "n3 ", "./b", "wa/b", "ssize"];
    let line = "x".repeat(59) + "\n";
    let outcome = here.multilog(&arguments).over(line.repeat(400));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    // 24,000 bytes: one archive of 4096 bytes, and two of 9999.
    for (log, archives, least, most) in [("a", 1, 2096, 4096), ("b", 2, 7999, 9999)] {
        let view = LogView::of(here.path(log));
        assert_eq!(view.archives.len(), archives, "{log}");
        assert!(view.archives.iter().all(|(_, _, bytes)| (least..=most).contains(&bytes.len())), "{log}");
    }
    if ours_only("Malformed values") {
        let warnings = [
            "ignoring unknown action cleanq",
            "reading starting as s4096: not a number",
            "reading not as n2: not a number",
            "reading s9999x as s9999: not a number",
            "reading nnum as n2: not a number",
            "reading n3  as n3: not a number",
            "ignoring wa/b: not part of a file name",
            "reading ssize as s4096: not a number",
        ];
        let warnings = warnings.map(|warning| format!("multilog: warning: {warning}\n"));
        assert_eq!(outcome.stderr, warnings.concat());
    }
}

#[test]
fn a_malformed_word_is_a_misuse_and_nothing_is_opened() {
    if ours_only("Malformed values") {
        for argument in ["compress=lz4", "compress=gzip:0", "min=x", "durable=5"] {
            let here = Scratch::new();
            let outcome = here.multilog(&["./main", argument]).over("a\n");
            assert_eq!(outcome.code, Some(100), "{argument}");
            assert!(
                outcome.stderr.starts_with(&format!("multilog: fatal: unable to understand {argument}: ")),
                "{}",
                outcome.stderr
            );
            assert!(!here.path("main").exists());
        }
    }
}

#[test]
fn a_script_that_does_nothing_with_lines_is_warned_about() {
    if ours_only("Scripts that do nothing") {
        let warning = "multilog: warning: no directory, =file, 1 or e: every line is discarded\n";
        for arguments in [&["t"][..], &["-*", "+x"], &["s10000", "n3"]] {
            assert_eq!(Scratch::new().multilog(arguments).over("a\n").stderr, warning, "{arguments:?}");
        }
        for arguments in [&[][..], &["=file"], &["./main"]] {
            assert_eq!(Scratch::new().multilog(arguments).over("a\n").stderr, "", "{arguments:?}");
        }
        assert_eq!(Scratch::new().multilog(&["e"]).over("a\n").stderr, "a\n");
    }
}

#[test]
fn sizes_have_suffixes() {
    if ours_only("Sizes") {
        let here = Scratch::new();
        here.multilog(&["s10k", "./main"])
            .over("x".repeat(99) + "\n" + &("y".repeat(99) + "\n").repeat(81))
            .quietly();
        assert_eq!(LogView::of(here.path("main")).archives.len(), 0);
    }
}

#[test]
fn help_and_version_count_as_the_only_argument() {
    if ours_only("Help and version") {
        let here = Scratch::new();
        let help = here.multilog(&["--help"]).over("").quietly();
        assert!(String::from_utf8(help.stdout).unwrap().starts_with("usage: multilog"));
        let version = here.multilog(&["--version"]).over("").quietly();
        assert!(String::from_utf8(version.stdout).unwrap().starts_with("multilog "));
    }
}
