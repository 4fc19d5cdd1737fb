//! The counters as text, in the format of Prometheus.
//!
//! The lines of HELP and TYPE are the same in the files of all shippers. There are no timestamps. All labels are UTF-8.

use std::fmt::Write as _;
use std::sync::Arc;

use mlog::store::Store;
use multilog::metrics::label;
use tai64tools::Label;
use unix::diag::Message;

use super::Tally;
use crate::source::{Left, left};

/// A lane, as a reader of counters knows it.
#[derive(Clone, Debug)]
pub struct Lane {
    /// The value of the label `directory`, escaped.
    directory: String,
    /// The name of the sink.
    sink: String,
    store: Store,
    tally: Arc<Tally>,
}

impl Lane {
    /// A lane from a directory to a sink.
    pub fn new(store: Store, directory: &[u8], sink: &str, tally: Arc<Tally>) -> Lane {
        Lane { directory: label(directory), sink: sink.into(), store, tally }
    }

    /// The time since the last line that was taken, where something is behind it. Where none was taken, since the oldest
    /// archive was ended.
    fn seconds(&self, left: &Left) -> u64 {
        let last = self.tally.cursor().and_then(|cursor| cursor.place.last);
        let Some(last) = last.or(left.oldest).filter(|_| left.bytes > 0) else { return 0 };
        let past = Label::now().unix_seconds().saturating_sub(last.unix_seconds());
        u64::try_from(past).unwrap_or(0)
    }
}

/// One metric.
struct Metric {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    /// Of a lane, and what it has to ship.
    value: fn(&Lane, &Left) -> u64,
}

const METRICS: [Metric; 12] = [
    Metric {
        name: "mlog_ship_batches_total",
        kind: "counter",
        help: "Batches that the engine has taken.",
        value: |lane, _| lane.tally.batches.get(),
    },
    Metric {
        name: "mlog_ship_lines_total",
        kind: "counter",
        help: "Lines that the engine has taken.",
        value: |lane, _| lane.tally.lines.get(),
    },
    Metric {
        name: "mlog_ship_bytes_total",
        kind: "counter",
        help: "Bytes of lines that the engine has taken.",
        value: |lane, _| lane.tally.bytes.get(),
    },
    Metric {
        name: "mlog_ship_failures_total",
        kind: "counter",
        help: "Times at which a batch was not taken and has to be sent again.",
        value: |lane, _| lane.tally.failures.get(),
    },
    Metric {
        name: "mlog_ship_refused_records_total",
        kind: "counter",
        help: "Records that the engine never takes and that were set aside.",
        value: |lane, _| lane.tally.refused.get(),
    },
    Metric {
        name: "mlog_ship_gaps_total",
        kind: "counter",
        help: "Times at which lines were missing, may have been, or were damaged.",
        value: |lane, _| lane.tally.gaps.get(),
    },
    Metric {
        name: "mlog_ship_repeated_total",
        kind: "counter",
        help: "Times at which lines were possibly sent twice.",
        value: |lane, _| lane.tally.repeated.get(),
    },
    Metric {
        name: "mlog_ship_behind_bytes",
        kind: "gauge",
        help: "Bytes of files of the directory that were not taken yet.",
        value: |_, left| left.bytes,
    },
    Metric {
        name: "mlog_ship_behind_seconds",
        kind: "gauge",
        help: "The age of the last line that was taken, else of the oldest archive; 0 if nothing is left.",
        value: Lane::seconds,
    },
    Metric {
        name: "mlog_ship_last_taken_timestamp_seconds",
        kind: "gauge",
        help: "When the engine last took a batch, or 0.",
        value: |lane, _| lane.tally.taken_at.get(),
    },
    Metric {
        name: "mlog_ship_down",
        kind: "gauge",
        help: "1 while the engine does not take a batch.",
        value: |lane, _| lane.tally.down.get(),
    },
    Metric {
        name: "mlog_ship_stopped",
        kind: "gauge",
        help: "1 if the directory is not shipped any more by this process.",
        value: |lane, _| lane.tally.stopped.get(),
    },
];

/// The text of the counters.
pub(super) fn text(lanes: &[Lane]) -> String {
    let behind: Vec<Left> = lanes
        .iter()
        .map(|lane| left(&lane.store, lane.tally.cursor().as_ref()).unwrap_or_default())
        .collect();
    let mut text = String::new();
    for Metric { name, kind, help, value } in &METRICS {
        // Writing to a String does not fail.
        write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n").ok();
        for (lane, left) in lanes.iter().zip(&behind) {
            let Lane { directory, sink, .. } = lane;
            let value = value(lane, left);
            writeln!(text, "{name}{{directory=\"{directory}\",sink=\"{sink}\"}} {value}").ok();
        }
    }
    text
}

/// What is said where retention is about to delete lines that were not taken.
pub fn near_the_end(directory: &[u8], sink: &str) -> Message {
    let message = Message::new(directory).and(": retention will soon delete lines that ").and(sink);
    message.and(" has not taken")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_a_sample_of_its_lane() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("current"), "12345\n").unwrap();
        let tally = Arc::new(Tally::default());
        tally.lines.add(7);
        tally.down.set(1);
        let lane = |name: &[u8]| Lane::new(Store::new(folder.path()), name, "nats", tally.clone());
        let text = text(&[lane(b"/a"), lane(b"/\"\xff")]);
        for line in [
            "mlog_ship_lines_total{directory=\"/a\",sink=\"nats\"} 7",
            "mlog_ship_down{directory=\"/\\\"\\\\xFF\",sink=\"nats\"} 1",
            "mlog_ship_behind_bytes{directory=\"/a\",sink=\"nats\"} 6",
            "mlog_ship_behind_seconds{directory=\"/a\",sink=\"nats\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        assert_eq!(text.lines().count(), METRICS.len() * 4);
    }

    #[test]
    fn a_lane_of_which_nothing_was_taken_is_as_far_behind_as_its_oldest_archive() {
        let folder = tempfile::tempdir().unwrap();
        let label = Label::new(Label::now().seconds() - 1000, 0).unwrap();
        let name = format!("{}.s", String::from_utf8_lossy(&label.text()));
        std::fs::write(folder.path().join(name), "12345\n").unwrap();
        let lane = Lane::new(Store::new(folder.path()), b"/a", "nats", Arc::default());
        let left = left(&lane.store, None).unwrap();
        assert!((1000..1100).contains(&lane.seconds(&left)), "{}", lane.seconds(&left));
        assert_eq!(lane.seconds(&Left { bytes: 0, ..left }), 0);
    }
}
