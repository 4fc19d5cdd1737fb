//! Appending to `current`: all of a batch or nothing of it, and onto the disk when the script says so.

use std::io;
use std::time::Duration;

use tai64tools::Label;
use unix::diag::Message;

use super::current::Inherited;
use super::{Appended, LogDir, Stopped};
use crate::host::{FIRST_PAUSE, Host, Pause, wait};
use crate::logfs::{LogFs, Mode, Name};
use crate::retention;
use crate::script::Durability;
use crate::tally::Trouble;

impl<F: LogFs> LogDir<F> {
    /// Appends a batch to `current`, all of it, however often that has to be tried.
    pub fn append(&mut self, bytes: &[u8], host: &mut impl Host) -> Result<Appended, Stopped> {
        self.before = self.current.get()?.mark();
        if self.config.cap.is_some() {
            let length = self.before.length.saturating_add(bytes.len() as u64);
            self.crew.make_room_for_current(length, host);
        }
        let mut left = bytes;
        let mut pause = FIRST_PAUSE;
        while !left.is_empty() {
            let current = self.current.get_mut()?;
            match self.fs.write(&current.file, left) {
                Ok(written) if written > 0 => {
                    current.length += written as u64;
                    left = &left[written..];
                    pause = FIRST_PAUSE;
                }
                refused => {
                    let error = refused.err().unwrap_or_else(|| io::ErrorKind::WriteZero.into());
                    if error.kind() == io::ErrorKind::FileTooLarge && self.before.length > 0 {
                        self.take_back(host);
                        return Ok(Appended::TooLarge);
                    }
                    self.account.failed(Trouble::Write);
                    if self.made_room(&error, host) {
                        continue;
                    }
                    self.warn("unable to write to ", "/current, pausing", &error, host);
                    if wait(&mut pause, host) == Pause::Stop {
                        self.take_back(host);
                        return Err(Stopped);
                    }
                }
            }
        }
        let current = self.current.get_mut()?;
        current.checksum.add(bytes);
        current.dirty.get_or_insert_with(|| host.uptime());
        match self.config.durability {
            Durability::Always => self.sync_current(host),
            Durability::Within(_) | Durability::Rotation => Ok(Appended::All),
        }
    }

    /// When `current` is to be brought to the disk, on the clock of [`Host::uptime`].
    pub(super) fn sync_due(&self) -> Option<Duration> {
        match self.config.durability {
            Durability::Within(span) => Some(self.current.get().ok()?.dirty?.saturating_add(span)),
            Durability::Always | Durability::Rotation => None,
        }
    }

    /// Brings `current` to the disk because it is time. What the disk refuses is rotated, and written again
    /// by the sealer.
    pub(super) fn sync_now(&mut self, stamped: Label, host: &mut impl Host) -> Result<(), Stopped> {
        match self.sync_current(host)? {
            Appended::Refused => self.rotate_refused(stamped, host),
            Appended::All | Appended::TooLarge => Ok(()),
        }
    }

    /// Once only: a second sync of the same file would succeed without having written it.
    fn sync_current(&mut self, host: &mut impl Host) -> Result<Appended, Stopped> {
        let current = self.current.get_mut()?;
        let names = || if current.named { Ok(()) } else { self.fs.sync_names() };
        let synced = self.fs.sync(&current.file).and_then(|()| names());
        let Err(error) = synced else {
            // From now on its name is on the disk, and all that it has.
            (current.dirty, current.named, current.inherited) = (None, true, Inherited::Yes);
            return Ok(Appended::All);
        };
        self.account.failed(Trouble::Sync);
        self.fs.set_mode(&current.file, Mode::Refused).ok();
        self.warn("unable to write ", "/current to disk, writing it again", &error, host);
        Ok(Appended::Refused)
    }

    /// Deletes an archive if the disk is full and the script says so. False: none was deleted.
    fn made_room(&mut self, error: &io::Error, host: &mut impl Host) -> bool {
        if !retention::is_full(error) {
            return false;
        }
        let Ok(Some(archive)) = retention::make_room(&*self.fs, self.crew.retention()) else { return false };
        let name = Name::from(archive).to_os();
        let path = self.config.path.as_encoded_bytes();
        let said = Message::new("unable to write to ").and(path).and("/current, removing ");
        host.warn(&said.and(name.as_encoded_bytes()).because(error));
        true
    }

    /// Takes the batch in hand back out of `current`.
    pub fn take_back(&mut self, host: &mut impl Host) {
        let Ok(current) = self.current.get_mut() else { return };
        // A file that was begun since has nothing of it.
        if current.length <= self.before.length {
            return;
        }
        match self.fs.truncate(&current.file, self.before.length) {
            Ok(()) => {
                current.length = self.before.length;
                current.checksum = self.before.checksum.clone();
            }
            Err(error) => self.warn(
                "unable to take lines back out of ",
                "/current, they will be repeated",
                &error,
                host,
            ),
        }
    }
}
