//! From the generation that was read to its end into the next one, through rotation, sealing and deletion.

use std::ffi::OsStr;
use std::io;

use tai64tools::Label;
use unix::file::Stat;

use crate::archive::Damage;
use crate::store::{Content as _, Directory, Generation, Look, is_odd, look};

use super::order::{Known, Passed};
use super::text::{Readable, Text, start};
use super::{Follower, Reader, Standing, Step};

/// How much of the starts of two files is compared.
const START: usize = 4096;
/// So many files are compared.
const FIRST: usize = 8;
/// A file that has a name, but none that a log directory has, is looked for so often.
const LOOKS: u32 = 20;

/// What was found of the own generation among others.
enum Own {
    /// It is this one of them.
    At(usize),
    /// It is none of them: it was deleted.
    Gone,
    /// It is there, and not where it was looked for. The next look shows it.
    Hidden,
}

/// How a file begins.
enum Likeness {
    /// With the same text or the same stamp: processors leave stamps alone.
    Same,
    /// With a stamp that is not later than what was read.
    Earlier,
    /// With a later one, or without.
    Other,
}

impl<D: Directory<File: Readable>> Follower<D> {
    /// From nowhere into the first generation that is not behind.
    pub(super) fn enter(&mut self, reader: &mut dyn Reader) -> io::Result<Step> {
        let look = look(&self.store)?;
        let others = self.passed.others(&look.snapshot, None);
        if others.is_empty() && look.snapshot.current.is_none() {
            return Ok(after(&look));
        }
        if !self.passed.is_nothing() && !self.is_sure(&look, None)? {
            self.note_gap(false);
        }
        self.go_on(&look, &others, reader)
    }

    pub(super) fn leave_archive(&mut self, own: &Generation, reader: &mut dyn Reader) -> io::Result<Step> {
        self.flush_partial(reader);
        let look = look(&self.store)?;
        let snapshot = &look.snapshot;
        let others = self.passed.others(snapshot, own.label);
        if others.is_empty() && snapshot.current.is_none() {
            return Ok(after(&look));
        }
        let is_there = look.file_of(&self.store, own)?.is_some();
        let missed = self.passed.is_missed(snapshot, look.settled);
        self.see(&look, own.label);
        let may_be =
            if is_there { self.passed.may_lack(&others) } else { !self.passed.is_next(others.first()) };
        if missed || may_be {
            self.note_gap(missed);
        }
        self.go_on(&look, &others, reader)
    }

    pub(super) fn leave_unlabelled(&mut self, reader: &mut dyn Reader) -> io::Result<Step> {
        let Some(own) = self.text.stat()? else { return Ok(Step::Idle) };
        if self.store.lookup(OsStr::new("current"))?.is_some_and(|named| named.identity == own.identity) {
            return Ok(self.still_there(&own));
        }
        // Nothing is written after the rename, so what is read now is the rest.
        if self.read(reader)? > 0 {
            return Ok(Step::Read);
        }
        let look = look(&self.store)?;
        let snapshot = &look.snapshot;
        let is_own = |current: &D::File| current.stat().is_ok_and(|stat| stat.identity == own.identity);
        if snapshot.current.as_ref().is_some_and(|(current, _)| is_own(current)) {
            return Ok(Step::Read);
        }
        let others = self.passed.others(snapshot, None);
        if others.is_empty() && snapshot.current.is_none() {
            return Ok(after(&look));
        }
        let at = match self.find(&look, &others)? {
            Own::At(at) => Some(at),
            Own::Gone => None,
            Own::Hidden => return Ok(Step::Read),
        };
        let earlier = self.earlier(&look, &others, at)?;
        // What is earlier by its label is later where the clock has stepped back. What has no label is the last.
        let labelled = others.iter().take_while(|other| other.label.is_some()).count();
        let own = at.map_or(0, |at| at.min(labelled));
        let order = (own..labelled).chain(0..own).chain(labelled..others.len());
        let rest = order.filter(|&number| Some(number) != at && Some(number) != earlier);
        let rest: Vec<Generation> = rest.map(|number| others[number].clone()).collect();
        if rest.is_empty() && snapshot.current.is_none() {
            // What follows is not there yet.
            return Ok(after(&look));
        }
        self.flush_partial(reader);
        self.see(&look, at.and_then(|at| others[at].label));
        if at.is_none() || self.passed.may_lack(&rest) {
            self.note_gap(false);
        }
        self.go_on(&look, &rest, reader)
    }

