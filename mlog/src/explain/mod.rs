//! What a multilog script does, in words: what becomes of a line, what each directory may take of disk and for how long it
//! keeps a line, and what in the script its author may not have meant.
//!
//! The script is read by multilog's own parser. Every field of what it returns is named here, so a new action does not
//! compile before it has its words.

mod directory;
mod mistakes;
mod steps;
mod words;

use std::ffi::OsString;

use multilog::script::{MaxLine, MetricsFile, ReadyFd, Script};
use tai64tools::Stamp;

use words::{plain, put, quoted};

/// A script in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What the script does, in lines.
    pub text: String,
    /// What its author may not have meant, a sentence each.
    pub mistakes: Vec<String>,
}

/// Explains the arguments of a multilog. The error is the message with which multilog would refuse them.
pub fn explain(arguments: &[OsString]) -> Result<Explanation, String> {
    let script = Script::parse(arguments.to_vec())
        .map_err(|misuse| format!("{}: {}", plain(&misuse.argument), misuse.reason))?;
    let mistakes = mistakes::of(arguments, &script);
    let mut text = String::new();
    let Script { stamp, actions, logs, statuses, output, maxline, ready, metrics, remarks: _ } = &script;
    stamped(&mut text, *stamp);
    split(&mut text, *maxline);
    steps::explain(&mut text, arguments, actions, logs, statuses);
    for log in logs {
        directory::explain(&mut text, log, *stamp);
    }
    if let Some(prefix) = output.as_ref().filter(|prefix| !prefix.as_bytes().is_empty()) {
        put(&mut text, format_args!("\nOn standard output lines begin with {}.", quoted(prefix)));
    }
    for_the_logger(&mut text, ready.as_ref(), metrics.as_ref());
    Ok(Explanation { text, mistakes })
}

fn stamped(text: &mut String, stamp: Option<Stamp>) {
    let what = match stamp {
        None => return put(text, format_args!("Lines get no stamp.")),
        Some(Stamp::Tai64n) => "a TAI64N label, which tai64nlocal and mlog show as a time",
        Some(Stamp::Accustamp) => "the seconds since 1970, with six digits behind the point",
        Some(Stamp::Iso) => "local time with its offset from UTC",
        Some(Stamp::IsoUtc) => "the time by UTC",
        Some(Stamp::Unix) => "the seconds since 1970, with nine digits behind the point",
        Some(Stamp::UnixMilliseconds) => "the milliseconds since 1970, with a fraction",
    };
    put(text, format_args!("Each line is stamped with {what}."));
}

fn split(text: &mut String, maxline: Option<MaxLine>) {
    if let Some(most) = maxline {
        let most = most.bytes();
        put(
            text,
            format_args!("A line of more than {most} bytes is split, and each piece is treated as a line."),
        );
    }
}

