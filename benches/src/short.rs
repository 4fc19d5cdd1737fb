//! The short form of the comparison: less input, ours and the original, held against the committed record.
//!
//! Its runs take a twentieth of a second, so a busy disk doubles the time of one run in a dozen. A table that misses is
//! therefore measured again, after all the others and over more rounds. Only the second result counts.

use std::io;
use std::path::Path;

use unix::diag::{Message, say};
use unix::tool::Exit;

use crate::compare;
use crate::definition::{self, Definition, Engines};
use crate::record::{Record, Row, Table};

/// How far a ratio may be below the one of the record: a machine that does other things as well is no reason to stop.
const TOLERANCE: f64 = 0.6;
/// How many times as many rounds there are for a table that has missed.
const AGAIN: usize = 7;
/// The same for the tables of a record, against those of its long form.
const RECORDED: usize = 3;

/// The tables for a record of this many rounds.
pub fn tables(benches: &Path, engines: &Engines, rounds: usize) -> io::Result<Vec<Table>> {
    let compared = definitions(benches)?.into_iter().filter(|one| one.runs.len() > 1 && one.is_checked());
    compared.map(|definition| compare::compare(&definition, engines, rounds * RECORDED)).collect()
}

fn definitions(benches: &Path) -> io::Result<Vec<Definition>> {
    let definitions: Vec<Definition> = definition::read_all(&benches.join("definitions"))?;
    Ok(definitions.into_iter().map(Definition::shortened).collect())
}

/// Measures each table that `record` has in short, over this many rounds.
pub fn run(engines: &Engines, benches: &Path, record: &Record, rounds: usize) -> io::Result<Exit> {
    let definitions = definitions(benches)?;
    let known = |definition: &Definition| record.short.iter().find(|table| table.name == definition.name);
    let all: Vec<_> = definitions.iter().filter_map(|one| Some((one, known(one)?))).collect();
    let missed = missing(&all, engines, rounds)?;
    let missed = missing(&missed, engines, rounds * AGAIN)?;
    Ok(if missed.is_empty() { Exit::Success } else { Exit::Code(1) })
}

/// What has to be measured, and what the record has of it.
type Known<'a> = (&'a Definition, &'a Table);

/// Those of which something is missed.
fn missing<'a>(tables: &[Known<'a>], engines: &Engines, rounds: usize) -> io::Result<Vec<Known<'a>>> {
    let mut missing = Vec::new();
    for &(definition, known) in tables {
        let found = compare::compare(definition, engines, rounds)?;
        if !is_reached(&found, known) {
            missing.push((definition, known));
        }
    }
    Ok(missing)
}

/// Says of every engine beside ours what is reached.
fn is_reached(found: &Table, known: &Table) -> bool {
    let mut reached = true;
    for (row, known) in found.rows.iter().zip(&known.rows).skip(1) {
        let least = least(known);
        let word = if row.ratio < least { "missed: " } else { "reached: " };
        let text = format!("{}: {:.1} x {}, at least {least:.1}", found.name, row.ratio, row.engine);
        say(&Message::new(word).and(text).and(format!(", {} rounds", row.values.len())));
        reached &= row.ratio >= least;
    }
    reached
}

/// The ratio that is asked for. More than the bar never is, whatever the record has.
fn least(known: &Row) -> f64 {
    known.ratio.min(known.bar.unwrap_or(known.ratio)) * TOLERANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_fifths_of_the_record_or_of_the_bar_are_asked_for_whichever_is_lower() {
        let row = |ratio, bar| Row { ratio, bar, ..Row::default() };
        for (ratio, bar, asked) in [(10.0, Some(12.0), 6.0), (10.0, Some(8.0), 4.8), (10.0, None, 6.0)] {
            assert!((least(&row(ratio, bar)) - asked).abs() < 1e-9, "{ratio} {bar:?}");
        }
    }
}
