//! Action `prefix=`.

use harness::{LogView, Scratch, ours_only};

const DIFFERENCE: &str = "Prefixes";

#[test]
fn a_prefix_is_between_stamp_and_line_for_every_outlet_after_it() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let here = Scratch::new();
    // As in a container: the log as it is, and what is printed with the name of the service.
    let outcome =
        here.multilog(&["t", "./main", "prefix=web: ", "1", "./b", "prefix=", "./c"]).over("x\ny\n");
    let printed = String::from_utf8(outcome.stdout).unwrap();
    let stamps: Vec<&str> = printed.lines().map(|line| &line[..26]).collect();
    let behind = |prefix: &str| format!("{}{prefix}x\n{}{prefix}y\n", stamps[0], stamps[1]);
    assert_eq!(printed, behind("web: "));
    assert!(stamps[0].starts_with("@4") && stamps[0] < stamps[1]);
    for (name, prefix) in [("main", ""), ("b", "web: "), ("c", "")] {
        assert_eq!(LogView::of(here.path(name)).text(), behind(prefix), "{name}");
    }
}

#[test]
fn patterns_alerts_and_status_files_do_not_see_it() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let here = Scratch::new();
    let script = ["prefix=p ", "-*", "+p*", "./none", "+a*", "e", "=status", "./main"];
    let outcome = here.multilog(&script).over("a\nb\n");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), "a\n"));
    assert!(std::fs::read(here.path("status")).unwrap().starts_with(b"a\n\n"));
    assert_eq!(LogView::of(here.path("none")).text(), "");
    assert_eq!(LogView::of(here.path("main")).text(), "p a\n");
}

#[test]
fn every_length_of_line_has_its_prefix_once() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let lengths = (0..400).chain([700, 773, 774, 775, 900, 974, 999, 1000, 1001, 5000, 100_000]);
    let lines: Vec<String> = lengths.map(|length| "x".repeat(length)).collect();
    let input = lines.join("\n") + "\n";
    for prefix in ["p", &"y".repeat(32), &"y".repeat(33), &"y".repeat(200)] {
        for (stamp, width) in [("t", 26), ("T", 18), ("F", 0)] {
            let here = Scratch::in_memory();
            let word = format!("prefix={prefix}");
            let outcome = here.multilog(&[stamp, "s16777215", "./plain", &word, "./main", "1"]).over(&input);
            let log = LogView::of(here.path("main"));
            assert!(outcome.stdout == log.bytes(), "{stamp}");
            let expected: String = lines.iter().map(|line| format!("{prefix}{line}\n")).collect();
            let unstamped =
                |text: &str| -> String { text.lines().map(|line| format!("{}\n", &line[width..])).collect() };
            let (log, plain) = (unstamped(&log.text()), unstamped(&LogView::of(here.path("plain")).text()));
            assert!(log == expected && plain == input, "{stamp} {}", prefix.len());
        }
    }
}

/// The boundaries of files depend on the bytes only.
#[test]
fn a_long_line_that_goes_on_in_the_next_file_has_one_prefix() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let here = Scratch::new();
    let line = "x".repeat(9000);
    here.multilog(&["s4096", "n9", "prefix=p ", "./main"]).over(format!("a\n{line}\nb\n")).quietly();
    let log = LogView::of(here.path("main"));
    assert_eq!(log.text(), format!("p a\np {line}\np b\n"));
    assert!(log.archives.len() >= 2);
}

#[test]
fn a_newline_or_too_long_a_prefix_is_a_misuse_and_nothing_is_opened() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let here = Scratch::new();
    for prefix in ["a\nb", &"x".repeat(201)] {
        let outcome = here.multilog(&["./main", &format!("prefix={prefix}"), "./b"]).over("");
        assert_eq!(outcome.code, Some(100));
        assert!(outcome.stderr.contains("at most 200 bytes") && outcome.stderr.lines().count() == 1);
    }
    // Standard output has one prefix.
    let outcome = here.multilog(&["./main", "1", "prefix=x", "1"]).over("");
    assert_eq!(outcome.code, Some(100));
    assert!(!here.path("main").exists());
}
