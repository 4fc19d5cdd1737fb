//! The follower, which loses no line and says where others have.
//!
//! The follower holds the descriptor of the generation in which it is, so its inode is not used again and what was read
//! can't be mistaken for something else. It knows which labels are behind it; every other label is of a later generation, or
//! of its own, whatever the clock did. Its own one is known by the inode, or, when a logger has written the text into
//! another file, by the text. So where the own archive is gone there may be a gap, and it is a gap where a label that was
//! seen is gone.
//!
//! Retention begins with the oldest, except that our logger spares the files on which it is at work and deletes newer ones.
//! So an archive that is there proves that nothing later was deleted since a moment at which the logger was done with it.
//! Where nothing proves that, the follower has a [`Doubt`], and the kernel, which tells of every name that comes and goes,
//! says whether there was an archive in between. Otherwise what is told of changes is a hint; the names in the directory
//! are the truth.

mod hints;
mod order;
mod own;
mod place;
mod rotation;
#[cfg(test)]
mod sim;
mod text;

pub use hints::{Hints, Pause, Told};
pub use place::{Meant, Place, Resumed};
pub use text::{Readable, Sealed, Segments};

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::sync::Arc;

use tai64tools::Label;
use tai64tools::leap::Offset;

use crate::archive::Damage;
use crate::search::LONGEST;
use crate::stamp::Stamps;
use crate::store::{Directory, Generation, Snapshot, Store};

use order::Passed;
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

/// Archives that may have come and gone unread, which the names that are there don't tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Their labels would be later than this.
    after: Option<Label>,
    /// And earlier than this.
    before: Label,
    is_likely: bool,
}

impl Doubt {
    /// Whether archives are deleted in this directory, as names have shown: for those whom nobody tells of others.
    pub fn is_likely(&self) -> bool {
        self.is_likely
    }

    /// Whether labels up to this one may be of such archives.
    pub fn begins_before(&self, label: Label) -> bool {
        self.after < Some(label)
    }

    /// Whether a label is of such an archive.
    pub fn is_about(&self, label: Label) -> bool {
        Some(label) > self.after && label < self.before
    }
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// There was something; there may be more.
    Read,
    /// There was something; there is no more unless it is told.
    Last,
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

/// In which generation the follower is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    /// In `current`, or in a file that was it and had no label when it was entered.
    Unlabelled,
    /// In an archive.
    Archive(Generation),
    /// Before what comes: there was nothing to enter yet.
    Nowhere,
}

/// Follows one directory.
pub struct Follower<D: Directory<File: Readable> = Store> {
    store: D,
    standing: Standing,
    text: Text<D::File>,
    passed: Passed,
    /// The start of a line that is not complete.
    partial: Vec<u8>,
    /// What was read and not taken yet.
    unread: Vec<u8>,
    /// How much of the generation's text is behind the follower, as whole lines.
    offset: u64,
    /// The last whole line.
    line: Vec<u8>,
    /// The last stamp.
    last: Option<Label>,
    stamps: Stamps,
    /// A gap that is said when its end is known.
    gap: Option<Gap>,
    buffer: Vec<u8>,
    /// How often the file that is held was looked for in vain.
    looks: u32,
    /// What may have been deleted unread before the generation into which the last step went.
    doubt: Option<Doubt>,
    /// Whether there was nothing to enter yet.
    waited: bool,
    /// Whether something of the generation can't be read.
    is_damaged: bool,
}

/// So much is read at once.
const PIECE: usize = 128 << 10;

impl<D: Directory<File: Readable>> Follower<D> {
    /// Is in `current`, at this place of it.
    pub fn at_current(store: D, offset: Offset, snapshot: &Snapshot<D::File>, at: u64) -> Follower<D> {
        let mut follower = Follower::at_start(store, offset);
        follower.passed = Passed::all(snapshot);
        if let Some((file, _)) = &snapshot.current {
            follower.standing = Standing::Unlabelled;
            follower.text = Text::growing(file.clone(), at);
            follower.offset = at;
        }
        follower
    }

