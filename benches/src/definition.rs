//! What is compared: read from `definitions/*.json`, `growth/*.json` and `engines.json`.

use std::collections::BTreeMap;
use std::io::{self, Error};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::corpus::{Corpus, Kind};
use crate::layout::Layout;

/// A piece of work and who does it.
#[derive(Clone, Debug, Deserialize)]
pub struct Definition {
    /// Its name in tables.
    pub name: String,
    /// The work in a sentence.
    pub work: String,
    /// What is measured.
    pub measure: Measure,
    /// The input.
    pub corpus: Corpus,
    /// What has to be in the directories afterwards, for the measurements of throughput.
    #[serde(default)]
    pub outputs: Vec<Expected>,
    /// What runs, for the measurements of supervision.
    #[serde(default)]
    pub services: Services,
    /// How the corpus is laid out as log directories, for the measurements of readers.
    #[serde(default)]
    pub layout: Option<Layout>,
    /// What a shell does once in the folder of these directories.
    #[serde(default)]
    pub prepare: Option<String>,
    /// Files without which it can't be measured.
    #[serde(default)]
    pub needs: Vec<PathBuf>,
    /// Lines a second, for the measurement of following.
    #[serde(default)]
    pub rate: u32,
    /// Who runs, in this order. The first is ours.
    pub runs: Vec<Run>,
}

/// Services of a supervisor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Services {
    /// How many.
    pub count: u64,
    /// Whether each has a logger.
    #[serde(default)]
    pub loggers: bool,
}

/// What is measured; less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Seconds from the start of `cat corpus | engine` to its end.
    Throughput,
    /// Seconds from the start of `engine <corpus >main/current` to its end.
    Filter,
    /// Seconds from the start to the end of a program that reads log directories in its working directory.
    Reader,
    /// Seconds of processor time of a program that follows a file to which lines are appended.
    Following,
    /// Seconds of processor time for 20,000 single lines a second.
    Cpu,
    /// Microseconds until a line that was written to the pipe is in `current`.
    Latency,
    /// Milliseconds from the start of a program that ends at once to its end.
    Starts,
    /// Kilobytes of private dirty memory of each of a thousand idle loggers.
    Idle,
    /// Milliseconds of the longest pause of a writer that writes less than the engine could take.
    Pauses,
    /// Milliseconds from the start of a supervisor until all its services run.
    Services,
    /// Kilobytes of private dirty memory of each supervise that has nothing to do.
    Supervises,
    /// Microseconds from the start of `svc -t` until the service has ended of it.
    Command,
}

/// The content of one directory.
#[derive(Clone, Debug, Deserialize)]
pub struct Expected {
    /// Its name.
    pub directory: String,
    /// Which lines of the corpus. None: all.
    pub select: Option<Select>,
    /// How many lines. None: not known beforehand.
    pub lines: Option<u64>,
    /// CRC-32 of these lines, in hexadecimal digits.
    pub digest: Option<String>,
    /// Bytes of stamp before each line of the corpus, which are not compared.
    #[serde(default)]
    pub stamp: usize,
}

/// Lines whose `word` (counted from 1, a space between words) is `is`.
#[derive(Clone, Debug, Deserialize)]
pub struct Select {
    /// Which word.
    pub word: usize,
    /// What it has to be.
    pub is: String,
}

/// One engine in one definition.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Run {
    /// Its name in `engines.json`.
    pub engine: String,
    /// What tables say instead, where one engine runs in two ways.
    #[serde(default)]
    pub label: Option<String>,
    /// Its arguments. `{tools}` is where our binaries are.
    pub arguments: Vec<String>,
    /// Files to make before it runs.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Variables of its environment. `{tools}` as in the arguments.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// CRC-32 of all that it writes, stamps included, where it is the same every time.
    #[serde(default)]
    pub digest: Option<String>,
    /// Bytes of stamp before each line.
    #[serde(default)]
    pub stamp: usize,
    /// Bytes of the pipe, if not what the system gives.
    #[serde(default)]
    pub pipe: Option<usize>,
    /// Whether its directories hold everything, or retention has deleted older files.
    #[serde(default)]
    pub keeps: Keeps,
    /// Whether TERM ends all that it has started, and that is shown too.
    #[serde(default)]
    pub stops: bool,
    /// What its value divided by ours has to reach.
    #[serde(default)]
    pub bar: Option<f64>,
    /// What its value may be at most: for numbers that do not depend on the machine.
    #[serde(default)]
    pub most: Option<f64>,
    /// What our bytes on the disk divided by its bytes may be at most.
    #[serde(default)]
    pub size_bar: Option<f64>,
}

/// How much of the output is there at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keeps {
    /// The newest files.
    #[default]
    Newest,
    /// All files.
    All,
}

impl Definition {
    /// Whether what the engines write is compared with what they should write.
    pub fn is_checked(&self) -> bool {
        matches!(self.measure, Measure::Throughput | Measure::Filter)
    }

    /// The same with a tenth of the input, for the original and those that have nothing to reach, ours among them.
    pub fn shortened(mut self) -> Definition {
        self.corpus.bytes /= 10;
        for output in &mut self.outputs {
            (output.lines, output.digest) = (None, None);
        }
        self.runs.retain(|run| run.bar.is_none() || run.name() == "daemontools");
        for run in &mut self.runs {
            run.digest = None;
        }
        self
    }
}

impl Run {
    /// What tables call it.
    pub fn name(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.engine)
    }
}

