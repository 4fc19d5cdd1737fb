//! Descriptors of other processes, as /proc shows them.

use std::ffi::{OsStr, OsString};
use std::fs::{read_dir, read_link, read_to_string};
use std::io;
use std::path::{Path, PathBuf};

/// The numbers of a process's descriptors and where each leads: to a path, followed by ` (deleted)` if the file is
/// gone, or to `pipe:[INODE]`. An error: this process may not look at that one.
pub fn of(pid: u32) -> io::Result<Vec<(OsString, PathBuf)>> {
    let folder = Path::new("/proc").join(pid.to_string()).join("fd");
    let mut found = Vec::new();
    for entry in read_dir(folder)? {
        let entry = entry?;
        // One that was closed meanwhile leads nowhere.
        if let Ok(target) = read_link(entry.path()) {
            found.push((entry.file_name(), target));
        }
    }
    Ok(found)
}

/// A name for what a process has as this descriptor, whether that still has another or not.
pub fn path(pid: u32, number: &OsStr) -> PathBuf {
    Path::new("/proc").join(pid.to_string()).join("fd").join(number)
}

/// Whether a process can write to what it has as this descriptor.
pub fn is_for_writing(pid: u32, number: &OsStr) -> bool {
    let info = Path::new("/proc").join(pid.to_string()).join("fdinfo").join(number);
    read_to_string(info).is_ok_and(|info| can_write(&info))
}

/// From the text of /proc/PID/fdinfo/N: the access is in the last two bits of its flags, an octal number.
fn can_write(info: &str) -> bool {
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok()).is_some_and(|flags| flags & 0o3 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn both_ends_of_a_pipe_are_found_and_told_apart() {
        let (reader, writer) = crate::pipe::new().unwrap();
        let (me, inode) = (std::process::id(), crate::pipe::inode(&reader).unwrap());
        let target = PathBuf::from(format!("pipe:[{inode}]"));
        let all = of(me).unwrap();
        for (end, writes) in [(&reader, false), (&writer, true)] {
            let number = OsString::from(end.as_raw_fd().to_string());
            assert!(all.contains(&(number.clone(), target.clone())));
            assert_eq!(is_for_writing(me, &number), writes);
        }
        assert!(of(u32::MAX).is_err());
    }

    #[test]
    fn the_access_is_in_the_last_bits() {
        for (info, writes) in [
            ("pos:\t0\nflags:\t0100001\nmnt_id:\t15\n", true),
            ("pos:\t0\nflags:\t0100002\n", true),
            ("pos:\t0\nflags:\t02004000\n", false),
            ("flags:\tx\n", false),
            ("", false),
        ] {
            assert_eq!(can_write(info), writes, "{info:?}");
        }
    }
}
