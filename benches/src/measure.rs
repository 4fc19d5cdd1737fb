//! One run of one engine: `cat corpus | engine`, its time, and whether its output is right.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::definition::Entry;

/// What a run gave.
#[derive(Clone, Debug)]
pub struct Run {
    /// From the start of both programs to the end of the engine.
    pub time: Duration,
    /// Lines in the log directory.
    pub lines: u64,
    /// CRC-32 of those lines without their stamps.
    pub digest: u32,
}

/// Runs it in an empty directory.
pub fn run(entry: &Entry, tools: &Path, corpus: &Path, stamp: usize) -> io::Result<Run> {
    let place = tempfile::tempdir_in(corpus.parent().unwrap_or(Path::new(".")))?;
    for (name, content) in &entry.files {
        let path = place.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(place.path()))?;
        std::fs::write(path, content)?;
    }
    let mut words = entry.command.iter().map(|word| word.replace("{tools}", &tools.to_string_lossy()));
    let program = words.next().ok_or(ErrorKind::InvalidInput)?;
    let begun = Instant::now();
    let mut feeder = Command::new("cat").arg(corpus).stdout(Stdio::piped()).spawn()?;
    let pipe = feeder.stdout.take().ok_or(ErrorKind::BrokenPipe)?;
    let status = Command::new(program).args(words).current_dir(place.path()).stdin(pipe).status()?;
    let time = begun.elapsed();
    feeder.wait()?;
    if !status.success() {
        return Err(io::Error::other(format!("{} ended with {status}", entry.engine)));
    }
    let (lines, digest) = check(&place.path().join("main"), corpus, stamp)?;
    Ok(Run { time, lines, digest })
}

/// The output has to be the end of the corpus: older files may have been deleted, but nothing may be
/// missing, repeated or changed in what is left.
fn check(directory: &Path, corpus: &Path, stamp: usize) -> io::Result<(u64, u32)> {
    let mut output = Vec::new();
    for file in files(directory)? {
        File::open(file)?.read_to_end(&mut output)?;
    }
    let mut text = Vec::with_capacity(output.len());
    let mut lines = 0;
    for line in output.split_inclusive(|&b| b == b'\n') {
        text.extend_from_slice(line.get(stamp..).ok_or(ErrorKind::InvalidData)?);
        lines += 1;
    }
    let whole = std::fs::read(corpus)?;
    let before = whole.len().checked_sub(text.len()).ok_or(ErrorKind::InvalidData)?;
    let at_line_start = before == 0 || whole[before - 1] == b'\n';
    if text.is_empty() || !at_line_start || whole[before..] != text[..] {
        return Err(io::Error::other(format!("the output in {} is wrong", directory.display())));
    }
    Ok((lines, crc32fast::hash(&text)))
}

/// The files with lines in their order: labels, then `current`; or the bare loop's numbers.
fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        names.push(entry?.path());
    }
    let name =
        |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    names.retain(|path| {
        let name = name(path);
        name.starts_with('@') || name == "current" || name.parse::<u32>().is_ok()
    });
    names.sort_by_key(|path| {
        let name = name(path);
        (name == "current", name.parse::<u32>().unwrap_or(0), name)
    });
    Ok(names)
}

/// Private dirty memory in kB of an idle engine that has logged one line.
pub fn idle_memory(entry: &Entry, tools: &Path) -> io::Result<u64> {
    let place = tempfile::tempdir()?;
    let mut words = entry.command.iter().map(|word| word.replace("{tools}", &tools.to_string_lossy()));
    let program = words.next().ok_or(ErrorKind::InvalidInput)?;
    let mut child =
        Command::new(program).args(words).current_dir(place.path()).stdin(Stdio::piped()).spawn()?;
    if let Some(stdin) = &mut child.stdin {
        io::Write::write_all(stdin, b"one line\n")?;
    }
    std::thread::sleep(Duration::from_millis(1500));
    let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", child.id()))?;
    drop(child.stdin.take());
    child.wait()?;
    rollup
        .lines()
        .find_map(|line| line.strip_prefix("Private_Dirty:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
        .ok_or_else(|| ErrorKind::InvalidData.into())
}
