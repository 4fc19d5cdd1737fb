//! The same ground for every run, whatever ran before it.
//!
//! Three things that the last run leaves behind would be counted to the next one: what the disk has still to
//! write; an input that the kernel has dropped from the page cache meanwhile; and memory that a virtual machine
//! has handed back to its host while nobody needed it, which costs ten times as much at its first use as other memory.

use std::fs::{File, remove_file};
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

const PIECE: usize = 1 << 20;

/// Levels it for a run that reads `corpus`, writes lines of so many bytes into `place`, and begins at once.
pub(super) fn level(corpus: &Path, lines: usize, place: &Path) -> io::Result<()> {
    Command::new("sync").status()?;
    io::copy(&mut File::open(corpus)?, &mut io::sink())?;
    let pieces = lines / PIECE;
    // The page cache gets its memory back from a file that is deleted before the disk has heard of it. It is half as large
    // again as the lines, since stamps make them longer.
    let path = place.join("ground");
    let (mut file, piece) = (File::create(&path)?, vec![0; PIECE]);
    for _ in 0..=pieces + pieces / 2 {
        file.write_all(&piece)?;
    }
    remove_file(path)
}
