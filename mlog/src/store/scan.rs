//! The log directories under a scan directory, named by their services, and which of them are wanted.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use unix::glob::fits;

use super::Store;

/// The log directories under the services of `scan`, in the order of their names' bytes.
///
/// A service's log directories are those in its `log` directory, or in itself, that hold `current`: `main` usually. A
/// service is called by its name; where it has several log directories, by its name and theirs. `wanted` are globs.
pub fn services(scan: &Path, wanted: &[Vec<u8>]) -> io::Result<Vec<Store>> {
    let mut names = Vec::new();
    for entry in scan.read_dir()? {
        let name = entry?.file_name();
        let is_wanted = wanted.is_empty() || wanted.iter().any(|glob| fits(glob, name.as_bytes()));
        if !name.as_bytes().starts_with(b".") && is_wanted && scan.join(&name).is_dir() {
            names.push(name);
        }
    }
    names.sort();
    let mut stores = Vec::new();
    for name in names {
        let service = scan.join(&name);
        let found = [service.join("log"), service].iter().flat_map(|place| logs(place)).collect::<Vec<_>>();
        let alone = found.len() == 1;
        for path in found {
            let own = path.file_name().unwrap_or_default().as_bytes();
            let called = if alone { name.as_bytes().to_vec() } else { [name.as_bytes(), b"/", own].concat() };
            stores.push(Store { path, name: called });
        }
    }
    Ok(stores)
}

/// What can't be looked into and may hide log directories of these services, and why.
pub fn hidden(scan: &Path, wanted: &[Vec<u8>]) -> Vec<(PathBuf, io::Error)> {
    let mut hidden = Vec::new();
    let Ok(names) = scan.read_dir() else { return hidden };
    let mut names: Vec<_> = names.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names {
        let is_wanted = wanted.is_empty() || wanted.iter().any(|glob| fits(glob, name.as_bytes()));
        if name.as_bytes().starts_with(b".") || !is_wanted {
            continue;
        }
        let log = scan.join(&name).join("log");
        if let Err(error) = log.symlink_metadata() {
            hidden.extend(refused(error).map(|error| (scan.join(&name), error)));
            continue;
        }
        match log.read_dir() {
            Ok(entries) => hidden.extend(entries.flatten().filter_map(|entry| {
                let found = entry.path().join("current").symlink_metadata();
                let error =
                    found.err().and_then(refused).filter(|_| !is_of_supervisor(&entry.file_name()))?;
                Some((entry.path(), error))
            })),
            Err(error) => hidden.extend(refused(error).map(|error| (log, error))),
        }
    }
    hidden
}

/// An error that says that a right is missing.
fn refused(error: io::Error) -> Option<io::Error> {
    (error.kind() == io::ErrorKind::PermissionDenied).then_some(error)
}

/// Whether a directory beside the log directories is one of a supervisor, which has secrets but no logs.
fn is_of_supervisor(name: &OsStr) -> bool {
    ["supervise", "event", "env", "data", "root"].iter().any(|known| name == *known)
}

/// The log directories in a directory, and itself if it is one.
fn logs(place: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let is_log = |path: &Path| path.join("current").symlink_metadata().is_ok_and(|meta| meta.is_file());
    if is_log(place) {
        found.push(place.to_owned());
    }
    let entries = place.read_dir().into_iter().flatten().flatten();
    found.extend(entries.map(|entry| entry.path()).filter(|path| is_log(path)));
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_found_by_their_log_directories() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["web/log/main", "db/log/main", "db/log/errors", "cron", "none/log"] {
            std::fs::create_dir_all(folder.path().join(path)).unwrap();
            if !path.starts_with("none") {
                std::fs::write(folder.path().join(path).join("current"), "").unwrap();
            }
        }
        let names = |wanted: &[&str]| -> Vec<String> {
            let wanted: Vec<Vec<u8>> = wanted.iter().map(|glob| glob.as_bytes().to_vec()).collect();
            let stores = services(folder.path(), &wanted).unwrap();
            stores.into_iter().map(|store| String::from_utf8(store.name).unwrap()).collect()
        };
        assert_eq!(names(&[]), ["cron", "db/errors", "db/main", "web"]);
        assert_eq!(names(&["[c-d]*", "w[!a]b"]), ["cron", "db/errors", "db/main", "web"]);
        assert_eq!(names(&["d*", "w?b"]), ["db/errors", "db/main", "web"]);
        assert_eq!(names(&["x"]), Vec::<String>::new());
    }
}
