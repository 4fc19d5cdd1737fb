//! Rotation in the foreground: `current` becomes `@label.u`, and there is a new `current`.
//!
//! Nothing is in flight when it happens. The rest - the disk, the processor, retention - is the
//! sealer's.

use std::io;

use tai64tools::Label;
use unix::diag::Message;

use super::{Current, Inherited, LogDir, Standing, Stopped};
use crate::host::{FIRST_PAUSE, Host, Pause, wait};
use crate::journal::record::Identity;
use crate::logfs::{Archive, How, LogFs, Name};
use crate::sealer::{Asked, Checksum, Job};

/// How much of a removed `current` is copied at once.
const PIECE: usize = 64 << 10;

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
        let label = self.rename_away(stamped, host)?;
        if let Some(Current { file, length, checksum, .. }) = self.current.take() {
            let job = Job { label, file: Some(file), length, checksum: Some(checksum), asked };
            self.crew.submit(job, host);
        }
        self.ensure_current(host)?;
        self.crew.end_change();
        Ok(())
    }

    /// The same with a `current` that is never to be sealed.
    pub(super) fn put_aside(&mut self, host: &mut impl Host) -> Result<(), Stopped> {
        self.rename_away(Label::MIN, host)?;
        self.current = None;
        self.ensure_current(host)
    }

    /// Renames `current` until that succeeds; the label that it has now.
    fn rename_away(&mut self, stamped: Label, host: &mut impl Host) -> Result<Label, Stopped> {
        let label = self.next_label(stamped, host);
        let mut pause = FIRST_PAUSE;
        while let Err(error) = self.rename_current(label, host) {
            let said = Message::new("unable to rename current to ")
                .and(Name::from(Archive::unsealed(label)).to_os().as_encoded_bytes())
                .and(" in directory ")
                .and(self.config.path.as_encoded_bytes());
            host.warn(&said.and(", pausing").because(&error));
            if wait(&mut pause, host) == Pause::Stop {
                return Err(Stopped);
            }
        }
        Ok(label)
    }

    /// Later than every label and every stamp in this directory, whatever the clock shows.
    fn next_label(&mut self, stamped: Label, host: &impl Host) -> Label {
        self.last_label = host.now().max(self.last_label.next()).max(stamped.next());
        self.last_label
    }

    fn rename_current(&mut self, label: Label, host: &mut impl Host) -> io::Result<()> {
        let to = Name::from(Archive::unsealed(label));
        match self.current_is_ours()? {
            Standing::Ours => match self.current.as_ref().map(|current| current.inherited) {
                Some(Inherited::Yes) => super::move_safely(&*self.fs, &Name::Current, &to),
                _ => self.fs.rename_new(&Name::Current, &to),
            },
            Standing::Gone => self.copy_current(&to),
            Standing::Foreign => {
                self.copy_current(&to)?;
                let foreign = self.next_label(label, host);
                self.fs.rename_new(&Name::Current, &Archive::unsealed(foreign).into())
            }
        }
    }

    /// `current` was removed by somebody; our descriptor still has what it held.
    fn copy_current(&mut self, to: &Name) -> io::Result<()> {
        let Some(current) = &mut self.current else { return Ok(()) };
        self.fs.remove(to)?;
        let copy = self.fs.open(to, How::New)?;
        let mut checksum = Checksum::after(0);
        let mut offset = 0;
        let mut piece = vec![0; PIECE];
        loop {
            let got = self.fs.read_at(&current.file, &mut piece, offset)?;
            if got == 0 {
                break;
            }
            crate::sealer::write_all(&*self.fs, &copy, &piece[..got])?;
            checksum.add(&piece[..got]);
            offset += got as u64;
        }
        current.identity = Identity::of(&self.fs.stat(&copy)?);
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
                    identity: Identity::of(&stat),
                    length: 0,
                    checksum,
                    inherited,
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
