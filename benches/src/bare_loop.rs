//! The yardstick: read, find the newlines, copy a stamp and the line, write, a new file every 16 MB.
//!
//! It selects nothing, deletes nothing and takes no care for what happens when it dies: no logger that stamps can be
//! faster. Its buffers and its pipe have the sizes that multilog settles on.

use std::ffi::OsString;
use std::fs::{File, create_dir_all};
use std::io::{self, Write};
use std::path::PathBuf;

use unix::diag::Message;
use unix::tool::{Exit, Fatal};

const PIPE: usize = 1 << 20;
const INPUT: usize = 512 << 10;
const OUTPUT: usize = 1 << 20;
const FILE: usize = 16_777_215;
const STAMP: &[u8; 26] = b"@400000006b00e05e2c8dfba4 ";

/// Reads standard input into files in the directory that is the only argument.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let [directory] = &arguments[..] else {
        return Err(Fatal::misuse(Message::new("usage: bare-loop directory")));
    };
    let failed = |error| Fatal::system(Message::new("unable to copy"), &error);
    copy(PathBuf::from(directory)).map_err(failed)?;
    Ok(Exit::Success)
}

fn copy(directory: PathBuf) -> io::Result<()> {
    create_dir_all(&directory)?;
    let stdin = unix::pipe::stdin();
    // A file or a terminal has no capacity.
    unix::pipe::set_capacity(stdin, PIPE).ok();
    let mut input = vec![0; 2 * INPUT];
    let mut output: Vec<u8> = Vec::with_capacity(OUTPUT);
    let (mut kept, mut files, mut size) = (0, 0, FILE);
    let mut file = File::create(directory.join("0"))?;
    loop {
        let got = unix::pipe::read(stdin, &mut input[kept..kept + INPUT])?;
        if got == 0 {
            return Ok(());
        }
        let end = kept + got;
        let mut start = 0;
        while let Some(newline) = memchr::memchr(b'\n', &input[start..end]) {
            output.extend_from_slice(STAMP);
            output.extend_from_slice(&input[start..=start + newline]);
            start += newline + 1;
        }
        if size + output.len() > FILE {
            files += 1;
            size = 0;
            file = File::create(directory.join(files.to_string()))?;
        }
        file.write_all(&output)?;
        size += output.len();
        output.clear();
        input.copy_within(start..end, 0);
        kept = end - start;
    }
}
