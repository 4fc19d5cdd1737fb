//! Which of the files in a directory is the one that is held, or was made of it.
//!
//! A file is known by its inode as long as it has a name, and a copy of it by its text: it begins as that does, or with one
//! of its stamps. Where texts don't tell, its place tells only while something earlier shows that nothing was deleted.

use std::io;

use crate::store::{Content as _, Directory, Generation, Look, is_odd};

use super::Follower;
use super::order::Known;
use super::text::{Held, Lines, Readable, start};

/// How much of the starts of two files is compared.
const START: usize = 4096;
/// How many files are compared.
const FIRST: usize = 8;
/// A file that has a name, but none that a log directory has, is looked for so often.
const LOOKS: u32 = 20;

/// What was found of the own generation among others.
pub(super) enum Own {
    /// It is this one of them.
    At(usize),
    /// It is none of them: it was deleted.
    Gone,
    /// It is there, and not where it was looked for. The next look shows it.
    Hidden,
}

/// What the text of a file says of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Likeness {
    /// It begins with the text that is held, or with a stamp that is in that: processors leave stamps alone.
    Same,
    /// It begins with a stamp that is not in the text that is held, though that has stamps.
    Other,
    /// It does not tell.
    Unknown,
}

impl<D: Directory<File: Readable>> Follower<D> {
    /// Which of the others is the file that is held.
    pub(super) fn find(&mut self, look: &Look<D::File>, others: &[Generation]) -> io::Result<Own> {
        let Some(own) = self.text.stat()? else { return Ok(Own::Gone) };
        for (at, other) in others.iter().enumerate() {
            // A file without a name is only what the look holds.
            let may_be = own.links > 0 || other.label.is_none();
            if may_be
                && look.snapshot.file_of(&self.store, other)?.is_some_and(|(file, _)| file == own.identity)
            {
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

    /// Which of the others was made of the file that is held, which has no name any more: the one whose text says so. Where
    /// texts don't tell and nothing was deleted, it is the first one, or the one behind that of an earlier generation which
    /// had no label.
    fn find_copy(&self, look: &Look<D::File>, others: &[Generation]) -> io::Result<Own> {
        let expected = usize::from(self.passed.unlabelled.is_some());
        if others.len() <= expected && !look.settled {
            return Ok(Own::Hidden);
        }
        let numbers = 0..others.len().min(FIRST.max(expected + 1));
        let others_first = numbers.clone().filter(|&number| number != expected);
        let mut likely = Likeness::Other;
        for at in numbers.filter(|&number| number == expected).chain(others_first) {
            match self.compare(look, &others[at])? {
                Some(Likeness::Same) => return Ok(Own::At(at)),
                Some(likeness) if at == expected => likely = likeness,
                Some(_) => {}
                // It may have been the own one.
                None => return Ok(Own::Hidden),
            }
        }
        let may_be = |copy: &Generation| copy.label.is_some() || copy.name == "processed";
        let is_likely = likely == Likeness::Unknown && others.get(expected).is_some_and(may_be);
        if is_likely && self.is_sure(look, others[0].label)? {
            return Ok(Own::At(expected));
        }
        Ok(Own::Gone)
    }

    /// What the text of a file says of it beside the one that is held. None: it is gone.
    fn compare(&self, look: &Look<D::File>, other: &Generation) -> io::Result<Option<Likeness>> {
        let Some((opened, state)) = look.snapshot.open(&self.store, other)? else { return Ok(None) };
        let theirs = start(&opened, state, START)?;
        let Some(file) = self.text.file() else { return Ok(Some(Likeness::Unknown)) };
        let mut ours = vec![0; START];
        let got = file.read_at(&mut ours, 0)?;
        let both = theirs.len().min(got);
        if theirs[..both] == ours[..both] && (both > 0 || theirs.len() == got) {
            return Ok(Some(Likeness::Same));
        }
        let mut stamps = self.stamps.clone();
        let mut moment = |line: &[u8]| stamps.read(line, None).map(|stamp| stamp.moment);
        let Some(first) = moment(&theirs) else { return Ok(Some(Likeness::Unknown)) };
        let mut lines = Lines::of(Held { file, at: 0 });
        let mut likeness = Likeness::Unknown;
        while let Some(line) = lines.next() {
            match moment(line) {
                Some(ours) if ours == first => return Ok(Some(Likeness::Same)),
                Some(_) => likeness = Likeness::Other,
                None => {}
            }
        }
        Ok(Some(likeness))
    }

    /// Where the last line ends in a file. 0: it is not there, or more than once.
    pub(super) fn end_of_known(&self, look: &Look<D::File>, other: &Generation) -> io::Result<u64> {
        let Some(mut lines) = self.lines_of(look, other)? else { return Ok(0) };
        let (mut at, mut found) = (0, None);
        while let Some(line) = lines.next() {
            at += line.len() as u64;
            if line == self.line && found.replace(at).is_some() {
                return Ok(0);
            }
        }
        Ok(found.unwrap_or(0))
    }

    /// The lines of a file. None: it is gone, or will never be read.
    fn lines_of(
        &self,
        look: &Look<D::File>,
        other: &Generation,
    ) -> io::Result<Option<Lines<<D::File as Readable>::Text>>> {
        match look.snapshot.open(&self.store, other) {
            Ok(Some((file, state))) => file.text(state).map(Lines::of).map(Some),
            Ok(None) => Ok(None),
            Err(error) if is_odd(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Which of the others is the generation before the own one, that had no label when the own one was entered: the one
    /// before it by its label, unless another one ends with its last line, since the clock has stepped back in between.
    /// Where the own one is gone, so is that.
    pub(super) fn earlier(
        &self,
        look: &Look<D::File>,
        others: &[Generation],
        own: Option<usize>,
    ) -> io::Result<Option<usize>> {
        let (Some(known), Some(own)) = (&self.passed.unlabelled, own) else { return Ok(None) };
        let before = own.checked_sub(1);
        let all = 0..others.len().min(FIRST.max(own + 2));
        for at in before.into_iter().chain(all.filter(|&at| at != own && Some(at) != before)) {
            let is_file =
                known.file.is_some() && look.snapshot.file_of(&self.store, &others[at])? == known.file;
            if is_file && self.ends_with(look, &others[at], known)?
                || self.is_copy(look, &others[at], known)?
            {
                return Ok(Some(at));
            }
        }
        Ok(before)
    }

    /// Whether a file ends with the stamp of the last line of the generation before the own one: it may be what a processor
    /// has made of it.
    fn is_copy(&self, look: &Look<D::File>, other: &Generation, known: &Known) -> io::Result<bool> {
        let mut stamps = self.stamps.clone();
        let Some(last) = stamps.read(&known.line, None) else { return Ok(false) };
        let Some(mut lines) = self.lines_of(look, other)? else { return Ok(false) };
        let mut found = None;
        while let Some(line) = lines.next() {
            found = stamps.read(line, None);
        }
        Ok(found.is_some_and(|found| found.moment == last.moment))
    }

    /// Whether a file ends with the last line of the generation before the own one: an inode may have been used again.
    fn ends_with(&self, look: &Look<D::File>, other: &Generation, known: &Known) -> io::Result<bool> {
        let Some((opened, _)) = look.snapshot.open(&self.store, other)? else { return Ok(false) };
        let mut end = vec![0; known.line.len()];
        let from = opened.stat()?.size.checked_sub(end.len() as u64);
        let got = from.map_or(Ok(0), |from| opened.read_at(&mut end, from))?;
        Ok(got == end.len() && end == known.line)
    }
}
