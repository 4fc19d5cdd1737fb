//! The file of a zone: TZif, as RFC 8536 describes it.
//!
//! A file has the moments at which the offset has changed or will change, a rule for the time after them, and for the
//! zones under `right/` the leap seconds.

const MAGIC: &[u8] = b"TZif";
/// Magic number, version, fifteen unused bytes and six counts.
const HEADER: usize = 44;

/// When the offset of a zone changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Transitions {
    /// Ascending: from when on in seconds since the epoch, and the new offset in seconds.
    changes: Vec<(i64, i32)>,
    /// The offset before the first.
    before: i32,
    /// Ascending: when a leap second happens, and how many there were with it.
    leaps: Vec<(i64, i64)>,
}

/// What leap seconds do to a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Leap {
    /// How many seconds before it are none of UTC's count.
    pub(super) before: i64,
    /// 1 in a leap second, otherwise 0.
    pub(super) within: u8,
}

impl Transitions {
    /// Whether no change comes after this moment.
    pub(super) fn are_over(&self, unix: i64) -> bool {
        self.changes.last().is_none_or(|&(last, _)| unix >= last)
    }

    pub(super) fn offset(&self, unix: i64) -> i32 {
        let after = self.changes.partition_point(|&(from, _)| from <= unix);
        after.checked_sub(1).map_or(self.before, |last| self.changes[last].1)
    }

    pub(super) fn leap(&self, unix: i64) -> Leap {
        let after = self.leaps.partition_point(|&(from, _)| from <= unix);
        let Some(last) = after.checked_sub(1) else { return Leap::default() };
        let (moment, before) = self.leaps[last];
        let earlier = last.checked_sub(1).map_or(0, |earlier| self.leaps[earlier].1);
        Leap { before, within: u8::from(moment == unix && before > earlier) }
    }
}

/// The transitions of a file, and the text of its rule. None: it is not such a file.
pub(super) fn parse(bytes: &[u8]) -> Option<(Transitions, &[u8])> {
    let mut rest = Rest(bytes);
    let (version, counts) = rest.header()?;
    if version == 0 {
        return Some((rest.body::<4>(&counts)?, b""));
    }
    // The same follows with larger numbers.
    rest.take(counts.length(4)?)?;
    let (_, counts) = rest.header()?;
    let transitions = rest.body::<8>(&counts)?;
    let rule = rest.0.strip_prefix(b"\n")?;
    let end = memchr::memchr(b'\n', rule)?;
    Some((transitions, &rule[..end]))
}

/// How many there are of each part of a body.
struct Counts {
    /// Whether the moments of a rule are in UTC, and in standard time: nobody needs that any more.
    indicators: usize,
    leaps: usize,
    changes: usize,
    kinds: usize,
    letters: usize,
}

impl Counts {
    /// The bytes of a body whose moments have this many each.
    fn length(&self, moment: usize) -> Option<usize> {
        let Counts { indicators, leaps, changes, kinds, letters } = self;
        let parts = [changes * (moment + 1), kinds * 6, *letters, leaps * (moment + 4), *indicators];
        parts.iter().try_fold(0usize, |sum, part| sum.checked_add(*part))
    }
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn header(&mut self) -> Option<(u8, Counts)> {
        let header = self.take(HEADER)?;
        let count = |index: usize| usize::try_from(number(&header[20 + 4 * index..][..4])).ok();
        let [utc, standard] = [count(0)?, count(1)?];
        let counts = Counts {
            indicators: utc.checked_add(standard)?,
            leaps: count(2)?,
            changes: count(3)?,
            kinds: count(4)?,
            letters: count(5)?,
        };
        header.starts_with(MAGIC).then_some((header[MAGIC.len()], counts))
    }

