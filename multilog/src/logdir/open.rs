//! Opening a log directory: look, repair what the last run left, and open `current`.
//!
//! Any failure here is fatal; nothing has been read from the input yet.

use std::io;
use std::sync::Arc;

use tai64tools::Label;
use unix::diag::Message;
use unix::tool::Fatal;

use super::recovery::{self, Old, Repair, Snapshot, plan};
use super::{Current, LogDir, Mark};
use crate::logfs::{Archive, How, LogFs, Mode, Name, Stat};
use crate::script::LogConfig;
use crate::script::value::Code;
use crate::sealer::{Checksum, Crew, Sealer, Threading};

impl<F: LogFs> LogDir<F> {
    /// Repairs and opens the directory. `now` is the moment that labels begin with.
    pub fn open(fs: F, config: LogConfig, now: Label, threading: Threading) -> Result<LogDir<F>, Fatal> {
        let fs = Arc::new(fs);
        let mut opening = Opening { fs: &*fs, config: &config, last_label: Label::MIN, names_changed: false };
        let current = opening.run(now)?;
        let last_label = opening.last_label;
        let before = Mark { length: current.length, checksum: current.checksum.clone() };
        let crew = Crew::new(Sealer::new(Arc::clone(&fs), config.clone()), threading)
            .map_err(|error| Fatal::system(Message::new("unable to watch the sealer"), &error))?;
        Ok(LogDir { fs, config, current: Some(current), before, last_label, crew })
    }
}

struct Opening<'a, F: LogFs> {
    fs: &'a F,
    config: &'a LogConfig,
    last_label: Label,
    names_changed: bool,
}

impl<F: LogFs> Opening<'_, F> {
    fn run(&mut self, now: Label) -> Result<Current<F::File>, Fatal> {
        let snapshot = self.look().map_err(|error| self.fatal("unable to read ", "", &error))?;
        self.last_label =
            snapshot.archives.iter().map(|(archive, _)| archive.label).max().unwrap_or(Label::MIN);
        for repair in plan(&snapshot) {
            self.perform(&repair, now)?;
            self.names_changed = true;
        }
        let current = self.open_current()?;
        if self.names_changed {
            self.fs
                .sync_names()
                .map_err(|error| self.fatal("unable to write directory ", " to disk", &error))?;
        }
        Ok(current)
    }

    fn look(&self) -> io::Result<Snapshot> {
        let names = self.fs.names()?;
        let mut archives = Vec::new();
        for archive in names.iter().filter_map(|name| Archive::parse(name)) {
            let mode = match archive.is_temporary() {
                true => {
                    self.fs.lookup(&archive.clone().into())?.map_or(Mode::Writing, |stat| Mode::of(&stat))
                }
                false => Mode::Writing,
            };
            archives.push((archive, mode));
        }
        archives.sort();
        Ok(Snapshot {
            current: self.look_at_current(&archives)?,
            previous: self.look_at_old(&Name::Previous, &archives)?,
            processed: self.look_at_old(&Name::Processed, &archives)?,
            newstate: self.fs.lookup(&Name::NewState)?.is_some(),
            archives,
        })
    }

    fn look_at_old(&self, name: &Name, archives: &[(Archive, Mode)]) -> io::Result<Option<Old>> {
        let Some(stat) = self.fs.lookup(name)? else { return Ok(None) };
        Ok(Some(match Mode::of(&stat) {
            _ if self.is_archive(&stat, archives)? => Old::Archived,
            Mode::Writing => Old::Writing,
            Mode::Safe => Old::Safe,
        }))
    }

    fn look_at_current(&self, archives: &[(Archive, Mode)]) -> io::Result<Option<recovery::Current>> {
        let Some(stat) = self.fs.lookup(&Name::Current)? else { return Ok(None) };
        Ok(Some(match Mode::of(&stat) {
            Mode::Writing if self.is_archive(&stat, archives)? => recovery::Current::Archived,
            Mode::Writing if stat.size == 0 => recovery::Current::Empty,
            Mode::Writing => recovery::Current::Unclean,
            Mode::Safe if self.ends_with_newline(stat.size)? => recovery::Current::Clean,
            Mode::Safe => recovery::Current::Torn,
        }))
    }

    /// Whether the file also has the name of an archive. Only asked after a crash: a clean start does
    /// not look at every archive.
    fn is_archive(&self, file: &Stat, archives: &[(Archive, Mode)]) -> io::Result<bool> {
        for (archive, _) in archives {
            let stat = self.fs.lookup(&archive.clone().into())?;
            if stat.is_some_and(|stat| (stat.device, stat.inode) == (file.device, file.inode)) {
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

    fn perform(&mut self, repair: &Repair, now: Label) -> Result<(), Fatal> {
        let sealed = |label| Name::from(Archive::sealed(label, &self.config.code));
        match repair {
            Repair::CommitState => self.rename(&Name::NewState, &Name::State),
            Repair::DropNewState => self.remove(&Name::NewState),
            Repair::PublishTemporary(label) => {
                self.rename_new(&Archive::temporary(*label).into(), &sealed(*label))
            }
            Repair::Drop(archive) => self.remove(&archive.clone().into()),
            Repair::DropCurrent => self.remove(&Name::Current),
            Repair::DropPrevious => self.remove(&Name::Previous),
            Repair::DropProcessed => self.remove(&Name::Processed),
            Repair::PublishProcessed => {
                let to = Archive::sealed(self.next_label(now), &Code::plain());
                self.rename_new(&Name::Processed, &to.into())
            }
            Repair::ArchivePrevious => {
                let to = Archive::unsealed(self.next_label(now));
                self.rename_new(&Name::Previous, &to.into())
            }
            Repair::ArchiveCurrent => {
                let to = Archive::unsealed(self.next_label(now));
                self.rename_new(&Name::Current, &to.into())
            }
        }
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
                (self.fs.open(&Name::Current, How::New).map_err(fatal)?, true)
            }
            opened => (opened.map_err(fatal)?, false),
        };
        let stat = self.fs.stat(&file).map_err(fatal)?;
        self.fs
            .set_mode(&file, Mode::Writing)
            .map_err(|error| self.fatal("unable to set mode of ", "/current", &error))?;
        if stat.size > 0 {
            // The mode has to be on the disk before anything is added, or a power cut could leave a
            // torn file that claims to be whole.
            self.fs
                .sync(&file)
                .map_err(|error| self.fatal("unable to write ", "/current to disk", &error))?;
        }
        self.names_changed |= made;
        Ok(Current { file, length: stat.size, checksum: Checksum::after(stat.size) })
    }

    fn rename(&self, from: &Name, to: &Name) -> Result<(), Fatal> {
        self.fs.rename(from, to).map_err(|error| self.fatal_rename(from, to, &error))
    }

    fn rename_new(&self, from: &Name, to: &Name) -> Result<(), Fatal> {
        self.fs.rename_new(from, to).map_err(|error| self.fatal_rename(from, to, &error))
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
