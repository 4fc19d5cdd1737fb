//! `getent`: what the machine knows of a name beyond its files.
//!
//! The tools that ask it still have all rights. So it is run from the place where the system has it, whatever PATH
//! says, and without any variable.

use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use unix::{event, pipe};

/// Where it is.
const PLACES: [&str; 2] = ["/usr/bin/getent", "/bin/getent"];

/// Its answer about a key of a table. None: it knows nothing, it is not there, or it has not answered in time.
pub(super) fn getent(table: &str, key: &OsStr, deadline: Option<Instant>) -> Option<Vec<u8>> {
    let program = PLACES.iter().find(|path| Path::new(path).exists())?;
    let mut command = Command::new(program);
    command.arg(table).arg(key).env_clear();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let answer = read(&mut child, deadline);
    if answer.is_none() {
        child.kill().ok();
    }
    // An ignored SIGCHLD, with which children can't be waited for, is no failure of theirs.
    let succeeded = child.wait().map_or(true, |status| status.success());
    answer.filter(|_| succeeded)
}

/// All that it writes. None: that takes too long.
fn read(child: &mut Child, deadline: Option<Instant>) -> Option<Vec<u8>> {
    let output = child.stdout.take()?;
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let [ready] = event::wait([output.as_fd()], left).ok()?;
        if ready.readable || ready.hung_up {
            match pipe::read(&output, &mut buffer).ok()? {
                0 => return Some(answer),
                got => answer.extend_from_slice(&buffer[..got]),
            }
        } else if left.is_some_and(|left| left.is_zero()) {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_the_answer_and_nothing_is_waited_for_without_end() {
        let root = OsStr::new("root");
        assert!(getent("passwd", root, None).is_some_and(|answer| answer.starts_with(b"root:")));
        assert_eq!(getent("passwd", OsStr::new("no such account"), None), None);
        let mut child = Command::new("/bin/sleep").arg("1000").stdout(Stdio::piped()).spawn().unwrap();
        assert_eq!(read(&mut child, Some(Instant::now())), None);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
