//! `supervise`: runs a service, and runs it again whenever it ends.
//!
//! Everything waits in one poll(2): for a byte in the control pipe, for the end of the process, for the time of the next
//! start. Bytes are handled one at a time and in order, and before each the process is looked after; what comes after an
//! `x` stays in the pipe for the next supervise. Signals keep their default action: when supervise is killed its service
//! lives on, and the next supervise takes it over.

mod directory;
mod survivor;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use tai64tools::Label;
use unix::diag::{Message, fatal, warn};
use unix::environment::Environment;
use unix::event;
use unix::exec::Program;
use unix::ids::new_session;
use unix::pipe;
use unix::process::{Ended, Process, Signal, expect_children};
use unix::spawn::Ending;
use unix::tool::{Exit, Fatal, SYSTEM};

use crate::service::command::Command;
use crate::service::machine::{Action, Event, Machine};
use crate::service::status::{Status, Want};
use directory::Directory;

const USAGE: &str = "supervise dir";
/// How long is waited between looks at a process that the kernel gives no descriptor for.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Runs the service in a directory until it is told to leave.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let [directory] = &arguments[..] else { return Err(Fatal::usage(USAGE)) };
    expect_children();
    let directory = Directory::enter(Path::new(directory))?;
    let mut supervise = Supervise::new(directory)?;
    supervise.directory.open_ok()?;
    supervise.run();
    Ok(Exit::Success)
}

/// A service and all that is known of it.
struct Supervise {
    directory: Directory,
    run: Program,
    machine: Machine,
    process: Option<Process>,
    /// When the process was started, or had ended.
    since: Label,
    begun: Instant,
    left: bool,
}

impl Supervise {
    /// With the process that an earlier supervise has left, if it still runs. The status is written.
    fn new(directory: Directory) -> Result<Supervise, Fatal> {
        let name = OsStr::new("./run");
        let run = Program::new(name, &[name.to_owned()], Environment::inherited());
        let run = run.map_err(|error| directory.failed("unable to run ", "/run", &error))?;
        let want = if directory.is_down()? { Want::Down } else { Want::Up };
        let (machine, process, since) = match directory.survivor() {
            None => (Machine::new(want), None, Label::now()),
            Some((process, status)) => {
                let status = status.filter(|status| status.pid == Some(process.pid()));
                let (want, paused) = status.map_or((want, false), |status| (status.want, status.paused));
                let since = status.map_or_else(Label::now, |status| status.since);
                (Machine::adopted(want, paused, Duration::ZERO), Some(process), since)
            }
        };
        let mut supervise =
            Supervise { directory, run, machine, process, since, begun: Instant::now(), left: false };
        supervise.machine.treat(supervise.directory.rules());
        supervise.announce();
        Ok(supervise)
    }

    fn run(&mut self) {
        self.handle(Event::Due);
        while !self.left {
            if let Some(Ended(ending)) = self.process.as_ref().and_then(ended) {
                self.process = None;
                self.since = Label::now();
                let code = if let Some(Ending::Exited(code)) = ending { Some(code) } else { None };
                self.handle(Event::Ended(code));
            } else if self.machine.due().is_some_and(|due| due <= self.begun.elapsed()) {
                self.handle(Event::Due);
            } else if let Some(byte) = self.directory.command() {
                if let Some(command) = Command::of(byte) {
                    self.handle(Event::Command(command));
                }
            } else {
                self.wait();
            }
        }
    }

    /// Until something has happened.
    fn wait(&self) {
        let control = self.directory.control();
        let due = self.machine.due().map(|due| due.saturating_sub(self.begun.elapsed()));
        let waited = match self.process.as_ref().map(Process::watch) {
            None => event::wait([control], due).map(drop),
            Some(Some(process)) => event::wait([control, process], due).map(drop),
            Some(None) => event::wait([control], Some(LOOK_AGAIN)).map(drop),
        };
        if waited.is_err() {
            // There is no memory for the call itself; later there is.
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    fn handle(&mut self, event: Event) {
        for action in self.machine.step(event, self.begun.elapsed()) {
            match action {
                Action::Start => self.start(),
                Action::Signal(signal) => self.signal(signal),
                Action::Announce => self.announce(),
                Action::Leave => self.left = true,
            }
        }
    }

    fn signal(&self, signal: Signal) {
        // What has ended meanwhile needs none.
        self.process.as_ref().map(|process| process.signal(signal));
    }

    fn announce(&mut self) {
        let status = Status {
            since: self.since,
            pid: self.process.as_ref().map(Process::pid),
            paused: self.machine.paused,
            want: self.machine.want,
        };
        self.directory.announce(&status);
    }

    fn start(&mut self) {
        match self.spawn() {
            Ok(process) => {
                self.process = Some(process);
                self.since = Label::now();
                self.machine.treat(self.directory.rules());
                self.handle(Event::Started);
            }
            Err(error) => {
                self.handle(Event::NotStarted);
                let message = Message::new("unable to fork for ").and(self.directory.name()).and(", pausing");
                warn("supervise", &message.because(&error));
            }
        }
    }

    /// The child waits until it is known who it is. When this process is killed before, the child ends without having
    /// run anything: it is never a second copy that nobody knows of.
    fn spawn(&mut self) -> io::Result<Process> {
        let (known, say) = pipe::new()?;
        let mut say = Some(say);
        let process = Process::fork(|| {
            // The copy of the end to write, so that the original's end is the end of the pipe.
            drop(say.take());
            if matches!(pipe::read(&known, &mut [0]), Ok(1)) {
                if Path::new("setsid").exists() {
                    // The child of a fork leads no group, so it can't fail.
                    new_session().ok();
                }
                let error = self.run.run();
                let message = Message::new("unable to start ").and(self.directory.name()).and("/run");
                fatal("supervise", &message.because(&error));
            }
            SYSTEM
        })?;
        self.directory.remember(&process);
        if let Some(say) = &say {
            unix::file::write(say, b"!")?;
        }
        Ok(process)
    }
}

/// How a process has ended. One that can't be asked for is one that nobody can wait for.
fn ended(process: &Process) -> Option<Ended> {
    process.ended().unwrap_or(Some(Ended(None)))
}
