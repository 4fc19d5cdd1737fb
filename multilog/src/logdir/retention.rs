//! Room on a full disk, where the script says so: the oldest finished archive goes.

use std::io;

use crate::logfs::{Archive, LogFs, Name};
use crate::script::Spared;

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
