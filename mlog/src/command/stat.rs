//! `mlog stat`: how many lines there are over time.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use clap::ArgMatches;
use unix::diag::Message;
use unix::tool::{Exit, Fatal};

use crate::pipeline::{Plan, Sink, Stop, Trouble, run};
use crate::search::{Entry, Query, Wanted};
use crate::show::{Output, name};
use crate::stat::{Histogram, Unit, svg};

use super::directories::directories;
use super::query::{Asked, ended, exit};

struct Counter(Vec<Histogram>);

impl Sink for Counter {
    fn plain(&mut self, _: &[u8]) -> Result<(), Stop> {
        Ok(())
    }

    fn line(&mut self, source: usize, entry: Entry, _: &[u8]) -> Result<(), Stop> {
        self.0[source].add(entry.key);
        Ok(())
    }
}

/// Shows a bar for each minute, hour or day of each directory.
pub(super) fn stat(given: &ArgMatches) -> Result<Exit, Fatal> {
    let asked = Asked::read(given)?;
    let mut trouble = Trouble::default();
    let mut found = directories(given, &mut trouble)?;
    let unit = match given.get_one::<String>("by").map(String::as_str) {
        Some("minute") => Unit::Minute,
        Some("day") => Unit::Day,
        _ => Unit::Hour,
    };
    let patterns = asked.patterns.clone();
    let query = Arc::new(Query { patterns, context: None, wanted: Wanted::Count, keys: true, index: true });
    let given_directories: Vec<_> =
        found.iter().enumerate().map(|(at, one)| asked.given(at, one, found.len())).collect();
    // What is not held is closed.
    found.iter_mut().for_each(|one| one.snapshot.close());
    let mut counter = Counter(found.iter().map(|_| Histogram::new(unit)).collect());
    if let Err(Stop::Gone(gone)) =
        run(&given_directories, &Plan::forward(), &query, &mut counter, &mut trouble)
    {
        ended(gone)?;
    }
    let mut text = String::new();
    for (one, histogram) in found.iter().zip(&counter.0) {
        text.push_str(&format!(
            "{}: {} lines\n{}",
            name(&one.store.name),
            histogram.total(),
            histogram.text()
        ));
    }
    if let Some(path) = given.get_one::<OsString>("svg") {
        let about = || Message::new("unable to write ").and(path.as_bytes());
        let titles: Vec<_> = found.iter().map(|one| String::from_utf8_lossy(&one.store.name)).collect();
        let picture = svg(titles.iter().map(AsRef::as_ref).zip(&counter.0));
        std::fs::write(path, picture).map_err(|error| Fatal::system(about(), &error))?;
    }
    let mut output = Output::new(None);
    output.add(text.as_bytes()).and_then(|()| output.flush()).or_else(|gone| ended(gone).map(|_| ()))?;
    Ok(exit(trouble, counter.0.iter().any(|histogram| histogram.total() > 0)))
}
