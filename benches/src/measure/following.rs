//! A program that follows `main/current`, while lines are appended to it.

use std::fs::{File, OpenOptions, create_dir};
use std::io::{self, Error, Write};
use std::process::Child;
use std::time::{Duration, Instant};

use super::paced::{Pace, runtime};
use super::{Start, Value};

/// For how long lines are written.
const SPAN: Duration = Duration::from_secs(10);
/// Lines are written this far apart at least, some at once where there are more of them.
const APART: Duration = Duration::from_micros(200);
const LINE: &[u8] = b"@400000006b00e05e2c8dfba4 \"GET /shop/17/item5.html HTTP/1.1\" 200 512\n";

/// Seconds of processor time for `rate` lines a second. All of them have to come out.
pub(super) fn run(start: &Start<'_>, rate: u32) -> io::Result<Value> {
    create_dir(start.place.join("main"))?;
    let mut current = OpenOptions::new().create(true).append(true).open(start.place.join("main/current"))?;
    let output = start.place.join("out");
    let mut child = start.command(start.place)?.stdout(File::create(&output)?).spawn()?;
    let done = follow(&child, &mut current, rate, || Ok(output.metadata()?.len()));
    child.kill()?;
    child.wait()?;
    let (value, lines) = done?;
    Ok(Value { value, note: format!("{lines} lines"), ..Value::default() })
}

fn follow(
    child: &Child,
    current: &mut File,
    rate: u32,
    length: impl Fn() -> io::Result<u64>,
) -> io::Result<(f64, u64)> {
    // The first line shows that the program has begun, and how long a line is when it comes out.
    current.write_all(LINE)?;
    let line = wait_for(1, &length)?;
    let at_once = (f64::from(rate) * APART.as_secs_f64()).ceil().max(1.0);
    let lines = LINE.repeat(at_once as usize);
    let mut pace = Pace::new(Duration::from_secs_f64(at_once / f64::from(rate)));
    let before = runtime(child)?;
    let mut written = 1;
    let until = Instant::now() + SPAN;
    while Instant::now() < until {
        pace.wait();
        current.write_all(&lines)?;
        written += (lines.len() / LINE.len()) as u64;
    }
    let all = wait_for(written * line, &length)?;
    if all == written * line {
        Ok(((runtime(child)? - before).as_secs_f64(), written))
    } else {
        Err(Error::other(format!("{all} bytes came out instead of {}", written * line)))
    }
}

/// Waits until that much has come out, and returns how much it is.
fn wait_for(least: u64, length: &impl Fn() -> io::Result<u64>) -> io::Result<u64> {
    let until = Instant::now() + Duration::from_secs(20);
    while length()? < least && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(1));
    }
    length()
}
