//! `metrics=FILE`: where the logger keeps its counters, for the node exporter's textfile collector.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::value::{Malformed, Value};
use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("metrics="),
    value: "FILE",
    help: "counters for Prometheus to FILE, which ends in .prom",
    scope: Scope::Logger,
    whose: Whose::Ours("Metrics"),
};

/// The path of a file that the node exporter reads: it reads nothing whose name does not end in `.prom`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsFile(OsString);

impl MetricsFile {
    /// The path.
    pub fn path(&self) -> &OsStr {
        &self.0
    }
}

impl Value for MetricsFile {
    /// Takes any bytes with that end.
    fn parse(text: &[u8]) -> Result<Self, Malformed> {
        match text.strip_suffix(b".prom") {
            Some(rest) if !rest.is_empty() && !rest.ends_with(b"/") => {
                Ok(MetricsFile(OsStr::from_bytes(text).to_owned()))
            }
            _ => Err(Malformed("not the name of a file that ends in .prom")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_metrics_has_a_name_that_the_exporter_reads() {
        for (text, fits) in [
            (&b"main.prom"[..], true),
            (b"/var/lib/node_exporter/a.prom", true),
            (b"a.prom.prom", true),
            (b"\xff.prom", true),
            (b"", false),
            (b".prom", false),
            (b"/tmp/.prom", false),
            (b"main.PROM", false),
            (b"main.prom/", false),
            (b"main.prom.tmp", false),
            (b"main", false),
        ] {
            assert_eq!(MetricsFile::parse(text).is_ok(), fits, "{}", text.escape_ascii());
        }
    }
}
