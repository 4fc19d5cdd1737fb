//! Opening a log directory: a look at it (`look.rs`), the repair of what the last run left, and `current`.
//!
//! Every failure here is fatal, since nothing has been taken from the input yet.

use std::io;
use std::sync::Arc;

use tai64tools::Label;
use unix::diag::Message;
use unix::tool::Fatal;

use super::LogDir;
use super::current::{Current, Inherited, Slot};
use super::recovery::{Repair, Snapshot, plan};
use super::schedule::{Found, Schedule};
use super::stock::Stock;
use crate::host::Host;
use crate::journal::judge::Known;
use crate::logfs::{self, Archive, How, LogFs, Mode, Name, Place};
use crate::script::{Code, LogConfig};
use crate::sealer::{Crew, Sealer, Threading};
use crate::tally::Account;

/// What is known when a directory is opened.
#[derive(Clone, Debug)]
pub struct Start {
    /// Which directory it is.
    pub place: Place,
    /// What the journal says.
    pub known: Known,
    /// The moment that labels begin with.
    pub now: Label,
    /// Where sealing happens.
    pub threading: Threading,
    /// Where rotations and failures are counted.
    pub account: Arc<Account>,
}

impl<F: LogFs> LogDir<F> {
    /// Repairs and opens the directory.
    pub fn open(
        fs: Arc<F>,
        config: LogConfig,
        start: Start,
        host: &mut impl Host,
    ) -> Result<LogDir<F>, Fatal> {
        let Start { place, known, now, threading, account } = start;
        let (last_label, warnings) = (Label::MIN, Vec::new());
        let mut opening = Opening {
            fs: &*fs,
            config: &config,
            known,
            last_label,
            names_changed: false,
            warnings,
            written: None,
        };
        let opened = opening.run(now);
        opening.warnings.iter().for_each(|warning| host.warn(warning));
        let (current, pending) = opened?;
        let last_label = opening.last_label;
        let found = Found { written: opening.written, newest: last_label.unix_seconds() };
        let begin = |cycle| Schedule::begin(cycle, now.unix_seconds(), found, |at| host.ahead(at));
        let schedule = config.cycle.map(begin);
        let settled = opening.known.settled.unwrap_or(last_label);
        let before = current.mark();
        let sealer = Sealer::new(Arc::clone(&fs), config.clone(), Arc::clone(&account));
        let crew = Crew::new(sealer, last_label, pending.clone(), threading);
        Ok(LogDir {
            fs,
            config,
            current: Slot::new(current),
            before,
            last_label,
            settled,
            pending: pending.into(),
            has_to_be_recorded: false,
            place,
            crew,
            account,
            stock: Stock::default(),
            schedule,
        })
    }
}

/// `current`, and what the last run had not sealed.
type Opened<File> = (Current<File>, Vec<Label>);

pub(super) struct Opening<'a, F: LogFs> {
    pub(super) fs: &'a F,
    pub(super) config: &'a LogConfig,
    pub(super) known: Known,
    last_label: Label,
    names_changed: bool,
    /// What was found that the user should know.
    pub(super) warnings: Vec<Message>,
    /// When an earlier run has last written to `current`, in seconds since the epoch.
    written: Option<i64>,
}

