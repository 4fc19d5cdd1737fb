//! `exec:COMMAND`: a command of one's own takes a batch on its standard input, and has delivered it when it ends with 0.
//!
//! The input is a file in memory and not a pipe. So a command has all of a batch however the shipper ends, and never takes
//! a part of it for the whole.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use clap::ArgMatches;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use unix::event;

use super::{Answer, Attempt, Given, Kind, Settings, Sink, Wants};
use crate::batch::Batch;
use crate::values::timeout;

/// Commands.
pub const KIND: Kind = Kind {
    name: "exec",
    begins: &["exec:"],
    written: "exec:COMMAND",
    about: "a command that gets a batch on standard input; 0 is delivered",
    arguments: Vec::new,
    settle,
};

fn settle(word: &OsStr, given: &ArgMatches) -> Result<Box<dyn Settings>, String> {
    let command = word.as_bytes().strip_prefix(b"exec:").unwrap_or_default();
    if command.trim_ascii().is_empty() {
        return Err("exec: needs a command, as in exec:'cat >> /tmp/lines'".into());
    }
    let command = OsString::from_vec(command.to_vec());
    Ok(Box::new(Exec { command, timeout: timeout(given) }))
}

/// A command, as the command line says.
#[derive(Clone, Debug)]
struct Exec {
    command: OsString,
    timeout: Duration,
}

impl Settings for Exec {
    fn name(&self) -> &'static str {
        KIND.name
    }

    fn engine(&self) -> Vec<u8> {
        self.command.as_bytes().to_vec()
    }

    fn open(&self, given: Given) -> Result<Box<dyn Sink>, String> {
        Ok(Box::new(Running { exec: self.clone(), given }))
    }
}

/// Runs the command, once for each batch.
struct Running {
    exec: Exec,
    given: Given,
}

impl Sink for Running {
    fn deliver(&mut self, batch: &Batch, attempt: Attempt) -> Answer {
        let (reason, sent) = match self.run(batch, attempt) {
            Ok(Some(status)) if status.success() => {
                return Answer::Taken { memory: String::new(), notice: None };
            }
            Ok(Some(status)) => (format!("the command {}", ending(status)), Attempt::Again),
            Ok(None) => ("the command did not end in time".into(), Attempt::Again),
            Err(error) => (format!("unable to run the command: {}", unix::errno::words(&error)), attempt),
        };
        Answer::Later { wait: None, reason, sent }
    }

    fn wants(&self) -> Wants {
        Wants::Lines
    }
}

impl Running {
    /// Runs the command. None: it was ended, since it took too long.
    fn run(&self, batch: &Batch, attempt: Attempt) -> io::Result<Option<ExitStatus>> {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(&self.exec.command).stdin(Stdio::from(input(&batch.lines)?)).process_group(0);
        let id = &batch.id;
        let numbers = [
            ("NUMBER", id.number.to_string()),
            ("BYTES", batch.lines.len().to_string()),
            ("LINES", batch.count().to_string()),
            ("CRC", format!("{:08x}", id.crc)),
            ("INSTANCE", id.instance.0.clone()),
            ("FIRST", id.first.word()),
            ("END", id.end.word()),
            ("AGAIN", if attempt == Attempt::Again { "1" } else { "" }.into()),
        ];
        for (name, value) in numbers {
            command.env(format!("SHIP_{name}"), value);
        }
        let origin = &batch.origin;
        command.env("SHIP_DIRECTORY", &origin.directory);
        command.env("SHIP_HOST", OsStr::from_bytes(&origin.host));
        command.env("SHIP_SERVICE", OsStr::from_bytes(&origin.service));
        self.wait(command.spawn()?)
    }

    fn wait(&self, mut child: Child) -> io::Result<Option<ExitStatus>> {
        let begun = Instant::now();
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let watch = pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            let stopping = self.given.stopping.left();
            let left =
                self.exec.timeout.saturating_sub(begun.elapsed()).min(stopping.unwrap_or(Duration::MAX));
            if left.is_zero() {
                if let Some(pid) = pid {
                    // It may have ended just now.
                    kill_process_group(pid, Signal::KILL).ok();
                }
                child.wait()?;
                return Ok(None);
            }
            match (&watch, stopping) {
                (Some(watch), Some(_)) => event::wait([watch.as_fd()], Some(left)).map(drop)?,
                (Some(watch), None) => {
                    event::wait([watch.as_fd(), self.given.stopping.as_fd()], Some(left)).map(drop)?;
                }
                (None, _) => std::thread::sleep(left.min(Duration::from_millis(20))),
            }
        }
    }
}

/// A file in memory, to be read from its start.
fn input(lines: &[u8]) -> io::Result<File> {
    let mut file = File::from(rustix::fs::memfd_create("batch", rustix::fs::MemfdFlags::CLOEXEC)?);
    file.write_all(lines)?;
    file.rewind()?;
    Ok(file)
}

fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("has ended with {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "has ended".into(),
    }
}
