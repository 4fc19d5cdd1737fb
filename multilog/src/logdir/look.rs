//! A look at a log directory at a start: which files are there, and whose they are.
//!
//! Every user who may make files in the directory can give them the names that multilog uses. So only regular files of
//! ours are believed and repaired. A warning is given for anything else with such a name, and it is left alone. A
//! foreign `current` is an exception: its name is needed, so it becomes `@label.u`.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use tai64tools::Label;
use unix::diag::Message;

use super::open::Opening;
use super::recovery::{Current, Old, Snapshot};
use crate::logfs::{Archive, How, LogFs, Mode, Name, Stat};

impl<F: LogFs> Opening<'_, F> {
    /// What there is to repair, and the newest label, whoever made it.
    pub(super) fn look(&mut self) -> io::Result<(Snapshot, Option<Label>)> {
        let names = self.fs.names()?;
        let mut all: Vec<Archive> = names.iter().filter_map(|name| Archive::parse(name)).collect();
        all.sort();
        let newest = all.last().map(|archive| archive.label);
        let archives = self.look_at_archives(all)?;
        let current = self.look_at_current(&archives)?;
        // An unfinished copy of a removed `current` is no rotation.
        let rotated = archives.iter().filter(|(archive, _)| !archive.is_temporary());
        self.compare_current(rotated.map(|(archive, _)| archive.label).max())?;
        let snapshot = Snapshot {
            current,
            previous: self.look_at_old(&Name::Previous, &archives)?,
            processed: self.look_at_old(&Name::Processed, &archives)?,
            newstate: self.look_at_states()?,
            archives,
        };
        Ok((snapshot, newest))
    }

    /// The archives that are ours. Whose an archive is only matters where its label has an unfinished file too.
    fn look_at_archives(&mut self, all: Vec<Archive>) -> io::Result<Vec<(Archive, Mode)>> {
        let is_unfinished = |archive: &&Archive| archive.is_temporary() || archive.is_unsealed();
        let unfinished: BTreeSet<Label> =
            all.iter().filter(is_unfinished).map(|archive| archive.label).collect();
        let mut modes = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for archive in all.iter().filter(|archive| unfinished.contains(&archive.label)) {
            let name = Name::from(archive.clone());
            let Some(stat) = self.fs.lookup(&name)? else { continue };
            if self.is_ours(&name, &stat) {
                // An output of ours with another name is an archive already, or another user has given it that name.
                let doubtful = archive.is_temporary() && stat.links > 1;
                let mode = if doubtful { Mode::Writing } else { self.fs.mode_of(&stat) };
                modes.insert(archive.clone(), mode);
            } else if !is_unfinished(&archive) {
                // The name that the unfinished file would get.
                taken.insert(archive.label);
            }
        }
        let is_left = |archive: &Archive| unfinished.contains(&archive.label);
        let ours = all.into_iter().filter_map(|archive| match is_left(&archive) {
            false => Some((archive, Mode::Writing)),
            true => modes.remove(&archive).map(|mode| (archive, mode)),
        });
        Ok(ours.filter(|(archive, _)| !taken.contains(&archive.label)).collect())
    }

    fn look_at_old(&mut self, name: &Name, archives: &[(Archive, Mode)]) -> io::Result<Option<Old>> {
        let Some(stat) = self.fs.lookup(name)? else { return Ok(None) };
        if !self.is_ours(name, &stat) {
            return Ok(None);
        }
        Ok(Some(match self.fs.mode_of(&stat) {
            _ if stat.links > 1 && self.is_archive(&stat, archives)? => Old::Archived,
            Mode::Writing | Mode::Refused => Old::Writing,
            Mode::Safe => Old::Safe,
        }))
    }

    /// Whether there is a `newstate` that may become `state`.
    fn look_at_states(&mut self) -> io::Result<bool> {
        let newstate = self.fs.lookup(&Name::NewState)?;
        let matters = newstate.is_some() || self.config.has_processor();
        let state = if matters { self.fs.lookup(&Name::State)? } else { None };
        let newstate_is_ours = newstate.is_some_and(|stat| self.is_ours(&Name::NewState, &stat));
        let state_is_ours = state.is_none_or(|stat| self.is_ours(&Name::State, &stat));
        Ok(newstate_is_ours && state_is_ours)
    }

    fn look_at_current(&mut self, archives: &[(Archive, Mode)]) -> io::Result<Option<Current>> {
        let Some(stat) = self.fs.lookup(&Name::Current)? else { return Ok(None) };
        // Nothing can be done with it, and the attempt to open it says so.
        if stat.directory {
            return Ok(None);
        }
        let known = self.known.current.is_some_and(|known| {
            known.inode == stat.identity.inode && known.length <= stat.size && self.fs.is_ours(&stat)
        });
        // Killed, or the power cut, in the middle of a rotation.
        if stat.links > 1 && self.is_archive(&stat, archives)? {
            return Ok(Some(Current::Archived));
        }
        if known {
            return Ok(Some(Current::Known));
        }
        if let Some(reason) = self.why_foreign(&stat) {
            let said = Message::new("unable to append to ").and(self.config.path.as_encoded_bytes());
            self.warnings.push(said.and("/current, renaming it: ").and(reason));
            return Ok(Some(Current::Foreign));
        }
        Ok(Some(match self.fs.mode_of(&stat) {
            Mode::Writing | Mode::Refused if stat.size == 0 => Current::Empty,
            Mode::Writing | Mode::Refused => Current::Unclean,
            Mode::Safe if self.ends_with_newline(stat.size)? => Current::Clean,
            Mode::Safe => Current::Torn,
        }))
    }

    /// Why lines may not be added to a file, if they may not.
    fn why_foreign(&self, stat: &Stat) -> Option<&'static str> {
        match stat {
            stat if !stat.regular => Some("not a regular file"),
            stat if !self.fs.is_ours(stat) => Some("not a file of this user"),
            // The user who gave it the other name may not want our lines there.
            stat if stat.links > 1 => Some("it has another name"),
            _ => None,
        }
    }

    /// Warns of bytes that the last run wrote to `current` and that are missing now. A label that is later than the
    /// journal's shows that there was a rotation instead.
    fn compare_current(&mut self, newest: Option<Label>) -> io::Result<()> {
        let Some(written) = self.known.written.filter(|written| written.length > 0) else { return Ok(()) };
        let now = self.fs.lookup(&Name::Current)?.filter(|stat| stat.identity.inode == written.inode);
        let (missing, how) = match now {
            Some(stat) => (written.length.saturating_sub(stat.size), "cut"),
            None if newest.unwrap_or(Label::MIN) > self.known.last_label.unwrap_or(Label::MIN) => (0, ""),
            None => (written.length, "removed or replaced"),
        };
        if missing > 0 {
            let said = Message::new("lines are lost, ").and(missing.to_string()).and(" bytes: ");
            let said = said.and(self.config.path.as_encoded_bytes()).and("/current was ").and(how);
            self.warnings.push(said.and(" before multilog was killed or after it"));
        }
        Ok(())
    }

    /// Whether the file also has the name of an archive. Only asked of a file that has more than one
    /// name: a start does not look at every archive.
    fn is_archive(&self, file: &Stat, archives: &[(Archive, Mode)]) -> io::Result<bool> {
        for (archive, _) in archives {
            let stat = self.fs.lookup(&archive.clone().into())?;
            if stat.is_some_and(|stat| stat.identity == file.identity) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn ends_with_newline(&self, size: u64) -> io::Result<bool> {
        let Some(last) = size.checked_sub(1) else { return Ok(true) };
        let file = self.fs.open(&Name::Current, How::Read)?;
        let mut byte = [0];
        Ok(self.fs.read_at(&file, &mut byte, last)? == 1 && byte == *b"\n")
    }

    /// Whether a file is ours. Another one is left alone, with a warning.
    fn is_ours(&mut self, name: &Name, stat: &Stat) -> bool {
        let is_ours = self.fs.is_ours(stat);
        if !is_ours {
            self.leave_alone(
                name,
                if stat.regular { "not a file of this user" } else { "not a regular file" },
            );
        }
        is_ours
    }

    pub(super) fn leave_alone(&mut self, name: &Name, reason: &str) {
        let said = Message::new("unable to use ").and(self.config.path.as_encoded_bytes()).and("/");
        let said = said.and(name.to_os().as_encoded_bytes()).and(", leaving it alone: ");
        self.warnings.push(said.and(reason));
    }
}
