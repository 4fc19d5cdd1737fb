//! `Label`: a moment as TAI64N, its 25 characters, and the arithmetic that keeps names in order.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tai64::{Tai64, Tai64N};

/// The seconds of a label at 1970-01-01 00:00:00: 2^62, and 10 as daemontools adds.
pub const EPOCH: u64 = (1 << 62) + 10;
/// The last second of the year 9999, as labels have it. No clock of a logger has shown a later one.
pub const LAST_SECOND: u64 = EPOCH + 253_402_300_799;
/// `@` and 24 hexadecimal digits.
pub const LENGTH: usize = 25;
/// Seconds from here on are reserved by the format, so a label that has them is not one.
const RESERVED: u64 = 1 << 63;
const NANOS_PER_SECOND: u32 = 1_000_000_000;

/// A moment: seconds and nanoseconds. Its order is the order of time and of its text.
///
/// ```
/// use tai64tools::Label;
/// use tai64tools::label::EPOCH;
///
/// let label = Label::new(EPOCH + 935_467_445, 787_492_500).unwrap();
/// assert_eq!(&label.text(), b"@4000000037c219bf2ef02e94");
/// assert_eq!(Label::parse(b"@4000000037c219bf2ef02e94 any text"), Some(label));
/// assert_eq!((label.unix_seconds(), label.nanos()), (935_467_445, 787_492_500));
/// assert_eq!(Label::parse(b"@4000000037C219BF2EF02E94"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(Tai64N);

impl Label {
    /// The least label.
    pub const MIN: Label = Label(Tai64N(Tai64(0), 0));

    /// The label of `seconds` (as in the text, so `EPOCH` and up for our times) and `nanos`.
    /// None where the format has no such label.
    pub fn new(seconds: u64, nanos: u32) -> Option<Label> {
        (seconds < RESERVED && nanos < NANOS_PER_SECOND).then_some(Label(Tai64N(Tai64(seconds), nanos)))
    }

    /// What the system clock shows.
    pub fn now() -> Label {
        Label::from(SystemTime::now())
    }

    /// Seconds as in the text.
    pub fn seconds(self) -> u64 {
        self.0.0.0
    }

    /// Nanoseconds within the second.
    pub fn nanos(self) -> u32 {
        self.0.1
    }

    /// Seconds since 1970 on the clock that made the label; negative before.
    pub fn unix_seconds(self) -> i64 {
        // Both are below 2^63, so the difference of the two as signed numbers is exact.
        self.seconds() as i64 - EPOCH as i64
    }

    /// The next moment, a nanosecond later. At the end of the format it stays where it is.
    #[inline]
    pub fn next(self) -> Label {
        let nanos = self.nanos() + 1;
        if nanos < NANOS_PER_SECOND { Label(Tai64N(self.0.0, nanos)) } else { self.plus(1) }
    }

    /// The moment `nanos` (less than a second) later, or the last one of the format.
    pub fn plus(self, nanos: u32) -> Label {
        let sum = self.nanos() + nanos;
        let (seconds, nanos) = match sum.checked_sub(NANOS_PER_SECOND) {
            Some(rest) => (self.seconds() + 1, rest),
            None => (self.seconds(), sum),
        };
        Label::new(seconds, nanos).unwrap_or(self)
    }

    /// How much later `self` is than `other`. Zero when it is not.
    pub fn since(self, other: Label) -> Duration {
        let own = Duration::new(self.seconds(), self.nanos());
        own.saturating_sub(Duration::new(other.seconds(), other.nanos()))
    }

    /// The text: `@` and 24 lower-case hexadecimal digits.
    pub fn text(self) -> [u8; LENGTH] {
        let mut text = [b'@'; LENGTH];
        hex(&mut text[1..17], self.seconds());
        hex(&mut text[17..25], u64::from(self.nanos()));
        text
    }

    /// Reads the label that `text` begins with; what follows it does not matter.
    ///
    /// None where there are not 24 lower-case digits after an `@`, or where they are no TAI64N.
    pub fn parse(text: &[u8]) -> Option<Label> {
        let (first, nanos_digits) = text.get(..LENGTH)?.split_first_chunk::<17>()?;
        Some(Label(Tai64N(Tai64(seconds(first)?), nanos(nanos_digits.first_chunk()?)?)))
    }
}

/// The seconds that `@` and 16 digits say, if the format has them.
pub(crate) fn seconds(text: &[u8; 17]) -> Option<u64> {
    let (high, low) = text.strip_prefix(b"@")?.split_first_chunk()?;
    let seconds = u64::from(unhex(high)?) << 32 | u64::from(unhex(low.first_chunk()?)?);
    (seconds < RESERVED).then_some(seconds)
}