/// How throughput changes with one number.
#[derive(Clone, Debug, Deserialize)]
pub struct Growth {
    /// Its name.
    pub name: String,
    /// What the number is.
    pub axis: String,
    /// The values of the number.
    pub points: Vec<u64>,
    /// The input. Where its kind is `fixed`, the number is the length of its lines.
    pub corpus: Corpus,
    /// The argument `{repeat}` becomes these words, repeated by the number; `{n}` in them is 1, 2, 3 and so on.
    #[serde(default)]
    pub repeat: String,
    /// How the corpus is laid out, where a reader is measured. The number is that of directories or files if they are 0.
    #[serde(default)]
    pub layout: Option<Layout>,
    /// What `{word}` in an argument becomes, one for each point.
    #[serde(default)]
    pub words: Vec<String>,
    /// Who runs, in this order. `{point}` in an argument is the number itself.
    pub runs: Vec<Run>,
}

impl Growth {
    /// The definition at one point.
    pub fn at(&self, point: u64) -> Definition {
        let mut corpus = self.corpus;
        if corpus.kind == Kind::Fixed {
            corpus.line = point;
        }
        let word = self.points.iter().position(|&one| one == point).and_then(|at| self.words.get(at));
        let word = word.map(String::as_str).unwrap_or_default();
        let runs: Vec<Run> = self.runs.iter().map(|run| self.repeated(run, point, word)).collect();
        let first = runs.first().map(|run| &run.arguments[..]).unwrap_or_default();
        let directories = first.iter().filter_map(|word| word.strip_prefix("./"));
        let all = |directory: &str| Expected {
            directory: directory.into(),
            select: None,
            lines: None,
            digest: None,
            stamp: 0,
        };
        Definition {
            name: format!("{}: {point}", self.name),
            work: String::new(),
            measure: if self.layout.is_some() { Measure::Reader } else { Measure::Throughput },
            corpus,
            outputs: directories.map(all).collect(),
            services: Services::default(),
            layout: self.layout.map(|layout| layout.at(point)),
            prepare: None,
            needs: Vec::new(),
            rate: 0,
            runs,
        }
    }

    fn repeated(&self, run: &Run, point: u64, word: &str) -> Run {
        let mut arguments = Vec::new();
        for argument in &run.arguments {
            if argument == "{repeat}" {
                arguments.extend((1..=point).map(|n| self.repeat.replace("{n}", &n.to_string())));
            } else {
                arguments.push(argument.replace("{point}", &point.to_string()).replace("{word}", word));
            }
        }
        Run { arguments, ..run.clone() }
    }
}

/// A program that takes part.
#[derive(Clone, Debug, Deserialize)]
pub struct Engine {
    /// Its path.
    pub program: String,
    /// The command that prints its version.
    #[serde(default)]
    pub version: Vec<String>,
}

/// The programs, and where ours are.
#[derive(Clone, Debug)]
pub struct Engines {
    tools: PathBuf,
    all: BTreeMap<String, Engine>,
}

impl Engines {
    /// Reads `engines.json` of a folder. `tools` is where our binaries are.
    pub fn read(folder: &Path, tools: &Path) -> io::Result<Engines> {
        Ok(Engines { tools: std::path::absolute(tools)?, all: read(&folder.join("engines.json"))? })
    }

    /// The program of a run. None: it is not installed.
    pub fn program(&self, run: &Run) -> io::Result<Option<PathBuf>> {
        let engine = self.all.get(&run.engine);
        let engine = engine.ok_or_else(|| Error::other(format!("no engine {}", run.engine)))?;
        let path = PathBuf::from(self.in_place(&engine.program));
        Ok(path.exists().then_some(path))
    }

    /// A word with the place of our binaries in it.
    pub fn in_place(&self, word: &str) -> String {
        word.replace("{tools}", &self.tools.to_string_lossy())
    }

    /// Names and versions of those that can say theirs.
    pub fn versions(&self) -> BTreeMap<String, String> {
        let mut versions = BTreeMap::new();
        for (name, engine) in &self.all {
            if let [program, arguments @ ..] = &engine.version[..] {
                versions.insert(name.clone(), crate::record::said(program, arguments));
            }
        }
        versions
    }
}

/// Reads a file of JSON.
pub fn read<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::other(format!("{}: {error}", path.display())))?;
    serde_json::from_str(&text).map_err(|error| Error::other(format!("{}: {error}", path.display())))
}

/// Reads all files of a folder, in the order of their names.
pub fn read_all<T: DeserializeOwned>(folder: &Path) -> io::Result<Vec<T>> {
    let entries = std::fs::read_dir(folder)?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_can_be_read_and_names_engines_that_are_known() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let engines = Engines::read(folder, Path::new("tools")).unwrap();
        let definitions: Vec<Definition> = read_all(&folder.join("definitions")).unwrap();
        let growths: Vec<Growth> = read_all(&folder.join("growth")).unwrap();
        let grown = growths.iter().flat_map(|growth| growth.points.iter().map(|&point| growth.at(point)));
        let all: Vec<Definition> = definitions.into_iter().chain(grown).collect();
        assert!(all.len() > 20);
        for run in all.iter().flat_map(|definition| &definition.runs) {
            engines.program(run).unwrap();
        }
    }

    #[test]
    fn a_repeated_argument_is_numbered() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let growth: Growth = read(&folder.join("growth/directories.json")).unwrap();
        let two = growth.at(2);
        assert!(two.runs[0].arguments.ends_with(&["./main1".into(), "./main2".into()]));
        assert_eq!(two.outputs.len(), 2);
    }
}
