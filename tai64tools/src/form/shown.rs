//! `Shown`: the text of one second, with a place in it for the digits of a fraction.

/// Room for the longest text, 35 bytes of ISO 8601; a copy of that many bytes is three moves.
const ROOM: usize = 40;
/// Digits of nanoseconds.
const NINE: usize = 9;

/// The text of the moments of one second.
///
/// ```
/// use tai64tools::form::Shown;
///
/// let mut out = Vec::new();
/// Shown::new(b"935467445.", 3, b"").unwrap().append(787_492_500, &mut out);
/// assert_eq!(out, b"935467445.787");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    text: [u8; ROOM],
    /// Where the nine digits go.
    place: usize,
    /// Where the text ends, perhaps within the digits; less than `ROOM`.
    length: usize,
}

/// A text of no bytes.
impl Default for Shown {
    fn default() -> Shown {
        Shown { text: [b'0'; ROOM], place: 0, length: 0 }
    }
}

impl Shown {
    /// The text up to the fraction, the first `digits` of nine, and what follows them.
    ///
    /// What follows a shorter fraction is left out. None where there is no room: 39 bytes together.
    pub fn new(before: &[u8], digits: usize, after: &[u8]) -> Option<Shown> {
        let place = before.len();
        let mut text = [b'0'; ROOM];
        text.get_mut(..place)?.copy_from_slice(before);
        text[..ROOM - 1].get_mut(place + NINE..)?.get_mut(..after.len())?.copy_from_slice(after);
        let length = if digits < NINE { place + digits } else { place + NINE + after.len() };
        Some(Shown { text, place, length })
    }

    /// Writes it with this fraction to the end of `out`.
    ///
    /// This is what a line costs, so all moves are of fixed length: all of the room, then the digits over it.
    #[inline]
    pub fn append(&self, nanos: u32, out: &mut Vec<u8>) {
        let at = out.len();
        out.extend_from_slice(&self.text);
        if let Some(place) = out[at + self.place..].first_chunk_mut() {
            write_nine(nanos, place);
        }
        out.truncate(at + self.length);
    }
}

/// 00 to 99.
static PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut pair = 0;
    while pair < 100 {
        pairs[pair] = [b'0' + (pair / 10) as u8, b'0' + (pair % 10) as u8];
        pair += 1;
    }
    pairs
};

/// Writes nanoseconds (less than a second) as nine digits, straight to their place: to put them together elsewhere
/// and read them again just after would have to wait for the writes.
#[inline]
pub(super) fn write_nine(nanos: u32, digits: &mut [u8; NINE]) {
    let (high, low) = (nanos / 100_000, nanos % 100_000);
    // Pairs that do not wait for each other, and the last digit.
    let pairs = [high / 100, high % 100, low / 1000, low / 10 % 100];
    for (place, pair) in digits.chunks_exact_mut(2).zip(pairs) {
        place.copy_from_slice(&PAIRS[pair as usize % 100]);
    }
    digits[NINE - 1] = b'0' + (low % 10) as u8;
}

/// Two decimal digits.
pub(crate) fn two(out: &mut Vec<u8>, value: u8) {
    out.extend_from_slice(&[b'0' + value / 10 % 10, b'0' + value % 10]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(before: &str, nanos: u32, digits: usize, after: &str) -> Option<String> {
        let mut out = b"so far ".to_vec();
        Shown::new(before.as_bytes(), digits, after.as_bytes())?.append(nanos, &mut out);
        Some(String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_has_no_room_is_not_shown() {
        let long = "123456789012345678901234567890";
        assert_eq!(shown(long, 7, 9, "").as_deref(), Some(&*format!("so far {long}000000007")));
        assert_eq!(shown(long, 7, 9, "+"), None);
        assert_eq!(shown("1234567890123456789012345678901234567890", 7, 9, ""), None);
    }

    proptest! {
        #[test]
        fn a_fraction_is_the_first_of_nine_digits(nanos in 0u32..1_000_000_000, digits in 0usize..10) {
            let after = if digits == 9 { "+00:00" } else { "" };
            let expected = format!("so far 12.{}{after}", &format!("{nanos:09}")[..digits]);
            prop_assert_eq!(shown("12.", nanos, digits, after), Some(expected));
        }
    }
}
