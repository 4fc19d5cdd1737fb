//! Rotation in the foreground: `current` becomes `@label.u`, and there is a new `current`.
//!
//! Nothing is in flight when it happens. The rest - the disk, the processor, retention - is the
//! sealer's.

use std::io;

use tai64tools::Label;
use unix::diag::Message;

use super::{Current, Inherited, LogDir, Standing, Stopped};
use crate::host::{FIRST_PAUSE, Host, Pause, wait};
use crate::logfs::{self, Archive, How, LogFs, Name};
use crate::sealer::{Asked, Checksum, Job};

/// For how long a rename is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tries {
    Endless,
    /// As long as there is a directory. What was in one that was removed is gone with it, and nobody who waits for
    /// this process would see an end.
    WithADirectory,
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
        let label = self.rename_away(stamped, Tries::Endless, host)?;
        if let Some(Current { file, length, checksum, .. }) = self.current.take() {
            let job = Job { label, file: Some(file), length, checksum: Some(checksum), asked };
            self.crew.submit(job, host);
        }
        self.ensure_current(host)?;
        self.crew.end_change();
        Ok(())
    }

    /// At the end: archives what was written to a `current` that somebody has removed or replaced since.
    pub fn rescue(&mut self, stamped: Label, host: &mut impl Host) -> Result<(), Stopped> {
        match self.look_at(&Name::Current, host) {
            Standing::Gone | Standing::Foreign if self.length() > 0 => self.archive_at_end(stamped, host),
            _ => Ok(()),
        }
    }

    /// What stands under a name. Told to stop before that can be seen: ours, as at the last look.
    fn look_at(&self, name: &Name, host: &mut impl Host) -> Standing {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.standing(name) {
                Ok(standing) => return standing,
                Err(error) => self.warn("unable to look for ", "/current, pausing", &error, host),
            }
            if wait(&mut pause, host) == Pause::Stop {
                return Standing::Ours;
            }
        }
    }

    fn archive_at_end(&mut self, stamped: Label, host: &mut impl Host) -> Result<(), Stopped> {
        let label = self.rename_away(stamped, Tries::WithADirectory, host)?;
        if let Some(Current { file, length, checksum, .. }) = self.current.take() {
            let (file, checksum, asked) = (Some(file), Some(checksum), Asked::NotYet);
            self.crew.submit(Job { label, file, length, checksum, asked }, host);
        }
        Ok(())
    }

    /// The same with a `current` that is never to be sealed.
    pub(super) fn put_aside(&mut self, host: &mut impl Host) -> Result<(), Stopped> {
        self.rename_away(Label::MIN, Tries::Endless, host)?;
        self.current = None;
        self.ensure_current(host)
    }

    /// Renames `current` until that succeeds; the label that it has now.
    fn rename_away(&mut self, stamped: Label, tries: Tries, host: &mut impl Host) -> Result<Label, Stopped> {
        let copied = self.current.as_ref().and_then(|current| current.copied);
        let mut label = copied.unwrap_or_else(|| self.next_label(stamped, host));
        let mut pause = FIRST_PAUSE;
        while let Err(error) = self.rename_current(&mut label, host) {
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
            let copied = self.current.as_ref().and_then(|current| current.copied);
            if is_taken(&error) && copied.is_none() {
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

    fn rename_current(&mut self, label: &mut Label, host: &mut impl Host) -> io::Result<()> {
        let to = Name::from(Archive::unsealed(*label));
        match self.current_is_ours()? {
            Standing::Ours => {
                match self.current.as_ref().map(|current| current.inherited) {
                    Some(Inherited::Yes) => super::move_safely(&*self.fs, &Name::Current, &to),
                    _ => self.fs.rename_new(&Name::Current, &to),
                }?;
                // Somebody may have replaced it after the look.
                if self.look_at(&to, host) == Standing::Foreign {
                    *label = self.next_label(*label, host);
                    self.copy_current(*label)?;
                }
                Ok(())
            }
            Standing::Gone => self.copy_current(*label),
            Standing::Foreign => {
                self.copy_current(*label)?;
                let foreign = self.next_label(*label, host);
                self.fs.rename_new(&Name::Current, &Archive::unsealed(foreign).into())
            }
        }
    }

    /// `current` was removed by somebody; our descriptor still has what it held. The copy has its name when it is
    /// whole, so that a start after a kill does not take a part for all.
    fn copy_current(&mut self, label: Label) -> io::Result<()> {
        // One that is there already: what came after it has failed.
        let Some(current) = self.current.as_mut().filter(|current| current.copied.is_none()) else {
            return Ok(());
        };
        let temporary = Archive::temporary(label).into();
        self.fs.clear(&temporary)?;
        let copy = self.fs.open(&temporary, How::New)?;
        let mut checksum = Checksum::after(0);
        logfs::copy(&*self.fs, &current.file, &copy, |_, piece| checksum.add(piece))?;
        let identity = self.fs.stat(&copy)?.identity;
        self.fs.rename_new(&temporary, &Archive::unsealed(label).into())?;
        (current.identity, current.copied) = (identity, Some(label));
        current.file = copy;
        current.checksum = checksum;
        Ok(())
    }

    /// Makes a new `current` when there is none.
    fn ensure_current(&mut self, host: &mut impl Host) -> Result<(), Stopped> {
        let mut pause = FIRST_PAUSE;
        let mut made = None;
        while self.current.is_none() {
            match self.make_current(&mut made) {
                Ok(current) => self.current = Some(current),
                Err(error) => {
                    self.warn("unable to create ", "/current, pausing", &error, host);
                    if wait(&mut pause, host) == Pause::Stop {
                        return Err(Stopped);
                    }
                }
            }
        }
        Ok(())
    }

    /// `made` keeps a file that was made and could not be looked at yet.
    fn make_current(&self, made: &mut Option<F::File>) -> io::Result<Current<F::File>> {
        let file = match made.take() {
            Some(file) => file,
            None => self.fs.open(&Name::Current, How::New)?,
        };
        match self.fs.stat(&file) {
            Ok(stat) => {
                let (checksum, inherited) = (Checksum::after(0), Inherited::No);
                Ok(Current {
                    file,
                    identity: stat.identity,
                    length: 0,
                    checksum,
                    inherited,
                    copied: None,
                    named: false,
                    dirty: None,
                })
            }
            Err(error) => {
                *made = Some(file);
                Err(error)
            }
        }
    }
}

/// Whether a new name belongs to somebody already.
fn is_taken(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::IsADirectory)
}
