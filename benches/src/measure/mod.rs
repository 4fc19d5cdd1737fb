//! The measurements: each starts an engine, gives it its input, and says what that cost.

mod check;
mod filter;
mod following;
mod ground;
mod idle;
mod paced;
mod reader;
mod services;
mod starts;
mod throughput;

use std::fs::create_dir_all;
use std::io::{self, Error};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::definition::{Definition, Engines, Measure, Run};

pub use check::Reference;

/// What one run of one engine gave.
#[derive(Clone, Debug, Default)]
pub struct Value {
    /// What was measured, in the unit of the measurement. Less is better.
    pub value: f64,
    /// Bytes that the engine left on the disk. None: not of interest.
    pub size: Option<u64>,
    /// What else there is to say.
    pub note: String,
}

/// Runs an engine once.
pub fn run(
    definition: &Definition,
    run: &Run,
    engines: &Engines,
    corpus: &Path,
    reference: &Reference,
) -> io::Result<Value> {
    let folder = corpus.parent().unwrap_or(Path::new("."));
    let place = tempfile::tempdir_in(folder)?;
    let start = Start { run, engines, place: place.path() };
    match definition.measure {
        Measure::Throughput => throughput::run(&start, corpus, reference),
        Measure::Filter => filter::run(&start, corpus, reference),
        Measure::Reader => reader::run(&start, definition, corpus),
        Measure::Following => following::run(&start, definition.rate),
        Measure::Cpu => paced::cpu(&start),
        Measure::Latency => paced::latency(&start),
        Measure::Pauses => paced::pauses(&start, corpus),
        Measure::Starts => starts::run(&start),
        Measure::Idle => idle::run(&start),
        Measure::Services => services::all_up(&start, definition.services),
        Measure::Supervises => services::idle(&start, definition.services),
        Measure::Command => services::command(&start, definition.services),
    }
}

/// Why a definition can't be measured on this machine. None: it can.
pub fn hindrance(definition: &Definition) -> Option<String> {
    let missing = definition.needs.iter().find(|path| !path.exists());
    let missing = missing.map(|path| format!("needs {}", path.display()));
    missing.or_else(|| services::hindrance(definition.services))
}

/// An engine that is about to run.
struct Start<'a> {
    run: &'a Run,
    engines: &'a Engines,
    place: &'a Path,
}

impl Start<'_> {
    /// The command, in a folder with the files that it needs.
    fn command(&self, folder: &Path) -> io::Result<Command> {
        create_dir_all(folder)?;
        for (name, content) in &self.run.files {
            let path = folder.join(name);
            create_dir_all(path.parent().unwrap_or(folder))?;
            std::fs::write(path, content)?;
        }
        let missing = || Error::other(format!("{} is not installed", self.run.engine));
        let mut command = Command::new(self.engines.program(self.run)?.ok_or_else(missing)?);
        command.args(self.run.arguments.iter().map(|word| self.engines.in_place(word)));
        let environment = self.run.environment.iter();
        command.envs(environment.map(|(name, value)| (name, self.engines.in_place(value))));
        command.current_dir(folder);
        Ok(command)
    }

    /// Another program in the folder of the engine's.
    fn tool(&self, name: &str) -> io::Result<Command> {
        let missing = || Error::other(format!("{} is not installed", self.run.engine));
        let program = self.engines.program(self.run)?.ok_or_else(missing)?;
        Ok(Command::new(program.with_file_name(name)))
    }

    /// The engine with a pipe to write into.
    fn spawn(&self, folder: &Path) -> io::Result<Child> {
        self.command(folder)?.stdin(Stdio::piped()).spawn()
    }

    /// Waits for the end of an engine whose input was closed.
    fn finish(&self, mut child: Child) -> io::Result<()> {
        drop(child.stdin.take());
        let status = child.wait()?;
        if status.success() { Ok(()) } else { Err(Error::other(format!("ended with {status}"))) }
    }
}
