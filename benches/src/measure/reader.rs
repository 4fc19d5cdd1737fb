//! A program that reads log directories, from its start to its end.

use std::fs::File;
use std::io::{self, Error, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::{Start, Value, ground};
use crate::definition::Definition;

/// Bytes that are read at once to be checked.
const PIECE: usize = 1 << 20;

pub(super) fn run(start: &Start<'_>, definition: &Definition, corpus: &Path) -> io::Result<Value> {
    let folder = prepared(definition, corpus)?;
    let mut engine = start.command(start.place)?;
    engine.current_dir(&folder);
    let path = start.place.join("out");
    let output = File::create(&path)?;
    let files = files(&folder)?;
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    ground::level(&files, 0, start.place)?;
    let begun = Instant::now();
    let status = engine.stdin(Stdio::null()).stdout(output).status()?;
    let time = begun.elapsed();
    let name = start.run.name();
    if !status.success() {
        return Err(Error::other(format!("{name} ended with {status}")));
    }
    let (lines, digest) = read(&path)?;
    if start.run.digest.as_ref().is_some_and(|known| *known != digest) {
        return Err(Error::other(format!("{name}: the output is wrong: {lines} lines, {digest}")));
    }
    Ok(Value { value: time.as_secs_f64(), size: None, note: format!("{lines} lines, {digest}") })
}

/// The folder of the log directories, made once.
fn prepared(definition: &Definition, corpus: &Path) -> io::Result<PathBuf> {
    let layout = definition.layout.unwrap_or_default();
    let folder = std::path::absolute(layout.make(corpus)?)?;
    let Some(command) = &definition.prepare else { return Ok(folder) };
    let mark = folder.with_extension("prepared");
    if !mark.exists() {
        let status = Command::new("/bin/sh").args(["-c", command]).current_dir(&folder).status()?;
        if !status.success() {
            return Err(Error::other(format!("{}: {command} ended with {status}", definition.name)));
        }
        File::create(mark)?;
    }
    Ok(folder)
}

/// Every file of the directories.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for directory in std::fs::read_dir(folder)? {
        let path = directory?.path();
        if path.is_dir() {
            let names = std::fs::read_dir(path)?.map(|file| Ok(file?.path()));
            files.extend(names.collect::<io::Result<Vec<_>>>()?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

/// How many lines a file has, and its CRC-32.
fn read(path: &Path) -> io::Result<(usize, String)> {
    let (mut file, mut piece) = (File::open(path)?, vec![0; PIECE]);
    let (mut lines, mut sum) = (0, crc32fast::Hasher::new());
    loop {
        let got = file.read(&mut piece)?;
        if got == 0 {
            return Ok((lines, format!("{:08x}", sum.finalize())));
        }
        lines += memchr::memchr_iter(b'\n', &piece[..got]).count();
        sum.update(&piece[..got]);
    }
}
