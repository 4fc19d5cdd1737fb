//! `SimFs`: one process' view of one directory of the simulated disk.

use std::ffi::{OsStr, OsString};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use super::disk::{Disk, EEXIST, EINVAL, ENOENT, Entry, State, Trouble, error};
use super::mutants::Mutant;
use crate::journal::record::{Identity, Place};
use crate::logfs::{Ending, How, LogFs, Mode, Name, Quirk, Stat, Streams};

/// A directory. A mutant does one thing wrong, as a program with a defect would.
#[derive(Debug)]
pub(crate) struct SimFs {
    pub(crate) disk: Disk,
    pub(crate) directory: usize,
    pub(crate) mutant: Option<Mutant>,
    /// Whether the names were looked at.
    looked: AtomicBool,
    quirks: Vec<Quirk>,
}

impl SimFs {
    pub(crate) fn new(disk: Disk, directory: usize, mutant: Option<Mutant>) -> SimFs {
        let forgets = disk.state().lacks.modes.is_some();
        let quirks = if forgets { vec![Quirk::ForgetsModes] } else { vec![] };
        SimFs { disk, directory, mutant, looked: AtomicBool::new(false), quirks }
    }

    fn change<T>(
        &self,
        what: &'static str,
        perform: impl FnOnce(&mut State) -> io::Result<T>,
    ) -> io::Result<T> {
        self.disk.operate(what, |state, trouble| match trouble {
            Some(Trouble::Error(_)) => error(ENOENT),
            _ => perform(state),
        })
    }

    fn entry(&self, name: &Name) -> Entry {
        (self.directory, name.to_os())
    }

    fn number(&self, state: &State, name: &Name) -> io::Result<u64> {
        state.names.get(&self.entry(name)).copied().map_or_else(|| error(ENOENT), Ok)
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }
}

impl LogFs for SimFs {
    type File = u64;

    fn quirks(&self) -> &[Quirk] {
        &self.quirks
    }

    fn is_ours(&self, stat: &Stat) -> bool {
        stat.regular && stat.owner == 0
    }

    fn open_nothing(&self) -> io::Result<u64> {
        self.change("open", |state| Ok(state.make_nameless()))
    }

    fn open(&self, name: &Name, how: How) -> io::Result<u64> {
        self.change("open", |state| {
            if self.is(Mutant::IgnoresJournals) && *name == Name::Journal && how == How::Read {
                return error(ENOENT);
            }
            match (state.names.get(&self.entry(name)).copied(), how) {
                (Some(_), How::New) => error(EEXIST),
                (Some(number), _) => Ok(number),
                (None, How::New | How::Make | How::Update) => {
                    let number = state.make(self.entry(name));
                    if self.is(Mutant::MarksSafeAtOnce) && *name == Name::Current {
                        state.inode(number).set_mode(Mode::Safe.bits());
                    }
                    Ok(number)
                }
                (None, _) => error(ENOENT),
            }
        })
    }

    fn write(&self, file: &u64, bytes: &[u8]) -> io::Result<usize> {
        let written = self.disk.operate("write", |state, trouble| {
            let written = match trouble {
                Some(Trouble::Error(_)) => 0,
                Some(Trouble::Short) => bytes.len().div_ceil(2),
                _ => bytes.len(),
            };
            state.inode(*file).live.extend_from_slice(&bytes[..written]);
            Ok(written)
        });
        match written {
            Ok(_) if self.is(Mutant::TakesShortWritesForWhole) => Ok(bytes.len()),
            Err(_) if self.is(Mutant::IgnoresWriteErrors) => Ok(bytes.len()),
            written => written,
        }
    }

    fn write_at(&self, file: &u64, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.disk.operate("write_at", |state, trouble| {
            // Within a page there are no halves.
            let count = match trouble {
                Some(Trouble::Error(_) | Trouble::Short) => 0,
                _ => bytes.len(),
            };
            if self.is(Mutant::KeepsNoJournal) && bytes.len() < 4096 {
                return Ok(count);
            }
            let live = &mut state.inode(*file).live;
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            live.resize(live.len().max(start + count), 0);
            live[start..start + count].copy_from_slice(&bytes[..count]);
            if self.is(Mutant::SetsTheFlagFirst) && count > 0 && bytes.len() < 4096 {
                live[start] = !live[start];
            }
            Ok(count)
        })
    }

    fn read_at(&self, file: &u64, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.change("read_at", |state| {
            if self.is(Mutant::SeesNothingBegun) && self.number(state, &Name::Current).ok() == Some(*file) {
                return Ok(0);
            }
            let live = &state.inode(*file).live;
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(live.len());
            let count = buffer.len().min(live.len() - start);
            buffer[..count].copy_from_slice(&live[start..start + count]);
            Ok(count)
        })
    }

