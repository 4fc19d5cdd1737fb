//! The counters as text, in the format of Prometheus. Pure.
//!
//! The lines of HELP and TYPE are the same in the files of all loggers, or the node exporter would drop a metric. There
//! are no timestamps, since one of them voids a file. All labels are UTF-8, for the same reason.

use std::fmt::Write;

use crate::tally::{Account, Tally, Trouble};

/// What each sample of a metric is about.
enum Samples {
    /// The logger: it has the label of its first directory, which no other logger can have at the same time.
    Logger(fn(&Tally) -> u64),
    /// Each directory, by number.
    Directory(fn(&Tally, usize) -> u64),
    /// Each kind of failure in each directory.
    Failures,
}

/// One metric.
struct Metric {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    samples: Samples,
}

const METRICS: [Metric; 10] = [
    Metric {
        name: "multilog_input_lines_total",
        kind: "counter",
        help: "Lines that were read.",
        samples: Samples::Logger(|tally| tally.input().lines),
    },
    Metric {
        name: "multilog_input_bytes_total",
        kind: "counter",
        help: "Bytes that were read.",
        samples: Samples::Logger(|tally| tally.input().bytes),
    },
    Metric {
        name: "multilog_selected_lines_total",
        kind: "counter",
        help: "Lines that the directory has got.",
        samples: Samples::Directory(|tally, outlet| tally.outlet(outlet).lines),
    },
    Metric {
        name: "multilog_selected_bytes_total",
        kind: "counter",
        help: "Bytes that the directory has got, stamps included.",
        samples: Samples::Directory(|tally, outlet| tally.outlet(outlet).bytes),
    },
    Metric {
        name: "multilog_dropped_lines_total",
        kind: "counter",
        help: "Lines that a limit has kept out of the directory.",
        samples: Samples::Directory(Tally::dropped),
    },
    Metric {
        name: "multilog_rotations_total",
        kind: "counter",
        help: "Files that became full or were rotated by a signal.",
        samples: Samples::Directory(|tally, outlet| account(tally, outlet).rotations()),
    },
    Metric {
        name: "multilog_errors_total",
        kind: "counter",
        help: "What failed and was tried again.",
        samples: Samples::Failures,
    },
    Metric {
        name: "multilog_seals_pending",
        kind: "gauge",
        help: "Rotated files that are not archives yet.",
        samples: Samples::Directory(|tally, outlet| account(tally, outlet).pending()),
    },
    Metric {
        name: "multilog_held_bytes",
        kind: "gauge",
        help: "Bytes of current, of archives and of files on their way.",
        samples: Samples::Directory(|tally, outlet| account(tally, outlet).held()),
    },
    Metric {
        name: "multilog_last_write_timestamp_seconds",
        kind: "gauge",
        help: "When the directory last got lines, or 0.",
        samples: Samples::Directory(Tally::written),
    },
];

fn account(tally: &Tally, outlet: usize) -> &Account {
    &tally.accounts()[outlet]
}

/// The text of the counters. `labels` are the values of the label `directory`, as [`label`] makes them: one for each
/// directory, or, where there is none, one for the logger.
pub(super) fn text(labels: &[String], tally: &Tally) -> String {
    let mut text = String::new();
    for Metric { name, kind, help, samples } in &METRICS {
        // Writing to a String does not fail.
        write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n").ok();
        let directories = labels.iter().take(tally.accounts().len()).enumerate();
        match samples {
            Samples::Logger(value) => {
                let label = labels.first().map_or("", String::as_str);
                writeln!(text, "{name}{{directory=\"{label}\"}} {}", value(tally)).ok();
            }
            Samples::Directory(value) => directories.for_each(|(outlet, label)| {
                writeln!(text, "{name}{{directory=\"{label}\"}} {}", value(tally, outlet)).ok();
            }),
            Samples::Failures => directories.for_each(|(outlet, label)| {
                for trouble in Trouble::ALL {
                    let (kind, count) = (trouble.word(), account(tally, outlet).failures(trouble));
                    writeln!(text, "{name}{{directory=\"{label}\",kind=\"{kind}\"}} {count}").ok();
                }
            }),
        }
    }
    text
}

