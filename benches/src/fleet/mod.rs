//! A fleet of machines that ship to one engine, in simulation: how many batches there are, how busy the engine is, how much
//! waits after an outage, and how long it takes until all of it is there. docs/ship/fleet.md has the table.
//!
//! What is known by measurement is in `engine`, what shippers do is in `shipper`, and `run` lets time pass.

mod engine;
mod run;
mod shipper;

use std::ffi::OsString;
use std::io::Write as _;

use unix::diag::Message;
use unix::tool::{Exit, Fatal};

pub use run::{Outcome, run};

use run::LONGEST;

/// A fleet.
#[derive(Clone, Copy, Debug)]
pub struct Fleet {
    /// How many machines.
    pub machines: u32,
    /// How many log directories each of them has.
    pub services: u32,
    /// How many streams the engine has. Directories are shared out among them.
    pub streams: u32,
}

/// What a machine writes in a day, in all its directories together.
const BYTES_PER_DAY: f64 = 1e9;
/// The length of a line with its stamp.
const LINE: f64 = 120.0;
/// How long the engine is down, in seconds.
const OUTAGE: f64 = 3600.0;

const FLEETS: [Fleet; 8] = [
    Fleet { machines: 1, services: 5, streams: 1 },
    Fleet { machines: 100, services: 5, streams: 1 },
    Fleet { machines: 1000, services: 5, streams: 1 },
    Fleet { machines: 1000, services: 20, streams: 1 },
    Fleet { machines: 1000, services: 20, streams: 4 },
    Fleet { machines: 10_000, services: 1, streams: 1 },
    Fleet { machines: 10_000, services: 1, streams: 8 },
    Fleet { machines: 10_000, services: 5, streams: 8 },
];

/// The table of the page.
pub fn table() -> String {
    let mut text = String::from(
        "| machines | directories each | streams | lines/s | batches/s | a batch, kB | engine busy | a line waits, s | \
         left after an hour of outage, GB | longest queue then, s | all is there after, min |\n\
         |---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for fleet in FLEETS {
        text.push_str(&row(fleet, &run(fleet, OUTAGE)));
    }
    text
}

fn row(fleet: Fleet, outcome: &Outcome) -> String {
    let Fleet { machines, services, streams } = fleet;
    let lines = f64::from(machines) * BYTES_PER_DAY / 86_400.0 / LINE;
    let Outcome { batches, bytes, busy, wait, left, queue, caught_up } = outcome;
    let caught_up = caught_up
        .map_or_else(|| format!("more than {}", rounded(LONGEST / 60.0)), |seconds| rounded(seconds / 60.0));
    format!(
        "| {machines} | {services} | {streams} | {} | {} | {} | {:.0} % | {} | {} | {} | {caught_up} |\n",
        rounded(lines),
        rounded(*batches),
        rounded(bytes / 1e3),
        busy * 100.0,
        rounded(*wait),
        rounded(left / 1e9),
        rounded(*queue),
    )
}

/// With as many digits as say something.
fn rounded(number: f64) -> String {
    match number {
        100.0.. => {
            let unit = 10f64.powi(number.log10() as i32 - 1);
            format!("{:.0}", (number / unit).round() * unit)
        }
        10.0.. => format!("{number:.0}"),
        1.0.. => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

/// `fleet`: says the table.
///
/// # Errors
///
/// There are arguments, or nobody takes the table.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    if !arguments.is_empty() {
        return Err(Fatal::misuse(Message::new("usage: fleet")));
    }
    let written = std::io::stdout().write_all(table().as_bytes());
    written.map_err(|error| Fatal::system(Message::new("unable to write"), &error))?;
    Ok(Exit::Success)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_the_table_that_the_simulation_makes() {
        let page = include_str!("../../../docs/ship/fleet.md");
        let table = table();
        assert!(page.contains(&table), "docs/ship/fleet.md has another table than this:\n{table}");
    }

    #[test]
    fn numbers_have_two_digits_or_more() {
        for (number, text) in [
            (0.0, "0.00"),
            (0.123, "0.12"),
            (1.26, "1.3"),
            (12.6, "13"),
            (1234.0, "1200"),
            (99_999.0, "100000"),
        ] {
            assert_eq!(rounded(number), text);
        }
    }
}
