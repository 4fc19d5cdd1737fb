//! `Visible`: the bytes of an input that can be seen and are not consumed.
//!
//! The bytes at the front may be held: they are not in the source anymore, so they stay when the input is looked at
//! again. The others are seen again then. Bytes that were consumed are in the buffer until the next look.

/// The least room for a look at the input: two pages.
pub(super) const LEAST: usize = 8 << 10;

/// Visible bytes, and the room for more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visible {
    buffer: Vec<u8>,
    /// The visible bytes are `buffer[start..end]`, and the first `held` of them are held.
    start: usize,
    end: usize,
    held: usize,
}

impl Visible {
    /// Bytes that are all held.
    pub(crate) fn held_only(bytes: Vec<u8>) -> Visible {
        Visible { start: 0, end: bytes.len(), held: bytes.len(), buffer: bytes }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// How many bytes are held.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// The bytes that are still in the source.
    pub(crate) fn in_source(&self) -> &[u8] {
        &self.buffer[self.start + self.held..self.end]
    }

    /// The last `count` bytes that were consumed since the last look.
    pub(super) fn consumed(&self, count: usize) -> &[u8] {
        &self.buffer[self.start - count..self.start]
    }

    /// The first `count` bytes are visible no more. Returns how many of them were not held.
    pub(crate) fn consume(&mut self, count: usize) -> usize {
        let from_held = count.min(self.held);
        self.held -= from_held;
        self.start += count;
        count - from_held
    }

    /// The last `count` bytes that were consumed are visible again, and held. Nothing else is held.
    pub(super) fn take_back(&mut self, count: usize) {
        self.start -= count;
        self.held = count;
    }

    /// The next `count` bytes were taken out of the source.
    pub(crate) fn hold(&mut self, count: usize) {
        self.held += count;
    }

    /// All of them were taken out of the source.
    pub(crate) fn hold_all(&mut self) {
        self.held = self.len();
    }

    /// Puts bytes that another process took out before the bytes that are held. What is in the source is visible after
    /// the next look.
    pub(crate) fn resume(&mut self, bytes: Vec<u8>) {
        let mut bytes = bytes;
        bytes.extend_from_slice(&self.buffer[self.start..self.start + self.held]);
        *self = Visible::held_only(bytes);
    }

    /// Only what is held stays visible.
    pub(crate) fn keep_held(&mut self) {
        self.end = self.start + self.held;
    }

    /// Keeps what is held, with a buffer for at least `least` bytes more. A new buffer has room for `most`, or for
    /// fewer where there is little memory, but always for a line as far as its route depends on it.
    pub(crate) fn reserve(&mut self, least: usize, most: usize) {
        self.keep_held();
        if self.buffer.len() >= self.held + least {
            return;
        }
        let mut buffer = unix::memory::zeros(self.held + LEAST, self.held + most.max(LEAST));
        if buffer.len() > self.buffer.len() {
            buffer[..self.held].copy_from_slice(self.bytes());
            (self.buffer, self.start, self.end) = (buffer, 0, self.held);
        }
    }

    /// The whole buffer.
    pub(super) fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// What is held begins at this index of the buffer from now on.
    pub(crate) fn move_to(&mut self, start: usize) {
        self.keep_held();
        self.buffer.copy_within(self.start..self.end, start);
        (self.start, self.end) = (start, start + self.held);
    }

    /// The room behind what is visible.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        &mut self.buffer[self.end..]
    }

    /// The first `count` bytes of the room are visible too.
    pub(crate) fn add(&mut self, count: usize) {
        self.end += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(visible: &mut Visible, start: usize, source: &[u8]) {
        visible.reserve(source.len() + start, source.len() + start);
        visible.move_to(start);
        visible.room()[..source.len()].copy_from_slice(source);
        visible.add(source.len());
    }

    #[test]
    fn what_is_held_stays_and_the_rest_is_seen_again() {
        let mut visible = Visible::default();
        look(&mut visible, 0, b"abcdef");
        assert_eq!(visible.consume(1), 1);
        visible.hold(2);
        assert_eq!((visible.bytes(), visible.held(), visible.in_source()), (&b"bcdef"[..], 2, &b"def"[..]));
        for (start, source, expected) in
            [(7, &b"defgh"[..], &b"bcdefgh"[..]), (0, b"", b"bc"), (3, b"xyz", b"bcxyz")]
        {
            look(&mut visible, start, source);
            assert_eq!((visible.bytes(), visible.held()), (expected, 2));
        }
        assert_eq!((visible.consume(3), visible.consumed(3)), (1, &b"bcx"[..]));
        visible.take_back(2);
        assert_eq!((visible.bytes(), visible.held(), visible.len()), (&b"cxyz"[..], 2, 4));
    }

    #[test]
    fn what_another_process_held_is_before_what_this_one_holds() {
        let mut visible = Visible::default();
        look(&mut visible, 5, b"def");
        visible.hold(2);
        visible.resume(b"abc".to_vec());
        assert_eq!((visible.bytes(), visible.held()), (&b"abcde"[..], 5));
        assert_eq!((visible.consume(5), visible.is_empty()), (0, true));
    }
}
