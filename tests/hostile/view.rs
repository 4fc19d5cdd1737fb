//! What a reader sees of a log directory with unreadable things in it, and of its surroundings.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;

use harness::Scratch;

/// Names, types, modes, owners and content of what is not in the log directory.
pub(crate) fn outside(here: &Scratch) -> BTreeMap<PathBuf, (u32, u32, i64, Vec<u8>)> {
    let mut all = BTreeMap::new();
    for folder in [here.path(""), here.path("log")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let stat = path.symlink_metadata().unwrap();
            if path != here.path("log/main") && path != here.path("log") {
                let bytes = fs::read(&path).unwrap();
                all.insert(path, (stat.mode(), stat.uid(), stat.mtime_nsec(), bytes));
            }
        }
    }
    all
}

/// Whether files are on their way to archives, so that names come and go.
pub(crate) fn is_sealing(here: &Scratch) -> bool {
    let mut entries = fs::read_dir(here.path("log/main")).unwrap();
    entries.any(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.ends_with(".u") || name.ends_with(".t")
    })
}

/// The numbered lines in the log directory, in order. Only files that a reader would take for archives are read.
pub(crate) fn seen(here: &Scratch) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(here.path("log/main")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let source = |name: &String| name.strip_suffix(".u").map(str::to_string);
    let finished = |label: &str| {
        names.iter().any(|name| name.starts_with(label) && !name.ends_with(".u") && !name.ends_with(".t"))
    };
    let mut text = Vec::new();
    for name in names.iter().filter(|name| name.starts_with('@') || *name == "current") {
        let path = here.path("log/main").join(name);
        let Ok(stat) = path.symlink_metadata() else { continue };
        let double = source(name).is_some_and(|label| finished(&label));
        if !stat.is_file() || stat.len() > 1 << 20 || name.ends_with(".t") || double {
            continue;
        }
        let Ok(bytes) = fs::read(&path) else { continue };
        match bytes.starts_with(b"\x1f\x8b") {
            true => text.extend(Command::new("gzip").arg("-dc").arg(&path).output().unwrap().stdout),
            false => text.extend(bytes),
        }
    }
    let lines = text.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec);
    lines.filter(|line| line.starts_with(b"line ")).collect()
}
