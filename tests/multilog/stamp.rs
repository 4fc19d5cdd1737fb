//! TAI64N stamps.

use harness::{LogView, Scratch, ours_only};
use tai64tools::Label;

fn stamps(view: &LogView) -> Vec<Label> {
    let bytes = view.bytes();
    bytes.split_inclusive(|&b| b == b'\n').map(|line| Label::parse(line).unwrap()).collect()
}

#[test]
fn every_line_has_a_label_and_a_space_and_the_clock_is_now() {
    let here = Scratch::new();
    let before = Label::now();
    here.multilog(&["t", "./main"]).over("a\n\nlast").quietly();
    let after = Label::now();
    let view = LogView::of(here.path("main"));
    assert_eq!(view.unstamped(), b"a\n\nlast\n");
    for stamp in stamps(&view) {
        // The original rounds down to a microsecond and adds half of one.
        assert!(stamp.plus(1000) >= before && stamp <= after.plus(1000));
    }
}

#[test]
fn only_the_first_action_stamps() {
    let here = Scratch::new();
    let outcome = here.multilog(&["./main", "t"]).over("a\n");
    assert_eq!(outcome.code, Some(0));
    assert_eq!(LogView::of(here.path("main")).text(), "a\n");
}

#[test]
fn patterns_see_the_stamp() {
    let here = Scratch::new();
    here.multilog(&["t", "-*", "+@* x*", "./main"]).over("x\ny\n").quietly();
    assert_eq!(LogView::of(here.path("main")).unstamped(), b"x\n");
}

#[test]
fn no_two_lines_have_the_same_stamp_and_they_are_in_order() {
    if ours_only("Stamps") {
        let here = Scratch::new();
        here.multilog(&["t", "./main"]).over("x\n".repeat(3000)).quietly();
        let stamps = stamps(&LogView::of(here.path("main")));
        assert_eq!(stamps.len(), 3000);
        assert!(stamps.windows(2).all(|pair| pair[0] < pair[1]));
    }
}

#[test]
fn accustamps_are_seconds_and_microseconds() {
    if ours_only("Actions of daemontools-encore") {
        let here = Scratch::new();
        here.multilog(&["T", "./main"]).over("a\n").quietly();
        let text = LogView::of(here.path("main")).text();
        let (seconds, rest) = text.split_once('.').unwrap();
        assert_eq!(seconds.len(), 10);
        assert_eq!((rest.len(), &rest[6..]), (9, " a\n"));
    }
}