    fn truncate(&self, file: &u64, length: u64) -> io::Result<()> {
        self.change("truncate", |state| {
            if !self.is(Mutant::TakesNothingBack) {
                state.inode(*file).truncate(usize::try_from(length).unwrap_or(usize::MAX));
            }
            Ok(())
        })
    }

    fn stat(&self, file: &u64) -> io::Result<Stat> {
        self.change("stat", |state| {
            let inode = state.inode(*file);
            let (mode, size) = (inode.permissions(), inode.live.len() as u64);
            let mode = state.lacks.modes.unwrap_or(mode);
            let links = state.names.values().filter(|&inode| inode == file).count() as u64;
            Ok(Stat { regular: true, directory: false, owner: 0, mode, size, device: 1, inode: *file, links })
        })
    }

    fn lookup(&self, name: &Name) -> io::Result<Option<Stat>> {
        let number = self.change("lookup", |state| Ok(self.number(state, name).ok()))?;
        number.map(|number| self.stat(&number)).transpose()
    }

    fn set_mode(&self, file: &u64, mode: Mode) -> io::Result<()> {
        let set = self.change("set_mode", |state| {
            state.inode(*file).set_mode(mode.bits());
            Ok(())
        });
        if mode == Mode::Refused && set.is_err() {
            self.disk.state().marks_refused += 1;
        }
        set
    }

    fn sync(&self, file: &u64) -> io::Result<()> {
        if self.is(Mutant::SyncsNoFile) {
            return Ok(());
        }
        let sync = || {
            self.disk.operate("sync", |state, trouble| {
                match trouble {
                    Some(Trouble::Error(_)) => state.inode(*file).fail_sync(),
                    _ => state.inode(*file).sync(),
                }
                Ok(())
            })
        };
        sync().or_else(|error| if self.is(Mutant::RepeatsSync) { sync() } else { Err(error) })
    }

    fn sync_names(&self) -> io::Result<()> {
        if self.is(Mutant::SyncsNoNames) {
            return Ok(());
        }
        self.change("sync_names", |state| {
            state.sync_names(self.directory);
            Ok(())
        })
    }

    fn rename_at_once(&self, from: &Name, to: &Name) -> io::Result<()> {
        self.change("rename_new", |state| {
            if state.lacks.renames {
                return error(EINVAL);
            }
            let number = self.number(state, from)?;
            if state.names.contains_key(&self.entry(to)) {
                return error(EEXIST);
            }
            state.set_name(self.entry(to), Some(number));
            state.set_name(self.entry(from), None);
            Ok(())
        })
    }

    fn link(&self, from: &Name, to: &Name) -> io::Result<()> {
        self.change("link", |state| {
            if let Some(errno) = state.lacks.links {
                return error(errno);
            }
            let number = self.number(state, from)?;
            if state.names.contains_key(&self.entry(to)) {
                return error(EEXIST);
            }
            state.set_name(self.entry(to), Some(number));
            Ok(())
        })
    }

    fn rename(&self, from: &Name, to: &Name) -> io::Result<()> {
        self.change("rename", |state| {
            let number = self.number(state, from)?;
            state.set_name(self.entry(to), Some(number));
            state.set_name(self.entry(from), None);
            Ok(())
        })
    }

    fn remove(&self, name: &Name) -> io::Result<()> {
        self.change("remove", |state| {
            if state.names.contains_key(&self.entry(name)) {
                state.set_name(self.entry(name), None);
            }
            Ok(())
        })
    }

    fn place(&self) -> io::Result<Place> {
        self.change("place", |_| {
            Ok(Place { directory: Identity { device: 1, inode: 1 << 32 | self.directory as u64 }, mount: 1 })
        })
    }

    fn names(&self) -> io::Result<Vec<OsString>> {
        // What a start does not see of the archives it can't begin its labels after.
        let first = !self.looked.swap(true, Ordering::Relaxed);
        let blind = self.is(Mutant::FollowsTheClock) && first;
        self.change("names", |state| {
            Ok(state
                .names
                .keys()
                .filter(|name| name.0 == self.directory)
                .filter(|name| !blind || name.1 == "current")
                .map(|name| name.1.clone())
                .collect())
        })
    }

    /// The processor copies its input, and counts its runs in its state.
    fn process(&self, _: &OsStr, streams: &Streams<'_, u64>) -> io::Result<Option<Ending>> {
        let mut ending = Ending::Exited(1);
        let ran = self.disk.operate("process", |state, trouble| {
            if trouble.is_none() {
                let input = state.inode(*streams.input).live.clone();
                state.inode(*streams.output).live.extend_from_slice(&input);
                let mut runs = state.inode(*streams.state).live.clone();
                runs.push(b'+');
                state.inode(*streams.newstate).live.extend_from_slice(&runs);
                ending = Ending::Exited(0);
            }
            Ok(())
        });
        if self.is(Mutant::TakesAnyEndForSuccess) {
            return Ok(Some(Ending::Exited(0)));
        }
        ran.map(|()| Some(ending))
    }

    fn interrupt(&self) {}
}
