use proptest::prelude::*;
use tai64tools::zone::TimeZone;
use tai64tools::zone::civil::first_of;

use super::*;

fn cycle(text: &str) -> Cycle {
    Cycle::parse(text.as_bytes()).unwrap()
}

/// Zones as rules, so that no database is needed: what they have been since 2007.
const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
const KOLKATA: &str = "IST-5:30";
const LORD_HOWE: &str = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0";
const UTC: &str = "UTC0";
/// Its clock goes back at midnight, and forward at midnight.
const BEIRUT: &str = "EET-2EEST,M3.5.0/0,M10.5.0/0";
/// Its clock goes from one o'clock back to midnight.
const HAVANA: &str = "CST5CDT,M3.2.0/0,M11.1.0/1";

fn zone(rule: &str) -> TimeZone {
    TimeZone::named(Some(rule.as_bytes()), b"/nowhere")
}

/// The second of a date and a time in UTC.
fn at(text: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let (hour, minute, second) = (number(11..13), number(14..16), number(17..19));
    let days = first_of(year, u8::try_from(month).unwrap()) + day - 1;
    days * DAY + hour * 3600 + minute * 60 + second
}

#[test]
fn a_span_divides_a_day_or_is_a_week() {
    for (text, length) in [
        ("1s", 1),
        ("45s", 45),
        ("1m", 60),
        ("30m", 1800),
        ("90m", 5400),
        ("1h", 3600),
        ("6h", 21_600),
        ("24h", DAY),
        ("1440m", DAY),
        ("1d", DAY),
        ("1w", WEEK),
    ] {
        assert_eq!(Cycle::parse(text.as_bytes()), Ok(Cycle { length }), "{text}");
    }
    for text in [
        "",
        "1",
        "h",
        "0h",
        "5h",
        "7m",
        "2d",
        "7d",
        "25h",
        "2w",
        "1M",
        "1.5h",
        "-1h",
        " 1h",
        "99999999999999999999w",
    ] {
        assert_eq!(Cycle::parse(text.as_bytes()), Err(MALFORMED), "{text}");
    }
}

/// The boundaries after a moment.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn boundaries_are_those_of_the_local_clock() {
    for (text, rule, after, boundaries) in [
        ("1d", UTC, "2026-11-25 21:00:00", &["2026-11-26 00:00:00", "2026-11-27 00:00:00"][..]),
        // A boundary is over when it is there.
        ("1d", UTC, "2026-11-26 00:00:00", &["2026-11-27 00:00:00"]),
        ("1d", UTC, "2026-11-25 23:59:59", &["2026-11-26 00:00:00"]),
        ("1w", UTC, "2026-11-25 21:00:00", &["2026-11-30 00:00:00", "2026-12-07 00:00:00"]),
        ("6h", UTC, "2026-11-25 21:00:00", &["2026-11-26 00:00:00", "2026-11-26 06:00:00"]),
        ("1s", UTC, "2026-11-25 21:00:00", &["2026-11-25 21:00:01"]),
        ("1h", KOLKATA, "2026-11-25 21:00:00", &["2026-11-25 21:30:00", "2026-11-25 22:30:00"]),
        ("1d", KOLKATA, "2026-11-25 21:00:00", &["2026-11-26 18:30:00"]),
        ("1w", KOLKATA, "2026-11-25 21:00:00", &["2026-11-29 18:30:00"]),
        // Days of 23 and of 25 hours.
        (
            "1d",
            BERLIN,
            "2026-03-28 12:00:00",
            &["2026-03-28 23:00:00", "2026-03-29 22:00:00", "2026-03-30 22:00:00"],
        ),
        (
            "1d",
            BERLIN,
            "2026-10-24 12:00:00",
            &["2026-10-24 22:00:00", "2026-10-25 23:00:00", "2026-10-26 23:00:00"],
        ),
        ("1w", BERLIN, "2026-03-24 12:00:00", &["2026-03-29 22:00:00", "2026-04-05 22:00:00"]),
        // There is no 02:00: the clock goes to 03:00 where that begins.
        ("1h", BERLIN, "2026-03-29 00:00:00", &["2026-03-29 01:00:00", "2026-03-29 02:00:00"]),
        (
            "2h",
            BERLIN,
            "2026-03-28 23:00:00",
            &["2026-03-29 01:00:00", "2026-03-29 02:00:00", "2026-03-29 04:00:00"],
        ),
        // 02:00 comes twice, and counts once.
        (
            "1h",
            BERLIN,
            "2026-10-24 23:00:00",
            &["2026-10-25 00:00:00", "2026-10-25 02:00:00", "2026-10-25 03:00:00"],
        ),
        ("30m", BERLIN, "2026-10-25 00:00:00", &["2026-10-25 00:30:00", "2026-10-25 02:00:00"]),
        // Within the hour that comes again.
        ("30m", BERLIN, "2026-10-25 01:10:00", &["2026-10-25 02:00:00"]),
        // Half an hour back at 02:00, which is 15:00 of UTC, and forward again.
        (
            "1h",
            LORD_HOWE,
            "2026-04-04 13:59:59",
            &["2026-04-04 14:00:00", "2026-04-04 15:30:00", "2026-04-04 16:30:00"],
        ),
        ("30m", LORD_HOWE, "2026-04-04 14:00:00", &["2026-04-04 14:30:00", "2026-04-04 15:30:00"]),
        (
            "1h",
            LORD_HOWE,
            "2026-10-03 14:30:00",
            &["2026-10-03 15:30:00", "2026-10-03 16:00:00", "2026-10-03 17:00:00"],
        ),
        // Midnight that does not come, midnight that is put off, midnight that comes twice.
        ("1d", BEIRUT, "2026-03-28 12:00:00", &["2026-03-28 22:00:00", "2026-03-29 21:00:00"]),
        ("1d", BEIRUT, "2026-10-24 12:00:00", &["2026-10-24 22:00:00", "2026-10-25 22:00:00"]),
        ("1d", HAVANA, "2026-10-31 12:00:00", &["2026-11-01 04:00:00", "2026-11-02 05:00:00"]),
    ] {
        let (cycle, zone) = (cycle(text), zone(rule));
        let mut moment = at(after);
        for boundary in boundaries {
            moment = cycle.next(moment, |at| zone.ahead(at));
            assert_eq!(moment, at(boundary), "{text} {rule} {after}: {boundary}");
            assert_eq!(cycle.last(moment, |at| zone.ahead(at)), moment);
        }
    }
}

