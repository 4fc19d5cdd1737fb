//! A file that the disk has refused is written again to other blocks, and checked.
//!
//! After a failed fsync the only whole copy is in the page cache, from where it may vanish at any moment. It is read
//! once, compared with the checksum that was kept while it was written, and brought to the disk as a new file.

use std::io;

use super::Job;
use crate::logfs::{self, LogFs, Name};

/// The checksum of everything that was written to a file through one descriptor, from one offset on.
#[derive(Clone, Debug)]
pub struct Checksum {
    from: u64,
    sum: crc32fast::Hasher,
}

impl Checksum {
    /// Nothing was written yet to a file that has `length` bytes, which are on the disk.
    pub fn after(length: u64) -> Checksum {
        Checksum { from: length, sum: crc32fast::Hasher::new() }
    }

    /// These bytes were written.
    pub fn add(&mut self, bytes: &[u8]) {
        self.sum.update(bytes);
    }
}

/// What came of it.
pub(super) enum Rewritten<File> {
    /// The new file, on the disk, with the same bytes and the source's name.
    Same(File),
    /// The page cache no longer had what was written, or another process has written it and its checksum is not known.
    Damaged,
}

/// Copies the job's file to `temporary`, brings it to the disk and gives it the name `source`.
pub(super) fn rewrite<F: LogFs>(
    fs: &F,
    job: &Job<F::File>,
    temporary: &Name,
    source: &Name,
) -> io::Result<Rewritten<F::File>> {
    let (Some(written), Some(refused)) = (&job.checksum, &job.file) else { return Ok(Rewritten::Damaged) };
    fs.clear(temporary)?;
    let file = fs.make(temporary)?;
    let mut sum = Checksum::after(written.from);
    logfs::copy(fs, refused, &file, |offset, piece| {
        // The bytes before `from` were on the disk before this descriptor wrote anything.
        let known = usize::try_from(written.from.saturating_sub(offset)).unwrap_or(usize::MAX);
        sum.add(&piece[known.min(piece.len())..]);
    })?;
    if sum.sum.finalize() != written.sum.clone().finalize() {
        fs.remove(temporary)?;
        return Ok(Rewritten::Damaged);
    }
    fs.sync(&file)?;
    fs.rename(temporary, source)?;
    // Otherwise the new file, when it is marked safe, could be taken for a processor's output after a power cut.
    fs.sync_names()?;
    Ok(Rewritten::Same(file))
}
