//! A file that the disk refused, written again to other blocks and checked.
//!
//! After a failed fsync the only whole copy is in the page cache, and it may go at any moment. It is
//! read back once, compared with the checksum kept while writing, and fsynced as a new file.

use std::io;

use super::Job;
use crate::logfs::{self, How, LogFs, Name};

/// What was written to a file through one descriptor, from one offset on.
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
    /// The page cache no longer had what was written, or nobody knows what that was.
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
    let file = fs.open(temporary, How::New)?;
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
    // Or it could be taken for the output of the processor after a power cut, when it is marked safe.
    fs.sync_names()?;
    Ok(Rewritten::Same(file))
}
