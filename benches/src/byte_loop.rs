//! The yardstick for `tai64nfrac`, which has no original on this machine: it handles one byte after the other, as
//! filters in C do.
//!
//! Buffers have the 8 kB of daemontools' own filters.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;

use tai64tools::label::EPOCH;
use unix::diag::Message;
use unix::tool::{Exit, Fatal};

const BUFFER: usize = 8192;

/// Copies standard input to standard output with the labels at the start of lines as seconds. It takes no arguments.
pub fn main(_arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    copy().map_err(|error| Fatal::system(Message::new("unable to copy"), &error))?;
    Ok(Exit::Success)
}

struct Input {
    buffer: [u8; BUFFER],
    at: usize,
    end: usize,
}

impl Input {
    #[inline]
    fn byte(&mut self, out: &mut Output) -> io::Result<Option<u8>> {
        if self.at == self.end {
            out.flush()?;
            (self.at, self.end) = (0, unix::pipe::read(unix::pipe::stdin(), &mut self.buffer)?);
            if self.end == 0 {
                return Ok(None);
            }
        }
        let byte = self.buffer[self.at];
        self.at += 1;
        Ok(Some(byte))
    }
}

struct Output {
    buffer: [u8; BUFFER],
    end: usize,
}

impl Output {
    #[inline]
    fn put(&mut self, byte: u8) -> io::Result<()> {
        if self.end == BUFFER {
            self.flush()?;
        }
        self.buffer[self.end] = byte;
        self.end += 1;
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut written = 0;
        while written < self.end {
            written += unix::file::write(io::stdout().as_fd(), &self.buffer[written..self.end])?;
        }
        self.end = 0;
        Ok(())
    }

    fn number(&mut self, value: u64, least: usize) -> io::Result<()> {
        let mut digits = [0; 20];
        let (mut count, mut rest) = (0, value);
        while count < least || rest > 0 {
            digits[count] = b'0' + (rest % 10) as u8;
            rest /= 10;
            count += 1;
        }
        digits[..count].iter().rev().try_for_each(|&digit| self.put(digit))
    }
}

fn copy() -> io::Result<()> {
    let mut input = Input { buffer: [0; BUFFER], at: 0, end: 0 };
    let mut out = Output { buffer: [0; BUFFER], end: 0 };
    while let Some(first) = input.byte(&mut out)? {
        let next = if first == b'@' { label(&mut input, &mut out)? } else { Some(first) };
        let Some(mut byte) = next else { break };
        while byte != b'\n' {
            out.put(byte)?;
            let Some(next) = input.byte(&mut out)? else { return out.flush() };
            byte = next;
        }
        out.put(b'\n')?;
    }
    out.flush()
}

/// Reads the digits behind an `@` and writes what they say. Returns the byte behind them; None: the input ends before.
#[inline]
fn label(input: &mut Input, out: &mut Output) -> io::Result<Option<u8>> {
    let (mut seconds, mut nanos) = (0u64, 0u32);
    while let Some(next) = input.byte(out)? {
        let four = match next {
            b'0'..=b'9' => next - b'0',
            b'a'..=b'f' => next - b'a' + 10,
            _ => {
                out.number(seconds.wrapping_sub(EPOCH), 1)?;
                out.put(b'.')?;
                out.number(u64::from(nanos), 9)?;
                return Ok(Some(next));
            }
        };
        seconds = seconds << 4 | u64::from(nanos >> 28);
        nanos = nanos << 4 | u32::from(four);
    }
    Ok(None)
}
