//! Which archives go: the oldest labels, until as many are left as `n` allows.
//!
//! The label decides and never the clock. A label counts once, whatever files carry it. What is not
//! a regular file is not touched, and what can't be deleted is passed over.

use std::collections::BTreeMap;
use std::io;

use tai64tools::Label;

use crate::logfs::{Archive, LogFs, Name};
use crate::script::value::{FileCount, Spared};

/// Deletes the oldest archives beyond `keep`. `refused` hears about those that can't be deleted. The first
/// label that retention keeps: what is older is gone, or about to go. None: there is no archive at all.
pub fn prune<F: LogFs>(
    fs: &F,
    keep: FileCount,
    mut refused: impl FnMut(&Archive, &io::Error),
) -> io::Result<Option<Label>> {
    let mut labels: BTreeMap<Label, Vec<Archive>> = BTreeMap::new();
    for archive in fs.names()?.iter().filter_map(|name| Archive::parse(name)) {
        labels.entry(archive.label).or_default().push(archive);
    }
    let excess = labels.len().saturating_sub(keep.archives());
    for archives in labels.values().take(excess) {
        for archive in archives {
            if let Err(error) = remove(fs, archive) {
                refused(archive, &error);
            }
        }
    }
    Ok(labels.into_keys().nth(excess))
}

/// Deletes the oldest finished archive, if more than `spared` are there, for the room that it takes.
/// What still has to be sealed is no archive yet.
pub fn make_room<F: LogFs>(fs: &F, spared: Spared) -> io::Result<Option<Archive>> {
    let names = fs.names()?;
    let archives = names.iter().filter_map(|name| Archive::parse(name));
    let mut finished: Vec<Archive> =
        archives.filter(|archive| !archive.is_unsealed() && !archive.is_temporary()).collect();
    finished.sort();
    if finished.len() <= spared.archives() {
        return Ok(None);
    }
    for archive in finished {
        let name = Name::from(archive.clone());
        if fs.lookup(&name)?.is_some_and(|stat| stat.regular) {
            fs.remove(&name)?;
            return Ok(Some(archive));
        }
    }
    Ok(None)
}

fn remove<F: LogFs>(fs: &F, archive: &Archive) -> io::Result<()> {
    let name = Name::from(archive.clone());
    match fs.lookup(&name)? {
        Some(stat) if stat.regular => fs.remove(&name),
        // Whoever put it there knows why.
        _ => Ok(()),
    }
}
