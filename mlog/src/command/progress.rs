//! `Progress`: how much was read, on a terminal's standard error, while a search goes on for longer than a second.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// Nothing is said before, nor more often than this.
const PATIENCE: Duration = Duration::from_secs(1);
const OFTEN: Duration = Duration::from_millis(200);

pub(super) struct Progress {
    /// None: nobody sees it.
    begun: Option<Instant>,
    said: Option<Instant>,
    text: u64,
}

impl Progress {
    pub(super) fn new() -> Progress {
        Progress { begun: stderr().is_terminal().then(Instant::now), said: None, text: 0 }
    }

    /// So much more text was read.
    pub(super) fn add(&mut self, text: u64) {
        self.text += text;
        let Some(begun) = self.begun.filter(|begun| begun.elapsed() >= PATIENCE) else { return };
        if self.said.is_none_or(|said| said.elapsed() >= OFTEN) {
            self.said = Some(Instant::now());
            let rate = self.text as f64 / begun.elapsed().as_secs_f64() / 1e6;
            // Nobody waits for it.
            write!(stderr(), "\r\x1b[Kmlog: {} MB read, {rate:.0} MB/s", self.text / 1_000_000).ok();
        }
    }

    /// Takes it away: lines come.
    pub(super) fn end(&mut self) {
        if self.said.take().is_some() {
            write!(stderr(), "\r\x1b[K").ok();
        }
    }
}
