//! `Layout`: a corpus of stamped lines as log directories, for the measurements of readers.
//!
//! Directories are `log1`, `log2` and so on. Lines go to them in turn, and each file has the label of its last line.

use std::fs::{File, Permissions, create_dir_all, rename, set_permissions};
use std::io::{self, BufRead, BufReader, BufWriter, Error, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

/// How a corpus is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Layout {
    /// How many directories.
    pub directories: u64,
    /// How many archives each has.
    pub files: u64,
    /// What archives are.
    pub form: Form,
}

/// What an archive is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Text.
    #[default]
    Plain,
    /// What gzip(1) makes of it.
    Gzip,
    /// What zstd(1) makes of it.
    Zstd,
}

/// The label of a line, without the space behind it.
const LABEL: usize = 25;

impl Layout {
    /// The same with `point` in the place of a number that is 0.
    pub fn at(self, point: u64) -> Layout {
        let or_point = |number: u64| if number == 0 { point } else { number };
        Layout { directories: or_point(self.directories), files: or_point(self.files), ..self }
    }

    /// Lays out `corpus` beside it, once. Returns the folder.
    pub fn make(&self, corpus: &Path) -> io::Result<PathBuf> {
        let name = corpus.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{name}-{}-{}-{:?}", self.directories, self.files, self.form);
        let folder = corpus.with_file_name(name);
        if !folder.exists() {
            let partial = folder.with_extension("partial");
            for number in 1..=self.directories {
                self.directory(corpus, number, &partial.join(format!("log{number}")))?;
            }
            rename(partial, &folder)?;
        }
        Ok(folder)
    }

    /// One of the directories.
    fn directory(&self, corpus: &Path, number: u64, path: &Path) -> io::Result<()> {
        create_dir_all(path)?;
        File::create(path.join("current"))?;
        let most = corpus.metadata()?.len() / self.directories / self.files;
        let mut lines = BufReader::with_capacity(1 << 20, File::open(corpus)?);
        let (mut text, mut line, mut at) = (Vec::new(), Vec::new(), 0);
        loop {
            line.clear();
            let got = lines.read_until(b'\n', &mut line)?;
            if got == 0 {
                return self.archive(&text, path);
            }
            at += 1;
            if at % self.directories == number % self.directories {
                text.extend_from_slice(&line);
            }
            if text.len() as u64 > most {
                self.archive(&text, path)?;
                text.clear();
            }
        }
    }

    /// Writes one archive, if there are lines.
    fn archive(&self, text: &[u8], directory: &Path) -> io::Result<()> {
        let Some(last) = text.strip_suffix(b"\n") else { return Ok(()) };
        let start = memchr::memrchr(b'\n', last).map_or(0, |newline| newline + 1);
        let label = last.get(start..start + LABEL).ok_or_else(|| Error::other("a line without a label"))?;
        let path = directory.join(format!("{}.{}", String::from_utf8_lossy(label), self.form.code()));
        let file = File::create(&path)?;
        match self.form.program() {
            None => BufWriter::new(file).write_all(text)?,
            Some(program) => {
                let mut child = Command::new(program).stdin(Stdio::piped()).stdout(file).spawn()?;
                // The pipe is closed when it is dropped, which ends the program.
                child.stdin.take().ok_or_else(|| Error::other("no pipe"))?.write_all(text)?;
                if !child.wait()?.success() {
                    return Err(Error::other(format!("{program} failed")));
                }
            }
        }
        set_permissions(path, Permissions::from_mode(0o744))
    }
}

impl Form {
    fn code(self) -> &'static str {
        match self {
            Form::Plain => "s",
            Form::Gzip => "gz",
            Form::Zstd => "zst",
        }
    }

    fn program(self) -> Option<&'static str> {
        match self {
            Form::Plain => None,
            Form::Gzip => Some("gzip"),
            Form::Zstd => Some("zstd"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lines_are_in_the_directories_in_their_order() {
        let place = tempfile::tempdir().unwrap();
        let corpus = place.path().join("corpus");
        let lines: Vec<String> =
            (0..100).map(|n| format!("@400000006b00e05e{:08x} line {n}\n", n * 1000)).collect();
        std::fs::write(&corpus, lines.concat()).unwrap();
        let folder = Layout { directories: 3, files: 4, form: Form::Plain }.make(&corpus).unwrap();
        let mut found = Vec::new();
        for number in 1..=3 {
            let directory = folder.join(format!("log{number}"));
            let mut names: Vec<_> =
                directory.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            assert!((4..=6).contains(&names.len()), "{names:?}");
            let texts = names.iter().map(|name| std::fs::read_to_string(directory.join(name)).unwrap());
            let text: String = texts.collect();
            assert!(text.lines().is_sorted());
            found.extend(text.split_inclusive('\n').map(str::to_string));
        }
        found.sort();
        assert_eq!(found, lines);
    }
}
