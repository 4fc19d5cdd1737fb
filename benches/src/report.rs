//! Tables for people, from a record.

use std::fmt::Write;

use crate::record::{Record, Row, Table};

/// The whole record as Markdown.
pub fn record(record: &Record) -> String {
    let mut text = format!("# Comparison of {}\n\n{}.\n", record.date, record.machine);
    for (engine, version) in &record.versions {
        write!(text, "{engine} {version}; ").ok();
    }
    write!(
        text,
        "median of {} rounds, in each of which every engine runs once.\nThe ratio is its value divided by ours; \
         less is better, so above 1 ours is better.\n\n",
        record.rounds
    )
    .ok();
    record.tables.iter().for_each(|one| text += &table(one));
    if !record.growth.is_empty() {
        text += "## How throughput changes\n\nMB of input a second.\n\n";
    }
    for series in &record.growth {
        write!(text, "| {} |", series.axis).ok();
        text.extend(series.points.iter().map(|point| format!(" {point} |")));
        text += "\n|---|";
        series.points.iter().for_each(|_| text += "---|");
        for (engine, values) in &series.engines {
            write!(text, "\n| {engine} |").ok();
            text.extend(values.iter().map(|value| format!(" {value:.0} |")));
        }
        text += "\n\n";
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// One table.
pub fn table(table: &Table) -> String {
    let mut text = format!("## {}\n\n{}\n\n", table.name, table.work);
    writeln!(text, "| engine | {} | ratio | bar | |", table.unit).ok();
    text += "|---|---|---|---|---|\n";
    for row in &table.rows {
        let median =
            if row.median < 10.0 { format!("{:.3}", row.median) } else { format!("{:.1}", row.median) };
        writeln!(text, "| {} | {median} | {:.2} | {} | {} |", row.engine, row.ratio, bar(row), note(row))
            .ok();
    }
    text + "\n"
}

fn bar(row: &Row) -> String {
    match row.bar {
        Some(bar) if row.ratio >= bar => format!("{bar}: reached"),
        Some(bar) => format!("{bar}: missed"),
        None => String::new(),
    }
}

fn note(row: &Row) -> String {
    match row.size {
        Some((size, most)) => format!("{}; our size {size:.3} of its, at most {most}", row.note),
        None => row.note.clone(),
    }
}
