//! The pipe and the host in simulation.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tai64tools::{Label, label};
use unix::diag::Message;

use super::Disk;
use crate::host::{Host, Pace, Pause, Stop};
use crate::intake::{Intake, Seen, Unread, Woken};

/// A pipe that somebody holds: what was not consumed outlives the process. Consuming is an operation
/// like those of the disk, so that things happen at it too.
#[derive(Clone, Debug)]
pub(crate) struct SimInput {
    disk: Disk,
    chunks: Arc<Vec<Vec<u8>>>,
    pipe: Arc<Mutex<Pipe>>,
    seen: Vec<u8>,
}

#[derive(Debug, Default)]
struct Pipe {
    /// Chunks that the writer has written.
    written: usize,
    /// Bytes that were consumed.
    consumed: usize,
}

impl SimInput {
    pub(crate) fn new(disk: Disk, chunks: Vec<Vec<u8>>) -> SimInput {
        SimInput { disk, chunks: Arc::new(chunks), pipe: Arc::default(), seen: Vec::new() }
    }

    /// The same pipe for the next process.
    pub(crate) fn reopened(&self) -> SimInput {
        SimInput { seen: Vec::new(), ..self.clone() }
    }
}

impl Intake for SimInput {
    fn peek(&mut self) -> io::Result<Seen> {
        let pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = self.chunks[..pipe.written].concat();
        let now = &bytes[pipe.consumed..];
        let seen = match now.len() > self.seen.len() {
            true => Seen::More,
            false if pipe.written == self.chunks.len() => Seen::End,
            false => Seen::Nothing,
        };
        self.seen = now.to_vec();
        Ok(seen)
    }

    fn visible(&self) -> &[u8] {
        &self.seen
    }

    fn consume(&mut self, count: usize) -> io::Result<()> {
        let pipe = Arc::clone(&self.pipe);
        // splice(2) of bytes that are there does not fail.
        self.disk
            .operate(|_, _| {
                pipe.lock().unwrap_or_else(PoisonError::into_inner).consumed += count;
                Ok(())
            })
            .ok();
        self.seen.drain(..count);
        Ok(())
    }

    fn unread(&self) -> Unread {
        Unread::InSource
    }

    fn wait(&mut self, _: Option<BorrowedFd<'_>>) -> io::Result<Woken> {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        pipe.written = (pipe.written + 1).min(self.chunks.len());
        Ok(Woken { signalled: false, quiet: false })
    }
}

/// More pauses than this and a run hangs.
const PATIENCE: usize = 50;

/// A host whose clock counts and that nobody sends signals to.
#[derive(Debug, Default)]
pub(crate) struct SimHost {
    pauses: usize,
    ticks: std::cell::Cell<u32>,
    /// Seconds since 1970 at its start.
    started: u64,
}

impl SimHost {
    /// A host that is started at this second since 1970.
    pub(crate) fn started_at(started: u64) -> SimHost {
        SimHost { started, ..SimHost::default() }
    }
}

impl Pace for SimHost {
    fn warn(&mut self, _: &Message) {}

    fn pause(&mut self, _: Duration) -> Pause {
        self.pauses += 1;
        assert!(self.pauses < PATIENCE, "it hangs");
        Pause::Over
    }
}

impl Host for SimHost {
    fn now(&self) -> Label {
        self.ticks.set(self.ticks.get() + 1000);
        Label::new(label::EPOCH + self.started, self.ticks.get()).unwrap_or(Label::MIN)
    }

    fn listen(&mut self) {}

    fn stop(&self) -> Option<Stop> {
        None
    }

    fn take_rotate(&mut self) -> bool {
        false
    }

    fn signals(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn wait_for(&mut self, _: BorrowedFd<'_>, _: Option<Duration>) {}

    fn alert(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn write_status(&mut self, _: usize, text: &[u8]) -> io::Result<usize> {
        Ok(text.len())
    }
}
