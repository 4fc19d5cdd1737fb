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

/// How many times as fast ours is as each peer, in short.
pub fn summary(record: &Record) -> String {
    const PEERS: [&str; 3] = ["daemontools", "s6-log", "svlogd"];
    let mut text = format!("| work | {} |\n|---|---|---|---|\n", PEERS.join(" | "));
    for table in record.tables.iter().filter(|table| table.unit == "seconds") {
        if !table.rows.iter().any(|row| PEERS.contains(&&*row.engine)) {
            continue;
        }
        write!(text, "| {} |", table.name).ok();
        for peer in PEERS {
            let ratio =
                table.rows.iter().find(|row| row.engine == peer).map(|row| format!(" {:.1}", row.ratio));
            write!(text, "{} |", ratio.unwrap_or_default()).ok();
        }
        text += "\n";
    }
    text
}

/// Every bar that is missed.
pub fn missed(record: &Record) -> String {
    let mut text = String::from("| work | against | reached | to be reached |\n|---|---|---|---|\n");
    for table in &record.tables {
        for row in table.rows.iter().filter(|row| row.reached() < 1.0) {
            let (reached, bar) = row.aim();
            writeln!(text, "| {} | {} | {reached:.2} | {bar} |", table.name, row.engine).ok();
        }
    }
    text
}

/// The page with new text between the two comments of this name. None: there are no such comments.
pub fn with_part(text: &str, name: &str, part: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let start = text.find(&begin)? + begin.len();
    let stop = start + text[start..].find(&end)?;
    Some(format!("{}{part}{}", &text[..start], &text[stop..]))
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
    let word = |reached| if reached { "reached" } else { "missed" };
    match (row.bar, row.most) {
        (Some(bar), _) => format!("{bar}: {}", word(row.ratio >= bar)),
        (None, Some(most)) => format!("at most {most}: {}", word(row.median <= most)),
        (None, None) => String::new(),
    }
}

fn note(row: &Row) -> String {
    match row.size {
        Some((size, most)) => format!("{}; our size {size:.3} of its, at most {most}", row.note),
        None => row.note.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_replaced_between_its_comments() {
        let text = "a\n<!-- x -->\nold\n<!-- end of x -->\nb\n";
        assert_eq!(
            with_part(text, "x", "new\n").as_deref(),
            Some("a\n<!-- x -->\nnew\n<!-- end of x -->\nb\n")
        );
        assert_eq!(with_part(text, "y", "new\n"), None);
    }
}
