//! `softlimit`: limits on resources.

use harness::{Outcome, Scratch, ours_only};

use crate::{run, text};

pub(crate) const USAGE: &str = "softlimit [-a allbytes] [-c corebytes] [-d databytes] [-f filebytes] [-l lockbytes] \
[-m membytes] [-o openfiles] [-p processes] [-r residentbytes] [-s stackbytes] [-t cpusecs] child";

/// The soft and the hard limit of the program that softlimit runs.
fn limit(here: &Scratch, options: &[&str], name: &str) -> (String, String) {
    let arguments = [options, &["cat", "/proc/self/limits"]].concat();
    let table = text(run(here, "softlimit", &arguments));
    let line = table.lines().find(|line| line.starts_with(name)).unwrap();
    let mut words = line[26..].split_whitespace();
    (words.next().unwrap().into(), words.next().unwrap().into())
}

#[test]
fn every_letter_lowers_its_limit_and_leaves_the_hard_one() {
    let here = Scratch::new();
    for (letter, name, number) in [
        ("-a", "Max address space", "500000000"),
        ("-c", "Max core file size", "0"),
        ("-d", "Max data size", "400000000"),
        ("-f", "Max file size", "300000"),
        ("-l", "Max locked memory", "20000"),
        ("-o", "Max open files", "30"),
        ("-r", "Max resident set", "600000000"),
        ("-s", "Max stack size", "2000000"),
        ("-t", "Max cpu time", "1000"),
    ] {
        let (_, hard) = limit(&here, &[], name);
        assert_eq!(limit(&here, &[letter, number], name), (number.into(), hard.clone()), "{letter}");
        assert_eq!(
            limit(&here, &[&format!("{letter}{number}")], name),
            (number.into(), hard.clone()),
            "{letter}"
        );
        assert_eq!(limit(&here, &[letter, number, letter, "="], name), (hard.clone(), hard), "{letter}");
    }
    let (_, hard) = limit(&here, &[], "Max processes");
    assert_eq!(limit(&here, &["-p", "="], "Max processes"), (hard.clone(), hard));
}

#[test]
fn memory_is_four_limits() {
    let here = Scratch::new();
    for name in ["Max data size", "Max stack size", "Max address space"] {
        assert_eq!(limit(&here, &["-m", "300000000"], name).0, "300000000", "{name}");
    }
    let locked = limit(&here, &["-m", "300000000"], "Max locked memory");
    assert!(locked.0 == "300000000" || locked.0 == locked.1, "{locked:?}");
}

#[test]
fn a_number_above_the_hard_limit_is_the_hard_limit() {
    let here = Scratch::new();
    let (_, hard) = limit(&here, &[], "Max open files");
    assert_eq!(limit(&here, &["-o", "10000000000000"], "Max open files"), (hard.clone(), hard));
}

/// The words of a run that is refused.
fn misuse(outcome: Outcome, complaint: &str) {
    assert_eq!(
        (outcome.code, outcome.stderr),
        (Some(100), format!("{complaint}softlimit: usage: {USAGE}\n"))
    );
}

#[test]
fn what_is_not_understood_is_a_misuse() {
    let here = Scratch::new();
    misuse(run(&here, "softlimit", &[]), "");
    misuse(run(&here, "softlimit", &["-c", "0"]), "");
    misuse(run(&here, "softlimit", &["-z", "true"]), "softlimit: illegal option -- z\n");
    misuse(run(&here, "softlimit", &["-a"]), "softlimit: option requires an argument -- a\n");
    for value in ["10x", "x", "-1", "+1", " 1", "=="] {
        misuse(run(&here, "softlimit", &["-o", value, "true"]), "");
    }
}

#[test]
fn nothing_is_zero() {
    let here = Scratch::new();
    assert_eq!(limit(&here, &["-c", ""], "Max core file size").0, "0");
}

#[test]
fn numbers_have_suffixes_and_limits_have_names() {
    if ours_only("Options of the chain-loading tools") {
        let here = Scratch::new();
        assert_eq!(limit(&here, &["-a", "300M"], "Max address space").0, "314572800");
        assert_eq!(limit(&here, &["--stack=2M", "-c1k"], "Max stack size").0, "2097152");
        assert_eq!(limit(&here, &["--nofile=20"], "Max open files").0, "20");
        // The original's numbers wrap around at 2^64.
        let (_, hard) = limit(&here, &[], "Max core file size");
        assert_eq!(limit(&here, &["-c", "99999999999999999999999"], "Max core file size").0, hard);
        misuse(run(&here, "softlimit", &["--no-such=1", "true"]), "");
    }
}

#[test]
fn a_dash_is_unlimited_where_that_is_allowed() {
    if ours_only("Options of the chain-loading tools") {
        let here = Scratch::new();
        if limit(&here, &[], "Max core file size").1 == "unlimited" {
            let both = ("unlimited".to_string(), "unlimited".to_string());
            assert_eq!(limit(&here, &["-c", "0", "-c", "-"], "Max core file size"), both);
        }
    }
}