    /// `current` is what it was; it may have become shorter.
    fn still_there(&mut self, own: &Stat) -> Step {
        if own.size >= self.text.at() {
            return Step::Idle;
        }
        self.written_anew();
        Step::Read
    }

    /// Which of the others is the file that is held.
    fn find(&mut self, look: &Look<D::File>, others: &[Generation]) -> io::Result<Own> {
        let Some(own) = self.text.stat()? else { return Ok(Own::Gone) };
        for (at, other) in others.iter().enumerate() {
            // A file without a name is only what the look holds.
            let may_be = own.links > 0 || other.label.is_none();
            if may_be && look.file_of(&self.store, other)?.is_some_and(|(file, _)| file == own.identity) {
                return Ok(Own::At(at));
            }
        }
        if own.links > 0 {
            // Its name was changed since the look. Somebody may have moved it elsewhere, too.
            self.looks += 1;
            if self.looks < LOOKS || !look.settled {
                return Ok(Own::Hidden);
            }
        }
        self.find_copy(look, others)
    }

    /// Whether nothing later than this was deleted: something is still there that is behind, and earlier. It is looked for
    /// after the look, which may show what was deleted in the meantime.
    fn is_sure(&self, look: &Look<D::File>, than: Option<Label>) -> io::Result<bool> {
        let Some(newest) = self.passed.newest_before(&look.snapshot, than) else { return Ok(false) };
        Ok(look.file_of(&self.store, &newest)?.is_some())
    }

    /// Which of the others was made of the file that is held, which has no name any more: the first one, or the one behind
    /// that of an earlier generation which had no label.
    fn find_copy(&mut self, look: &Look<D::File>, others: &[Generation]) -> io::Result<Own> {
        let expected = usize::from(self.passed.unlabelled.is_some());
        if let Some(likely) = others.get(expected) {
            let is_copy = likely.label.is_some() || likely.name == "processed";
            if is_copy && self.is_sure(look, others[0].label)? {
                return Ok(Own::At(expected));
            }
        } else if !look.settled {
            return Ok(Own::Hidden);
        }
        let (mut found, mut is_earlier) = (Own::Gone, true);
        for (at, other) in others.iter().enumerate().take(FIRST) {
            match self.compare(look, other)? {
                Some(Likeness::Same) => return Ok(Own::At(at)),
                Some(Likeness::Earlier) if is_earlier => found = Own::At(at),
                Some(_) => is_earlier = false,
                // It may have been the own one.
                None => return Ok(Own::Hidden),
            }
        }
        Ok(found)
    }

    /// How a file begins beside the one that is held. None: it is gone.
    fn compare(&mut self, look: &Look<D::File>, other: &Generation) -> io::Result<Option<Likeness>> {
        let Some((opened, state)) = look.open(&self.store, other)? else { return Ok(None) };
        let theirs = start(&opened, state, START)?;
        let mut ours = vec![0; START];
        let got = self.text.file().map_or(Ok(0), |file| file.read_at(&mut ours, 0))?;
        ours.truncate(got);
        let both = theirs.len().min(got);
        let is_same = theirs[..both] == ours[..both] && (both > 0 || theirs.len() == got);
        let mut begins = |text: &[u8]| self.stamps.read(text, None).map(|stamp| stamp.moment);
        let (their_first, our_first) = (begins(&theirs), begins(&ours));
        Ok(Some(match their_first {
            _ if is_same => Likeness::Same,
            Some(first) if Some(first) == our_first => Likeness::Same,
            Some(first) if Some(first) <= self.last => Likeness::Earlier,
            _ => Likeness::Other,
        }))
    }

