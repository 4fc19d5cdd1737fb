//! The record of a run: a table for people and the numbers behind it.

use std::fmt::Write;
use std::time::Duration;

use crate::definition::{Definition, Entry};

/// One engine's rounds in one definition.
#[derive(Clone, Debug)]
pub struct Result {
    /// Who.
    pub entry: Entry,
    /// The time of each round.
    pub times: Vec<Duration>,
    /// Lines in its output and their digest, the same in every round.
    pub output: (u64, u32),
}

impl Result {
    /// The median of the rounds.
    pub fn median(&self) -> Duration {
        let mut times = self.times.clone();
        times.sort();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }
}

/// Appends the table of one definition. The first engine is ours.
pub fn table(text: &mut String, definition: &Definition, results: &[Result]) -> std::fmt::Result {
    writeln!(text, "## {}\n\n{}\n", definition.name, definition.work)?;
    writeln!(
        text,
        "| engine | seconds (median of {}) | ours is faster by | bar | lines kept, digest |",
        rounds(results)
    )?;
    writeln!(text, "|---|---|---|---|---|")?;
    let Some(ours) = results.first().map(Result::median) else { return Ok(()) };
    for result in results {
        let ratio = result.median().as_secs_f64() / ours.as_secs_f64();
        let bar = match result.entry.bar {
            Some(bar) if ratio >= bar => format!("{bar} (reached)"),
            Some(bar) => format!("{bar} (missed)"),
            None => String::new(),
        };
        let (lines, digest) = result.output;
        let seconds = result.median().as_secs_f64();
        writeln!(
            text,
            "| {} | {seconds:.3} | {ratio:.2} | {bar} | {lines}, {digest:08x} |",
            result.entry.engine
        )?;
    }
    writeln!(text)
}

fn rounds(results: &[Result]) -> usize {
    results.first().map_or(0, |result| result.times.len())
}
