//! Rotation in the foreground: `current` becomes `@label.u`, and there is a new `current`.
//!
//! No batch is in flight when it happens. The sealer does the rest: the disk, the processor, retention.

use std::io;

use tai64tools::Label;
use unix::diag::Message;

use super::current::{Current, Inherited};
use super::{LogDir, Stopped};
use crate::host::{FIRST_PAUSE, Host, Pause, wait};
use crate::logfs::{self, Archive, How, LogFs, Name};
use crate::retention::Reason;
use crate::sealer::{Asked, Checksum};
use crate::tally::Trouble;

/// For how long a rename is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tries {
    Endless,
    /// As long as there is a directory. The files of a directory that was removed are gone with it, and a program that
    /// waits for this process would never see its end.
    WithADirectory,
}

/// Whose the file of a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// It is the file that we write to.
    Ours,
    /// There is none: an administrator has removed it.
    Nobodys,
    /// It is another file.
    Foreign,
}

impl<F: LogFs> LogDir<F> {
    /// Rotates, whatever `current` holds. `stamped` is the last stamp given: the label is later.
    pub fn rotate(&mut self, stamped: Label, host: &mut impl Host) -> Result<(), Stopped> {
        self.rotate_after(stamped, Asked::NotYet, host)
    }

    /// The same with a `current` that the disk may have refused.
    pub(super) fn rotate_after(
        &mut self,
        stamped: Label,
        asked: Asked,
        host: &mut impl Host,
    ) -> Result<(), Stopped> {
        if self.crew.wait_for_room(host) == Pause::Stop {
            return Err(Stopped);
        }
        self.crew.begin_change();
        let (full, label) = self.rename_away(stamped, Tries::Endless, host)?;
        self.account.rotated();
        // Before there is a new one: what retention deletes may be the room that it needs.
        self.crew.submit(full.into_job(label, asked), host);
        self.begin_current(host)?;
        self.crew.end_change();
        Ok(())
    }

    /// At the end: archives what was written to a `current` that another process has removed or replaced since.
    pub fn rescue(&mut self, stamped: Label, host: &mut impl Host) -> Result<(), Stopped> {
        let Ok(current) = self.current.get() else { return Ok(()) };
        if self.look_at(&Name::Current, current, host) == Whose::Ours || current.length == 0 {
            return Ok(());
        }
        let (full, label) = self.rename_away(stamped, Tries::WithADirectory, host)?;
        self.account.rotated();
        self.crew.submit(full.into_job(label, Asked::NotYet), host);
        Ok(())
    }

