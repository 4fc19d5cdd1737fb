//! `supervise`: runs a service, and runs it again whenever it ends.
//!
//! One poll(2) waits for everything: for a byte in the control pipe, for the end of the process, for the time of the
//! next start. Bytes are handled one at a time and in order, and before each one supervise looks whether the process
//! has ended. An `x` that is in the pipe by then counts already. Bytes behind it stay there for the next supervise.
//! Signals keep their default action: if supervise is killed, its service lives on, and the next supervise takes it
//! over.

mod directory;
mod kept;
mod script;

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use tai64tools::Label;
use unix::diag::{Message, warn};
use unix::event;
use unix::process::{Ended, NO_SUCH_PROCESS, Process};
use unix::signal::Signal;
use unix::spawn::Ending;
use unix::tool::{Exit, Fatal};

use crate::service::command::{Command, Target};
use crate::service::machine::{Action, Event, Machine, Phase};
use crate::service::rules::Session;
use crate::service::state::State;
use crate::service::status::{Status, Want};
use crate::service::survivor::{Role, Survivor};
use directory::Directory;
use script::{Note, Script};

/// How it is used.
pub const USAGE: &str = "supervise dir";
/// The time between looks at a process for which the kernel gives no descriptor.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Runs the service in a directory until it is told to leave.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let (directory, runs) = match &arguments[..] {
        [directory] => (directory, Runs::AsItsDirectorySays),
        [option, directory] if option == "-o" => (directory, Runs::Once),
        _ => return Err(Fatal::usage(USAGE)),
    };
    unix::inherited::keep_child_signal();
    let directory = Directory::enter(Path::new(directory))?;
    let mut supervise = Supervise::new(directory, runs)?;
    supervise.directory.open_ok()?;
    supervise.run();
    Ok(Exit::Success)
}

/// How a service begins that has no process yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runs {
    /// It is started again and again, or not at all where there is a file `down`.
    AsItsDirectorySays,
    /// It is started once, whether there is a file `down` or not, and nothing is known of earlier runs.
    Once,
}

/// A service and all that is known of it.
struct Supervise {
    directory: Directory,
    script: Script,
    machine: Machine,
    /// The service's, or that of what comes after it: [`Machine::phase`].
    process: Option<Process>,
    /// Whether that leads a group.
    session: Session,
    /// Where the service says that it is ready, as long as it has not.
    note: Option<OwnedFd>,
    state: State,
    /// When the service was started, or had ended.
    since: Label,
    begun: Instant,
    left: bool,
}

impl Supervise {
    /// With the process that an earlier supervise has left, if it still runs. The status is written.
    fn new(mut directory: Directory, runs: Runs) -> Result<Supervise, Fatal> {
        let script = Script::run();
        let script = script.map_err(|error| directory.failed("unable to run ", "/run", &error))?;
        let want = if directory.is_down()? { Want::Down } else { Want::Up };
        let (status, state) = directory.found();
        let mut supervise = Supervise {
            directory,
            script,
            machine: Machine::new(want),
            process: None,
            session: Session::Shared,
            note: None,
            state,
            since: Label::now(),
            begun: Instant::now(),
            left: false,
        };
        match supervise.directory.survivor() {
            Some(survivor) => {
                supervise.take_over(survivor, status);
                if runs == Runs::Once {
                    supervise.machine.want = Want::Once;
                }
            }
            None if runs == Runs::Once => {
                (supervise.machine, supervise.state) = (Machine::for_once(), State::default());
            }
            None => {
                (supervise.state.ready, supervise.state.finishing) = (None, None);
                if status.is_some_and(|status| status.pid.is_some()) {
                    supervise.state.ended = Some(Ended(None));
                }
            }
        }
        supervise.announce();
        Ok(supervise)
    }

    fn take_over(&mut self, survivor: Survivor, status: Option<Status>) {
        let Survivor { process, origin } = survivor;
        let rules = self.directory.rules();
        let pid = Some(process.pid()).filter(|_| origin.role == Role::Run);
        let (phase, pid) = if pid.is_some() { (Phase::Up, pid) } else { (Phase::Finishing, None) };
        let (mut want, mut paused) = (self.machine.want, false);
        if let Some(status) = status.filter(|status| status.pid == pid) {
            (want, paused, self.since) = (status.want, status.paused, status.since);
        }
        self.machine = Machine::adopted(want, phase, paused, rules, Duration::ZERO);
        let ready = self.state.ready.is_some_and(|(ready, _)| Some(ready) == pid);
        if let Some((number, inode)) = rules.notification.zip(origin.note) {
            if !ready {
                self.note = script::note_of(&process, number, inode);
            }
        }
        (self.process, self.session) = (Some(process), origin.session);
    }

    fn run(&mut self) {
        let early = self.waiting_commands();
        if early.contains(&Command::Down) {
            // Any other event would start the service before the command to stay down is handled.
            self.machine.want = Want::Down;
        }
        self.handle(Event::Due);
        early.into_iter().for_each(|command| self.handle(Event::Command(command)));
        while !self.left {
            if let Some(ended) = self.process.as_ref().and_then(ended) {
                self.ended(ended);
            } else if self.machine.due().is_some_and(|due| due <= self.begun.elapsed()) {
                self.handle(Event::Due);
            } else if let Some(note) = self.noted() {
                self.note = None;
                if note == Note::Ready {
                    self.state.ready = self.process.as_ref().map(|process| (process.pid(), Label::now()));
                    self.announce();
                }
            } else if let Some(byte) = self.directory.command() {
                if let Some(command) = Command::of(byte) {
                    self.handle(Event::Command(command));
                }
            } else {
                self.wait();
            }
        }
    }

