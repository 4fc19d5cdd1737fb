//! Lines that all go everywhere as they are: nothing is copied, and a batch is a part of the input.

use memchr::{memchr, memrchr};

use super::Assembly;
use crate::output::{BATCH, Output, newline_window};

impl Assembly {
    /// Takes whole lines up to the first end of a line that makes a file full, or the last one that is visible.
    /// None: the first line has no end yet, or is longer than the rest of a file and has to be cut, or has to be split.
    pub(super) fn take_unchanged(&mut self, input: &[u8]) -> Option<usize> {
        let room = self.outputs.iter().map(Output::room).min().unwrap_or(u64::MAX);
        let before_window = room.saturating_sub(newline_window(u64::MAX));
        let enough = usize::try_from(before_window).unwrap_or(usize::MAX).clamp(1, BATCH);
        let past =
            input.get(enough - 1..).and_then(|rest| memchr(b'\n', rest)).map(|newline| enough + newline);
        let before = || memrchr(b'\n', &input[..input.len().min(enough)]).map(|newline| newline + 1);
        let end = past.filter(|&end| end as u64 <= room).or_else(before)?;
        let end = Some(self.pieces.before_split(&input[..end])).filter(|&end| end > 0)?;
        for output in &mut self.outputs {
            output.push_run(input, 0..end);
        }
        Some(end)
    }
}
