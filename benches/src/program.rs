//! The program `compare`: measures, shows a record, holds it against its bars.
//!
//! ```text
//! compare measure TOOLS BENCHES ROUNDS RECORD           everything, into a record
//! compare short TOOLS BENCHES ROUNDS RECORD             less of it, held against a record
//! compare one TOOLS BENCHES ROUNDS DEFINITION           one table, shown at once
//! compare renew TOOLS BENCHES ROUNDS DEFINITION RECORD  one table of a record measured again, which then says so
//! compare part TOOLS BENCHES ROUNDS PART RECORD         part of a record again: short, growth, or a series by its name
//! compare show RECORD FOLDER README PERFORMANCE         tables and plots from a record
//! compare gate RECORD                                   fails when a bar is missed
//! ```

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Error, Write};
use std::path::Path;

use unix::diag::{Message, say};
use unix::tool::{Exit, Fatal};

use crate::definition::{self, Definition, Engines, Growth};
use crate::record::{Record, Series};
use crate::{compare, front, plot, report, short};

const USAGE: &str = "usage: compare measure|short|one|renew|part|show|gate argument ...";
/// A bar is missed when a ratio is further below it than this.
const TOLERANCE: f64 = 0.9;

/// Runs one of the commands.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let words: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["measure", tools, benches, rounds, record] => measure(tools, benches, rounds, record),
        ["short", tools, benches, rounds, record] => short(tools, benches, rounds, record),
        ["one", tools, benches, rounds, definition] => one(tools, benches, rounds, definition),
        ["renew", tools, benches, rounds, definition, record] => {
            renew(tools, benches, rounds, definition, record)
        }
        ["part", tools, benches, rounds, which, record] => part(tools, benches, rounds, which, record),
        ["show", record, folder, readme, performance] => show(record, folder, readme, performance),
        ["gate", record] => gate(record),
        _ => return Err(Fatal::misuse(Message::new(USAGE))),
    };
    done.map_err(|error| Fatal::system(Message::new("unable to compare"), &error))
}

fn rounds(word: &str) -> io::Result<usize> {
    word.parse().map_err(|_| Error::other("rounds is not a number"))
}

/// Everything, in full.
fn measure(tools: &str, benches: &str, times: &str, to: &str) -> io::Result<Exit> {
    let (benches, times) = (Path::new(benches), rounds(times)?);
    let engines = Engines::read(benches, Path::new(tools))?;
    let mut record = Record::new(engines.versions(), times);
    let definitions: Vec<Definition> = definition::read_all(&benches.join("definitions"))?;
    for definition in &definitions {
        let table = compare::compare(definition, &engines, times)?;
        if !table.rows.is_empty() {
            record.tables.push(table);
        }
        record.write(Path::new(to))?;
    }
    record.short = short::tables(benches, &engines, times)?;
    record.growth = series(benches, &engines, times)?;
    record.write(Path::new(to))?;
    Ok(Exit::Success)
}

/// How throughput changes.
fn series(benches: &Path, engines: &Engines, times: usize) -> io::Result<Vec<Series>> {
    let growths: Vec<Growth> = definition::read_all(&benches.join("growth"))?;
    growths.iter().map(|growth| compare::grow(growth, engines, times)).collect()
}

/// Less of it, held against a record.
fn short(tools: &str, benches: &str, times: &str, committed: &str) -> io::Result<Exit> {
    let engines = Engines::read(Path::new(benches), Path::new(tools))?;
    let record: Record = definition::read(Path::new(committed))?;
    short::run(&engines, Path::new(benches), &record, rounds(times)?)
}

/// One definition, shown at once.
fn one(tools: &str, benches: &str, times: &str, path: &str) -> io::Result<Exit> {
    let engines = Engines::read(Path::new(benches), Path::new(tools))?;
    let definition: Definition = definition::read(Path::new(path))?;
    let table = compare::compare(&definition, &engines, rounds(times)?)?;
    io::stdout().write_all(report::table(&table).as_bytes())?;
    Ok(Exit::Success)
}