/// The nanoseconds that 8 digits say, if they are less than a second.
#[inline]
pub(crate) fn nanos(digits: &[u8; 8]) -> Option<u32> {
    unhex(digits).filter(|&nanos| nanos < NANOS_PER_SECOND)
}

impl From<SystemTime> for Label {
    fn from(time: SystemTime) -> Label {
        let (seconds, nanos) = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => (EPOCH.saturating_add(after.as_secs()), after.subsec_nanos()),
            // A clock that was never set may show a time before 1970. The epoch serves as well as any moment.
            Err(_) => (EPOCH, 0),
        };
        Label::new(seconds, nanos).unwrap_or(Label::MIN)
    }
}

/// Writes `value` in as many lower-case digits as `out` has room for.
pub(crate) fn hex(out: &mut [u8], value: u64) {
    let mut rest = value;
    for digit in out.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(rest & 15) as usize];
        rest >>= 4;
    }
}

/// Reads 8 digits, all at once: each byte of a word is a digit. None where one of them is not.
#[inline]
fn unhex(digits: &[u8; 8]) -> Option<u32> {
    /// This in every byte.
    const fn all(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let text = u64::from_be_bytes(*digits);
    // Letters have the bit 6, and their low bits count from 1.
    let values = (text & all(0x0f)) + (text >> 6 & all(1)) * 9;
    // What was no digit does not come out again as it went in.
    let letters = (values + all(6)) >> 4 & all(1);
    let written = values + all(b'0') + letters * u64::from(b'a' - b'0' - 10);
    if written != text || values & all(0xf0) != 0 {
        return None;
    }
    let pairs = (values | values >> 4) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    Some((fours | fours >> 16) as u32)
}

/// Whether a byte can stand in a label behind its `@`.
#[inline]
pub(crate) fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_label_of_the_manual_is_the_moment_of_the_manual() {
        let label = Label::parse(b"@4000000037c219bf2ef02e94 mark").unwrap();
        assert_eq!((label.unix_seconds(), label.nanos()), (935_467_445, 787_492_500));
        assert_eq!(&label.text(), b"@4000000037c219bf2ef02e94");
    }

    #[test]
    fn what_is_not_24_lower_case_digits_of_a_possible_moment_is_no_label() {
        for text in [
            &b""[..],
            b"@",
            b"4000000037c219bf2ef02e94",
            b"@4000000037c219bf2ef02e9",
            b"@4000000037C219BF2EF02E94",
            b"@4000000037c219bf2ef02e9g",
            b"@8000000000000000000000000",
            b"@400000000000000a3b9aca00",
        ] {
            assert_eq!(Label::parse(text), None, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn the_last_label_has_no_next() {
        let last = Label::new(RESERVED - 1, NANOS_PER_SECOND - 1).unwrap();
        assert_eq!(last.next(), last);
    }

    proptest! {
        #[test]
        fn eight_digits_are_read_as_a_number_and_nothing_else_is(bytes in prop::array::uniform8(prop_oneof![
            6 => Just(b"0123456789abcdef").prop_flat_map(|digits| prop::sample::select(&digits[..])),
            1 => prop::num::u8::ANY,
        ])) {
            let text = std::str::from_utf8(&bytes).ok();
            let digits = text.filter(|text| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
            prop_assert_eq!(unhex(&bytes), digits.and_then(|text| u32::from_str_radix(text, 16).ok()));
        }

        #[test]
        fn text_and_label_are_the_same_thing(seconds in 0..RESERVED, nanos in 0..NANOS_PER_SECOND) {
            let label = Label::new(seconds, nanos).unwrap();
            prop_assert_eq!(Label::parse(&label.text()), Some(label));
            let naive = format!("@{seconds:016x}{nanos:08x}");
            prop_assert_eq!(naive.as_bytes(), &label.text()[..]);
        }

        #[test]
        fn the_order_of_texts_is_the_order_of_moments(
            a in (0..RESERVED, 0..NANOS_PER_SECOND), b in (0..RESERVED, 0..NANOS_PER_SECOND)
        ) {
            let (a, b) = (Label::new(a.0, a.1).unwrap(), Label::new(b.0, b.1).unwrap());
            prop_assert_eq!(a.cmp(&b), a.text().cmp(&b.text()));
            prop_assert!(a.next() > a);
            prop_assert_eq!(a.next().since(a), Duration::from_nanos(1));
        }
    }
}
