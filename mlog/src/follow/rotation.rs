//! From the generation that was read to its end into the next one, through rotation, sealing and deletion.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use tai64tools::Label;

use crate::store::{Generation, Snapshot};

use super::text::Text;
use super::{Follower, Reader, Standing, Step, has, later, same};

/// How much of the starts of two files is compared.
const START: usize = 4096;
/// A file that has a name, but none in the directory, is looked for so often.
const LOOKS: u32 = 1000;

impl Follower {
    /// From nowhere into the first generation that is later.
    pub(super) fn enter(&mut self, after: Option<Label>, reader: &mut dyn Reader) -> io::Result<Step> {
        let snapshot = self.store.snapshot()?;
        let later: Vec<Generation> = later(&snapshot, after);
        if !has(&snapshot, after) {
            self.note_gap(false);
        }
        self.go_on(&snapshot, &later, after, reader)
    }

    pub(super) fn leave_archive(&mut self, own: &Generation, reader: &mut dyn Reader) -> io::Result<Step> {
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

    pub(super) fn leave_current(
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
            if generation.label.is_none() {
                // `previous` has got its label since the look at the names. The next look shows it.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Damage;
    use crate::follow::Gap;
    use crate::store::Store;
    use std::ffi::OsStr;
    use tai64tools::leap::Offset;

    #[derive(Default)]
    struct Taken {
        lines: Vec<u8>,
        gaps: Vec<Gap>,
    }

    impl Reader for Taken {
        fn lines(&mut self, lines: &[u8]) {
            self.lines.extend_from_slice(lines);
        }

        fn gap(&mut self, gap: Gap) {
            self.gaps.push(gap);
        }

        fn damage(&mut self, name: &OsStr, damage: &Damage) {
            panic!("{name:?} {damage:?}");
        }
    }

    /// s6-log gave `previous` its label just after the names were looked at. Its lines were left out and said to be missing.
    #[test]
    fn a_previous_that_gets_its_label_after_the_look_is_read_under_it() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["@4000000037c219bf2ef02e94.s", "@4000000037c219bf2ef02e95.s"];
        let (write, rename) = (
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap(),
            |from: &str, to: &str| std::fs::rename(folder.path().join(from), folder.path().join(to)).unwrap(),
        );
        write("current", "1\n");
        let store = Store::new(folder.path());
        let mut follower = Follower::at_current(store.clone(), Offset::Fixed, &store.snapshot().unwrap(), 0);
        let mut taken = Taken::default();
        follower.step(&mut taken).unwrap();
        rename("current", one);
        write("previous", "2\n");
        write("current", "3\n");
        let snapshot = store.snapshot().unwrap();
        rename("previous", two);
        let own = snapshot.archives[0].label;
        follower.go_on(&snapshot, &snapshot.archives[1..], own, &mut taken).unwrap();
        for _ in 0..9 {
            follower.step(&mut taken).unwrap();
        }
        assert_eq!((taken.lines.as_slice(), taken.gaps.as_slice()), (&b"1\n2\n3\n"[..], &[][..]));
    }
}
