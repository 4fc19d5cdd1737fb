//! The record of a comparison: everything that was measured, where and when, as JSON.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// A record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// The day, UTC.
    pub date: String,
    /// Processor, cores, kernel.
    pub machine: String,
    /// The engines' versions.
    pub versions: BTreeMap<String, String>,
    /// How often everything ran.
    pub rounds: usize,
    /// A table for each definition.
    pub tables: Vec<Table>,
    /// The same definitions with a tenth of the input, ours and the original.
    #[serde(default)]
    pub short: Vec<Table>,
    /// How throughput changes with one number.
    #[serde(default)]
    pub growth: Vec<Series>,
}

/// What one definition gave.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Table {
    /// The definition's name.
    pub name: String,
    /// Its work.
    pub work: String,
    /// The unit of the values.
    pub unit: String,
    /// The engines in their order. The first is ours.
    pub rows: Vec<Row>,
}

/// What one engine gave.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub engine: String,
    /// The value of each round. Less is better.
    pub values: Vec<f64>,
    /// Their median.
    pub median: f64,
    /// The median divided by ours.
    pub ratio: f64,
    /// What the ratio has to reach.
    pub bar: Option<f64>,
    /// What the median may be at most.
    #[serde(default)]
    pub most: Option<f64>,
    /// Our bytes on the disk divided by its bytes, and what that may be at most.
    pub size: Option<(f64, f64)>,
    /// What else was found.
    pub note: String,
}

impl Row {
    /// How far the row is from its bars: 1 and more is reached.
    pub fn reached(&self) -> f64 {
        let ratio = self.bar.map_or(f64::INFINITY, |bar| self.ratio / bar);
        let size = self.size.map_or(f64::INFINITY, |(size, most)| most / size);
        let most = self.most.map_or(f64::INFINITY, |most| most / self.median);
        ratio.min(size).min(most)
    }
}

impl Row {
    /// What of it is held against a bar, and that in words.
    pub fn aim(&self) -> (f64, String) {
        match (self.bar, self.most) {
            (None, Some(most)) => (self.median, format!("at most {most}")),
            (bar, _) => (self.ratio, format!("{}", bar.unwrap_or_default())),
        }
    }
}

/// Throughput by one number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Series {
    /// The definition's name.
    pub name: String,
    /// What the number is.
    pub axis: String,
    /// The numbers.
    pub points: Vec<u64>,
    /// Input in MB a second at each of them, for each engine.
    pub engines: Vec<(String, Vec<f64>)>,
}

impl Record {
    /// A record without results.
    pub fn new(versions: BTreeMap<String, String>, rounds: usize) -> Record {
        let date = said("date", &["-u".into(), "+%Y-%m-%d".into()]);
        Record {
            date,
            machine: machine(),
            versions,
            rounds,
            tables: Vec::new(),
            short: Vec::new(),
            growth: Vec::new(),
        }
    }

    /// Writes it to a file.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        std::fs::write(path, serde_json::to_string_pretty(self)? + "\n")
    }
}

fn machine() -> String {
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name\t: ")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} cores of {model}, Linux {}", said("uname", &["-r".into()]))
}

/// What a program prints.
pub fn said(program: &str, arguments: &[String]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_string()).unwrap_or_default()
}

/// The middle of some values.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_reaches_what_its_worst_bar_says() {
        let row = |ratio, bar, size| Row { median: 1.0, ratio, bar, size, ..Row::default() };
        assert!(row(12.0, Some(13.0), None).reached() < 1.0);
        assert!(row(14.0, Some(13.0), Some((1.05, 1.1))).reached() > 1.0);
        assert!(row(14.0, Some(13.0), Some((1.2, 1.1))).reached() < 1.0);
        assert!(row(0.1, None, None).reached().is_infinite());
        assert!(Row { most: Some(0.9), ..row(1.0, None, None) }.reached() < 1.0);
    }

    #[test]
    fn the_median_is_the_middle_one() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
    }
}
