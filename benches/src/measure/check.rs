//! Whether the directories of an engine hold what they should.

use std::fs::File;
use std::io::{self, Error, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::definition::{Expected, Keeps, Run, Select};

/// What has to be in each directory.
#[derive(Debug)]
pub struct Reference(Vec<Content>);

#[derive(Debug)]
struct Content {
    directory: String,
    text: Vec<u8>,
}

impl Reference {
    /// From the corpus, by the rules of the definition, and compared with the numbers in it.
    pub fn new(corpus: &Path, outputs: &[Expected]) -> io::Result<Reference> {
        let mut contents = Vec::new();
        for expected in outputs {
            let mut text = without_stamps(&std::fs::read(corpus)?, expected.stamp)?;
            if let Some(select) = &expected.select {
                text = chosen(&text, select);
            }
            let digest = format!("{:08x}", crc32fast::hash(&text));
            let lines = memchr::memchr_iter(b'\n', &text).count() as u64;
            let known = expected.lines.is_none_or(|known| known == lines)
                && expected.digest.as_ref().is_none_or(|known| *known == digest);
            if !known {
                return Err(Error::other(format!(
                    "{}: the corpus gives {lines} lines with digest {digest}",
                    expected.directory
                )));
            }
            contents.push(Content { directory: expected.directory.clone(), text });
        }
        Ok(Reference(contents))
    }

    /// How many bytes all of it has, without stamps.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|content| content.text.len()).sum()
    }

    /// The bytes on the disk, and what was found: lines and digest. Older files may have been deleted, but
    /// nothing may be missing, repeated or changed in what is left.
    pub(super) fn check(&self, place: &Path, run: &Run) -> io::Result<(u64, String)> {
        let (mut size, mut lines, mut sum) = (0, 0, crc32fast::Hasher::new());
        for content in &self.0 {
            let directory = place.join(&content.directory);
            let raw = read(&directory, &mut size)?;
            let wrong =
                || Error::other(format!("{}: the output in {} is wrong", run.name(), directory.display()));
            if run.digest.as_ref().is_some_and(|known| *known != format!("{:08x}", crc32fast::hash(&raw))) {
                return Err(wrong());
            }
            let start = if run.keeps == Keeps::Newest && run.stamp > 0 { first_line(&raw) } else { 0 };
            let found = without_stamps(&raw[start..], run.stamp)?;
            let whole = &content.text;
            let before = whole.len().checked_sub(found.len()).ok_or_else(wrong)?;
            let enough = if run.keeps == Keeps::All { before == 0 } else { !found.is_empty() };
            if !enough || whole[before..] != found[..] {
                return Err(wrong());
            }
            lines += memchr::memchr_iter(b'\n', &found).count();
            sum.update(&found);
        }
        Ok((size, format!("{lines} lines, {:08x}", sum.finalize())))
    }
}

fn chosen(text: &[u8], select: &Select) -> Vec<u8> {
    let lines = text.split_inclusive(|&byte| byte == b'\n');
    let is =
        |line: &&[u8]| line.split(|&byte| byte == b' ').nth(select.word - 1) == Some(select.is.as_bytes());
    lines.filter(is).flatten().copied().collect()
}

/// The text of all files of a directory in their order; adds their sizes.
fn read(directory: &Path, size: &mut u64) -> io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    for path in files(directory)? {
        *size += std::fs::metadata(&path)?.len();
        unpack(&path, &mut raw)?;
    }
    Ok(raw)
}

/// Where the first whole line begins. A line that does not fit into the end of a file is split there, and the file with
/// its start may be gone.
fn first_line(raw: &[u8]) -> usize {
    let cut = raw.first() != Some(&b'@');
    memchr::memchr(b'\n', raw).filter(|_| cut).map_or(0, |newline| newline + 1)
}

fn without_stamps(raw: &[u8], stamp: usize) -> io::Result<Vec<u8>> {
    let mut text = Vec::with_capacity(raw.len());
    for line in raw.split_inclusive(|&byte| byte == b'\n') {
        text.extend_from_slice(line.get(stamp..).ok_or(ErrorKind::InvalidData)?);
    }
    Ok(text)
}

/// Whatever it is called, a compressed file says so itself.
fn unpack(path: &Path, to: &mut Vec<u8>) -> io::Result<()> {
    let mut magic = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut magic)?;
    let mut file = File::open(path)?;
    match &magic[..] {
        [0x1f, 0x8b, ..] => flate2::read::MultiGzDecoder::new(file).read_to_end(to)?,
        [0x28, 0xb5, 0x2f, 0xfd] => zstd::Decoder::new(file)?.read_to_end(to)?,
        _ => file.read_to_end(to)?,
    };
    Ok(())
}

/// The files with lines in their order: labels, then `current`; or the numbers of the bare loop.
fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let number: Option<u32> = name.parse().ok();
        if name.starts_with('@') || name == "current" || number.is_some() {
            files.push(((name == "current", number, name), path));
        }
    }
    files.sort();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: &str = "@400000006b00e05e2c8dfba4 ";

    fn run(keeps: Keeps) -> Run {
        Run { engine: "x".into(), stamp: STAMP.len(), keeps, ..Run::default() }
    }

    /// Checks files of these texts against the lines 1 to 4.
    fn check(files: &[(&str, &str)], keeps: Keeps) -> io::Result<(u64, String)> {
        let place = tempfile::tempdir()?;
        std::fs::create_dir(place.path().join("main"))?;
        for (name, text) in files {
            std::fs::write(place.path().join("main").join(name), text.replace('^', STAMP))?;
        }
        let corpus = place.path().join("corpus");
        std::fs::write(&corpus, "one 1\ntwo 2\nthree 3\nfour 4\n")?;
        let all = Expected { directory: "main".into(), select: None, lines: Some(4), digest: None, stamp: 0 };
        Reference::new(&corpus, &[all])?.check(place.path(), &run(keeps))
    }

    #[test]
    fn the_end_of_the_input_is_right_and_everything_else_is_wrong() {
        let archive = "@400000006b00e05e2c8dfba5.s";
        for (files, right) in [
            (&[(archive, "^two 2\n^three 3\n"), ("current", "^four 4\n")][..], true),
            (&[(archive, "o 2\n^three 3\n"), ("current", "^four 4\n")], true),
            (&[(archive, "^two 2\n"), ("current", "^four 4\n")], false),
            (&[(archive, "^two 2\n^three 3\n"), ("current", "^four 5\n")], false),
            (&[("current", "^three 3\n")], false),
            (&[("current", "")], false),
        ] {
            assert_eq!(check(files, Keeps::Newest).is_ok(), right, "{files:?}");
        }
        assert!(check(&[("current", "^four 4\n")], Keeps::All).is_err());
    }

    #[test]
    fn lines_are_chosen_by_a_word() {
        let select = Select { word: 2, is: "3".into() };
        assert_eq!(chosen(b"one 1\nthree 3 x\n3 4\n", &select), b"three 3 x\n");
    }
}
