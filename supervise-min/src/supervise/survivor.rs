//! Who the process of a service is, so that a supervise that comes after one that was killed takes it over.
//!
//! `supervise/child` is one line of fixed length, `PID BEGAN BOOT`: the process' number, the tick at which it began, the
//! run of the machine. It is written before the process runs anything, in place, so that a full disk does not matter.

use std::fs;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use unix::process::Process;

const FILE: &str = "supervise/child";
/// Room for the longest line.
const LENGTH: usize = 80;

/// Writes down a process that does not run yet what it will run.
pub(super) fn write(process: &Process) -> io::Result<()> {
    let began = process.began()?.ok_or(io::ErrorKind::NotFound)?;
    let boot = unix::file::boot_id()?;
    let line = format!("{} {began} {}", process.pid(), String::from_utf8_lossy(&boot));
    let mut open = fs::OpenOptions::new();
    let file = open.write(true).create(true).truncate(false).mode(0o600).open(FILE)?;
    file.write_all_at(format!("{line:<width$}\n", width = LENGTH - 1).as_bytes(), 0)
}

/// The process that was written down, if it still runs.
pub(super) fn find() -> Option<Process> {
    let line = fs::read_to_string(FILE).ok()?;
    let boot = unix::file::boot_id().ok()?;
    let (pid, began) = parse(&line, &boot)?;
    Process::adopt(pid, began)
}

fn parse(line: &str, boot: &[u8]) -> Option<(u32, u64)> {
    let mut words = line.split_ascii_whitespace();
    let (pid, began) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    (words.next()?.as_bytes() == boot).then_some((pid, began))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_another_run_of_the_machine_names_nobody() {
        let boot = b"0a4f0d2c-74c7-4a8c-9f7e-000000000000";
        let line = format!("12 345 {}    \n", String::from_utf8_lossy(boot));
        assert_eq!(parse(&line, boot), Some((12, 345)));
        assert_eq!(parse(&line, b"another"), None);
        for line in ["", "12", "12 345", "x 1 another", "12 x another"] {
            assert_eq!(parse(line, b"another"), None);
        }
    }
}