    /// Is before all that is there.
    pub fn at_start(store: D, offset: Offset) -> Follower<D> {
        Follower {
            store,
            standing: Standing::Nowhere,
            text: Text::Nothing,
            passed: Passed::default(),
            partial: Vec::new(),
            unread: Vec::new(),
            offset: 0,
            line: Vec::new(),
            last: None,
            stamps: Stamps::new(offset),
            gap: None,
            buffer: vec![0; PIECE],
            looks: 0,
            doubt: None,
            waited: false,
            is_damaged: false,
        }
    }

    /// What may have been deleted unread before the lines that come in the next step.
    pub fn doubt(&self) -> Option<&Doubt> {
        self.doubt.as_ref()
    }

    /// It was deleted, or nobody can tell.
    pub fn confirm_doubt(&mut self) {
        if self.doubt.take().is_some() {
            self.note_gap(false);
        }
    }

    /// The directory.
    pub fn store(&self) -> &D {
        &self.store
    }

    /// Reads what is there, at most a piece, and goes on to the next generation at the end of one.
    ///
    /// # Errors
    ///
    /// The directory or what is in it can't be read at the moment. The follower is where it was, and may try again.
    pub fn step(&mut self, reader: &mut dyn Reader) -> io::Result<Step> {
        if self.read(reader)? > 0 {
            return Ok(Step::Read);
        }
        match self.standing.clone() {
            Standing::Nowhere => self.enter(reader),
            Standing::Archive(generation) => self.leave_archive(&generation, reader),
            Standing::Unlabelled => self.leave_unlabelled(reader),
        }
    }

    /// Reads what was written, and looks at nothing else while there is something.
    ///
    /// # Errors
    ///
    /// As [`Follower::step`].
    pub fn read_on(&mut self, reader: &mut dyn Reader) -> io::Result<Step> {
        match self.read(reader)? {
            0 => self.step(reader),
            got if got < PIECE / 2 => Ok(Step::Last),
            _ => Ok(Step::Read),
        }
    }

    /// Reads on in the generation: how much. 0: it is at its end.
    fn read(&mut self, reader: &mut dyn Reader) -> io::Result<usize> {
        // Nobody has confirmed it.
        self.doubt = None;
        if !self.unread.is_empty() {
            let unread = std::mem::take(&mut self.unread);
            self.take(&unread, reader);
            return Ok(unread.len());
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let got = self.text.read(&mut buffer);
        let taken = match got {
            Ok(got) => {
                let bytes = &buffer[got];
                self.take(bytes, reader);
                Ok(bytes.len())
            }
            Err(text::Failed::Damage(damage)) => {
                self.flush_partial(reader);
                // A file is named once.
                if !std::mem::replace(&mut self.is_damaged, true) {
                    reader.damage(self.name(), &damage);
                }
                Ok(PIECE)
            }
            Err(text::Failed::Changed) => {
                self.written_anew();
                Ok(PIECE)
            }
            Err(text::Failed::Io(error)) => Err(error),
        };
        self.buffer = buffer;
        taken
    }

    /// `current` has another text than it had.
    fn written_anew(&mut self) {
        self.partial.clear();
        self.note_gap(false);
        self.offset = 0;
        self.text.go_to(0);
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

    /// So much of an archive was read before.
    fn leave_out(&mut self, known: u64) {
        let mut buffer = std::mem::take(&mut self.buffer);
        while self.offset < known {
            let most = usize::try_from(known - self.offset).map_or(PIECE / 2, |left| left.min(PIECE / 2));
            match self.text.read_at_most(&mut buffer, most) {
                Ok(got) if !got.is_empty() => self.offset += got.len() as u64,
                Err(text::Failed::Damage(_)) => {}
                _ => break,
            }
        }
        self.buffer = buffer;
    }

    fn note_gap(&mut self, certain: bool) {
        let certain = certain || self.gap.as_ref().is_some_and(|gap| gap.certain);
        self.gap = Some(Gap { after: self.last, before: None, certain });
    }
}

/// The file of a real directory.
pub type Real = Arc<File>;