/// One table of a record: its engines still ran in turn, but not beside those of the others.
fn renew(tools: &str, benches: &str, times: &str, path: &str, record: &str) -> io::Result<Exit> {
    let engines = Engines::read(Path::new(benches), Path::new(tools))?;
    let definition: Definition = definition::read(Path::new(path))?;
    let mut known: Record = definition::read(Path::new(record))?;
    let times = rounds(times)?;
    let mut table = compare::compare(&definition, &engines, times)?;
    let Record { date, versions, .. } = Record::new(engines.versions(), 0);
    let version = versions.get("multilog").map(String::as_str).unwrap_or_default();
    write!(table.work, " Measured by itself on {date}, version {version}, {times} rounds.")
        .map_err(Error::other)?;
    match known.tables.iter_mut().find(|old| old.name == table.name) {
        Some(old) => *old = table,
        None => known.tables.push(table),
    }
    known.write(Path::new(record))?;
    Ok(Exit::Success)
}

/// A part of a record, of which the rest stays as it is.
fn part(tools: &str, benches: &str, times: &str, which: &str, record: &str) -> io::Result<Exit> {
    let (benches, times) = (Path::new(benches), rounds(times)?);
    let engines = Engines::read(benches, Path::new(tools))?;
    let mut known: Record = definition::read(Path::new(record))?;
    match which {
        "short" => known.short = short::tables(benches, &engines, times)?,
        "growth" => known.growth = series(benches, &engines, times)?,
        name => {
            let growths: Vec<Growth> = definition::read_all(&benches.join("growth"))?;
            let growth = growths.iter().find(|growth| growth.name == name);
            let growth = growth.ok_or_else(|| Error::other(format!("a record has no part {name}")))?;
            let series = compare::grow(growth, &engines, times)?;
            match known.growth.iter_mut().find(|old| old.name == name) {
                Some(old) => *old = series,
                None => known.growth.push(series),
            }
        }
    }
    known.write(Path::new(record))?;
    Ok(Exit::Success)
}

/// Tables and plots from a record, also into the pages that show parts of it.
fn show(record: &str, folder: &str, readme: &str, performance: &str) -> io::Result<Exit> {
    let record: Record = definition::read(Path::new(record))?;
    let folder = Path::new(folder);
    std::fs::write(folder.join("record.md"), report::record(&record))?;
    std::fs::write(folder.join("ratios.svg"), plot::ratios(&record))?;
    for series in &record.growth {
        let name = series.name.to_lowercase().replace(' ', "-");
        std::fs::write(folder.join(format!("{name}.svg")), plot::series(series))?;
    }
    rewrite(readme, "figures", &front::figures(&record))?;
    rewrite(performance, "ratios", &report::summary(&record))?;
    rewrite(performance, "missed", &report::missed(&record))?;
    Ok(Exit::Success)
}

fn rewrite(page: &str, part: &str, text: &str) -> io::Result<()> {
    let changed = report::with_part(&std::fs::read_to_string(page)?, part, text);
    std::fs::write(page, changed.ok_or_else(|| Error::other(format!("{page} has no part {part}")))?)
}

/// Fails when a bar is missed.
fn gate(record: &str) -> io::Result<Exit> {
    let record: Record = definition::read(Path::new(record))?;
    let mut missed = 0;
    for table in &record.tables {
        for row in table.rows.iter().filter(|row| row.reached() < TOLERANCE) {
            missed += 1;
            let (reached, aim) = row.aim();
            let found = format!("{}, {}: {reached:.2}, to be reached: {aim}", table.name, row.engine);
            say(&Message::new("missed: ").and(found));
        }
    }
    Ok(if missed == 0 { Exit::Success } else { Exit::Code(1) })
}
