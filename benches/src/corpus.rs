//! Inputs that a seed makes, the same every time.

use std::fs::{File, create_dir_all};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tai64tools::label::{self, Label};

/// What makes an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Corpus {
    /// What kind of lines.
    pub kind: Kind,
    /// The least number of bytes.
    pub bytes: u64,
    /// The same seed makes the same bytes.
    pub seed: u64,
    /// The length of a line of the kind `fixed`, newline included.
    #[serde(default)]
    pub line: u64,
}

/// What kind of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A web server's access log, about 143 bytes a line.
    Access,
    /// The same with a label before each line, 5,000 a second.
    Stamped,
    /// 26 bytes a line, newline included.
    Short,
    /// JSON objects of 100 bytes to 4 kB.
    Json,
    /// Lines of one length.
    Fixed,
}

impl Corpus {
    /// Makes the input once in `folder` and reads it, so that it is in the page cache.
    pub fn make(&self, folder: &Path) -> io::Result<PathBuf> {
        create_dir_all(folder)?;
        let path = folder.join(format!("{:?}-{}-{}-{}", self.kind, self.line, self.bytes, self.seed));
        if !path.exists() {
            let partial = path.with_extension("partial");
            let mut file = BufWriter::new(File::create(&partial)?);
            write(self, &mut file)?;
            file.flush()?;
            std::fs::rename(partial, &path)?;
        }
        io::copy(&mut File::open(&path)?, &mut io::sink())?;
        Ok(path)
    }
}

/// xorshift64*: enough for text that does not repeat.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
}

/// Writes lines until there are enough bytes.
pub fn write(corpus: &Corpus, to: &mut impl Write) -> io::Result<()> {
    let mut random = Random(corpus.seed | 1);
    let mut written = 0;
    let mut line = Vec::new();
    let mut number = 0;
    while written < corpus.bytes {
        line.clear();
        number += 1;
        match corpus.kind {
            Kind::Access => access(&mut line, &mut random, number)?,
            Kind::Stamped => {
                label(&mut line, &mut random, number);
                access(&mut line, &mut random, number)?;
            }
            Kind::Short => writeln!(line, "{number:012} {:012}", random.below(1 << 31))?,
            Kind::Json => json(&mut line, &mut random, number)?,
            Kind::Fixed => fixed(&mut line, &mut random, corpus.line)?,
        }
        to.write_all(&line)?;
        written += line.len() as u64;
    }
    Ok(())
}

fn access(line: &mut Vec<u8>, random: &mut Random, number: u64) -> io::Result<()> {
    const STATUS: [u32; 6] = [200, 200, 200, 304, 404, 500];
    let host = random.below(1 << 24);
    let status = STATUS[usize::try_from(random.below(6)).unwrap_or(0)];
    write!(line, "10.{}.{}.{} - - ", host >> 16, host >> 8 & 255, host & 255)?;
    let second = number / 50;
    write!(
        line,
        "[20/Nov/2026:{:02}:{:02}:{:02} +0000] ",
        second / 3600 % 24,
        second / 60 % 60,
        second % 60
    )?;
    write!(line, "\"GET /shop/{}/item{}.html HTTP/1.1\" ", random.below(500), random.below(100_000))?;
    writeln!(
        line,
        "{status} {} \"-\" \"Mozilla/5.0 (X11; Linux x86_64) Gecko/{}\"",
        random.below(90_000),
        host % 97
    )
}

fn label(line: &mut Vec<u8>, random: &mut Random, number: u64) {
    let nanos = number % 5000 * 200_000 + random.below(100_000);
    let seconds = label::EPOCH + 1_790_000_000 + number / 5000;
    let label = Label::new(seconds, u32::try_from(nanos).unwrap_or(0));
    line.extend_from_slice(&label.unwrap_or(Label::MIN).text());
    line.push(b' ');
}

fn json(line: &mut Vec<u8>, random: &mut Random, number: u64) -> io::Result<()> {
    write!(line, "{{\"n\":{number},\"level\":\"info\",\"user\":{},\"message\":\"", random.below(1 << 20))?;
    let length = usize::try_from(40 + random.below(3900)).unwrap_or(40);
    let end = line.len() + length;
    while line.len() < end {
        write!(line, "word{} ", random.below(3000))?;
    }
    line.truncate(end);
    writeln!(line, "\"}}")
}

fn fixed(line: &mut Vec<u8>, random: &mut Random, length: u64) -> io::Result<()> {
    let text = usize::try_from(length.saturating_sub(1)).unwrap_or(0);
    while line.len() < text {
        write!(line, "{:x} ", random.below(1 << 31))?;
    }
    line.truncate(text);
    line.push(b'\n');
    Ok(())
}
