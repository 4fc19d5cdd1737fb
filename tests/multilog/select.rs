//! Selection by patterns.

use harness::{LogView, Scratch, ours_only};

fn selected(actions: &[&str], input: &str) -> String {
    let here = Scratch::new();
    let arguments = [actions, &["./main"]].concat();
    here.multilog(&arguments).over(input).quietly();
    LogView::of(here.path("main")).text()
}

#[test]
fn a_line_begins_selected_and_the_last_action_that_applies_decides() {
    assert_eq!(selected(&["-*"], "a\nb\n"), "");
    assert_eq!(selected(&["-*", "+*b*"], "a\nb\nabc\n"), "b\nabc\n");
    assert_eq!(selected(&["-*b*", "+a*"], "abc\nxbc\nx\n"), "abc\nx\n");
}

#[test]
fn a_star_runs_to_the_next_byte_and_never_back() {
    assert_eq!(selected(&["-*", "+*ab"], "aab\nxab\nab\nabx\n"), "xab\nab\n");
    assert_eq!(selected(&["-*", "+**"], "no star\nwith * star\n"), "with * star\n");
    assert_eq!(selected(&["-*", "+* * x"], "a b x\na x\n"), "a b x\n");
}

#[test]
fn each_directory_takes_what_is_selected_where_it_stands() {
    let here = Scratch::new();
    here.multilog(&["./all", "-*", "+*err*", "./err", "+*", "./all2"]).over("ok\nerr 1\n").quietly();
    assert_eq!(LogView::of(here.path("all")).text(), "ok\nerr 1\n");
    assert_eq!(LogView::of(here.path("err")).text(), "err 1\n");
    assert_eq!(LogView::of(here.path("all2")).text(), "ok\nerr 1\n");
}

#[test]
fn patterns_see_the_first_thousand_bytes() {
    let line = |length: usize| format!("{}!\n", "a".repeat(length));
    assert_eq!(selected(&["-*", "+*!"], &line(999)), line(999));
    // Byte 1001 is not seen, so the pattern that wants it does not match.
    assert_eq!(selected(&["-*", "+*!"], &line(1000)), "");
    assert_eq!(selected(&["-*", "+a*"], &line(5000)), line(5000));
}

#[test]
fn patterns_are_bytes() {
    let here = Scratch::new();
    here.multilog(&["-*", "+*\u{e9}*", "./main"]).over("caf\u{e9}\ncafe\n").quietly();
    assert_eq!(LogView::of(here.path("main")).text(), "caf\u{e9}\n");
}

#[test]
fn fnmatch_and_regular_expressions_and_back() {
    if ours_only("Actions of daemontools-encore") && ours_only("Regular expressions") {
        let input = "aab 404\nxab 200\nzz 404 zz\n";
        assert_eq!(selected(&["F", "-*", "+*ab 4?4"], input), "aab 404\n");
        assert_eq!(selected(&["R", "-", r"+ab \d+$"], input), "aab 404\nxab 200\n");
        assert_eq!(selected(&["R", "-", "S", "+*404"], input), "aab 404\n");
    }
}

#[test]
fn a_regular_expression_that_is_none_is_a_misuse() {
    if ours_only("Regular expressions") {
        let here = Scratch::new();
        let outcome = here.multilog(&["R", "+a(", "./main"]).over("a\n");
        assert_eq!(outcome.code, Some(100));
        assert_eq!(outcome.stderr, "multilog: fatal: unable to understand +a(: unclosed group\n");
    }
}
