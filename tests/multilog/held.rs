//! A pipe for several loggers, one after the other.

use std::io::Write;
use std::process::Stdio;

use harness::{PipeReader, PipeWriter, Running, Scratch, pipe};

/// A pipe that outlives its readers, as the one between a service and its logger.
pub(crate) struct Held {
    pub(crate) reader: PipeReader,
    pub(crate) writer: PipeWriter,
}

impl Held {
    pub(crate) fn new() -> Held {
        let (reader, writer) = pipe().unwrap();
        Held { reader, writer }
    }

    pub(crate) fn start(&self, here: &Scratch, script: &[&str]) -> Running {
        here.multilog(script).from(Stdio::from(self.reader.try_clone().unwrap())).start()
    }

    pub(crate) fn write(&self, bytes: &[u8]) {
        (&self.writer).write_all(bytes).unwrap();
    }
}
