//! The same ground for every run, whatever ran before it.
//!
//! A run leaves three things behind that would be counted to the next one: data that the disk still has to write; an
//! input that the kernel has dropped from the page cache; and memory that a virtual machine has handed back to its
//! host, whose first use costs ten times as much as that of other memory.

use std::fs::{File, remove_file};
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

const PIECE: usize = 1 << 20;

/// Makes the ground level for a run that reads these files, writes lines of this many bytes into `place`, and begins at
/// once.
pub(super) fn level(files: &[&Path], lines: usize, place: &Path) -> io::Result<()> {
    Command::new("sync").status()?;
    for path in files {
        io::copy(&mut File::open(path)?, &mut io::sink())?;
    }
    let pieces = lines / PIECE;
    // The page cache gets its memory back from a file that is deleted before it is written to the disk. The file is
    // half as large again as the lines, since stamps make them longer.
    let path = place.join("ground");
    let (mut file, piece) = (File::create(&path)?, vec![0; PIECE]);
    for _ in 0..=pieces + pieces / 2 {
        file.write_all(&piece)?;
    }
    remove_file(path)
}