    /// The commands that wait in the control pipe for this supervise. Before the first start they are read first, so that a
    /// service with the command to stay down is not started for nothing. Commands behind an `x` are for the next supervise.
    fn waiting_commands(&self) -> Vec<Command> {
        let mut early = Vec::new();
        while early.last() != Some(&Command::Exit) {
            let Some(byte) = self.directory.command() else { break };
            early.extend(Command::of(byte));
        }
        early
    }

    /// What the service has said of itself, if that is something.
    fn noted(&self) -> Option<Note> {
        self.note.as_ref().map(script::read_note).filter(|&note| note != Note::Silent)
    }

    /// Until something has happened.
    fn wait(&self) {
        let watch = self.process.as_ref().and_then(Process::watch);
        let unwatched = self.process.is_some() && watch.is_none();
        let mut all = vec![self.directory.control()];
        all.extend(watch);
        all.extend(self.note.as_ref().map(AsFd::as_fd));
        let due = self.machine.due().map(|due| due.saturating_sub(self.begun.elapsed()));
        let limit = if unwatched { Some(LOOK_AGAIN) } else { due };
        if event::wait_any(&all, limit).is_err() {
            // There is no memory for the call itself; later there is.
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Does what an event asks for, and then what follows from that.
    fn handle(&mut self, event: Event) {
        let mut next = Some(event);
        while let Some(event) = next.take() {
            let actions = self.machine.step(event, self.begun.elapsed());
            if actions.iter().any(|action| matches!(action, Action::Signal(Target::Group, _))) {
                self.warn_of_no_group();
            }
            for action in actions {
                match action {
                    Action::Start => next = Some(self.start()),
                    Action::Finish => next = self.finish(),
                    Action::Signal(target, signal) => self.signal(target, signal),
                    Action::Announce => self.announce(),
                    Action::Leave => self.left = true,
                }
            }
        }
    }

    /// Warns once for each command, also if it sends more than one signal.
    fn warn_of_no_group(&self) {
        if self.process.is_some() && self.session == Session::Shared {
            warn("supervise", &self.no_group().and(": it has none of its own without a file setsid"));
        }
    }

    fn no_group(&self) -> Message {
        Message::new("unable to signal the group of ").and(self.directory.name())
    }

    fn signal(&self, target: Target, signal: Signal) {
        let Some(process) = &self.process else { return };
        if (target, self.session) == (Target::Group, Session::Own) {
            match process.signal_group(signal) {
                Ok(()) => return,
                // The process has not made its group yet.
                Err(error) if error.raw_os_error() == Some(NO_SUCH_PROCESS) => {}
                Err(error) => warn("supervise", &self.no_group().because(&error)),
            }
        }
        // What has ended meanwhile needs none.
        process.signal(signal).ok();
    }

    fn announce(&mut self) {
        let pid = self.process.as_ref().filter(|_| self.machine.phase == Phase::Up).map(Process::pid);
        let (paused, want) = (self.machine.paused, self.machine.want);
        self.directory.announce(&Status { since: self.since, pid, paused, want }, &self.state);
    }

    /// Starts the process. Returns what has come of it.
    fn start(&mut self) -> Event {
        let rules = self.directory.rules();
        let note = rules.notification.map(|number| script::note().map(|note| (note, number)));
        let started = note.transpose().and_then(|note| {
            let given = note.as_ref().map(|((_, writer), number)| (writer, *number));
            let process = self.script.start(&mut self.directory, rules.session, given)?;
            Ok((process, note.map(|((reader, _), _)| reader)))
        });
        match started {
            Ok((process, note)) => {
                (self.process, self.note, self.session) = (Some(process), note, rules.session);
                self.since = Label::now();
                Event::Started(rules)
            }
            Err(error) => {
                let message = Message::new("unable to fork for ").and(self.directory.name()).and(", pausing");
                warn("supervise", &message.because(&error));
                Event::NotStarted
            }
        }
    }

    fn ended(&mut self, ended: Ended) {
        (self.process, self.note) = (None, None);
        let waiting = self.waiting_commands();
        // Who sends this to a logger ends its input then, and that may be noticed at the same time.
        let stays = waiting.iter().any(|command| matches!(command, Command::Up | Command::Once));
        self.machine.leaving |= waiting.last() == Some(&Command::Exit) && !stays;
        let code = if let Ended(Some(Ending::Exited(code))) = ended { Some(code) } else { None };
        if self.machine.phase == Phase::Finishing {
            self.state.finishing = None;
            self.announce();
            self.handle(Event::Finished(code));
        } else {
            (self.since, self.state.ended, self.state.ready) = (Label::now(), Some(ended), None);
            self.handle(Event::Ended(code));
        }
        waiting.into_iter().for_each(|command| self.handle(Event::Command(command)));
    }

    /// Starts `finish`. Returns `Finished` where there is no such script, or where it can't be started.
    fn finish(&mut self) -> Option<Event> {
        let (ended, session) = (self.state.ended.unwrap_or(Ended(None)), self.machine.rules.session);
        let script = Script::finish(ended, self.directory.name());
        let started = script.and_then(|script| {
            script.map(|script| script.start(&mut self.directory, session, None)).transpose()
        });
        match started {
            Ok(Some(process)) => {
                self.state.finishing = Some(process.pid());
                (self.process, self.session) = (Some(process), session);
                self.announce();
                None
            }
            Ok(None) => Some(Event::Finished(None)),
            Err(error) => {
                let message = Message::new("unable to start ").and(self.directory.name()).and("/finish");
                warn("supervise", &message.because(&error));
                Some(Event::Finished(None))
            }
        }
    }
}

/// How a process has ended. A process that can't be asked about is one that can't be waited for.
fn ended(process: &Process) -> Option<Ended> {
    process.ended().unwrap_or(Some(Ended(None)))
}
