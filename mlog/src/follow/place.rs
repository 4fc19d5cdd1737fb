//! `Place`: where a follower is, in a form that outlives it, and how it gets there again.

use tai64tools::Label;
use tai64tools::leap::Offset;

use crate::store::{Directory, Generation, Snapshot, Store};

use super::order::Passed;
use super::text::{Failed, Readable, Text};
use super::{Follower, Gap, Standing};

/// Where a follower is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The generation: the label that it has, or the newest one that there was when it was `current`.
    pub label: Option<Label>,
    /// How the label is meant.
    pub meant: Meant,
    /// How much of its text is behind the follower, as whole lines.
    pub offset: u64,
    /// The length of the last line.
    pub length: u32,
    /// The CRC-32 of the last line.
    pub crc: u32,
    /// The last stamp.
    pub last: Option<Label>,
}

/// How the label of a place is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant {
    /// It is the generation's own.
    Own,
    /// The generation is the first one later than it.
    After,
    /// The generation is the second one later than it.
    SecondAfter,
}

/// What became of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resumed {
    /// The follower is where it was.
    There,
    /// It is in another place: where its last line was found, or behind a gap.
    Elsewhere,
    /// The directory is another one: it is read from its start.
    Anew,
}

impl<D: Directory<File: Readable>> Follower<D> {
    /// Where the follower is.
    pub fn place(&self) -> Place {
        let newest = self.passed.newest();
        let (label, meant) = match &self.standing {
            Standing::Archive(Generation { label, .. }) => (*label, Meant::Own),
            Standing::Unlabelled if self.passed.unlabelled.is_some() => (newest, Meant::SecondAfter),
            Standing::Unlabelled | Standing::Nowhere => (newest, Meant::After),
        };
        Place {
            label,
            meant,
            offset: self.offset,
            length: u32::try_from(self.line.len()).unwrap_or(0),
            crc: crc32fast::hash(&self.line),
            last: self.last,
        }
    }
}

impl Follower {
    /// A follower at a place, or as near to it as can be.
    ///
    /// # Errors
    ///
    /// The directory can't be read.
    pub fn resume(store: Store, offset: Offset, place: &Place) -> std::io::Result<(Follower, Resumed)> {
        let snapshot = store.snapshot()?;
        let mut follower = Follower::at_start(store, offset);
        follower.last = place.last;
        let candidates = candidates(&snapshot, place);
        let newest = snapshot.newest();
        let anew = place.label.is_some() && newest < place.label;
        if place.offset == 0 && !anew {
            let is_there = |label| snapshot.archives.iter().any(|generation| generation.label == Some(label));
            if !place.label.is_none_or(is_there) {
                follower.note_gap(false);
            }
            follower.go_to(&snapshot, candidates.first(), place)?;
            return Ok((follower, Resumed::There));
        }
        for (at, candidate) in candidates.iter().enumerate() {
            follower.go_to(&snapshot, Some(candidate), place)?;
            if at == 0 && follower.is_at(place)? {
                return Ok((follower, Resumed::There));
            }
            follower.go_to(&snapshot, Some(candidate), place)?;
            if follower.look_for(place)? {
                return Ok((follower, Resumed::Elsewhere));
            }
        }
        for candidate in set_back(&snapshot, place) {
            follower.go_to(&snapshot, Some(&candidate), place)?;
            if follower.is_at(place)? {
                // What else came behind it has a label among those from before.
                follower.passed = Passed::up_to(&snapshot, place.label);
                follower.note_gap(false);
                return Ok((follower, Resumed::Elsewhere));
            }
        }
        if anew {
            return Ok((Follower::at_start(follower.store, offset), Resumed::Anew));
        }
        let mut behind = Follower::at_start(follower.store, offset);
        behind.passed = Passed::up_to(&snapshot, place.label);
        behind.last = place.last;
        behind.gap = Some(Gap { after: place.last, before: None, certain: false });
        Ok((behind, Resumed::Elsewhere))
    }

