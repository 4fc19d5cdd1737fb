use proptest::prelude::*;

use super::*;

const DAY: u64 = 86_400;

/// The clocks at a second of each.
fn clocks(wall: u64, running: u64) -> Clocks {
    let wall = Label::new(label::EPOCH + wall, 0).unwrap();
    Clocks { wall, running: Duration::from_secs(running) }
}

fn mark(wall: u64, running: u64) -> Option<Mark> {
    Some(Mark::new(clocks(wall, running)))
}

/// A mark of an earlier run of the machine.
fn earlier(wall: u64) -> Option<Mark> {
    Mark::parse(&mark(wall, 5).unwrap().text(b"then"), b"now")
}

const fn held(seconds: u64) -> Ruling {
    Ruling::Held(Duration::from_secs(seconds))
}

/// What is said at each of these looks: what the clocks show, what is due, what comes of it.
fn check(mark: Option<Mark>, looks: &[(u64, u64, Due, Ruling, Change)]) {
    let mut caution = Caution::default();
    for (number, &(wall, running, due, ruling, change)) in looks.iter().enumerate() {
        caution.note(clocks(wall, running));
        assert_eq!(caution.judge(due, || mark), (ruling, change), "look {number} of {looks:?}");
    }
}

#[test]
fn at_a_start_no_more_than_the_oldest_goes_at_once() {
    for due in [Due::Nothing, Due::Oldest] {
        check(
            None,
            &[(DAY, 5, due, Ruling::Goes, Change::End), (DAY, 5, due, Ruling::Goes, Change::Nothing)],
        );
    }
    check(
        None,
        &[
            (DAY, 5, Due::More, held(3600), Change::Begin),
            (DAY + 3599, 3604, Due::More, held(1), Change::Nothing),
            (DAY + 3600, 3605, Due::More, Ruling::Goes, Change::Nothing),
            (DAY + 3600, 3605, Due::Oldest, Ruling::Goes, Change::End),
            // Many at once are nothing special when the clock was right all the time.
            (2 * DAY, DAY + 5, Due::More, Ruling::Goes, Change::Nothing),
        ],
    );
}

#[test]
fn the_hour_survives_restarts() {
    for (began, now, ruling, change) in [
        ((DAY, 500), (DAY + 600, 1100), held(3000), Change::Nothing),
        ((DAY, 500), (DAY + 3599, 4099), held(1), Change::Nothing),
        ((DAY, 500), (DAY + 3600, 4100), Ruling::Goes, Change::Nothing),
        // A program that runs for some minutes each day.
        ((DAY, 500), (2 * DAY, DAY + 500), Ruling::Goes, Change::Nothing),
        // The clock has stepped between the two runs.
        ((DAY, 500), (20 * DAY, 1100), held(3000), Change::Nothing),
        ((DAY, 500), (10_000 * DAY, 1100), held(3600), Change::Begin),
        ((DAY, 500), (DAY - 1, 4100), held(3600), Change::Begin),
        ((DAY, 500), (0, 505), held(3600), Change::Begin),
        // A mark is no reason for ever.
        ((DAY, 500), (40 * DAY, 39 * DAY), held(3600), Change::Begin),
    ] {
        check(mark(began.0, began.1), &[(now.0, now.1, Due::More, ruling, change)]);
    }
}

/// A machine that never runs for an hour would keep everything otherwise.
#[test]
fn the_hour_goes_on_by_the_clock_of_the_system_while_the_machine_is_down() {
    for (now, ruling, change) in [
        ((DAY + 600, 3), held(3000), Change::Nothing),
        ((DAY + 600, 900), held(3000), Change::Nothing),
        ((2 * DAY, 3), Ruling::Goes, Change::Nothing),
        ((2 * DAY, 5), Ruling::Goes, Change::Nothing),
        ((2 * DAY, 900), Ruling::Goes, Change::Nothing),
        ((DAY - 1, 900), held(3600), Change::Begin),
        ((40 * DAY, 900), held(3600), Change::Begin),
    ] {
        check(earlier(DAY), &[(now.0, now.1, Due::More, ruling, change)]);
    }
}