/// A path as the value of a label, between quotes. Bytes that are not UTF-8 are shown as `\xHH`.
pub fn label(path: &[u8]) -> String {
    let mut label = String::with_capacity(path.len());
    for part in path.utf8_chunks() {
        for letter in part.valid().chars() {
            match letter {
                '\\' => label.push_str("\\\\"),
                '"' => label.push_str("\\\""),
                '\n' => label.push_str("\\n"),
                other => label.push(other),
            }
        }
        for byte in part.invalid() {
            write!(label, "\\\\x{byte:02X}").ok();
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_utf8_and_has_neither_quotes_nor_newlines_of_its_own() {
        for (path, expected) in [
            (&b"/var/log/main"[..], "/var/log/main"),
            (b"/a b{}#=,", "/a b{}#=,"),
            (b"/a\"b", "/a\\\"b"),
            (b"/a\\b", "/a\\\\b"),
            (b"/a\nb", "/a\\nb"),
            ("/\u{e9}\u{1f600}".as_bytes(), "/\u{e9}\u{1f600}"),
            (b"/\xff\xc3", "/\\\\xFF\\\\xC3"),
            (b"/\xe2\x82x", "/\\\\xE2\\\\x82x"),
            (b"", ""),
        ] {
            assert_eq!(label(path), expected);
        }
    }

    #[test]
    fn the_lines_about_metrics_are_the_same_for_every_logger() {
        let about = |labels: &[&str]| {
            let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
            let text = text(&labels, &Tally::new(labels.len()));
            let lines: Vec<String> =
                text.lines().filter(|line| line.starts_with('#')).map(String::from).collect();
            lines
        };
        assert_eq!(about(&["/a"]), about(&["/b", "/c"]));
        assert_eq!(about(&["/a"]).len(), 2 * METRICS.len());
    }

    #[test]
    fn each_number_is_a_sample_of_its_directory() {
        let mut tally = Tally::new(2);
        tally.look(b"a\nb\n", [&b"a\n"[..], b""].into_iter());
        tally.look_at_dropped([0, 2].into_iter());
        tally.keep(1_700_000_000);
        tally.accounts()[1].rotated();
        tally.accounts()[1].failed(Trouble::Seal);
        tally.accounts()[0].note_held(99);
        let text = text(&["/a".to_string(), "/b".to_string()], &tally);
        for line in [
            "multilog_input_lines_total{directory=\"/a\"} 2",
            "multilog_input_bytes_total{directory=\"/a\"} 4",
            "multilog_selected_lines_total{directory=\"/a\"} 1",
            "multilog_selected_lines_total{directory=\"/b\"} 0",
            "multilog_selected_bytes_total{directory=\"/a\"} 2",
            "multilog_dropped_lines_total{directory=\"/a\"} 0",
            "multilog_dropped_lines_total{directory=\"/b\"} 2",
            "multilog_rotations_total{directory=\"/b\"} 1",
            "multilog_errors_total{directory=\"/b\",kind=\"seal\"} 1",
            "multilog_errors_total{directory=\"/b\",kind=\"write\"} 0",
            "multilog_held_bytes{directory=\"/a\"} 99",
            "multilog_last_write_timestamp_seconds{directory=\"/a\"} 1700000000",
            "multilog_last_write_timestamp_seconds{directory=\"/b\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        // Of two loggers no two samples are the same, and a logger has each once.
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let names: std::collections::BTreeSet<&str> =
            samples.iter().filter_map(|line| line.rsplit_once(' ').map(|(name, _)| name)).collect();
        assert_eq!(names.len(), samples.len());
    }

    #[test]
    fn a_logger_without_directories_has_its_input() {
        let text = text(&["/run/x.prom".to_string()], &Tally::new(0));
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            samples,
            [
                "multilog_input_lines_total{directory=\"/run/x.prom\"} 0",
                "multilog_input_bytes_total{directory=\"/run/x.prom\"} 0"
            ]
        );
    }
}
