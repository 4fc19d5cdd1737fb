//! The follower, which loses no line and says where others have.
//!
//! The follower holds the descriptor of the generation in which it stands, so its inode is not used again and what was read
//! can't be mistaken for something else. `current` becomes the first label later than the newest one that was there when it
//! was opened. While the generation in which the follower stands is in the directory nothing behind it was deleted, since
//! retention begins with the oldest; otherwise there may be a gap, and it is a gap where a label that was seen is gone.
//! What is told of changes is a hint; the names in the directory are the truth.

mod hints;
mod place;
mod text;

pub use hints::Hints;
pub use place::{Meant, Place, Resumed};

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

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
/// How much of the starts of two files is compared.
const START: usize = 4096;
/// A file that has a name, but none in the directory, is looked for so often.
const LOOKS: u32 = 1000;

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

    /// From nowhere into the first generation that is later.
    fn enter(&mut self, after: Option<Label>, reader: &mut dyn Reader) -> io::Result<Step> {
        let snapshot = self.store.snapshot()?;
        let later: Vec<Generation> = later(&snapshot, after);
        if !has(&snapshot, after) {
            self.note_gap(false);
        }
        self.go_on(&snapshot, &later, after, reader)
    }

    fn leave_archive(&mut self, own: &Generation, reader: &mut dyn Reader) -> io::Result<Step> {
        self.flush_partial(reader);
        let snapshot = self.store.snapshot()?;
        if own.label.is_none() {
            return self.leave_previous(&snapshot, reader);
        }
        let there = snapshot.archives.iter().any(|generation| generation.label == own.label);
        let later = later(&snapshot, own.label);
        let next = later.first().map(|generation| generation.label);
        let missed = match next {
            Some(Some(next)) => self.seen.range(..next).next().is_some(),
            _ => !self.seen.is_empty(),
        };
        if missed || !there {
            self.note_gap(missed);
        }
        self.go_on(&snapshot, &later, own.label, reader)
    }

    /// `previous` was read to its end; by its inode it is seen whether it has got its label.
    fn leave_previous(&mut self, snapshot: &Snapshot, reader: &mut dyn Reader) -> io::Result<Step> {
        let newest = snapshot.newest();
        let Some(file) = self.text.file() else { return Ok(Step::Idle) };
        let after = self.newest_seen;
        let candidates = later(snapshot, after);
        let ours = match self.find(&file, &candidates, 0)? {
            None if self.is_on_its_way(&file)? => return Ok(Step::Read),
            ours => ours,
        };
        if snapshot.current.is_none() && ours.is_some_and(|at| candidates[at].label.is_none()) {
            return Ok(Step::Idle);
        }
        if ours.is_none() {
            self.note_gap(false);
        }
        let rest = ours.map_or(&candidates[..], |at| &candidates[at + 1..]);
        let own = ours.and_then(|at| candidates[at].label).or(newest);
        self.go_on(snapshot, rest, own, reader)
    }

    fn leave_current(
        &mut self,
        after: Option<Label>,
        previous: bool,
        reader: &mut dyn Reader,
    ) -> io::Result<Step> {
        let Some(file) = self.text.file() else { return Ok(Step::Idle) };
        let own = file.metadata()?;
        match self.store.path.join("current").symlink_metadata() {
            Ok(named) if same(&own, &named) => return Ok(self.still_there(&own)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // Nothing is written after the rename, so what is read now is the rest.
        if self.read(reader)? {
            return Ok(Step::Read);
        }
        let snapshot = self.store.snapshot()?;
        let later = later(&snapshot, after);
        if later.is_empty() && snapshot.current.is_none() {
            return Ok(Step::Idle);
        }
        if let Some((current, _)) = &snapshot.current
            && same(&current.metadata()?, &own)
        {
            return Ok(Step::Idle);
        }
        // Where there was a `previous`, the first label is its.
        let first = usize::from(previous && later.first().is_some_and(|first| first.label.is_some()));
        let ours = match self.find(&file, &later, first)? {
            None if self.is_on_its_way(&file)? => return Ok(Step::Read),
            ours => ours,
        };
        // It has no label yet, and what follows it is not there yet.
        if snapshot.current.is_none() && ours.is_some_and(|at| later[at].label.is_none()) {
            return Ok(Step::Idle);
        }
        self.flush_partial(reader);
        if ours.is_none() {
            self.note_gap(false);
        }
        let rest = ours.map_or(&later[first.min(later.len())..], |at| &later[at + 1..]);
        let own_label = ours.and_then(|at| later[at].label).or(after);
        self.go_on(&snapshot, rest, own_label, reader)
    }

    /// Whether a file that was not found has a name: then it got another one in between.
    fn is_on_its_way(&mut self, file: &File) -> io::Result<bool> {
        self.looks += 1;
        Ok(file.metadata()?.nlink() > 0 && self.looks < LOOKS)
    }

    /// `current` is what it was; it may have become shorter.
    fn still_there(&mut self, own: &Metadata) -> Step {
        if own.len() >= self.text.at() {
            return Step::Idle;
        }
        self.partial.clear();
        self.note_gap(false);
        self.offset = 0;
        self.text.rewind();
        Step::Read
    }

    fn note_gap(&mut self, certain: bool) {
        let certain = certain || self.gap.as_ref().is_some_and(|gap| gap.certain);
        self.gap = Some(Gap { after: self.last, before: None, certain });
    }

    /// Which of the generations is the file that is held: by its inode; the one at `first` by its start if it was
    /// compressed, by its stamps if a processor has changed it.
    fn find(&mut self, file: &File, generations: &[Generation], first: usize) -> io::Result<Option<usize>> {
        let own = file.metadata()?;
        for (at, generation) in generations.iter().enumerate() {
            let path = self.store.path.join(&generation.name);
            if path.symlink_metadata().is_ok_and(|named| same(&named, &own)) {
                return Ok(Some(at));
            }
        }
        let Some(likely) = generations.get(first) else { return Ok(None) };
        let Some((opened, state)) = self.store.open(likely)? else { return Ok(None) };
        let mut start = vec![0; START];
        let got = unix::file::read_at(file, &mut start, 0)?;
        let theirs = Text::archive(Arc::new(opened), state)?.start(START);
        let alike = !theirs.is_empty() && theirs[..theirs.len().min(got)] == start[..theirs.len().min(got)];
        let begins = self.stamps.read(&theirs, None).map(|stamp| stamp.moment);
        let earlier = begins.is_some_and(|begins| self.last.is_some_and(|last| begins <= last));
        Ok((alike && got > 0 || earlier || got == 0 && theirs.is_empty()).then_some(first))
    }

    /// Into the first of these generations, or `current`; `own` is the label of the one that was left.
    fn go_on(
        &mut self,
        snapshot: &Snapshot,
        later: &[Generation],
        own: Option<Label>,
        reader: &mut dyn Reader,
    ) -> io::Result<Step> {
        self.flush_partial(reader);
        self.looks = 0;
        for (at, generation) in later.iter().enumerate() {
            if let Some((file, state)) = self.store.open(generation)? {
                self.seen = later[at + 1..].iter().filter_map(|generation| generation.label).collect();
                self.text = Text::archive(Arc::new(file), state)?;
                self.standing = Standing::Archive(generation.clone());
                self.newest_seen = snapshot.newest();
                self.offset = 0;
                return Ok(Step::Read);
            }
            self.note_gap(true);
        }
        self.seen.clear();
        let Some((file, _)) = &snapshot.current else {
            self.standing = Standing::Nowhere { after: own.max(snapshot.newest()) };
            self.text = Text::Nothing;
            return Ok(Step::Idle);
        };
        self.standing = Standing::Current { after: snapshot.newest(), previous: snapshot.has_previous() };
        self.text = Text::plain(file.clone(), 0);
        self.offset = 0;
        Ok(Step::Read)
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
