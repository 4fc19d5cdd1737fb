//! `tai64n`, `tai64nlocal` and `tai64nfrac`. They do the same on ours and on Debian's, except where DIFFERENCES.md
//! says otherwise.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod failure;
mod limits;
mod zone;

use harness::{Outcome, Scratch, corpus, is_original, original, ours_only, tool};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const ZONES: [&str; 10] = [
    "UTC",
    "US/Pacific",
    "right/US/Pacific",
    "Europe/Berlin",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Monrovia",
    "CET-1CEST,M3.5.0,M10.5.0/3",
    "No/Such_Zone",
    "",
];

fn local(here: &Scratch, zone: &str, arguments: &[&str], input: &str) -> Outcome {
    here.run(&tool("tai64nlocal"), arguments).with("TZ", zone).over(input).quietly()
}

fn text(outcome: Outcome) -> String {
    String::from_utf8(outcome.stdout).unwrap()
}

#[test]
fn tai64nlocal_shows_the_label_of_the_manual() {
    let here = Scratch::new();
    let line = "@4000000037c219bf2ef02e94 mark\n";
    if std::path::Path::new("/usr/share/zoneinfo/right/US/Pacific").exists() {
        let shown = text(local(&here, "right/US/Pacific", &[], line));
        assert!(shown.starts_with("1999-08-23 21:0") && shown.ends_with(".787492500 mark\n"), "{shown}");
    } else {
        eprintln!("skipped: there is no zone right/US/Pacific (package tzdata, or tzdata-legacy)");
    }
    assert_eq!(text(local(&here, "UTC", &[], line)), "1999-08-24 04:04:05.787492500 mark\n");
}

#[test]
fn lines_without_a_label_pass_unchanged() {
    let here = Scratch::new();
    let lines = "\nno label\n @4000000037c219bf2ef02e94 not at the start\nlast without newline";
    assert_eq!(text(local(&here, "UTC", &[], lines)), lines);
}

/// The original crashes on these lines, and with it goes what it had not written yet.
#[test]
fn what_looks_like_a_label_and_is_none_passes_unchanged() {
    if ours_only("Malformed labels") {
        let here = Scratch::new();
        let lines = "before\n@foo\n@\n@4000000037C219BF2EF02E94 x\n@4000000037c219bf2ef02e9 x\n\
                     @4000000037c219bf2ef02e9400000000 x\n@3fffffff00000000000000ff x\nafter\n";
        assert_eq!(text(local(&here, "UTC", &[], lines)), lines);
        let fraction = here.run(&tool("tai64nfrac"), &[] as &[&str]).over(lines).quietly();
        assert_eq!(text(fraction), lines);
    }
}

#[test]
fn tai64n_puts_a_label_before_each_line_and_adds_no_newline() {
    let here = Scratch::new();
    let stamped = text(here.run(&tool("tai64n"), &[] as &[&str]).over("one\n\nlast").quietly());
    let lines: Vec<&str> = stamped.split('\n').collect();
    assert_eq!(lines.iter().map(|line| &line[26..]).collect::<Vec<_>>(), ["one", "", "last"]);
    let labels: Vec<&str> = lines.iter().map(|line| &line[..26]).collect();
    assert!(labels.iter().all(|label| label.starts_with("@40000000") && label.ends_with(' ')), "{stamped}");
    assert!(labels.is_sorted(), "{stamped}");
}

#[test]
fn what_came_is_passed_on_before_more_is_waited_for() {
    let here = Scratch::new();
    for (name, line) in [("tai64n", "line\n"), ("tai64nlocal", "@4000000037c219bf2ef02e94 line\n")] {
        let out = here.path("out");
        let mut running =
            here.run(&tool(name), &[] as &[&str]).writing_to(std::fs::File::create(&out).unwrap()).start();
        running.write(line.as_bytes());
        running.until("the line is there", || std::fs::read_to_string(&out).unwrap().ends_with("line\n"));
        running.end();
    }
}