/// A day that a country leaves out, and one that it has twice.
#[test]
fn a_country_may_leave_out_a_day_or_have_one_twice() {
    let change = at("2011-12-30 10:00:00");
    let apia = |at: i64| if at < change { -10 * 3600 } else { 14 * 3600 };
    let back = |at: i64| if at < change { 14 * 3600 } else { -10 * 3600 };
    let day = cycle("1d");
    assert_eq!(day.next(change - 1, apia), change);
    assert_eq!(day.next(change, apia), change + DAY);
    assert_eq!(day.next(change - 1, back), change + DAY);
}

/// Every boundary in `seconds` after `from`, by looking at the wall at each second.
fn naive(cycle: Cycle, from: i64, seconds: i64, ahead: impl Fn(i64) -> i64) -> Vec<i64> {
    let shows = |at: i64| cycle.period(at + ahead(at));
    let mut reached = (from - BACK..=from).map(shows).max().unwrap();
    let mut found = Vec::new();
    for at in from + 1..=from + seconds {
        if shows(at) > reached {
            reached = shows(at);
            found.push(at);
        }
    }
    found
}

/// Two thousand directories that were made one after the other, as on one machine.
#[test]
fn compression_is_spread_evenly_over_a_tenth_of_a_period_and_five_minutes_at_most() {
    for (text, most) in [("1s", 100), ("1m", 6000), ("1h", 300_000), ("1d", 300_000), ("1w", 300_000)] {
        let cycle = cycle(text);
        let mut parts = [0; 10];
        for directory in 5000..7000 {
            let spread = cycle.spread(directory);
            assert_eq!(spread, cycle.spread(directory));
            let spread = usize::try_from(spread.as_millis()).unwrap();
            assert!(spread < most, "{text}");
            parts[spread * 10 / most] += 1;
        }
        assert!(parts.iter().all(|count| (150..250).contains(count)), "{text}: {parts:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn boundaries_are_where_a_watch_of_the_wall_sees_them(
        text in prop::sample::select(vec!["10m", "30m", "1h", "2h", "6h", "12h", "1d", "1w"]),
        rule in prop::sample::select(vec![BERLIN, KOLKATA, LORD_HOWE, UTC, BEIRUT, HAVANA]),
        // About a change of one of the zones, or anywhere.
        from in prop_oneof![
            prop::sample::select(vec!["2026-03-29 01:00:00", "2026-10-25 01:00:00", "2026-04-04 15:00:00",
                "2026-10-03 15:30:00", "2026-03-28 22:00:00", "2026-10-24 21:00:00", "2026-11-01 05:00:00"])
                .prop_map(at),
            0i64..4_000_000_000
        ],
        before in 0i64..100_000,
    ) {
        let (cycle, zone) = (cycle(text), zone(rule));
        let from = from - before;
        let ahead = |at: i64| zone.ahead(at);
        let expected = naive(cycle, from, 2 * DAY, ahead);
        let mut found = Vec::new();
        let mut moment = cycle.next(from, ahead);
        while moment <= from + 2 * DAY {
            found.push(moment);
            moment = cycle.next(moment, ahead);
        }
        prop_assert_eq!(&found, &expected);
        for pair in found.windows(2) {
            // Whenever one asks between two boundaries, these are the two.
            let between = pair[0] + before % (pair[1] - pair[0]);
            prop_assert_eq!((cycle.last(between, ahead), cycle.next(between, ahead)), (pair[0], pair[1]));
        }
    }
}