    /// To the start of a generation.
    fn go_to(&mut self, snapshot: &Snapshot, at: Option<&Candidate>, place: &Place) -> std::io::Result<()> {
        let (standing, text, passed) = match at {
            Some(Candidate::Archive(generation)) => {
                let text = match snapshot.open(&self.store, generation)? {
                    Some((file, state)) => Text::archive(file, state)?,
                    None => Text::Nothing,
                };
                let from = snapshot.archives.iter().position(|one| one == generation);
                let mut passed = Passed::before(snapshot, &snapshot.archives[from.unwrap_or(0)..]);
                let earlier = place.label.filter(|_| place.meant != Meant::Own);
                passed.comes_back(snapshot, generation.label, earlier);
                match generation.label {
                    Some(_) => (Standing::Archive(generation.clone()), text, passed),
                    None => (Standing::Unlabelled, text, passed),
                }
            }
            Some(Candidate::Current) => {
                let Some((file, _)) = &snapshot.current else { return Ok(()) };
                (Standing::Unlabelled, Text::growing(file.clone(), 0), Passed::all(snapshot))
            }
            None => (Standing::Nowhere, Text::Nothing, Passed::up_to(snapshot, place.label)),
        };
        self.stand(standing, text, passed);
        Ok(())
    }

    /// Reads up to the place. False: it is not there, or another line ends there.
    fn is_at(&mut self, place: &Place) -> std::io::Result<bool> {
        let length = u64::from(place.length);
        let (mut at, mut line) = (0, Vec::new());
        if let Text::Growing { .. } = self.text {
            at = place.offset.saturating_sub(length);
            self.text.go_to(at);
        }
        let mut buffer = vec![0; 2 * super::PIECE];
        while at < place.offset {
            let most = usize::try_from(place.offset - at).unwrap_or(usize::MAX).min(super::PIECE);
            let got = match self.text.read_at_most(&mut buffer, most) {
                Ok(got) => got,
                Err(Failed::Damage(_)) => continue,
                Err(_) => return Ok(false),
            };
            if got.is_empty() {
                return Ok(false);
            }
            at += got.len() as u64;
            line.extend_from_slice(&buffer[got]);
            let spare = line.len().saturating_sub(place.length as usize);
            line.drain(..spare);
        }
        let fits = line.len() == place.length as usize && crc32fast::hash(&line) == place.crc;
        self.offset = place.offset;
        self.line = line;
        Ok(fits)
    }

    /// Looks for the last line of the place from the start of a generation, and stands behind it.
    fn look_for(&mut self, place: &Place) -> std::io::Result<bool> {
        let mut buffer = vec![0; super::PIECE];
        let mut rest: Vec<u8> = Vec::new();
        let mut behind = 0;
        loop {
            let got = match self.text.read(&mut buffer) {
                Ok(got) => got,
                Err(Failed::Damage(_)) => {
                    // A line ends where text is missing.
                    behind += std::mem::take(&mut rest).len() as u64;
                    continue;
                }
                Err(_) => return Ok(false),
            };
            if got.is_empty() {
                return Ok(false);
            }
            rest.extend_from_slice(&buffer[got]);
            let mut from = 0;
            while let Some(newline) = memchr::memchr(b'\n', &rest[from..]) {
                let line = &rest[from..=from + newline];
                from += line.len();
                behind += line.len() as u64;
                if line.len() == place.length as usize && crc32fast::hash(line) == place.crc {
                    (self.offset, self.line) = (behind, line.to_vec());
                    // What was read beyond it comes first.
                    self.unread = rest.split_off(from);
                    return Ok(true);
                }
            }
            rest.drain(..from);
        }
    }
}

/// A generation where a place may be.
enum Candidate {
    Archive(Generation),
    Current,
}

/// So many generations are tried whose labels are too early.
const SET_BACK: usize = 16;

/// The generations that may be that of a place where the clock has stepped back before it got its label, the latest first.
/// Only a stamp tells such a line from another one.
fn set_back(snapshot: &Snapshot, place: &Place) -> Vec<Candidate> {
    if place.meant == Meant::Own || place.last.is_none() {
        return Vec::new();
    }
    let earlier = |generation: &&Generation| generation.label.is_some() && generation.label <= place.label;
    let found = snapshot.archives.iter().rev().filter(earlier).take(SET_BACK);
    found.map(|generation| Candidate::Archive(generation.clone())).collect()
}

/// The generation of a place, and those behind it.
fn candidates(snapshot: &Snapshot, place: &Place) -> Vec<Candidate> {
    let is_wanted = |generation: &&Generation| match place.meant {
        Meant::Own => generation.label >= place.label || generation.label.is_none(),
        Meant::After | Meant::SecondAfter => generation.label > place.label || generation.label.is_none(),
    };
    let mut wanted: Vec<&Generation> = snapshot.archives.iter().filter(is_wanted).collect();
    if place.meant == Meant::SecondAfter && !wanted.is_empty() {
        wanted.remove(0);
    }
    let archives = wanted.into_iter().map(|generation| Candidate::Archive(generation.clone()));
    archives.chain(snapshot.current.iter().map(|_| Candidate::Current)).collect()
}
