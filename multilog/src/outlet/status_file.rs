//! Action `=file`: the last selected line, newlines after it, always 1001 bytes.
//!
//! The file is overwritten in place by one write, as the original does: a longer file keeps its
//! tail, a device or a link works, and the directory need not be writable.

use crate::pattern::HEAD;

/// The length of what is written.
const LENGTH: usize = HEAD + 1;

/// The newest line for one status file.
#[derive(Debug)]
pub struct Status {
    text: Box<[u8; LENGTH]>,
    changed: bool,
}

impl Default for Status {
    fn default() -> Status {
        Status { text: Box::new([b'\n'; LENGTH]), changed: false }
    }
}

impl Status {
    /// Replaces the line. What is longer than patterns see is cut.
    pub fn set(&mut self, head: &[u8]) {
        let head = &head[..head.len().min(HEAD)];
        self.text[..head.len()].copy_from_slice(head);
        self.text[head.len()..].fill(b'\n');
        self.changed = true;
    }

    /// What to write, if a line came since the last time.
    pub fn take(&mut self) -> Option<&[u8]> {
        std::mem::take(&mut self.changed).then_some(&self.text[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shorter_line_leaves_nothing_of_a_longer_one() {
        let mut status = Status::default();
        assert_eq!(status.take(), None);
        status.set(&[b'x'; 5000]);
        status.set(b"ab");
        let text = status.take().unwrap().to_vec();
        assert_eq!(text.len(), 1001);
        assert!(text.starts_with(b"ab\n\n") && !text.contains(&b'x'));
        assert_eq!(status.take(), None);
    }
}
