//! `Block`: output on its way to one write.

/// The longest label or stamp, and the room in which it is put together.
const SLACK: usize = 64;

/// Output on its way. A block is full at a size that suits the page cache. The bytes that came out beyond this size go
/// into the next block.
#[derive(Debug)]
pub struct Block {
    /// What came out.
    pub bytes: Vec<u8>,
    full: usize,
}

impl Block {
    /// A block that is full at `full` bytes, for pieces of input of at most `piece`. It never grows. None where there
    /// is no memory for it.
    pub(super) fn new(full: usize, piece: usize) -> Option<Block> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(full + piece + SLACK).ok()?;
        Some(Block { bytes, full })
    }

    /// A block that grows and is never full.
    pub fn endless() -> Block {
        Block { bytes: Vec::new(), full: usize::MAX }
    }

    /// Whether nothing more has to be put into it.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= self.full
    }

    /// What is written of it: not more than it is full at.
    pub(super) fn whole(&self) -> &[u8] {
        &self.bytes[..self.bytes.len().min(self.full)]
    }

    /// Goes on after it was written, with what came out beyond it.
    pub(super) fn go_on(&mut self) {
        let written = self.whole().len();
        self.bytes.drain(..written);
    }

    /// Moves what came out beyond it to an empty block.
    pub(super) fn move_rest_to(&mut self, next: &mut Block) {
        let whole = self.whole().len();
        next.bytes.extend_from_slice(&self.bytes[whole..]);
        self.bytes.truncate(whole);
    }
}