impl<F: LogFs> Opening<'_, F> {
    fn run(&mut self, now: Label) -> Result<Opened<F::File>, Fatal> {
        let (snapshot, newest) = self.look().map_err(|error| self.fatal("unable to read ", "", &error))?;
        self.last_label = newest.unwrap_or(Label::MIN).max(self.known.last_label.unwrap_or(Label::MIN));
        let repairs = plan(&snapshot);
        for repair in &repairs {
            self.perform(repair, now)?;
            self.names_changed = true;
        }
        let pending = self.find_pending(&snapshot, &repairs);
        let mut current = self.open_current()?;
        if self.names_changed {
            self.sync_names()?;
            current.named = true;
        }
        Ok((current, pending))
    }

    fn perform(&mut self, repair: &Repair, now: Label) -> Result<(), Fatal> {
        let sealed = |label| Name::from(Archive::sealed(label, &self.config.code()));
        match repair {
            Repair::CommitState => self.rename(&Name::NewState, &Name::State),
            Repair::DropNewState => self.remove(&Name::NewState),
            Repair::PublishTemporary(label) => {
                self.rename_new(&Archive::temporary(*label).into(), &sealed(*label))
            }
            Repair::Drop(archive) => self.drop_double(&archive.clone().into()),
            Repair::DropCurrent => self.drop_double(&Name::Current),
            Repair::DropPrevious => self.drop_double(&Name::Previous),
            Repair::DropProcessed => self.drop_double(&Name::Processed),
            Repair::PublishProcessed => {
                let to = Archive::sealed(self.next_label(now), &Code::plain());
                self.rename_new(&Name::Processed, &to.into())
            }
            Repair::ArchivePrevious => {
                let to = Archive::unsealed(self.next_label(now));
                self.move_safely(&Name::Previous, &to.into())
            }
            Repair::ArchiveCurrent => {
                let to = Archive::unsealed(self.next_label(now));
                self.move_safely(&Name::Current, &to.into())
            }
        }
    }

    /// Whether the last run was going to seal this file.
    pub(super) fn is_pending(&self, archive: &Archive) -> bool {
        archive.is_unsealed() && self.known.settled.is_some_and(|settled| archive.label > settled)
    }

    /// What the last run had not sealed yet, oldest first.
    fn find_pending(&mut self, snapshot: &Snapshot, repairs: &[Repair]) -> Vec<Label> {
        let has_processor = self.config.has_processor();
        let is_left = |(archive, mode): &&(Archive, Mode)| {
            // Here the mode says by itself that a file is on the disk and that the processor has not seen it.
            let is_unseen = has_processor && archive.is_unsealed() && *mode == Mode::Safe;
            (self.is_pending(archive) || is_unseen)
                && *mode != Mode::Refused
                && !repairs.contains(&Repair::Drop(archive.clone()))
        };
        let pending = snapshot.archives.iter().filter(is_left).map(|(archive, _)| archive.label).collect();
        if repairs.iter().any(|repair| matches!(repair, Repair::ArchiveCurrent | Repair::ArchivePrevious)) {
            // The next start must not seal what was put aside just now either.
            self.known.settled = Some(self.last_label);
        }
        pending
    }

    fn next_label(&mut self, now: Label) -> Label {
        self.last_label = now.max(self.last_label.next());
        self.last_label
    }

    /// Opens `current` where the last run ended, or makes it.
    fn open_current(&mut self) -> Result<Current<F::File>, Fatal> {
        let fatal = |error| self.fatal("unable to append to ", "/current", &error);
        let (file, made) = match self.fs.open(&Name::Current, How::Append) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                (self.fs.make(&Name::Current).map_err(fatal)?, true)
            }
            opened => (opened.map_err(fatal)?, false),
        };
        let mut stat = self.fs.stat(&file).map_err(fatal)?;
        self.written = (!made && stat.size > 0).then(|| Label::from(stat.modified).unix_seconds());
        let known = self.known.current.filter(|known| known.inode == stat.identity.inode);
        if let Some(known) = known.filter(|known| self.fs.is_ours(&stat) && known.length < stat.size) {
            // A batch that was not written as a whole is still in the input.
            self.fs
                .truncate(&file, known.length)
                .map_err(|error| self.fatal("unable to take lines back out of ", "/current", &error))?;
            stat.size = known.length;
            if self.config.cycle.is_some() {
                // If this run is killed soon, the next one has to know how old the file is. A file that seems to be of
                // today is only rotated later.
                self.fs.set_modified(&Name::Current, stat.modified).ok();
            }
        }
        self.names_changed |= made;
        let inherited = match self.fs.mode_of(&stat) {
            _ if made => Inherited::No,
            Mode::Refused => Inherited::Refused,
            Mode::Writing | Mode::Safe => Inherited::Yes,
        };
        Ok(Current::new(file, &stat, inherited))
    }

    fn rename(&self, from: &Name, to: &Name) -> Result<(), Fatal> {
        self.fs.rename(from, to).map_err(|error| self.fatal_rename(from, to, &error))
    }

    fn rename_new(&self, from: &Name, to: &Name) -> Result<(), Fatal> {
        self.fs.rename_new(from, to).map_err(|error| self.fatal_rename(from, to, &error))
    }

    /// Renames a file of which the bytes may be on the disk, so that it has a name there at every moment.
    fn move_safely(&self, from: &Name, to: &Name) -> Result<(), Fatal> {
        logfs::move_safely(self.fs, from, to).map_err(|error| self.fatal_rename(from, to, &error))
    }

    /// Removes a file of which the bytes are elsewhere too, once that is on the disk.
    fn drop_double(&self, name: &Name) -> Result<(), Fatal> {
        self.sync_names()?;
        self.remove(name)
    }

    fn sync_names(&self) -> Result<(), Fatal> {
        self.fs.sync_names().map_err(|error| self.fatal("unable to write directory ", " to disk", &error))
    }

    fn remove(&self, name: &Name) -> Result<(), Fatal> {
        let rest = [b"/", name.to_os().as_encoded_bytes()].concat();
        self.fs.remove(name).map_err(|error| {
            let message =
                Message::new("unable to remove ").and(self.config.path.as_encoded_bytes()).and(rest);
            Fatal::system(message, &error)
        })
    }

    fn fatal_rename(&self, from: &Name, to: &Name, error: &io::Error) -> Fatal {
        let message = Message::new("unable to rename ")
            .and(from.to_os().as_encoded_bytes())
            .and(" to ")
            .and(to.to_os().as_encoded_bytes())
            .and(" in directory ")
            .and(self.config.path.as_encoded_bytes());
        Fatal::system(message, error)
    }

    fn fatal(&self, verb: &str, rest: &str, error: &io::Error) -> Fatal {
        Fatal::system(Message::new(verb).and(self.config.path.as_encoded_bytes()).and(rest), error)
    }
}
