//! A storm: a writer that never stops, and a logger that is killed and started again on the same pipe.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::{PipeReader, PipeWriter, Random};

use crate::lines::Kind;

/// What it is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Storm {
    pub(crate) kind: Kind,
    pub(crate) kills: u64,
    /// The writer waits a little now and then, or not at all.
    pub(crate) paced: bool,
    pub(crate) seed: u64,
}

/// Starts a logger that reads a pipe.
pub(crate) fn start(mut command: Command, pipe: &PipeReader) -> Child {
    command.stdin(Stdio::from(pipe.try_clone().unwrap())).stdout(Stdio::null());
    command.stderr(Stdio::null()).spawn().unwrap()
}

/// Waits for the end of a logger, but not for ever. None: it had to be killed.
pub(crate) fn end(child: &mut Child, limit: Duration) -> Option<Duration> {
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > limit {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        sleep(Duration::from_millis(1));
    }
    Some(begun.elapsed())
}

impl Storm {
    /// Lets it rage; how many lines were written. After it everything has been read.
    pub(crate) fn rage(&self, command: impl Fn() -> Command) -> u64 {
        let (reader, writer) = harness::pipe().unwrap();
        let (over, count) = (AtomicBool::new(false), AtomicU64::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| self.write(writer, &over, &count));
            let mut random = Random::new(self.seed);
            for _ in 0..self.kills {
                let mut logger = start(command(), &reader);
                sleep(Duration::from_micros(1000 + random.below(19_000)));
                logger.kill().unwrap();
                logger.wait().unwrap();
            }
            let mut last = start(command(), &reader);
            over.store(true, Ordering::SeqCst);
            drop(reader);
            assert!(end(&mut last, Duration::from_secs(60)).is_some(), "the last logger never ends");
        });
        count.into_inner()
    }

    /// Writes bursts of lines, in pieces that end anywhere.
    fn write(&self, mut pipe: PipeWriter, over: &AtomicBool, count: &AtomicU64) {
        let mut random = Random::new(self.seed ^ 0x5bd1);
        let mut bytes = Vec::new();
        while !over.load(Ordering::SeqCst) {
            let first = count.load(Ordering::SeqCst);
            let lines = self.kind.burst(&mut random);
            bytes.clear();
            (first..first + lines).for_each(|n| self.kind.line(n, &mut bytes));
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let whole = random.below(3) > 0;
                let length = if whole { rest.len() } else { 1 + random.below(rest.len() as u64) as usize };
                if pipe.write_all(&rest[..length]).is_err() {
                    // The last logger has given up.
                    return;
                }
                rest = &rest[length..];
                if self.paced || random.below(20) == 0 {
                    sleep(Duration::from_micros(200));
                }
            }
            count.store(first + lines, Ordering::SeqCst);
        }
    }
}

/// Runs a storm over one directory, `main` in `folder`.
pub(crate) fn rage_over(storm: Storm, engine: &crate::engines::Engine, folder: &Path, size: u64) -> u64 {
    storm.rage(|| engine.command(folder, size, None))
}
