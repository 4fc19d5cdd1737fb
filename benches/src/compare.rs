//! The program: definitions in, engines in turn, a record out.
//!
//! `compare TOOLS DEFINITIONS ROUNDS`: where our binaries are, a folder of definitions or one file,
//! and how often everything runs. The record goes to standard output.

use std::ffi::OsString;
use std::fs::{File, create_dir_all};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use unix::diag::{Message, say};
use unix::tool::{Exit, Fatal};

use crate::definition::{Definition, Entry};
use crate::measure;
use crate::report::{self, Result as Measured};

/// Runs the comparison.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let [tools, definitions, rounds] = &arguments[..] else {
        return Err(Fatal::misuse(Message::new("usage: compare tools definitions rounds")));
    };
    let rounds = rounds.to_str().and_then(|text| text.parse().ok()).unwrap_or(5);
    let tools = std::path::absolute(tools).map_err(|error| failed(&error.to_string()))?;
    let mut text = heading();
    let definitions = read_all(Path::new(definitions))?;
    for definition in &definitions {
        let corpus = corpus(definition).map_err(|error| failed(&error.to_string()))?;
        let results = compare(definition, &tools, &corpus, rounds)?;
        report::table(&mut text, definition, &results).map_err(|error| failed(&error.to_string()))?;
    }
    if let Some(definition) = definitions.first() {
        text += &memory(definition, &tools);
    }
    let mut stdout = std::io::stdout();
    stdout.write_all(text.as_bytes()).map_err(|error| failed(&error.to_string()))?;
    Ok(Exit::Success)
}

fn failed(reason: &str) -> Fatal {
    Fatal::misuse(Message::new("unable to compare: ").and(reason))
}

fn read_all(place: &Path) -> Result<Vec<Definition>, Fatal> {
    let mut paths = vec![place.to_path_buf()];
    if place.is_dir() {
        let entries = std::fs::read_dir(place).map_err(|error| failed(&error.to_string()))?;
        paths = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
    }
    paths.iter().map(|path| Definition::read(path).map_err(|reason| failed(&reason))).collect()
}

/// Makes the input once; it is in the page cache afterwards.
fn corpus(definition: &Definition) -> std::io::Result<PathBuf> {
    let folder = std::env::current_dir()?.join("target/bench");
    create_dir_all(&folder)?;
    let path = folder.join(format!("{:?}-{}-{}", definition.kind, definition.bytes, definition.seed));
    if !path.exists() {
        let partial = path.with_extension("partial");
        let mut file = BufWriter::new(File::create(&partial)?);
        crate::corpus::write(definition.kind, definition.seed, definition.bytes, &mut file)?;
        file.flush()?;
        std::fs::rename(partial, &path)?;
    }
    std::io::copy(&mut File::open(&path)?, &mut std::io::sink())?;
    Ok(path)
}

/// Every round runs every engine once, so that what else the machine does hits all of them.
fn compare(
    definition: &Definition,
    tools: &Path,
    corpus: &Path,
    rounds: usize,
) -> Result<Vec<Measured>, Fatal> {
    let mut results: Vec<Measured> = Vec::new();
    for entry in definition.entries.iter().filter(|entry| is_there(entry, tools)) {
        results.push(Measured { entry: entry.clone(), times: Vec::new(), output: (0, 0) });
    }
    for _ in 0..rounds {
        for result in &mut results {
            let stamp = result.entry.stamp.unwrap_or(definition.stamp);
            let run = measure::run(&result.entry, tools, corpus, stamp)
                .map_err(|error| failed(&format!("{}: {}: {error}", definition.name, result.entry.engine)))?;
            result.times.push(run.time);
            result.output = (run.lines, run.digest);
        }
    }
    Ok(results)
}

fn is_there(entry: &Entry, tools: &Path) -> bool {
    let program = entry.command[0].replace("{tools}", &tools.to_string_lossy());
    let there = Path::new(&program).exists();
    if !there {
        say(&Message::new("compare: skipping ").and(&entry.engine).and(": there is no ").and(program));
    }
    there
}

fn memory(definition: &Definition, tools: &Path) -> String {
    let mut text = String::from("## Memory of an idle logger\n\n| engine | private dirty kB |\n|---|---|\n");
    for entry in
        definition.entries.iter().filter(|entry| is_there(entry, tools) && entry.engine != "bare loop")
    {
        if let Ok(kilobytes) = measure::idle_memory(entry, tools) {
            text += &format!("| {} | {kilobytes} |\n", entry.engine);
        }
    }
    text
}

fn heading() -> String {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_string()).unwrap_or_default()
    };
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name\t: ")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let packages = said("dpkg-query", &["-W", "-f", "${Package} ${Version}, ", "daemontools", "s6", "runit"]);
    format!(
        "# Comparison of {}\n\n{cores} cores of {model}, Linux {}; {packages}multilog at commit {}.\n\n\
         Each engine reads `cat corpus |` from the page cache, all of them in turn in every round. The output \
         is checked to be the end of the corpus, stamps cut off.\n\n",
        said("date", &["-u", "+%Y-%m-%d"]),
        said("uname", &["-r"]),
        said("git", &["rev-parse", "--short", "HEAD"]),
    )
}