    /// Looks until it is known whose the file of this name is. Told to stop before that: ours, as at the last look.
    fn look_at(&self, name: &Name, current: &Current<F::File>, host: &mut impl Host) -> Whose {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.whose(name, current) {
                Ok(whose) => return whose,
                Err(error) => {
                    self.account.failed(Trouble::Rotate);
                    self.warn("unable to look for ", "/current, pausing", &error, host);
                }
            }
            if wait(&mut pause, host) == Pause::Stop {
                return Whose::Ours;
            }
        }
    }

    fn whose(&self, name: &Name, current: &Current<F::File>) -> io::Result<Whose> {
        Ok(match self.fs.lookup(name)? {
            None => Whose::Nobodys,
            Some(stat) if stat.identity == current.identity => Whose::Ours,
            Some(_) => Whose::Foreign,
        })
    }

    /// Rotates a `current` that will never be sealed.
    pub(super) fn put_aside(&mut self, host: &mut impl Host) -> Result<(), Stopped> {
        self.rename_away(Label::MIN, Tries::Endless, host)?;
        self.begin_current(host)
    }

    /// Takes `current` and renames it. Its label now.
    fn rename_away(
        &mut self,
        stamped: Label,
        tries: Tries,
        host: &mut impl Host,
    ) -> Result<(Current<F::File>, Label), Stopped> {
        let mut current = self.current.take()?;
        match self.try_to_rename(&mut current, stamped, tries, host) {
            Ok(label) => {
                self.crew.begin_current();
                self.has_to_be_recorded = self.crew.retention().has_rule_for(Reason::Excess);
                Ok((current, label))
            }
            Err(stopped) => {
                self.current.put(current);
                Err(stopped)
            }
        }
    }

    /// Renames `current` until that succeeds. Its label now.
    fn try_to_rename(
        &mut self,
        current: &mut Current<F::File>,
        stamped: Label,
        tries: Tries,
        host: &mut impl Host,
    ) -> Result<Label, Stopped> {
        let mut label = current.copied.unwrap_or_else(|| self.next_label(stamped, host));
        let mut pause = FIRST_PAUSE;
        while let Err(error) = self.rename(current, &mut label, host) {
            self.account.failed(Trouble::Rotate);
            let said = Message::new("unable to rename current to ")
                .and(Name::from(Archive::unsealed(label)).to_os().as_encoded_bytes())
                .and(" in directory ")
                .and(self.config.path.as_encoded_bytes());
            if tries == Tries::WithADirectory && self.fs.is_removed() {
                host.warn(&said.and(", which was removed").because(&error));
                return Err(Stopped);
            }
            host.warn(&said.and(", pausing").because(&error));
            if wait(&mut pause, host) == Pause::Stop {
                return Err(Stopped);
            }
            if is_taken(&error) && current.copied.is_none() {
                label = self.next_label(stamped, host);
            }
        }
        Ok(label)
    }

    /// Later than every label and every stamp in this directory, whatever the clock shows.
    fn next_label(&mut self, stamped: Label, host: &impl Host) -> Label {
        self.last_label = host.now().max(self.last_label.next()).max(stamped.next());
        self.last_label
    }

    fn rename(
        &mut self,
        current: &mut Current<F::File>,
        label: &mut Label,
        host: &mut impl Host,
    ) -> io::Result<()> {
        let to = Name::from(Archive::unsealed(*label));
        match self.whose(&Name::Current, current)? {
            Whose::Ours => {
                match current.inherited {
                    Inherited::Yes => logfs::move_safely(&*self.fs, &Name::Current, &to),
                    Inherited::No | Inherited::Refused => self.fs.rename_new(&Name::Current, &to),
                }?;
                // Another process may have replaced it after the look.
                if self.look_at(&to, current, host) == Whose::Foreign {
                    *label = self.next_label(*label, host);
                    self.copy(current, *label)?;
                }
                Ok(())
            }
            Whose::Nobodys => self.copy(current, *label),
            Whose::Foreign => {
                self.copy(current, *label)?;
                let foreign = self.next_label(*label, host);
                self.fs.rename_new(&Name::Current, &Archive::unsealed(foreign).into())
            }
        }
    }

    /// Another process has removed `current`, and our descriptor still has its bytes. The copy gets its name when it is
    /// whole, so that a start after a kill does not take a part of the file for all of it.
    fn copy(&self, current: &mut Current<F::File>, label: Label) -> io::Result<()> {
        if current.copied.is_some() {
            // A step after the copy has failed, and is tried again.
            return Ok(());
        }
        let temporary = Archive::temporary(label).into();
        self.fs.clear(&temporary)?;
        let copy = self.fs.make(&temporary)?;
        let mut checksum = Checksum::after(0);
        logfs::copy(&*self.fs, &current.file, &copy, |_, piece| checksum.add(piece))?;
        let identity = self.fs.stat(&copy)?.identity;
        self.fs.rename_new(&temporary, &Archive::unsealed(label).into())?;
        (current.identity, current.copied) = (identity, Some(label));
        current.file = copy;
        current.checksum = checksum;
        Ok(())
    }

    /// Makes a new `current`, however often that has to be tried.
    fn begin_current(&mut self, host: &mut impl Host) -> Result<(), Stopped> {
        let mut pause = FIRST_PAUSE;
        let mut made = None;
        loop {
            match self.make(&mut made) {
                Ok(current) => {
                    self.current.put(current);
                    return Ok(());
                }
                Err(error) => {
                    self.account.failed(Trouble::Rotate);
                    self.warn("unable to create ", "/current, pausing", &error, host);
                }
            }
            if wait(&mut pause, host) == Pause::Stop {
                return Err(Stopped);
            }
        }
    }

    /// Makes a new `current`. `made` keeps a file that was made, and that has no mode yet or could not be looked
    /// at.
    fn make(&self, made: &mut Option<F::File>) -> io::Result<Current<F::File>> {
        let file = match made.take() {
            Some(file) => file,
            None => self.fs.open(&Name::Current, How::New)?,
        };
        match self.fs.give_mode(&file).and_then(|()| self.fs.stat(&file)) {
            Ok(stat) => Ok(Current::new(file, &stat, Inherited::No)),
            Err(error) => {
                *made = Some(file);
                Err(error)
            }
        }
    }
}

/// Whether a new name is taken already.
fn is_taken(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::IsADirectory)
}
