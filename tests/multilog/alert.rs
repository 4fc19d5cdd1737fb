//! Action `e`.

use harness::Scratch;

#[test]
fn selected_lines_go_to_standard_error() {
    let here = Scratch::new();
    let outcome = here.multilog(&["-*", "+*x*", "e"]).over("ax\nb\nxc\n");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), "ax\nxc\n"));
}

#[test]
fn two_hundred_bytes_are_shown() {
    let here = Scratch::new();
    for (length, shown) in [(199, "a".repeat(199)), (200, "a".repeat(200)), (201, "a".repeat(200) + "...")] {
        let outcome = here.multilog(&["e"]).over("a".repeat(length) + "\n");
        assert_eq!(outcome.stderr, shown + "\n");
    }
    let outcome = here.multilog(&["e"]).over("a".repeat(70_000));
    assert_eq!(outcome.stderr, "a".repeat(200) + "...\n");
}

#[test]
fn the_stamp_is_part_of_what_is_shown() {
    let here = Scratch::new();
    let outcome = here.multilog(&["t", "e"]).over("a".repeat(174) + "\n" + &"a".repeat(175) + "\n");
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    assert_eq!((lines[0].len(), lines[1].len()), (200, 203));
    assert!(lines[1].ends_with("a..."));
}
