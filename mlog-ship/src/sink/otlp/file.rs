//! Reads the small files that the command line names.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use unix::diag::Message;

/// No such file is longer.
const MOST: u64 = 4 << 20;

/// Reads a file.
///
/// # Errors
///
/// It can't be read, is no regular file, which could keep us waiting, or is too long.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Message> {
    let name = path.as_os_str().as_encoded_bytes();
    let unable = |error| Message::new("unable to read ").and(name).because(&error);
    if !std::fs::metadata(path).map_err(unable)?.is_file() {
        return Err(Message::new("unable to read ").and(name).and(": it is no regular file"));
    }
    let mut text = Vec::new();
    File::open(path).and_then(|file| file.take(MOST + 1).read_to_end(&mut text)).map_err(unable)?;
    if text.len() as u64 > MOST {
        return Err(Message::new("unable to read ").and(name).and(": it is longer than 4 MiB"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_regular_file_or_too_long_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let wrong = |path: &Path| String::from_utf8(read(path).unwrap_err().as_bytes().to_vec()).unwrap();
        assert!(wrong(&path).ends_with(": file does not exist"));
        assert_eq!(wrong(Path::new("/dev/zero")), "unable to read /dev/zero: it is no regular file");
        std::fs::write(&path, vec![b'x'; 4 << 20]).unwrap();
        assert_eq!(read(&path).unwrap().len(), 4 << 20);
        std::fs::write(&path, vec![b'x'; (4 << 20) + 1]).unwrap();
        assert!(wrong(&path).ends_with(": it is longer than 4 MiB"));
    }
}
