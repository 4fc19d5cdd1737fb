//! Becoming another program, as daemontools' pathexec: found through PATH, with the state that this one was started
//! with.
//!
//! SIGPIPE and the standard descriptors are put back to what they were before Rust's runtime changed them. Everything
//! that the exec needs is made before the first try. Nothing is allocated between the tries.

use std::ffi::{CString, OsStr, OsString};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use crate::environment::Environment;
use crate::inherited;
use crate::process::Process;
use crate::spawn::{c_string, pointers};
use crate::tool::SYSTEM;

/// Where programs are looked for when there is no PATH.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// A program to be run: where it may be, its arguments (argv 0 included) and variables.
pub struct Program {
    candidates: Vec<CString>,
    arguments: Vec<CString>,
    environment: Environment,
}

impl Program {
    /// `name` is a path if it has a slash in it, and is looked for in the PATH of this process otherwise. EINVAL for
    /// a NUL.
    pub fn new(name: &OsStr, arguments: &[OsString], environment: Environment) -> io::Result<Program> {
        let path = Environment::inherited();
        let path = path.get(OsStr::new("PATH")).map_or(DEFAULT_PATH, OsStr::as_bytes);
        let candidates = candidates(name.as_bytes(), path)
            .iter()
            .map(|one| c_string(OsStr::from_bytes(one)))
            .collect::<io::Result<_>>()?;
        let arguments = arguments.iter().map(|one| c_string(one)).collect::<io::Result<_>>()?;
        Ok(Program { candidates, arguments, environment })
    }

    /// Becomes the program. Returns only when that fails, with the reason.
    pub fn run(&self) -> io::Error {
        io::Error::from_raw_os_error(self.images().run())
    }

    /// Runs the program in a child with this process' descriptors, and returns when it has begun.
    pub fn start(&self) -> io::Result<Process> {
        // Made before, so that the child allocates nothing.
        let images = self.images();
        let (report, written) = crate::pipe::new()?;
        let become_it = || {
            // A parent that is gone does not ask anymore.
            crate::file::write(&written, &images.run().to_ne_bytes()).ok();
            SYSTEM
        };
        // SAFETY: system calls over what was made before.
        let child = unsafe { Process::fork_whatever_runs(become_it) }?;
        drop(written);
        match said(report)? {
            None => Ok(child),
            Some(error) => {
                child.wait()?;
                Err(error)
            }
        }
    }

    fn images(&self) -> Images {
        Images {
            candidates: pointers(&self.candidates),
            arguments: pointers(&self.arguments),
            environment: pointers(self.environment.entries()),
        }
    }
}

/// What a child wrote before it ended: the number of an error.
fn said(report: OwnedFd) -> io::Result<Option<io::Error>> {
    let mut bytes = Vec::new();
    std::fs::File::from(report).read_to_end(&mut bytes)?;
    Ok(<[u8; 4]>::try_from(bytes).ok().map(|number| io::Error::from_raw_os_error(i32::from_ne_bytes(number))))
}

/// The paths to try, in order.
fn candidates(name: &[u8], path: &[u8]) -> Vec<Vec<u8>> {
    if name.contains(&b'/') {
        return vec![name.to_vec()];
    }
    let folders =
        path.split(|&byte| byte == b':').map(|folder| if folder.is_empty() { b"." } else { folder });
    folders.map(|folder| [folder, b"/", name].concat()).collect()
}

/// Pointers into a [`Program`], each list ending with null.
struct Images {
    candidates: Vec<*const libc::c_char>,
    arguments: Vec<*const libc::c_char>,
    environment: Vec<*const libc::c_char>,
}

impl Images {
    /// Tries them. The number of the error: of the last candidate that is there and can't be run, or ENOENT.
    fn run(&self) -> i32 {
        let mut found = libc::ENOENT;
        inherited::restore();
        for &candidate in self.candidates.iter().take_while(|pointer| !pointer.is_null()) {
            // SAFETY: the strings live in the `Program` that this was made from and the arrays end with null.
            let error = unsafe {
                libc::execve(candidate, self.arguments.as_ptr(), self.environment.as_ptr());
                *libc::__errno_location()
            };
            match error {
                libc::ENOENT => {}
                libc::EACCES | libc::EPERM | libc::EISDIR => found = error,
                _ => return error,
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spawn::Ending;

    fn program(words: &[&str]) -> Program {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        Program::new(&words[0], &words, Environment::inherited()).unwrap()
    }

    #[test]
    fn an_empty_part_of_the_path_is_the_working_directory() {
        let all = candidates(b"x", b"/a::/b:");
        assert_eq!(all, [&b"/a/x"[..], b"./x", b"/b/x", b"./x"]);
        assert_eq!(candidates(b"a/x", b"/b"), [b"a/x"]);
    }

    #[test]
    fn a_child_ends_as_its_program_does() {
        assert_eq!(program(&["sh", "-c", "exit 7"]).start().unwrap().wait().unwrap(), Ending::Exited(7));
        assert_eq!(program(&["sh", "-c", "kill -9 $$"]).start().unwrap().wait().unwrap(), Ending::Crashed(9));
    }

    #[test]
    fn what_cannot_be_run_is_said() {
        for (name, error) in [
            ("no such program", libc::ENOENT),
            ("/no/such/program", libc::ENOENT),
            ("/etc/passwd", libc::EACCES),
        ] {
            assert_eq!(program(&[name]).start().unwrap_err().raw_os_error(), Some(error), "{name}");
        }
    }
}
