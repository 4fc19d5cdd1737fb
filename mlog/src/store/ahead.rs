//! How far the labels of a directory are ahead of UTC: said, or guessed from times of its files.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;

use tai64tools::Label;
use tai64tools::leap::Offset;

use super::{Snapshot, Store};

/// Where the offset is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    /// It is guessed for each directory.
    Auto,
    /// It is this.
    Said(Offset),
}

/// How much of the end of `current` is looked at for a stamp.
const LOOK: u64 = 16 << 10;
/// Nearer than this a time of a file says something about a label.
const NEAR: i64 = 13;

/// The offset of a directory: the leap seconds, if only with them the last stamp of `current` is near the time at which that
/// was written last; where there is no such stamp, the same of the newest archive and its label.
pub fn guess(store: &Store, snapshot: &Snapshot, ahead: Ahead) -> Offset {
    let Ahead::Auto = ahead else {
        let Ahead::Said(offset) = ahead else { return Offset::Fixed };
        return offset;
    };
    let current = snapshot.current.as_ref().and_then(|(file, size)| last_stamp(file, *size));
    let newest = || {
        let generation = snapshot.archives.iter().rev().find(|generation| generation.label.is_some())?;
        let metadata = store.path.join(&generation.name).symlink_metadata().ok()?;
        Some((generation.label?, modified(&metadata)))
    };
    current.or_else(newest).map_or(Offset::Fixed, |(label, modified)| nearer(label, modified))
}

/// The offset that brings the label nearer to the time.
fn nearer(label: Label, modified: i64) -> Offset {
    let apart = |offset: Offset| (offset.utc(label.seconds()).unix - modified).abs();
    if apart(Offset::Leap) < apart(Offset::Fixed).min(NEAR) { Offset::Leap } else { Offset::Fixed }
}

fn modified(metadata: &Metadata) -> i64 {
    metadata.mtime()
}

/// The last label that begins a line, and when the file was written.
fn last_stamp(file: &File, size: u64) -> Option<(Label, i64)> {
    let from = size.saturating_sub(LOOK);
    let mut end = vec![0; usize::try_from(size - from).ok()?];
    let got = unix::file::read_at(file, &mut end, from).ok()?;
    let label = end[..got].split(|&byte| byte == b'\n').rev().find_map(Label::parse)?;
    Some((label, modified(&file.metadata().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tai64tools::label::EPOCH;

    #[test]
    fn the_leap_seconds_are_taken_only_where_they_fit_exactly() {
        let written = 1_795_639_536i64;
        for (ahead, expected) in [
            (0, Offset::Fixed),
            (27, Offset::Leap),
            (28, Offset::Leap),
            (14, Offset::Fixed),
            (-3600, Offset::Fixed),
            (3600, Offset::Fixed),
        ] {
            let label = Label::new(EPOCH + (written + ahead) as u64, 0).unwrap();
            assert_eq!(nearer(label, written), expected, "{ahead}");
        }
    }
}
