//! `Uid`: the text of `log.record.uid`, in place and without memory of its own: each line has one.

use std::ops::Deref;

/// As long as the longest one.
const ROOM: usize = 112;

/// Words of letters, digits and dashes.
#[derive(Clone, Copy)]
pub struct Uid {
    text: [u8; ROOM],
    length: usize,
}

impl Uid {
    /// Without a word.
    pub(super) fn new() -> Uid {
        Uid { text: [b'-'; ROOM], length: 0 }
    }

    /// Adds a number in this many hexadecimal digits.
    pub(super) fn fixed(&mut self, number: u64, digits: usize) -> &mut Uid {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        if let Some(room) = self.text.get_mut(self.length..self.length + digits) {
            let mut left = number;
            for place in room.iter_mut().rev() {
                *place = DIGITS[(left & 15) as usize];
                left >>= 4;
            }
            self.length += digits;
        }
        self
    }

    /// Adds a dash and a number in as few hexadecimal digits as it needs.
    pub(super) fn short(&mut self, number: u64) -> &mut Uid {
        let digits = (64 - number.leading_zeros()).div_ceil(4).max(1);
        self.dash().fixed(number, digits as usize)
    }

    /// Adds a dash and a word, of which anything but ASCII is left out.
    pub(super) fn word(&mut self, word: &str) -> &mut Uid {
        self.dash();
        for byte in word.bytes().filter(u8::is_ascii).take(ROOM - self.length) {
            self.text[self.length] = byte;
            self.length += 1;
        }
        self
    }

    /// Adds a dash.
    pub(super) fn dash(&mut self) -> &mut Uid {
        // That is what it is filled with.
        self.length = (self.length + 1).min(ROOM);
        self
    }
}

impl Deref for Uid {
    type Target = str;

    fn deref(&self) -> &str {
        std::str::from_utf8(&self.text[..self.length]).unwrap_or_default()
    }
}

impl std::fmt::Debug for Uid {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(to)
    }
}

impl PartialEq for Uid {
    fn eq(&self, other: &Uid) -> bool {
        **self == **other
    }
}

impl Eq for Uid {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_written_as_the_standard_library_does(one: u64, two: u64, shift in 0u32..64, three: u32) {
            let two = two >> shift;
            let mut uid = Uid::new();
            uid.fixed(one, 16).short(two).word("i0").dash().fixed(three.into(), 8);
            prop_assert_eq!(&*uid, format!("{one:016x}-{two:x}-i0-{three:08x}"));
        }

        #[test]
        fn whatever_does_not_fit_is_left_out(word: String) {
            let mut uid = Uid::new();
            uid.word(&word).word(&"x".repeat(200)).dash().fixed(1, 3);
            prop_assert!(uid.len() == ROOM && uid.is_ascii());
        }
    }
}
