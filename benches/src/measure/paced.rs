//! A writer that keeps a pace: what a logger costs, delays and blocks when it is not flooded.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin};
use std::time::{Duration, Instant};

use super::{Start, Value};

/// How many single lines a second, and for how long.
const RATE: u32 = 20_000;
const SPAN: Duration = Duration::from_secs(10);
const LINE: &[u8] =
    b"10.36.200.43 - - [20/Nov/2026:04:17:06 +0000] \"GET /shop/17/item5.html HTTP/1.1\" 200 512\n";
/// How many lines are timed, and the time between them.
const SAMPLES: usize = 2000;
const APART: Duration = Duration::from_millis(1);
/// What the writer whose pauses are measured writes: bytes a second, and bytes at once.
const FLOW: usize = 20 << 20;
const PIECE: usize = 4096;

/// Seconds of processor time for [`SPAN`] of single lines at [`RATE`].
pub(super) fn cpu(start: &Start<'_>) -> io::Result<Value> {
    let (mut child, mut pipe) = begin(start)?;
    let mut pace = Pace::new(Duration::from_secs(1) / RATE);
    let before = runtime(&child)?;
    let lines = SPAN.as_secs() * u64::from(RATE);
    for _ in 0..lines {
        pace.wait();
        pipe.write_all(LINE)?;
    }
    // What is still in the pipe belongs to the work.
    std::thread::sleep(Duration::from_millis(100));
    let value = (runtime(&child)? - before).as_secs_f64();
    child.stdin = Some(pipe);
    start.finish(child)?;
    Ok(Value { value, note: format!("{lines} lines"), ..Value::default() })
}

/// Microseconds from the write of a line until it is in `current`: the median of [`SAMPLES`].
pub(super) fn latency(start: &Start<'_>) -> io::Result<Value> {
    let (mut child, mut pipe) = begin(start)?;
    let current = File::open(start.place.join("main/current"))?;
    let mut samples = Vec::new();
    for _ in 0..SAMPLES {
        std::thread::sleep(APART);
        let length = current.metadata()?.len();
        let written = Instant::now();
        pipe.write_all(LINE)?;
        while current.metadata()?.len() == length {
            std::hint::spin_loop();
        }
        samples.push(written.elapsed());
    }
    child.stdin = Some(pipe);
    start.finish(child)?;
    samples.sort();
    let micros = |at: usize| samples[at].as_secs_f64() * 1e6;
    let note = format!("99 of 100 below {:.0}", micros(SAMPLES * 99 / 100));
    Ok(Value { value: micros(SAMPLES / 2), note, ..Value::default() })
}

/// Milliseconds of the longest write of a writer that writes [`FLOW`] bytes of the corpus a second.
pub(super) fn pauses(start: &Start<'_>, corpus: &Path) -> io::Result<Value> {
    let (mut child, mut pipe) = begin(start)?;
    let mut input = File::open(corpus)?;
    let mut piece = vec![0; PIECE];
    let mut pace = Pace::new(Duration::from_secs_f64(PIECE as f64 / FLOW as f64));
    let mut longest = Duration::ZERO;
    loop {
        let got = input.read(&mut piece)?;
        if got == 0 {
            break;
        }
        pace.wait();
        let begun = Instant::now();
        pipe.write_all(&piece[..got])?;
        longest = longest.max(begun.elapsed());
    }
    child.stdin = Some(pipe);
    start.finish(child)?;
    Ok(Value { value: longest.as_secs_f64() * 1e3, ..Value::default() })
}

/// An engine that has logged its first line.
fn begin(start: &Start<'_>) -> io::Result<(Child, ChildStdin)> {
    let mut child = start.spawn(start.place)?;
    let mut pipe = child.stdin.take().ok_or(ErrorKind::BrokenPipe)?;
    pipe.write_all(LINE)?;
    let current = start.place.join("main/current");
    let until = Instant::now() + Duration::from_secs(10);
    while std::fs::metadata(&current).map_or(0, |found| found.len()) == 0 {
        if Instant::now() > until {
            return Err(ErrorKind::TimedOut.into());
        }
        std::thread::sleep(APART);
    }
    Ok((child, pipe))
}

/// Times that are equally far apart. Sleeping is too coarse for them.
pub(super) struct Pace {
    next: Instant,
    apart: Duration,
}

impl Pace {
    pub(super) fn new(apart: Duration) -> Pace {
        Pace { next: Instant::now() + apart, apart }
    }

    pub(super) fn wait(&mut self) {
        while Instant::now() < self.next {
            std::hint::spin_loop();
        }
        self.next += self.apart;
    }
}

/// The processor time of all threads.
pub(super) fn runtime(child: &Child) -> io::Result<Duration> {
    let mut sum = 0;
    for task in std::fs::read_dir(format!("/proc/{}/task", child.id()))? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        sum += text
            .split(' ')
            .next()
            .and_then(|field| field.parse::<u64>().ok())
            .ok_or(ErrorKind::InvalidData)?;
    }
    Ok(Duration::from_nanos(sum))
}