#[test]
fn tai64nfrac_shows_seconds_since_the_epoch() {
    if !is_original() {
        let here = Scratch::new();
        for (arguments, expected) in [
            (&[][..], "935467445.787492500 mark @4000000037c219bf2ef02e94\n"),
            (&["-d", "3"], "935467445.787 mark @4000000037c219bf2ef02e94\n"),
            (&["-a"], "935467445.787492500 mark 935467445.787492500\n"),
        ] {
            let line = "@4000000037c219bf2ef02e94 mark @4000000037c219bf2ef02e94\n";
            assert_eq!(text(here.run(&tool("tai64nfrac"), arguments).over(line).quietly()), expected);
        }
        let early = here.run(&tool("tai64nfrac"), &[] as &[&str]).over("@4000000037c219bf006acfc0 x\n");
        assert_eq!(text(early.quietly()), "935467445.007000000 x\n");
    }
}

#[test]
fn the_options_of_tai64nlocal() {
    if ours_only("Options of the TAI64 tools") {
        let here = Scratch::new();
        let line = "@4000000037c219bf2ef02e94 mark\n";
        for (arguments, expected) in [
            (&["-u"][..], "1999-08-24 04:04:05.787492500 mark\n"),
            (&["-i"], "1999-08-24T06:04:05.787492500+02:00 mark\n"),
            (&["-ui"], "1999-08-24T04:04:05.787492500+00:00 mark\n"),
            (&["-u", "--tai-offset=leap"], "1999-08-24 04:03:43.787492500 mark\n"),
        ] {
            // A rule, since a system without files of zones has none by name.
            let zone = "CET-1CEST,M3.5.0,M10.5.0/3";
            assert_eq!(text(local(&here, zone, arguments, line)), expected, "{arguments:?}");
        }
        let misuse = here.run(&tool("tai64nlocal"), &["file"]).over("");
        assert_eq!(
            (misuse.code, misuse.stderr.as_str()),
            (Some(100), "tai64nlocal: fatal: usage: tai64nlocal [ -aiu ] [ --tai-offset=10|leap ]\n")
        );
    }
}

/// `tai64nfrac -ad3` was refused, and `tai64n --help` said nothing until its input ended.
#[test]
fn options_stand_together_or_apart_and_help_reads_nothing() {
    if !ours_only("Options of the TAI64 tools") {
        return;
    }
    let here = Scratch::new();
    let line = "@4000000037c219bf2ef02e94 mark @4000000037c219bf2ef02e94\n";
    for arguments in [&["-ad3"][..], &["-a", "-d3"], &["-ad", "3"], &["-d", "3", "-a"], &["-d3", "-a", "--"]]
    {
        let shown = text(here.run(&tool("tai64nfrac"), arguments).over(line).quietly());
        assert_eq!(shown, "935467445.787 mark 935467445.787\n", "{arguments:?}");
    }
    for name in ["tai64n", "tai64nlocal", "tai64nfrac"] {
        for (word, begins) in [("--help", format!("usage: {name}")), ("--version", format!("{name} 0."))] {
            // Its input is open and has nothing.
            let mut running = here.run(&tool(name), &[word]).start();
            let kept = running.take_stdin();
            let said = text(running.wait().quietly());
            assert!(said.starts_with(&begins) && said.ends_with('\n'), "{said}");
            drop(kept);
            let full = std::fs::File::create("/dev/full").unwrap();
            let outcome = here.run(&tool(name), &[word]).writing_to(full).over("");
            let words = format!("{name}: fatal: unable to write output: out of disk space\n");
            assert_eq!((outcome.code, outcome.stderr), (Some(111), words));
        }
    }
    // To the original arguments of tai64n mean nothing, and with others these two are none.
    let stamped = text(here.run(&tool("tai64n"), &["--help", "x"]).over("line\n").quietly());
    assert_eq!(&stamped[25..], " line\n");
}

