//! A program that ends at once, many times in a row.

use std::io::{self, Error};
use std::process::Stdio;
use std::time::Instant;

use super::{Start, Value};

/// How often it is started.
const TIMES: u32 = 300;

/// Milliseconds of each, with what the last one printed as a check.
pub(super) fn run(start: &Start<'_>) -> io::Result<Value> {
    let mut command = start.command(start.place)?;
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let begun = Instant::now();
    for _ in 0..TIMES {
        if !command.status()?.success() {
            return Err(Error::other(format!("{} failed", start.run.name())));
        }
    }
    let each = begun.elapsed().as_secs_f64() * 1e3 / f64::from(TIMES);
    let said = command.stdout(Stdio::piped()).output()?.stdout;
    Ok(Value { value: each, size: None, note: String::from_utf8_lossy(&said).trim().replace('\n', " ") })
}
