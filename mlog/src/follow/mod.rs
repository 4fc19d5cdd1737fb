//! The follower, which loses no line and says where others have.
//!
//! The follower holds the descriptor of the generation in which it stands, so its inode is not used again and what was read
//! can't be mistaken for something else. `current` becomes the first label later than the newest one that was there when it
//! was opened. While the generation in which the follower stands is in the directory nothing behind it was deleted, since
//! retention begins with the oldest; otherwise there may be a gap, and it is a gap where a label that was seen is gone.
//! What is told of changes is a hint; the names in the directory are the truth.

mod hints;
mod place;
mod rotation;
mod text;

pub use hints::Hints;
pub use place::{Meant, Place, Resumed};

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;

use tai64tools::Label;
use tai64tools::leap::Offset;

use crate::archive::Damage;
use crate::search::LONGEST;
use crate::stamp::Stamps;
use crate::store::{Generation, Snapshot, Store};

use text::Text;

/// Lines that are missing, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The last stamp before.
    pub after: Option<Label>,
    /// The first stamp behind.
    pub before: Option<Label>,
    /// Whether lines are missing for certain.
    pub certain: bool,
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// There was something; there may be more.
    Read,
    /// There is nothing at the moment.
    Idle,
}

/// What takes the lines.
pub trait Reader {
    /// Takes whole lines.
    fn lines(&mut self, lines: &[u8]);
    /// Lines are missing, or may be, before those that come.
    fn gap(&mut self, gap: Gap);
    /// Something can't be read.
    fn damage(&mut self, name: &OsStr, damage: &Damage);
}

/// In which generation the follower stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    /// In `current`, which becomes the first label later than `after`, or the second one where there was a `previous`.
    Current { after: Option<Label>, previous: bool },
    /// In an archive.
    Archive(Generation),
    /// Before everything: there was no `current` yet, and this was the newest label.
    Nowhere { after: Option<Label> },
}

/// Follows one directory.
pub struct Follower {
    store: Store,
    standing: Standing,
    text: Text,
    /// The start of a line that is not complete.
    partial: Vec<u8>,
    /// What was read and not taken yet.
    unread: Vec<u8>,
    /// The newest label when `previous` was entered.
    newest_seen: Option<Label>,
    /// How much of the generation's text is behind the follower, as whole lines.
    offset: u64,
    /// The last whole line.
    line: Vec<u8>,
    /// The last stamp.
    last: Option<Label>,
    stamps: Stamps,
    /// Labels later than the own one that were seen.
    seen: BTreeSet<Label>,
    /// A gap that is said when its end is known.
    gap: Option<Gap>,
    buffer: Vec<u8>,
    /// How often the file that is held was looked for in vain.
    looks: u32,
}

/// So much is read at once.
const PIECE: usize = 128 << 10;

impl Follower {
    /// Stands in `current`, at this place of it.
    pub fn at_current(store: Store, offset: Offset, snapshot: &Snapshot, at: u64) -> Follower {
        let standing = match &snapshot.current {
            Some(_) => Standing::Current { after: snapshot.newest(), previous: snapshot.has_previous() },
            None => Standing::Nowhere { after: snapshot.newest() },
        };
        let text = snapshot.current.as_ref().map_or(Text::Nothing, |(file, _)| Text::plain(file.clone(), at));
        Follower::new(store, offset, standing, text, at)
    }

    /// Stands before all that is there.
    pub fn at_start(store: Store, offset: Offset) -> Follower {
        Follower::new(store, offset, Standing::Nowhere { after: None }, Text::Nothing, 0)
    }

    fn new(store: Store, offset: Offset, standing: Standing, text: Text, at: u64) -> Follower {
        Follower {
            store,
            standing,
            text,
            partial: Vec::new(),
            unread: Vec::new(),
            newest_seen: None,
            offset: at,
            line: Vec::new(),
            last: None,
            stamps: Stamps::new(offset),
            seen: BTreeSet::new(),
            gap: None,
            buffer: vec![0; PIECE],
            looks: 0,
        }
    }

