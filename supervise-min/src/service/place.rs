//! Which processes work in which directories.

use std::fs;

use unix::file::Identity;

/// All processes with their working directories, as far as /proc tells.
pub fn workers() -> impl Iterator<Item = (u32, Identity)> {
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        Some((pid, Identity::at(&entry.path().join("cwd"))?))
    })
}
