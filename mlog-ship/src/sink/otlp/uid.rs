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
    pub(super) fn fixed(mut self, number: u64, digits: u32) -> Uid {
        for digit in (0..digits).rev() {
            let value = (number >> (4 * digit) & 15) as u8;
            self.push(value + if value < 10 { b'0' } else { b'a' - 10 });
        }
        self
    }

    /// Adds a dash and a number in as few hexadecimal digits as it needs.
    pub(super) fn short(self, number: u64) -> Uid {
        let digits = (64 - number.leading_zeros()).div_ceil(4).max(1);
        self.dash().fixed(number, digits)
    }

    /// Adds a dash and a word, of which anything but ASCII is left out.
    pub(super) fn word(mut self, word: &str) -> Uid {
        self = self.dash();
        word.bytes().filter(u8::is_ascii).for_each(|byte| self.push(byte));
        self
    }

    pub(super) fn dash(mut self) -> Uid {
        self.push(b'-');
        self
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.text.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
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
            let uid = Uid::new().fixed(one, 16).short(two).word("i0").dash().fixed(three.into(), 8);
            prop_assert_eq!(&*uid, format!("{one:016x}-{two:x}-i0-{three:08x}"));
        }

        #[test]
        fn whatever_does_not_fit_is_left_out(word: String) {
            let uid = Uid::new().word(&word).word(&"x".repeat(200));
            prop_assert!(uid.len() == ROOM && uid.is_ascii());
        }
    }
}
