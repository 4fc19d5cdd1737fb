//! `left`: what of a directory is behind a bound, as far as its names and sizes tell.

use std::io;

use mlog::follow::Meant;
use mlog::store::{Directory as _, State, Store};
use tai64tools::Label;

use crate::bound::Bound;

/// What is behind a bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Bytes of files. A file that is compressed and was begun counts as a whole.
    pub bytes: u64,
    /// How many archives are before the one that comes next.
    pub before: usize,
    /// How many archives there are.
    pub archives: usize,
    /// The label of the oldest.
    pub oldest: Option<Label>,
}

/// What of a directory is behind a bound; all of it, where there is none.
///
/// # Errors
///
/// The directory can't be read.
pub fn left(store: &Store, bound: Option<&Bound>) -> io::Result<Left> {
    let archives = store.archives()?;
    let labels: Vec<Option<Label>> = archives.iter().map(|archive| archive.label).collect();
    let before = bound.map_or(0, |bound| before(&labels, bound));
    let size = |name: &std::ffi::OsStr| store.lookup(name).map(|found| found.map_or(0, |stat| stat.size));
    let mut bytes = 0;
    for archive in &archives[before..] {
        bytes += size(&archive.name)?;
    }
    bytes += size(std::ffi::OsStr::new("current"))?;
    let is_plain = |state: State, name: &[u8]| match state {
        State::Packed(_) => false,
        State::Sealed => name.ends_with(b".s"),
        State::Unsealed | State::Previous | State::Current => true,
    };
    let own = archives.get(before);
    if own.is_none_or(|own| is_plain(own.state, own.name.as_encoded_bytes())) {
        let begun = bound.map_or(0, |bound| bound.place.offset + u64::from(bound.within));
        bytes = bytes.saturating_sub(begun);
    }
    Ok(Left { bytes, before, archives: archives.len(), oldest: labels.first().copied().flatten() })
}

/// How many archives are before the generation of a bound. What has no label yet is the newest.
fn before(labels: &[Option<Label>], bound: &Bound) -> usize {
    let place = &bound.place;
    let up_to =
        |is_before: &dyn Fn(Label) -> bool| labels.partition_point(|label| label.is_some_and(is_before));
    let Some(own) = place.label else { return 0 };
    match place.meant {
        Meant::Own => up_to(&|label| label < own),
        Meant::After => up_to(&|label| label <= own),
        Meant::SecondAfter => (up_to(&|label| label <= own) + 1).min(labels.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mlog::follow::Place;

    #[test]
    fn what_is_behind_a_bound_is_counted_by_sizes() {
        let folder = tempfile::tempdir().unwrap();
        let label = |nanos| Label::new(tai64tools::label::EPOCH + 1_700_000_000, nanos).unwrap();
        for (nanos, end, bytes) in [(1, "s", 10), (2, "s", 20), (3, "gz", 5)] {
            let name = format!("{}.{end}", String::from_utf8_lossy(&label(nanos).text()));
            std::fs::write(folder.path().join(name), vec![b'x'; bytes]).unwrap();
        }
        std::fs::write(folder.path().join("current"), "1234567").unwrap();
        let store = Store::new(folder.path());
        let oldest = Some(label(1));
        for (meant, nanos, offset, bytes, before) in [
            (Meant::Own, 1, 4, 38, 0),
            (Meant::Own, 2, 20, 12, 1),
            (Meant::After, 1, 0, 32, 1),
            (Meant::Own, 3, 100, 12, 2),
            (Meant::After, 3, 5, 2, 3),
            (Meant::After, 3, 500, 0, 3),
            (Meant::SecondAfter, 1, 0, 12, 2),
            (Meant::SecondAfter, 3, 1, 6, 3),
        ] {
            let place = Place { label: Some(label(nanos)), meant, offset, length: 0, crc: 0, last: None };
            let found = left(&store, Some(&Bound::between(place))).unwrap();
            assert_eq!(found, Left { bytes, before, archives: 3, oldest }, "{meant:?} {nanos} {offset}");
        }
        assert_eq!(left(&store, None).unwrap().bytes, 42);
    }
}