fn for_the_logger(text: &mut String, ready: Option<&ReadyFd>, metrics: Option<&MetricsFile>) {
    if let Some(ready) = ready {
        let number = ready.number();
        put(
            text,
            format_args!("\nThe logger writes a newline to descriptor {number} when it is about to read."),
        );
    }
    if let Some(metrics) = metrics {
        let path = plain(metrics.path());
        put(
            text,
            format_args!("\nThe logger keeps its counters in {path}, for the node exporter of Prometheus."),
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn explained(script: &str) -> Explanation {
        explain(&script.split_whitespace().map(OsString::from).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_script_is_told_in_the_order_of_its_steps() {
        let Explanation { text, mistakes } =
            explained("t -* +*fail* e s16384 n4 !gzip limit=70 ./main min=2 /var/log/all");
        assert_eq!(
            mistakes,
            ["'+*fail*' does not match \"f fail\": a star ends at the first byte like the one behind it"]
        );
        let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}: {text}"));
        let order = [
            "TAI64N",
            "deselects",
            "selects lines that match",
            "standard error",
            "./main/current",
            "/var/log/all",
        ];
        assert!(order.windows(2).all(|two| at(two[0]) < at(two[1])), "{text}");
        let split = explained("t maxline=8k ./main").text;
        assert!(split.contains("more than 8192 bytes is split"), "{split}");
        for words in [
            "at 16.3 kB",
            "the newest 3 archives",
            "65.6 kB at most",
            "sh -c 'gzip'",
            "until 2 are left",
            "at most 70 lines",
        ] {
            at(words);
        }
    }

    #[test]
    fn what_goes_by_age_and_size_is_told() {
        for (script, words) in [
            ("age=30d ./a", &["any number of archives", "older than 30 days", "as much as comes"][..]),
            ("cap=10G ./a", &["any number", "more than 10.7 GB", "10.8 GB at most, and those that wait"]),
            ("n4 s4096 cap=10G ./a", &["newest 3", "more than 10.7 GB", "16.4 kB at most"]),
            ("n10 ./a", &["newest 9", "old when it goes"]),
        ] {
            let text = explained(script).text;
            assert!(words.iter().all(|words| text.contains(words)), "{script}: {text}");
        }
    }

    #[test]
    fn what_may_not_be_meant_is_said_and_nothing_else() {
        for (script, said) in [
            ("t ./main", None),
            ("t -* +*x* ./main", None),
            ("t -@* +* ./main", None),
            ("t R +^@ F -*foo* ./main", Some("'+^@' has no effect: all lines are selected there already")),
            ("t -foo ./main", Some("-foo matches no line: patterns see the stamp before the line")),
            ("t=iso -20* ./main", None),
            ("t=iso -@4* ./main", Some("'-@4*' matches no line: patterns see the stamp before the line")),
            ("-foo ./main", None),
            ("R -foo ./main", None),
            ("t R -^foo ./main", Some("'-^foo' matches no line: patterns see the stamp before the line")),
            ("+foo ./main", Some("+foo has no effect: all lines are selected there already")),
            ("-* ./main", Some("./main has no effect: no line is selected there: it gets nothing")),
            ("./main -*", Some("'-*' has no effect: nothing comes after it that takes lines")),
            ("./main n5", Some("n5 has no effect: a setting is for the directories after it")),
            ("./main prefix=x 1", None),
            ("./main n5 prefix=x 1", Some("n5 has no effect: a setting is for the directories after it")),
            ("n3 n9 ./main", Some("n3 has no effect: n9 replaces it")),
            ("n3 ./main n9 ./b", None),
            ("!gzip !xz ./main", Some("'!gzip' has no effect: '!xz' replaces it")),
            ("prefix=x 1 prefix= ./main", None),
            ("-x -y -x ./main", Some("-x has no effect: the same pattern is before it")),
            ("-x +xy -x ./main", None),
            ("-x* R -x* ./main", None),
            ("min=2 n3 ./main", Some("min=2 has no effect: ./main has never more than 2 archives")),
            ("min=1 n3 ./main", None),
            ("min=9 age=1d ./main", None),
            ("./a .//a/", Some(".//a/ is there twice: multilog can't lock it a second time, and ends")),
            ("./a t", Some("ignoring t: a stamp has to be the first action")),
            ("x ./a", Some("ignoring unknown action x")),
        ] {
            assert_eq!(explained(script).mistakes, said.into_iter().collect::<Vec<_>>(), "{script}");
        }
    }

    #[test]
    fn boundaries_of_time_are_told_and_limit_how_old_lines_become() {
        for (script, words) in [
            ("rotate=1d ./main", "at midnight, by local time, unless"),
            ("rotate=1w ./main", "before Monday"),
            ("rotate=6h ./main", "each 6 hours of local time"),
            ("n5 rotate=1m ./main", "at least 4 minutes old"),
            ("n5 age=2m ./main", "at least 2 minutes old"),
            ("n5 age=2m rotate=1m ./main", "at least 2 minutes old"),
            ("n5 age=9m rotate=1m ./main", "at least 4 minutes old"),
            ("s4096 cap=14096 rotate=1m ./main", "with 100 a second, 1 second"),
            ("s4096 n2 cap=1G ./main", "at least 20 seconds old"),
        ] {
            let Explanation { text, mistakes } = explained(script);
            assert!(text.contains(words) && mistakes.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_star_that_ends_too_early_is_shown_by_an_example() {
        for (pattern, example) in [
            ("-*fail*", Some("f fail")),
            ("-@* *Failed*", Some("@ F Failed")),
            ("-*\" 5*", Some("\\\" \\\" 5")),
            ("-*: debug: *", None),
            ("-@* * * x*", None),
            ("-*x*", None),
            ("-fail*", None),
        ] {
            let mistakes = explain(&[pattern.into(), "./main".into()]).unwrap().mistakes;
            let said = mistakes.first().and_then(|mistake| mistake.split_once(" does not match \""));
            let said = said.and_then(|(_, rest)| rest.split_once("\": a star"));
            assert_eq!(said.map(|(example, _)| example), example, "{pattern}: {mistakes:?}");
        }
    }

    #[test]
    fn what_multilog_refuses_is_refused_with_its_words() {
        let refused = explain(&["compress=lz4".into(), "./a".into()]);
        assert_eq!(refused, Err("compress=lz4: not gzip or zstd".into()));
    }

    proptest! {
        #[test]
        fn any_arguments_are_explained_or_refused(
            arguments in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..6), 0..6)
        ) {
            use std::os::unix::ffi::OsStringExt;
            drop(explain(&arguments.into_iter().map(OsString::from_vec).collect::<Vec<_>>()));
        }
    }
}
