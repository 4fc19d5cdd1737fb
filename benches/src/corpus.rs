//! Inputs that a seed makes, the same every time.

use std::io::{self, Write};

/// What kind of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A web server's access log, about 130 bytes a line.
    Access,
    /// 26 bytes a line, newline included.
    Short,
    /// JSON objects of 100 bytes to 4 kB.
    Json,
}

impl Kind {
    /// Reads the name that a definition has for it.
    pub fn parse(name: &str) -> Option<Kind> {
        match name {
            "access" => Some(Kind::Access),
            "short" => Some(Kind::Short),
            "json" => Some(Kind::Json),
            _ => None,
        }
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

/// Writes lines until there are at least `bytes` of them.
pub fn write(kind: Kind, seed: u64, bytes: u64, to: &mut impl Write) -> io::Result<()> {
    let mut random = Random(seed | 1);
    let mut written = 0;
    let mut line = Vec::new();
    let mut number = 0;
    while written < bytes {
        line.clear();
        number += 1;
        match kind {
            Kind::Access => access(&mut line, &mut random, number)?,
            Kind::Short => writeln!(line, "{number:012} {:012}", random.below(1 << 31))?,
            Kind::Json => json(&mut line, &mut random, number)?,
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
