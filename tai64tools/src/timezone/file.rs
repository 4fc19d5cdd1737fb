//! The files of the zone database (TZif, RFC 8536). Pure: bytes become a zone.

use super::TimeZone;
use super::rule::Rule;

/// The bytes before the data.
const HEADER: usize = 44;

/// How many there are of each thing, in the order of the header.
#[derive(Clone, Copy, Debug)]
struct Counts {
    ut: usize,
    standard: usize,
    leaps: usize,
    changes: usize,
    types: usize,
    letters: usize,
}

impl Counts {
    fn of(header: &[u8]) -> Option<Counts> {
        let at = |n: usize| Some(number(header.get(20 + 4 * n..24 + 4 * n)?) as usize);
        Some(Counts {
            ut: at(0)?,
            standard: at(1)?,
            leaps: at(2)?,
            changes: at(3)?,
            types: at(4)?,
            letters: at(5)?,
        })
    }

    /// How many bytes of data there are where a time has `width` bytes.
    fn length(&self, width: usize) -> usize {
        let Counts { ut, standard, leaps, changes, types, letters } = *self;
        let counts =
            [(changes, width + 1), (types, 6), (letters, 1), (leaps, width + 4), (standard, 1), (ut, 1)];
        counts.iter().fold(0, |sum, &(count, each)| sum.saturating_add(count.saturating_mul(each)))
    }
}

/// The zone of a file. None: it is not one.
pub(super) fn parse(bytes: &[u8]) -> Option<TimeZone> {
    let (version, counts) = header(bytes)?;
    let data = bytes.get(HEADER..)?;
    if version < b'2' {
        return zone(data, counts, 4, None);
    }
    // What follows is the same in wide numbers, and then the rule.
    let wide = data.get(counts.length(4)..)?;
    let (_, counts) = header(wide)?;
    let data = wide.get(HEADER..)?;
    let rule = data.get(counts.length(8)..)?.strip_prefix(b"\n")?;
    let end = rule.iter().position(|&byte| byte == b'\n')?;
    zone(data, counts, 8, Rule::parse(&rule[..end]))
}

fn header(bytes: &[u8]) -> Option<(u8, Counts)> {
    let header = bytes.get(..HEADER)?.strip_prefix(b"TZif")?;
    Some((header[0], Counts::of(bytes)?))
}

/// Takes `count` things of `width` bytes off the start.
fn take<'a>(data: &mut &'a [u8], count: usize, width: usize) -> Option<std::slice::ChunksExact<'a, u8>> {
    let (taken, rest) = data.split_at_checked(count.checked_mul(width)?)?;
    *data = rest;
    Some(taken.chunks_exact(width))
}

fn zone(mut data: &[u8], counts: Counts, width: usize, rule: Option<Rule>) -> Option<TimeZone> {
    let times = take(&mut data, counts.changes, width)?;
    let kinds = take(&mut data, counts.changes, 1)?;
    let types = take(&mut data, counts.types, 6)?;
    let offsets: Vec<i32> = types.map(|text| number(&text[..4]) as i32).collect();
    data = data.get(counts.letters..)?;
    let leaps = take(&mut data, counts.leaps, width + 4)?;
    let leaps = leaps.map(|leap| (number(&leap[..width]), number(&leap[width..]) as i32)).collect();
    let change = |(time, kind): (&[u8], &[u8])| Some((number(time), *offsets.get(usize::from(kind[0]))?));
    let changes: Vec<(i64, i32)> = times.zip(kinds).map(change).collect::<Option<_>>()?;
    let is_sane = changes.is_sorted() && offsets.iter().all(|offset| offset.unsigned_abs() < 7 * 86_400);
    is_sane.then_some(TimeZone { first: *offsets.first()?, changes, rule, leaps })
}

/// A number of four or eight bytes.
fn number(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|&byte| byte >= 0x80) { -1 } else { 0 };
    bytes.iter().fold(sign, |value, &byte| value << 8 | i64::from(byte))
}
