//! `cat corpus | engine`, from the start of both to the end of the engine.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::check::Reference;
use super::{Start, Value, ground};

pub(super) fn run(start: &Start<'_>, corpus: &Path, reference: &Reference) -> io::Result<Value> {
    let mut engine = start.command(start.place)?;
    ground::level(&[corpus], reference.bytes(), start.place)?;
    let begun = Instant::now();
    let mut feeder = Command::new("cat").arg(corpus).stdout(Stdio::piped()).spawn()?;
    let pipe = feeder.stdout.take().ok_or(ErrorKind::BrokenPipe)?;
    if let Some(bytes) = start.run.pipe {
        unix::pipe::set_capacity(&pipe, bytes)?;
    }
    let status = engine.stdin(pipe).status()?;
    let time = begun.elapsed();
    feeder.wait()?;
    if !status.success() {
        return Err(io::Error::other(format!("{} ended with {status}", start.run.engine)));
    }
    let (size, note) = reference.check(start.place, start.run)?;
    Ok(Value { value: time.as_secs_f64(), size: Some(size), note })
}
