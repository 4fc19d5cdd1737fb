//! The comparison: engines in turn, round after round.

use std::io;
use std::path::{Path, PathBuf};

use unix::diag::{Message, say};

use crate::definition::{Definition, Engines, Growth, Measure, Run};
use crate::measure::{self, Reference, Value};
use crate::record::{Row, Series, Table, median};

/// Where inputs and outputs of the measurements are.
pub fn folder() -> PathBuf {
    PathBuf::from("target/bench")
}

/// Every round runs every engine once, so that other work of the machine hits all of them.
pub fn compare(definition: &Definition, engines: &Engines, rounds: usize) -> io::Result<Table> {
    say(&Message::new("comparing: ").and(&definition.name));
    let corpus = definition.corpus.make(&folder())?;
    Ok(Table {
        name: definition.name.clone(),
        work: definition.work.clone(),
        unit: unit(definition.measure).into(),
        rows: measured(definition, engines, &corpus, rounds)?,
    })
}

fn measured(
    definition: &Definition,
    engines: &Engines,
    corpus: &Path,
    rounds: usize,
) -> io::Result<Vec<Row>> {
    let reference = Reference::new(corpus, &definition.outputs)?;
    let mut runs = installed(&definition.runs, engines)?;
    if let Some(hindrance) = measure::hindrance(definition) {
        say(&Message::new("skipping ").and(&definition.name).and(", which ").and(hindrance));
        runs.clear();
    }
    for _ in 0..rounds {
        for (run, values) in &mut runs {
            values.push(measure::run(definition, run, engines, corpus, &reference)?);
        }
    }
    Ok(rows(&runs))
}

fn unit(measure: Measure) -> &'static str {
    match measure {
        Measure::Throughput | Measure::Filter | Measure::Reader => "seconds",
        Measure::Cpu | Measure::Following => "seconds of processor time",
        Measure::Latency | Measure::Command => "microseconds",
        Measure::Idle | Measure::Supervises => "kB",
        Measure::Pauses | Measure::Starts | Measure::Services => "milliseconds",
    }
}

fn installed<'a>(runs: &'a [Run], engines: &Engines) -> io::Result<Vec<(&'a Run, Vec<Value>)>> {
    let mut installed = Vec::new();
    for run in runs {
        if engines.program(run)?.is_some() {
            installed.push((run, Vec::new()));
        } else {
            say(&Message::new("skipping ").and(&run.engine).and(", which is not installed"));
        }
    }
    Ok(installed)
}

fn rows(runs: &[(&Run, Vec<Value>)]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let ours = runs.first().and_then(|(_, values)| values.last()?.size);
    for (run, values) in runs {
        let numbers: Vec<f64> = values.iter().map(|value| value.value).collect();
        let middle = median(&numbers);
        let theirs = values.last().and_then(|value| value.size);
        let size = run
            .size_bar
            .zip(ours.zip(theirs))
            .map(|(most, (ours, theirs))| (ours as f64 / theirs as f64, most));
        rows.push(Row {
            engine: run.name().into(),
            median: middle,
            ratio: middle / rows.first().map_or(middle, |ours| ours.median),
            bar: run.bar,
            most: run.most,
            size,
            note: values.last().map(|value| value.note.clone()).unwrap_or_default(),
            values: numbers,
        });
    }
    rows
}

/// Throughput at each of the points.
pub fn grow(growth: &Growth, engines: &Engines, rounds: usize) -> io::Result<Series> {
    say(&Message::new("growing: ").and(&growth.name));
    let mut series: Vec<(String, Vec<f64>)> = Vec::new();
    for &point in &growth.points {
        let definition = growth.at(point);
        let corpus = definition.corpus.make(&folder())?;
        let megabytes = std::fs::metadata(&corpus)?.len() as f64 / 1e6;
        for (at, row) in measured(&definition, engines, &corpus, rounds)?.into_iter().enumerate() {
            if at == series.len() {
                series.push((row.engine, Vec::new()));
            }
            series[at].1.push(megabytes / row.median);
        }
    }
    Ok(Series {
        name: growth.name.clone(),
        axis: growth.axis.clone(),
        points: growth.points.clone(),
        engines: series,
    })
}
