//! The figures of the front page: sentences from a record, each beside its plot.

use std::fmt::Write;

use crate::record::{Record, Row, Series, Table};

/// A table of a sentence and a plot in each row. What the record does not have is left out.
pub fn figures(record: &Record) -> String {
    let mut text = String::from("| figure | plot |\n|---|---|\n");
    for (sentence, plot) in [
        (writing(record), "line-length"),
        (selecting(record), "patterns"),
        (searching(record), "archives-that-are-searched"),
    ] {
        let Some(sentence) = sentence else { continue };
        writeln!(
            text,
            "| {sentence} | <img src=\"benches/record/{plot}.svg\" width=\"420\" alt=\"{plot}\"> |"
        )
        .ok();
    }
    if let Some(sentence) = behind(record) {
        writeln!(text, "\n{sentence}").ok();
    }
    text
}

fn writing(record: &Record) -> Option<String> {
    let peers =
        ["daemontools", "s6-log", "svlogd"].map(|peer| Some((peer, row(record, "Stamped", peer)?.ratio)));
    let [djb, s6, runit] =
        peers.map(|peer| peer.map(|(name, ratio)| format!("{ratio:.1} times as fast as {name}")));
    Some(format!("`multilog` writes stamped lines {}, {} and {}.", djb?, s6?, runit?))
}

fn selecting(record: &Record) -> Option<String> {
    let series = series(record, "Patterns")?;
    let at_most = |engine: &str| last(series, engine);
    let (ours, theirs) = (at_most("multilog")?, at_most("daemontools")?);
    let patterns = series.points.last()?;
    Some(format!(
        "With {patterns} patterns that are tried on each line, `multilog` takes {ours:.0} MB a second, and daemontools' \
         takes {theirs:.0}."
    ))
}

fn searching(record: &Record) -> Option<String> {
    let ratio = row(record, "Search in gzip", "zcat and grep")?.ratio;
    Some(format!("`mlog` finds a line in gzip archives {ratio:.1} times as fast as `zcat` with `grep`."))
}

/// Where ours is slower.
fn behind(record: &Record) -> Option<String> {
    let table = table(record, "Latency")?;
    let (ours, theirs) = (table.rows.first()?, table.rows.iter().find(|row| row.engine == "daemontools")?);
    (ours.median > theirs.median).then(|| {
        format!(
            "daemontools is faster with a line that comes alone: it is in `current` after {:.0} microseconds, and with \
             ours after {:.0}.",
            theirs.median, ours.median
        )
    })
}

fn table<'a>(record: &'a Record, name: &str) -> Option<&'a Table> {
    record.tables.iter().find(|table| table.name == name)
}

fn row<'a>(record: &'a Record, name: &str, engine: &str) -> Option<&'a Row> {
    table(record, name)?.rows.iter().find(|row| row.engine == engine)
}

fn series<'a>(record: &'a Record, name: &str) -> Option<&'a Series> {
    record.growth.iter().find(|series| series.name == name)
}

fn last(series: &Series, engine: &str) -> Option<f64> {
    series.engines.iter().find(|(name, _)| name == engine)?.1.last().copied()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{definition, report};

    fn root() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
    }

    /// `make bench` writes record and pages together; a page that was changed by hand is found here.
    #[test]
    fn the_pages_have_what_the_record_gives() {
        let record: Record = definition::read(&root().join("benches/record/record.json")).unwrap();
        for (page, part, text) in [
            ("README.md", "figures", figures(&record)),
            ("docs/PERFORMANCE.md", "ratios", report::summary(&record)),
            ("docs/PERFORMANCE.md", "missed", report::missed(&record)),
        ] {
            let is = std::fs::read_to_string(root().join(page)).unwrap();
            assert_eq!(report::with_part(&is, part, &text).as_deref(), Some(&*is), "{page}: {part}");
        }
        let figures = figures(&record);
        assert_eq!(figures.lines().filter(|line| line.contains(".svg")).count(), 3, "{figures}");
    }

    #[test]
    fn what_a_record_lacks_is_left_out() {
        let record = Record { tables: Vec::new(), ..Record::new(std::collections::BTreeMap::new(), 1) };
        assert_eq!(figures(&record), "| figure | plot |\n|---|---|\n");
    }
}
