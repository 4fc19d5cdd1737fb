//! `Bound`: where a batch begins or ends, behind whole lines or within one, and its form as a word.

use mlog::follow::{Meant, Place};
use tai64tools::Label;

/// A place between two lines of a directory, or within a line that is too long for one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Behind which whole line it is.
    pub place: Place,
    /// How many bytes of the line behind that are before the bound. 0: it is between two lines.
    pub within: u32,
    /// How many pieces of that line are before the bound.
    pub part: u32,
    /// The CRC-32 of the bytes of that line before the bound.
    pub crc: u32,
}

impl Bound {
    /// Between two lines.
    pub fn between(place: Place) -> Bound {
        Bound { place, within: 0, part: 0, crc: 0 }
    }

    /// The form as a word of ASCII without blanks, for state files and headers.
    pub fn word(&self) -> String {
        let Place { label, meant, offset, length, crc, last } = &self.place;
        let meant = match meant {
            Meant::Own => "in",
            Meant::After => "after",
            Meant::SecondAfter => "second-after",
        };
        let (label, last) = (show(*label), show(*last));
        let place = format!("{meant},{label},{offset},{length},{crc:08x},{last}");
        format!("{place},{},{},{:08x}", self.within, self.part, self.crc)
    }

    /// Reads the word. None: it is none.
    pub fn parse(word: &str) -> Option<Bound> {
        let fields: Vec<&str> = word.split(',').collect();
        let [meant, label, offset, length, crc, last, within, part, part_crc] = fields[..] else {
            return None;
        };
        let meant = match meant {
            "in" => Meant::Own,
            "after" => Meant::After,
            "second-after" => Meant::SecondAfter,
            _ => return None,
        };
        let place = Place {
            label: label_of(label)?,
            meant,
            offset: offset.parse().ok()?,
            length: length.parse().ok()?,
            crc: u32::from_str_radix(crc, 16).ok()?,
            last: label_of(last)?,
        };
        let (within, part) = (within.parse().ok()?, part.parse().ok()?);
        Some(Bound { place, within, part, crc: u32::from_str_radix(part_crc, 16).ok()? })
    }
}

fn show(label: Option<Label>) -> String {
    label.map_or("-".into(), |label| String::from_utf8_lossy(&label.text()).into_owned())
}

fn label_of(word: &str) -> Option<Option<Label>> {
    if word == "-" { Some(None) } else { Label::parse(word.as_bytes()).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_bound_is_none() {
        for word in [
            "",
            "in",
            "in,-,0,0,0,-,0,0",
            "up,-,0,0,0,-,0,0,0",
            "in,-,0,0,0,-,0,0,0,0",
            "in,-,-1,0,0,-,0,0,0",
        ] {
            assert_eq!(Bound::parse(word), None, "{word}");
        }
    }

    proptest! {
        #[test]
        fn a_bound_is_read_as_it_was_written(
            seconds in prop::option::of(0u64..1 << 62), numbers in any::<(u64, u32, u32, u32)>(), which in 0usize..3,
        ) {
            let label = seconds.and_then(|seconds| Label::new(seconds, 7));
            let meant = [Meant::Own, Meant::After, Meant::SecondAfter][which];
            let (offset, length, crc, within) = numbers;
            let place = Place { label, meant, offset, length, crc, last: label };
            let bound = Bound { place, within, part: crc / 2, crc: length };
            let word = bound.word();
            prop_assert!(word.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(Bound::parse(&word), Some(bound));
        }

        #[test]
        fn any_word_is_read_without_a_panic(word in ".{0,60}") {
            Bound::parse(&word);
        }
    }
}
