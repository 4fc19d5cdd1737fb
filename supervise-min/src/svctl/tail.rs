//! The last lines of a service's log, from `current` of its log directory.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

use tai64tools::{Label, Stamp};
use unix::file::{self, open_file, read_at};
use unix::held::look_at;

use crate::service::folder::Home;

/// How much of the end of a file is looked at.
const LONGEST: u64 = 8192;
/// No more names are looked at for a log directory.
const MOST_NAMES: usize = 200;

/// The last lines, the oldest first, without their stamps and line ends. None: no log directory is found.
///
/// As for mlog, a log directory is one in `log`, or in the service directory itself, that has a file `current`: `main`
/// if there are several.
pub(super) fn lines(service: &Home, most: usize) -> Option<Vec<Vec<u8>>> {
    let log = service.directory("log").ok();
    let all = log.iter().chain([service]).find_map(end_of_current)?;
    let mut lines: Vec<Vec<u8>> =
        all.iter().rev().take(most).map(|line| without_stamp(line).to_vec()).collect();
    lines.reverse();
    Some(lines)
}

fn end_of_current(place: &Home) -> Option<Vec<Vec<u8>>> {
    let main = place.directory("main").ok().and_then(|main| read_end(&main).ok());
    main.or_else(|| {
        let names = names(place);
        names.iter().find_map(|name| read_end(&place.directory(name.to_str()?).ok()?).ok())
    })
}

/// A part of them where there are very many.
fn names(place: &Home) -> Vec<OsString> {
    // What is held was not opened for reading.
    let path = format!("/proc/self/fd/{}/.", place.as_fd().as_raw_fd());
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut names: Vec<OsString> = entries.take(MOST_NAMES).map(|entry| entry.file_name()).collect();
    names.sort();
    names
}

/// The lines at the end of its `current`.
fn read_end(directory: &Home) -> io::Result<Vec<Vec<u8>>> {
    let current = open_file(directory, OsStr::new("current"))?;
    let look = look_at(&current)?;
    // It may be another file's second name.
    if look.links != 1 && !look.is_trusted() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let size = file::stat(&current)?.size;
    let begin = size.saturating_sub(LONGEST);
    let mut bytes = vec![0; usize::try_from(size - begin).unwrap_or(0)];
    let length = read_at(&current, &mut bytes, begin)?;
    bytes.truncate(length);
    Ok(split(&bytes, begin > 0))
}

/// The lines of the end of a file, without the first if that is only a part of one.
fn split(bytes: &[u8], cut: bool) -> Vec<Vec<u8>> {
    let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    let from = usize::from(cut && lines.len() > 1);
    lines[from..].iter().map(|line| line.to_vec()).collect()
}

/// Only labels are left out: people can read the others.
fn without_stamp(line: &[u8]) -> &[u8] {
    let label = line.get(..25).and_then(Label::parse);
    label.and_then(|_| Stamp::Tai64n.text_behind(line)).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn lines_of_an_end() {
        for (bytes, cut, expected) in [
            ("", false, &[][..]),
            ("a\nb\n", false, &["a", "b"]),
            ("a\nb", false, &["a", "b"]),
            ("art\nb\n", true, &["b"]),
            ("part of a long one", true, &["part of a long one"]),
            ("\n\n", false, &["", ""]),
        ] {
            let lines = split(bytes.as_bytes(), cut);
            assert_eq!(
                lines,
                expected.iter().map(|line| line.as_bytes().to_vec()).collect::<Vec<_>>(),
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn only_a_label_is_left_out() {
        for (line, text) in [
            ("@4000000037c219bf2ef02e94 a b", "a b"),
            ("@4000000037c219bf2ef02e9x a b", "@4000000037c219bf2ef02e9x a b"),
            ("2026-11-25T10:00:00Z a", "2026-11-25T10:00:00Z a"),
            ("@40", "@40"),
        ] {
            assert_eq!(without_stamp(line.as_bytes()), text.as_bytes());
        }
    }

    #[test]
    fn a_log_directory_is_one_with_current_and_main_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let service = folder.path().join("x");
        fs::create_dir_all(service.join("log/also")).unwrap();
        let home = Home::open(&service).unwrap();
        assert_eq!(lines(&home, 9), None);
        fs::write(service.join("log/also/current"), "also\n").unwrap();
        assert_eq!(lines(&home, 9), Some(vec![b"also".to_vec()]));
        fs::create_dir(service.join("log/main")).unwrap();
        fs::write(service.join("log/main/current"), "1\n2\n3\n").unwrap();
        assert_eq!(lines(&home, 2), Some(vec![b"2".to_vec(), b"3".to_vec()]));
        fs::write(service.join("log/main/current"), [b"x".repeat(20_000), b"\nlast\n".to_vec()].concat())
            .unwrap();
        assert_eq!(lines(&home, 9), Some(vec![b"last".to_vec()]));
        // A link to somewhere else is none.
        fs::remove_file(service.join("log/main/current")).unwrap();
        symlink("/etc/passwd", service.join("log/main/current")).unwrap();
        assert_eq!(lines(&home, 9), Some(vec![b"also".to_vec()]));
    }
}