    /// A body whose moments have `MOMENT` bytes each.
    fn body<const MOMENT: usize>(&mut self, counts: &Counts) -> Option<Transitions> {
        let mut body = Rest(self.take(counts.length(MOMENT)?)?);
        let moments = body.take(counts.changes * MOMENT)?.chunks_exact(MOMENT).map(number);
        let indices = body.take(counts.changes)?;
        let kinds: Vec<Kind> = body.take(counts.kinds * 6)?.chunks_exact(6).map(Kind::new).collect();
        body.take(counts.letters)?;
        let leaps = body.take(counts.leaps * (MOMENT + 4))?.chunks_exact(MOMENT + 4);
        let leaps = leaps.map(|leap| (number(&leap[..MOMENT]), number(&leap[MOMENT..]))).collect();
        let offset = |index: &u8| kinds.get(usize::from(*index)).map(|kind| kind.offset);
        let changes = moments.zip(indices).map(|(moment, index)| Some((moment, offset(index)?)));
        let changes = changes.collect::<Option<Vec<_>>>()?;
        // As in the C library, and not the first kind.
        let before = kinds.iter().find(|kind| !kind.is_summer).or(kinds.first())?.offset;
        Some(Transitions { changes, before, leaps })
    }
}

/// An offset from UTC.
struct Kind {
    offset: i32,
    is_summer: bool,
}

impl Kind {
    fn new(bytes: &[u8]) -> Kind {
        Kind { offset: number(&bytes[..4]) as i32, is_summer: bytes[4] != 0 }
    }
}

/// A signed number of four or eight bytes, the highest first.
fn number(bytes: &[u8]) -> i64 {
    let start = if bytes[0] >= 128 { -1 } else { 0 };
    bytes.iter().fold(start, |number, &byte| number << 8 | i64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A part of a file: moments of `size` bytes, two offsets, and a leap second.
    fn part(version: u8, size: usize) -> Vec<u8> {
        let number = |number: i64, size: usize| number.to_be_bytes()[8 - size..].to_vec();
        let counts = [0i64, 0, 1, 2, 2, 4].map(|count| number(count, 4)).concat();
        let kinds = [[0, 0, 14, 16, 0, 0], [0, 0, 28, 32, 1, 0]].concat();
        let leap = [number(150, size), number(1, 4)].concat();
        let moments = [number(-100, size), number(200, size)].concat();
        [b"TZif", &[version][..], &[0; 15], &counts, &moments, &[1, 0], &kinds, b"XYZ\0", &leap].concat()
    }

    #[test]
    fn a_file_has_moments_of_four_or_of_eight_bytes() {
        let second = [part(b'2', 4), part(b'2', 8), b"\nXYZ-1\n".to_vec()].concat();
        for (file, rule) in [(part(0, 4), &b""[..]), (second, b"XYZ-1")] {
            let (transitions, text) = parse(&file).unwrap();
            assert_eq!(text, rule);
            let offsets = [-101, -100, 199, 200].map(|unix| transitions.offset(unix));
            assert_eq!(offsets, [3600, 7200, 7200, 3600]);
            assert_eq!([199, 200].map(|unix| transitions.are_over(unix)), [false, true]);
            let leaps = [149, 150, 151].map(|unix| transitions.leap(unix));
            assert_eq!(leaps.map(|leap| (leap.before, leap.within)), [(0, 0), (1, 1), (1, 0)]);
        }
    }

    #[test]
    fn what_is_cut_short_or_names_an_offset_that_is_not_there_is_no_file() {
        let file = [part(b'2', 4), part(b'2', 8), b"\nXYZ-1\n".to_vec()].concat();
        assert!((0..file.len()).all(|length| parse(&file[..length]).is_none()));
        let mut wrong = part(0, 4);
        wrong[44 + 8] = 2;
        assert!(parse(&wrong).is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_file_or_none(mut file in any::<u8>().prop_map(|version| part(version % 3, 4)), changed in
            prop::collection::vec((0usize..130, any::<u8>()), 0..20)) {
            for (at, byte) in changed {
                if let Some(there) = file.get_mut(at) {
                    *there = byte;
                }
            }
            if let Some((transitions, _)) = parse(&file) {
                transitions.offset(0);
                transitions.leap(0);
            }
        }
    }
}