    /// Which of the others is the generation before the own one, that had no label when the own one was entered. Where the
    /// own one is gone, so is that.
    fn earlier(
        &self,
        look: &Look<D::File>,
        others: &[Generation],
        own: Option<usize>,
    ) -> io::Result<Option<usize>> {
        let (Some(known), Some(own)) = (&self.passed.unlabelled, own) else { return Ok(None) };
        if let Some(before) = own.checked_sub(1) {
            return Ok(Some(before));
        }
        // It was deleted, or the clock has stepped back in between.
        for (at, other) in others.iter().enumerate().skip(1) {
            if known.file.is_some()
                && look.file_of(&self.store, other)? == known.file
                && self.ends_with(look, other)?
            {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// Whether a file ends with the last line of the generation before the own one: an inode may have been used again.
    fn ends_with(&self, look: &Look<D::File>, other: &Generation) -> io::Result<bool> {
        let Some(known) = &self.passed.unlabelled else { return Ok(false) };
        let Some((opened, _)) = look.open(&self.store, other)? else { return Ok(false) };
        let mut end = vec![0; known.line.len()];
        let from = opened.stat()?.size.checked_sub(end.len() as u64);
        let got = from.map_or(Ok(0), |from| opened.read_at(&mut end, from))?;
        Ok(got == end.len() && end == known.line)
    }

    /// Into the first of these generations that can be opened, or `current`.
    fn go_on(
        &mut self,
        look: &Look<D::File>,
        rest: &[Generation],
        reader: &mut dyn Reader,
    ) -> io::Result<Step> {
        let snapshot = &look.snapshot;
        for (at, generation) in rest.iter().enumerate() {
            match look.open(&self.store, generation) {
                Ok(Some((file, state))) => {
                    let text = Text::archive(file, state)?;
                    let standing = match generation.label {
                        Some(_) => Standing::Archive(generation.clone()),
                        None => Standing::Unlabelled,
                    };
                    let passed = Passed::before(snapshot, &rest[at..]);
                    self.stand(standing, text, passed);
                    self.see(look, generation.label);
                    return Ok(Step::Read);
                }
                Ok(None) => self.note_gap(true),
                Err(error) if is_odd(&error) => {
                    self.flush_partial(reader);
                    reader.damage(&generation.name, &Damage(format!("and is left out: {error}")));
                }
                Err(error) => return Err(error),
            }
        }
        let passed = self.all_passed(look)?;
        match &snapshot.current {
            Some((file, _)) => {
                let text = Text::growing(file.clone(), 0);
                self.stand(Standing::Unlabelled, text, passed);
                Ok(Step::Read)
            }
            None if rest.is_empty() => Ok(after(look)),
            None => {
                self.stand(Standing::Nowhere, Text::Nothing, passed);
                Ok(after(look))
            }
        }
    }

    /// All of a look is behind. What has no label is known again by its file.
    fn all_passed(&self, look: &Look<D::File>) -> io::Result<Passed> {
        let mut passed = Passed::all(&look.snapshot);
        if let (Some(known), Some(last)) = (&mut passed.unlabelled, look.snapshot.archives.last()) {
            *known = Known { file: look.file_of(&self.store, last)?, line: self.line.clone() };
        }
        Ok(passed)
    }

    /// Sees whether archives are deleted, and in which state the own one is.
    fn see(&mut self, look: &Look<D::File>, own: Option<Label>) {
        self.passed.see(&look.snapshot, own);
    }

    pub(super) fn stand(&mut self, standing: Standing, text: Text<D::File>, mut passed: Passed) {
        passed.deleted |= self.passed.deleted;
        (self.standing, self.text, self.passed) = (standing, text, passed);
        (self.offset, self.looks) = (0, 0);
        self.unread.clear();
    }
}

/// A look that shows nothing new.
fn after<F>(look: &Look<F>) -> Step {
    if look.settled { Step::Idle } else { Step::Read }
}