    /// The directory.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Reads what is there, at most a piece.
    pub fn step(&mut self, reader: &mut dyn Reader) -> io::Result<Step> {
        if self.read(reader)? {
            return Ok(Step::Read);
        }
        match self.standing.clone() {
            Standing::Nowhere { after } => self.enter(after, reader),
            Standing::Archive(generation) => self.leave_archive(&generation, reader),
            Standing::Current { after, previous } => self.leave_current(after, previous, reader),
        }
    }

    /// Reads on in the generation. False: it is at its end.
    fn read(&mut self, reader: &mut dyn Reader) -> io::Result<bool> {
        if !self.unread.is_empty() {
            let unread = std::mem::take(&mut self.unread);
            self.take(&unread, reader);
            return Ok(true);
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let got = self.text.read(&mut buffer);
        let taken = match got {
            Ok(0) => Ok(false),
            Ok(got) => {
                self.take(&buffer[..got], reader);
                Ok(true)
            }
            Err(text::Failed::Damage(damage)) => {
                self.flush_partial(reader);
                reader.damage(self.name(), &damage);
                Ok(true)
            }
            Err(text::Failed::Io(error)) => Err(error),
        };
        self.buffer = buffer;
        taken
    }

    fn name(&self) -> &OsStr {
        match &self.standing {
            Standing::Archive(generation) => &generation.name,
            _ => OsStr::new("current"),
        }
    }

    fn take(&mut self, bytes: &[u8], reader: &mut dyn Reader) {
        let whole = memchr::memrchr(b'\n', bytes).map_or(0, |newline| newline + 1);
        if whole > 0 {
            if self.partial.is_empty() {
                self.pass_on(&bytes[..whole], reader);
            } else {
                let mut lines = std::mem::take(&mut self.partial);
                lines.extend_from_slice(&bytes[..whole]);
                self.pass_on(&lines, reader);
            }
        }
        self.partial.extend_from_slice(&bytes[whole..]);
        if self.partial.len() >= LONGEST {
            self.flush_partial(reader);
        }
    }

    fn flush_partial(&mut self, reader: &mut dyn Reader) {
        let partial = std::mem::take(&mut self.partial);
        if !partial.is_empty() {
            self.pass_on(&partial, reader);
        }
    }

    fn pass_on(&mut self, lines: &[u8], reader: &mut dyn Reader) {
        if let Some(gap) = self.gap.take() {
            let first = lines.split(|&byte| byte == b'\n').find_map(|line| self.stamps.read(line, None));
            reader.gap(Gap { before: first.map(|stamp| stamp.moment), ..gap });
        }
        let body = lines.strip_suffix(b"\n").unwrap_or(lines);
        let begin = memchr::memrchr(b'\n', body).map_or(0, |newline| newline + 1);
        self.line.clear();
        self.line.extend_from_slice(&lines[begin..]);
        self.last = self.stamps.read(&self.line, None).map(|stamp| stamp.moment).or(self.last);
        self.offset += lines.len() as u64;
        reader.lines(lines);
    }

    fn note_gap(&mut self, certain: bool) {
        let certain = certain || self.gap.as_ref().is_some_and(|gap| gap.certain);
        self.gap = Some(Gap { after: self.last, before: None, certain });
    }
}

/// The generations later than a label, `previous` included.
fn later(snapshot: &Snapshot, label: Option<Label>) -> Vec<Generation> {
    let is_later = |generation: &&Generation| match generation.label {
        Some(own) => label.is_none_or(|label| own > label),
        None => true,
    };
    snapshot.archives.iter().filter(is_later).cloned().collect()
}

/// Whether a label is still there, so that nothing behind it was deleted.
fn has(snapshot: &Snapshot, label: Option<Label>) -> bool {
    label.is_none() || snapshot.archives.iter().any(|generation| generation.label == label)
}

fn same(a: &Metadata, b: &Metadata) -> bool {
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}
