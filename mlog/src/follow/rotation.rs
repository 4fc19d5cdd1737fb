//! From the generation that was read to its end into the next one, through rotation, sealing and deletion.

use std::ffi::OsStr;
use std::io;

use tai64tools::Label;
use unix::file::Stat;

use crate::archive::Damage;
use crate::store::{Content as _, Directory, Generation, Look, is_odd, look};

use super::order::{Known, Passed};
use super::own::Own;
use super::text::{Readable, Text};
use super::{Doubt, Follower, Reader, Standing, Step};

impl<D: Directory<File: Readable>> Follower<D> {
    /// From nowhere into the first generation that is not behind.
    pub(super) fn enter(&mut self, reader: &mut dyn Reader) -> io::Result<Step> {
        let look = look(&self.store)?;
        let others = self.passed.others(&look.snapshot, None);
        if others.is_empty() && look.snapshot.current.is_none() {
            self.waited = true;
            return Ok(after(&look));
        }
        if self.passed.is_nothing() {
            // What was deleted before the first look is not missing.
            if self.waited {
                self.suspect(&look, &others, None)?;
            }
        } else if self.is_there(&look, self.passed.newest_behind(&look.snapshot))? {
            self.suspect(&look, &others, None)?;
        } else {
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
        let is_there = look.snapshot.file_of(&self.store, own)?.is_some();
        let missed = self.passed.is_missed(snapshot, &others, look.settled);
        let is_next = self.passed.is_next(others.first());
        if missed || !is_there && !is_next {
            self.note_gap(missed);
        } else if !is_next || self.passed.may_lack {
            self.suspect(&look, &others, own.label)?;
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
        let Some(at) = at else {
            self.note_gap(false);
            return self.go_on_unknown(&look, &rest, reader);
        };
        self.suspect(&look, &rest, others[at].label)?;
        self.go_on(&look, &rest, reader)
    }

    /// Into the first of these, none of which is known to be the own one. If it has the last line, it is read from there.
    fn go_on_unknown(
        &mut self,
        look: &Look<D::File>,
        rest: &[Generation],
        reader: &mut dyn Reader,
    ) -> io::Result<Step> {
        let known = match rest.first() {
            Some(first) => self.end_of_known(look, first)?,
            None => 0,
        };
        let step = self.go_on(look, rest, reader)?;
        let is_in_first = match &self.standing {
            Standing::Archive(own) => Some(own) == rest.first(),
            _ => matches!(self.text, Text::Archive { .. }) && rest.len() == 1,
        };
        if is_in_first {
            self.leave_out(known);
        }
        Ok(step)
    }

    /// `current` is what it was; it may have become shorter.
    fn still_there(&mut self, own: &Stat) -> Step {
        if own.size >= self.text.at() {
            return Step::Idle;
        }
        self.written_anew();
        Step::Read
    }

    /// Doubts whether archives were deleted between `own` and these, unless an archive tells that none were. Ours leaves
    /// alone what is being sealed, and deletes what comes next, though it is newer, but never the newest one.
    fn suspect(&mut self, look: &Look<D::File>, rest: &[Generation], own: Option<Label>) -> io::Result<()> {
        let first = rest.first().and_then(|first| first.label);
        let Some(before) = first.or(look.label) else { return Ok(()) };
        let is_next = self.passed.is_next(rest.first());
        if !is_next && self.is_sure(look, own)? {
            return Ok(());
        }
        if is_next && self.passed.is_untold {
            self.note_gap(false);
        } else {
            self.passed.see(&look.snapshot);
            let after = own.or(self.passed.newest());
            self.doubt = Some(Doubt { after, before, is_likely: self.passed.deleted });
        }
        Ok(())
    }

    /// Whether nothing was deleted since the follower came here that is later than this: an archive is still there that is
    /// not, and was complete then. It is looked for after the look, which may show what was deleted in the meantime.
    pub(super) fn is_sure(&self, look: &Look<D::File>, up_to: Option<Label>) -> io::Result<bool> {
        self.is_there(look, self.passed.newest_complete(&look.snapshot, up_to))
    }

    fn is_there(&self, look: &Look<D::File>, generation: Option<Generation>) -> io::Result<bool> {
        match generation {
            Some(generation) => Ok(look.snapshot.file_of(&self.store, &generation)?.is_some()),
            None => Ok(false),
        }
    }

    /// Into the first of these generations that can be opened, or `current`.
    fn go_on(
        &mut self,
        look: &Look<D::File>,
        rest: &[Generation],
        reader: &mut dyn Reader,
    ) -> io::Result<Step> {
        let snapshot = &look.snapshot;
        self.passed.see(snapshot);
        for (at, generation) in rest.iter().enumerate() {
            match look.snapshot.open(&self.store, generation) {
                Ok(Some((file, state))) => {
                    let text = Text::archive(file, state)?;
                    let standing = match generation.label {
                        Some(_) => Standing::Archive(generation.clone()),
                        None => Standing::Unlabelled,
                    };
                    let mut passed = Passed::before(snapshot, &rest[at..]);
                    if self.passed.is_nothing() && matches!(self.standing, Standing::Nowhere) && !self.waited
                    {
                        passed.comes_first();
                    } else {
                        let is_sure = self.is_sure(look, generation.label)?;
                        passed.comes_after(&self.passed, generation.label, is_sure);
                    }
                    self.stand(standing, text, passed);
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
            *known = Known { file: look.snapshot.file_of(&self.store, last)?, line: self.line.clone() };
        }
        Ok(passed)
    }

    pub(super) fn stand(&mut self, standing: Standing, text: Text<D::File>, mut passed: Passed) {
        passed.deleted |= self.passed.deleted;
        (self.standing, self.text, self.passed) = (standing, text, passed);
        (self.offset, self.looks, self.is_damaged) = (0, 0, false);
        self.unread.clear();
    }
}

/// A look that shows nothing new.
fn after<F>(look: &Look<F>) -> Step {
    if look.settled { Step::Idle } else { Step::Read }
}
