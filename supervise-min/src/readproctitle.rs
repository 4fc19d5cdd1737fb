//! `readproctitle`: shows the end of its input where ps(1) shows its last argument.
//!
//! The kernel says where the arguments of this process are, and lets it write there as if to a file.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;

use unix::diag::Message;
use unix::pipe;
use unix::tool::{Exit, Fatal, MISUSE};

/// How it is used.
pub const USAGE: &str = "readproctitle [ arg ... ] dots";
/// The dots at the front, which say that there was more.
const DOTS: usize = 3;
/// An argument with less room shows nothing.
const LEAST: usize = 5;

/// Copies standard input over its last argument until the input ends.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let room = arguments.last().map_or(0, |last| last.as_bytes().len());
    if room < LEAST {
        return Ok(Exit::Code(MISUSE));
    }
    let failed = |what: &'static str| move |error| Fatal::system(Message::new(what), &error);
    let (memory, place) = last_argument(room).map_err(failed("unable to find arguments"))?;
    let mut title = Title::new(room);
    let mut input = [0; 4096];
    loop {
        let shown = title.bytes();
        memory.write_all_at(&shown, place).map_err(failed("unable to write arguments"))?;
        match pipe::read(pipe::stdin(), &mut input).map_err(failed("unable to read input"))? {
            0 => return Ok(Exit::Success),
            got => title.add(&input[..got]),
        }
    }
}

/// This process' memory, and where in it the last argument is.
fn last_argument(length: usize) -> io::Result<(File, u64)> {
    let stat = fs::read("/proc/self/stat")?;
    let end = arguments_end(&stat).ok_or(ErrorKind::InvalidData)?;
    let memory = OpenOptions::new().write(true).open("/proc/self/mem")?;
    // A NUL ends it.
    let place = end.checked_sub(length as u64 + 1).ok_or(ErrorKind::InvalidData)?;
    Ok((memory, place))
}

/// The 49th field of /proc/PID/stat: the end of the arguments.
fn arguments_end(stat: &[u8]) -> Option<u64> {
    let name_end = stat.iter().rposition(|&byte| byte == b')')?;
    std::str::from_utf8(&stat[name_end + 1..]).ok()?.split_ascii_whitespace().nth(46)?.parse().ok()
}

/// The last bytes of the input, behind three dots.
struct Title {
    last: VecDeque<u8>,
}

impl Title {
    fn new(room: usize) -> Title {
        Title { last: std::iter::repeat_n(b'.', room - DOTS).collect() }
    }

    /// NULs would end the title and are left out.
    fn add(&mut self, input: &[u8]) {
        for &byte in input.iter().filter(|&&byte| byte != 0) {
            self.last.pop_front();
            self.last.push_back(byte);
        }
    }

    fn bytes(&self) -> Vec<u8> {
        std::iter::repeat_n(b'.', DOTS).chain(self.last.iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_bytes_stand_at_the_end_behind_three_dots() {
        let mut title = Title::new(8);
        assert_eq!(title.bytes(), b"........");
        title.add(b"ab\0\n");
        assert_eq!(title.bytes(), b".....ab\n");
        title.add(b"0123456789");
        assert_eq!(title.bytes(), b"...56789");
    }

    #[test]
    fn the_end_of_the_arguments_is_the_49th_field() {
        let fields: Vec<String> = (4..=52).map(|field| field.to_string()).collect();
        let stat = format!("1 (a) b) S {}\n", fields.join(" "));
        assert_eq!(arguments_end(stat.as_bytes()), Some(49));
    }
}
