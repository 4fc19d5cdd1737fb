use super::*;
use crate::script::Value;

const SECOND: Duration = Duration::from_secs(1);

fn rate(lines: &str) -> Option<Rate> {
    Value::parse(lines.as_bytes()).unwrap()
}

/// With these rates, and nothing that waits at the start.
fn limits(rates: &[&str]) -> Limits {
    let mut limits = Limits::new(rates.iter().map(|lines| (rate(lines), 0))).unwrap();
    limits.start(0, Duration::ZERO);
    limits
}

/// A batch of `lines` lines, which are all of the input. Each line is for the directories of `route`. The result says
/// how many lines each directory gets.
fn batch(limits: &mut Limits, uptime: Duration, lines: usize, route: &[usize]) -> Vec<usize> {
    limits.begin(|| lines as u64, || uptime);
    let mut got = vec![0; 4];
    for _ in 0..lines {
        route.iter().for_each(|&outlet| got[outlet] += usize::from(limits.take_line(outlet)));
    }
    limits.take(lines, lines);
    got
}

#[test]
fn without_a_rate_and_without_what_an_earlier_run_has_dropped_there_is_nothing_to_do() {
    assert!(Limits::new([(None, 0), (None, 0)].into_iter()).is_none());
    assert!(Limits::new(std::iter::empty()).is_none());
    let earlier = Limits::new([(None, 0), (None, 7)].into_iter()).unwrap();
    assert_eq!((earlier.has(1), earlier.due(0), earlier.due(1)), (false, None, Some(Duration::ZERO)));
    assert_eq!(earlier.remark(1).unwrap(), "multilog: 7 lines dropped by an earlier limit=\n");
}

#[test]
fn each_directory_gets_the_first_lines_that_fit_and_the_other_outlets_get_all() {
    let mut limits = limits(&["3", "0", "5"]);
    // The last one is standard output.
    assert_eq!(batch(&mut limits, Duration::ZERO, 10, &[0, 1, 2, 3]), [3, 10, 5, 10]);
    assert_eq!([0, 1, 2, 3].map(|outlet| limits.unsaid(outlet)), [(0, 7), (0, 0), (0, 5), (0, 0)]);
    assert_eq!([0, 1, 2, 3].map(|outlet| limits.dropped(outlet)), [7, 0, 5, 0]);
    limits.settle();
    assert_eq!(
        [0, 2].map(|outlet| (limits.unsaid(outlet), limits.dropped(outlet))),
        [((7, 7), 0), ((5, 5), 0)]
    );
    // Half a second later.
    assert_eq!(batch(&mut limits, SECOND / 2, 10, &[0, 2]), [1, 0, 2, 0]);
    assert_eq!(limits.unsaid(0), (7, 16));
}

#[test]
fn what_was_dropped_is_said_a_second_after_the_first_of_the_lines() {
    let mut limits = limits(&["1"]);
    assert_eq!((limits.due(0), limits.remark(0)), (None, None));
    for (at, lines) in [(1, 1), (1, 1), (1, 2)] {
        batch(&mut limits, SECOND * at, lines, &[0]);
        limits.settle();
    }
    assert_eq!(limits.due(0), Some(SECOND * 2));
    assert_eq!(limits.remark(0).unwrap(), "multilog: 2 lines dropped by limit=1\n");
    limits.say(0);
    assert!(limits.are_in_hand());
    assert_eq!(
        (limits.unsaid(0), limits.dropped(0), limits.due(0), limits.remark(0)),
        ((2, 0), 0, None, None)
    );
    limits.settle();
    assert_eq!((limits.unsaid(0), limits.are_in_hand()), ((0, 0), false));
    batch(&mut limits, SECOND * 9, 9, &[0]);
    assert_eq!((limits.due(0), limits.unsaid(0)), (Some(SECOND * 10), (0, 1)));
    assert_eq!(limits.remark(0).unwrap(), "multilog: 1 line dropped by limit=1\n");
}

#[test]
fn a_batch_that_did_not_happen_drops_nothing_and_takes_no_room_except_where_it_is_kept() {
    let mut limits = limits(&["4", "4"]);
    batch(&mut limits, Duration::ZERO, 10, &[0, 1]);
    limits.go_back(&[1]);
    assert_eq!([0, 1].map(|outlet| limits.unsaid(outlet)), [(0, 0), (6, 6)]);
    assert_eq!(batch(&mut limits, Duration::ZERO, 10, &[0, 1]), [4, 0, 0, 0]);
    limits.settle();
    limits.say(0);
    limits.go_back(&[]);
    assert_eq!((limits.unsaid(0), limits.are_in_hand()), ((6, 6), false));
}

#[test]
fn what_waits_at_the_start_is_let_through_and_nothing_else() {
    for (waiting, got) in [(0, 3), (1, 100)] {
        let mut limits = Limits::new([(rate("3"), 0)].into_iter()).unwrap();
        limits.start(waiting, SECOND);
        assert_eq!(batch(&mut limits, SECOND, 100, &[0])[0], got);
        limits.settle();
        assert_eq!(batch(&mut limits, SECOND, 100, &[0])[0], if waiting > 0 { 3 } else { 0 });
    }
}

/// A stall of ten seconds, and more in the pipe than one batch takes. What came after the stall was over is of the next
/// portion.
#[test]
fn a_backlog_of_several_batches_has_the_time_of_the_stall() {
    let mut limits = limits(&["10"]);
    batch(&mut limits, Duration::ZERO, 10, &[0]);
    limits.settle();
    let stalled = SECOND * 10;
    limits.begin(|| 95, || stalled);
    for (lines, visible, more, got) in [(40, 90, 0, 40), (50, 55, 0, 50), (5, 200, 3, 8), (100, 100, 100, 2)]
    {
        let mut through = 0;
        for _ in 0..lines + more {
            through += usize::from(limits.take_line(0));
        }
        limits.take(lines + more, visible);
        limits.settle();
        assert_eq!(through, got, "{lines}");
        limits.begin(|| 200, || stalled);
    }
}