#[test]
fn a_clock_that_begins_in_1970_and_is_set_a_minute_after_the_start() {
    check(
        None,
        &[
            (20, 20, Due::Nothing, Ruling::Goes, Change::End),
            (20_000 * DAY, 80, Due::More, held(3600), Change::Begin),
            (20_000 * DAY + 600, 680, Due::More, held(3000), Change::Nothing),
        ],
    );
    // With nothing more than the oldest there is nothing to wait for.
    check(
        None,
        &[
            (20, 20, Due::Nothing, Ruling::Goes, Change::End),
            (20_000 * DAY, 80, Due::Oldest, Ruling::Goes, Change::Nothing),
        ],
    );
}

#[test]
fn a_clock_that_is_ahead_at_the_start_and_is_set_right_within_the_hour() {
    check(
        None,
        &[
            (50_000 * DAY, 20, Due::More, held(3600), Change::Begin),
            (20_000 * DAY, 80, Due::Nothing, Ruling::Goes, Change::End),
            (20_000 * DAY + 7200, 7280, Due::More, Ruling::Goes, Change::Nothing),
        ],
    );
}

#[test]
fn a_step_forward_begins_an_hour_of_its_own_and_a_step_back_does_not() {
    check(
        mark(0, 0),
        &[
            (DAY, 100, Due::Nothing, Ruling::Goes, Change::End),
            // As in most hours.
            (DAY + 3660, 3700, Due::More, Ruling::Goes, Change::Nothing),
            (DAY, 3800, Due::More, Ruling::Goes, Change::Nothing),
            (3 * DAY, 3900, Due::More, held(3600), Change::Begin),
            (3 * DAY + 600, 4500, Due::More, held(3000), Change::Nothing),
            // Once more, while nothing goes.
            (9 * DAY, 4600, Due::More, held(3600), Change::Begin),
            (3 * DAY, 4700, Due::More, held(3500), Change::Nothing),
            // What others leave of those that are due stays too.
            (3 * DAY + 10, 4710, Due::Oldest, held(3490), Change::Nothing),
            (DAY, 4800, Due::Nothing, Ruling::Goes, Change::End),
        ],
    );
}

#[test]
fn a_mark_is_read_as_it_is_written_or_not_at_all() {
    let mark = mark(DAY, 77).unwrap();
    let text = mark.text(b"run");
    assert_eq!(Mark::parse(&text, b"run"), Some(mark));
    for length in 0..text.len() {
        assert_eq!(Mark::parse(&text[..length], b"run"), None);
    }
    for text in [&b"@40000000000151809999999g 1 run\n"[..], b"@4000000000015180000000001 x run\n", b"", b"\n"]
    {
        assert_eq!(Mark::parse(text, b"run"), None);
    }
}

proptest! {
    /// Whatever the clocks do: after a start or a step forward that leaves more than one archive due, an hour passes on
    /// the clock that no step changes before anything goes, unless nothing is due meanwhile.
    #[test]
    fn nothing_goes_within_an_hour(
        looks in prop::collection::vec((0u64..3000, -3000i64..3000, 0usize..4), 1..40),
    ) {
        let (mut wall, mut running) = (20_000 * DAY, 100);
        let mut caution = Caution::default();
        // Since when nothing goes, as far as a naive reader sees.
        let mut since = None;
        for (number, (passes, step, due)) in looks.into_iter().enumerate() {
            running += passes;
            wall = (wall + passes).checked_add_signed(step * 100).unwrap();
            let due = [Due::Nothing, Due::Oldest, Due::More, Due::More][due];
            let in_doubt = number == 0 || step > 0;
            match due {
                Due::Nothing => since = None,
                Due::Oldest if in_doubt => since = None,
                Due::More if in_doubt => since = Some(running),
                Due::Oldest | Due::More => {}
            }
            caution.note(clocks(wall, running));
            let (ruling, _) = caution.judge(due, || None);
            let goes = since.is_none_or(|since| running >= since + 3600);
            prop_assert_eq!(ruling == Ruling::Goes, goes, "look {}", number);
            if goes {
                since = None;
            }
        }
    }
}