/// A zone under `right/` takes the label for TAI and knows the leap seconds by itself.
#[test]
fn labels_of_true_tai_are_shown_as_a_zone_with_leap_seconds_shows_them() {
    let Some(original) = original("tai64nlocal") else { return };
    if is_original() || !std::path::Path::new("/usr/share/zoneinfo/right/UTC").exists() {
        return eprintln!("skipped: there are no zones with leap seconds, or no option for them");
    }
    let here = Scratch::new();
    // Around each half year, and between.
    let moments = (0..100u64).flat_map(|half| (0..60).map(move |second| half * 15_778_800 + second * 86_399));
    let around = [78_796_800, 915_148_821, 1_341_100_824, 1_483_228_826, 1_700_000_000u64];
    let moments = moments.chain(around.into_iter().flat_map(|leap| leap - 40..leap + 40));
    let input: String =
        moments.map(|unix| format!("@{:016x}00000001 x\n", tai64tools::label::EPOCH + unix)).collect();
    let ours = text(local(&here, "America/New_York", &["-u", "--tai-offset=leap"], &input));
    let theirs = here.run(&original, &[] as &[&str]).with("TZ", "right/UTC").over(&input).quietly();
    assert_eq!(ours, text(theirs));
    assert!(ours.contains("2016-12-31 23:59:60."), "{ours}");
    let seconds = here.run(&tool("tai64nfrac"), &["--tai-offset=leap"]);
    let leap = format!("@{:016x}00000001 x\n", tai64tools::label::EPOCH + 1_483_228_827);
    assert_eq!(text(seconds.over(leap).quietly()), "1483228800.000000001 x\n");
}

/// Random labels, a few in a row close together, in every zone.
#[test]
fn tai64nlocal_says_what_the_original_says_in_every_zone() {
    let Some(original) = original("tai64nlocal") else { return };
    let here = Scratch::new();
    let moments = prop::collection::vec(
        (
            prop_oneof![0u64..1 << 33, 0..253_402_000_000u64],
            prop::collection::vec((0u64..900, 0u32..1_000_000_000), 1..6),
        ),
        300,
    );
    for zone in ZONES {
        let mut runner = TestRunner::new(Config::with_cases(3));
        let tried = runner.run(&moments, |moments| {
            let mut input = String::new();
            for (start, steps) in moments {
                for (step, nanos) in steps {
                    let seconds = tai64tools::label::EPOCH + start + step;
                    input += &format!("@{seconds:016x}{nanos:08x} text\n");
                }
            }
            let theirs = here.run(&original, &[] as &[&str]).with("TZ", zone).over(&input).quietly();
            prop_assert_eq!(text(local(&here, zone, &[], &input)), text(theirs));
            Ok(())
        });
        assert!(tried.is_ok(), "{zone}: {tried:?}");
    }
}

#[test]
fn real_logs_are_stamped_and_shown_as_the_originals_do() {
    let Some(logs) = corpus() else { return };
    let Some(original) = original("tai64nlocal") else { return };
    let here = Scratch::new();
    for log in logs {
        let bytes = std::fs::read(&log).unwrap();
        let stamped = here.run(&tool("tai64n"), &[] as &[&str]).over(&bytes).quietly().stdout;
        let cut: Vec<u8> =
            stamped.split_inclusive(|&b| b == b'\n').flat_map(|line| line[26..].to_vec()).collect();
        assert!(cut == bytes, "{}", log.display());
        let ours = here.run(&tool("tai64nlocal"), &[] as &[&str]).over(&stamped).quietly().stdout;
        let theirs = here.run(&original, &[] as &[&str]).over(&stamped).quietly().stdout;
        assert!(ours == theirs, "{}", log.display());
        if !is_original() {
            let seconds = here.run(&tool("tai64nfrac"), &[] as &[&str]).over(&stamped).quietly().stdout;
            assert!(seconds == in_seconds(&stamped), "{}", log.display());
        }
    }
}

/// By the arithmetic.
fn in_seconds(stamped: &[u8]) -> Vec<u8> {
    let mut seconds = Vec::new();
    for line in stamped.split_inclusive(|&byte| byte == b'\n') {
        let number = |text| u64::from_str_radix(std::str::from_utf8(text).unwrap(), 16).unwrap();
        let second = number(&line[1..17]) - tai64tools::label::EPOCH;
        seconds.extend_from_slice(format!("{second}.{:09}", number(&line[17..25])).as_bytes());
        seconds.extend_from_slice(&line[25..]);
    }
    seconds
}
