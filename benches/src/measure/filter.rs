//! `engine <corpus >file`, from its start to its end.

use std::fs::{File, create_dir};
use std::io::{self, Error};
use std::path::Path;
use std::time::Instant;

use super::check::Reference;
use super::{Start, Value, ground};

pub(super) fn run(start: &Start<'_>, corpus: &Path, reference: &Reference) -> io::Result<Value> {
    let mut engine = start.command(start.place)?;
    create_dir(start.place.join("main"))?;
    let output = File::create(start.place.join("main/current"))?;
    ground::level(&[corpus], reference.bytes(), start.place)?;
    let begun = Instant::now();
    let status = engine.stdin(File::open(corpus)?).stdout(output).status()?;
    let time = begun.elapsed();
    if !status.success() {
        return Err(Error::other(format!("{} ended with {status}", start.run.name())));
    }
    let (_, note) = reference.check(start.place, start.run)?;
    Ok(Value { value: time.as_secs_f64(), size: None, note })
}
