//! `SimFs`: one process' view of one directory of the simulated disk.

use std::ffi::{OsStr, OsString};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use super::disk::{Disk, Entry, State};
use super::mutant::{Mutant, ends_with_a_full_piece};
use super::trouble::{EEXIST, EINVAL, ENOENT, ENOSPC, Trouble, error};
use crate::host::Pace;
use crate::journal;
use crate::logfs::{Changed, Ending, How, Identity, LogFs, Mode, Name, Place, Processing, Quirk, Stat};
use crate::script::FileMode;

/// An open file. Closing it gives its descriptor back.
#[derive(Debug)]
pub(crate) struct SimFile {
    disk: Disk,
    pub(super) number: u64,
    leaks: Leaks,
}

impl Drop for SimFile {
    fn drop(&mut self) {
        if self.leaks == Leaks::No {
            self.disk.state().close();
        }
    }
}

/// Whether a descriptor is lost for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaks {
    Yes,
    No,
}

/// A directory. A mutant does one thing wrong, as a program with a defect would.
#[derive(Debug)]
pub(crate) struct SimFs {
    pub(crate) disk: Disk,
    pub(crate) directory: usize,
    pub(crate) mutant: Option<Mutant>,
    /// Whether the names were looked at.
    looked: AtomicBool,
    quirks: Vec<Quirk>,
    /// The mode that the script asks for.
    mode: Option<FileMode>,
}

impl SimFs {
    pub(crate) fn new(disk: Disk, directory: usize, mode: Option<FileMode>, mutant: Option<Mutant>) -> SimFs {
        let forgets = disk.state().lacks.modes.is_some();
        let quirks = if forgets { vec![Quirk::ForgetsModes] } else { vec![] };
        SimFs { disk, directory, mutant, looked: AtomicBool::new(false), quirks, mode }
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

    pub(super) fn entry(&self, name: &Name) -> Entry {
        (self.directory, name.to_os())
    }

    /// Opens what `find` finds or makes, if there is a descriptor for it.
    fn opened(
        &self,
        what: &'static str,
        find: impl FnOnce(&mut State) -> io::Result<u64>,
    ) -> io::Result<SimFile> {
        let number = self.change(what, |state| {
            state.take_descriptor()?;
            find(state).inspect_err(|_| state.close())
        })?;
        let leaks = if self.is(Mutant::HoldsWhatItHasSealed) { Leaks::Yes } else { Leaks::No };
        Ok(SimFile { disk: self.disk.clone(), number, leaks })
    }

    fn number(&self, state: &State, name: &Name) -> io::Result<u64> {
        state.names.get(&self.entry(name)).copied().map_or_else(|| error(ENOENT), Ok)
    }

    pub(super) fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }
}

impl LogFs for SimFs {
    type File = SimFile;

    fn quirks(&self) -> &[Quirk] {
        &self.quirks
    }

    fn is_ours(&self, stat: &Stat) -> bool {
        stat.regular && stat.owner == 0
    }

    fn open(&self, name: &Name, how: How) -> io::Result<SimFile> {
        self.opened("open", |state| {
            if self.is(Mutant::IgnoresJournals) && *name == Name::Journal && how == How::Read {
                return error(ENOENT);
            }
            match (state.names.get(&self.entry(name)).copied(), how) {
                (Some(_), How::New) => error(EEXIST),
                // Every other time it is the first write that finds no room.
                (None, How::New) if is_output(&name.to_os()) && state.lacks.room % 2 == 1 => no_room(state),
                (Some(number), _) => Ok(number),
                (None, How::New | How::Make | How::Update) => {
                    let number = state.make(self.entry(name));
                    let at_first = self.mode.unwrap_or_default().at_first();
                    state.inode(number).set_mode(at_first);
                    if self.is(Mutant::MarksSafeAtOnce) && *name == Name::Current {
                        state.inode(number).set_mode(Mode::Safe.bits(self.mode.unwrap_or_default()));
                    }
                    Ok(number)
                }
                (None, _) => error(ENOENT),
            }
        })
    }

    fn write(&self, file: &SimFile, bytes: &[u8]) -> io::Result<usize> {
        let written = self.disk.operate("write", |state, trouble| {
            let names = state.names.iter().find(|(_, number)| **number == file.number);
            if state.lacks.room > 0 && names.is_some_and(|((_, name), _)| is_output(name)) {
                return no_room(state);
            }
            let written = match trouble {
                Some(Trouble::Error(_)) => 0,
                Some(Trouble::Short) => bytes.len().div_ceil(2),
                _ => bytes.len(),
            };
            state.write(file.number, &bytes[..written]);
            let is_hold = || self.number(state, &Name::AgeHold).is_ok_and(|number| number == file.number);
            if self.is(Mutant::ForgetsTheHour) && is_hold() {
                state.put_the_hour_back(file.number);
            }
            let live = &mut state.inode(file.number).live;
            if self.is(Mutant::AddsAnEmptyPiece) && ends_with_a_full_piece(&bytes[..written]) {
                live.push(b'\n');
            }
            if self.is(Mutant::SaysItWithinALine) && !live.ends_with(b"\n") && has_remark(live) {
                live.extend_from_slice(b"multilog: 1 line dropped by limit=1\n");
            }
            Ok(written)
        });
        match written {
            Ok(_) if self.is(Mutant::TakesShortWritesForWhole) => Ok(bytes.len()),
            Err(_) if self.is(Mutant::IgnoresWriteErrors) => Ok(bytes.len()),
            written => written,
        }
    }

    fn write_at(&self, file: &SimFile, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.disk.operate("write_at", |state, trouble| {
            // Within a page there are no halves.
            let count = match trouble {
                Some(Trouble::Error(_) | Trouble::Short) => 0,
                _ => bytes.len(),
            };
            if self.is(Mutant::KeepsNoJournal) && bytes.len() < 4096 {
                return Ok(count);
            }
            let live = &mut state.inode(file.number).live;
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            live.resize(live.len().max(start + count), 0);
            live[start..start + count].copy_from_slice(&bytes[..count]);
            if self.is(Mutant::SetsTheFlagFirst) && count > 0 && bytes.len() < 4096 {
                live[start] = !live[start];
            }
            Ok(count)
        })
    }

    fn read_at(&self, file: &SimFile, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.change("read_at", |state| {
            let live = &state.inode(file.number).live;
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(live.len());
            let count = buffer.len().min(live.len() - start);
            buffer[..count].copy_from_slice(&live[start..start + count]);
            if self.is(Mutant::ForgetsThePieceInHand) {
                journal::rewrite(buffer, |record| (record.before.piece, record.after.piece) = (0, 0));
            }
            if self.is(Mutant::ForgetsWhatIsUnsaid) {
                journal::rewrite(buffer, |record| {
                    record.shares.iter_mut().for_each(|share| share.unsaid = (0, 0))
                });
            }
            if self.is(Mutant::CountsDroppedLinesTwice) {
                journal::rewrite(buffer, |record| {
                    record.shares.iter_mut().for_each(|share| share.unsaid.0 = share.unsaid.1)
                });
            }
            Ok(count)
        })
    }

    fn truncate(&self, file: &SimFile, length: u64) -> io::Result<()> {
        self.change("truncate", |state| {
            if !self.is(Mutant::TakesNothingBack) {
                let modified = state.moment();
                let inode = state.inode(file.number);
                inode.truncate(usize::try_from(length).unwrap_or(usize::MAX));
                (inode.modified, inode.age_is_lost) = (modified, true);
            }
            Ok(())
        })
    }

    fn stat(&self, file: &SimFile) -> io::Result<Stat> {
        self.change("stat", |state| {
            let stat = state.stat(file.number);
            let takes_for_new = self.is(Mutant::TakesAnOldCurrentForNew);
            Ok(Stat { modified: if takes_for_new { state.moment() } else { stat.modified }, ..stat })
        })
    }

    fn lookup(&self, name: &Name) -> io::Result<Option<Stat>> {
        let what = if *name == Name::Current { "look at current" } else { "lookup" };
        let seen = |stat: Stat| match (self.mutant, name) {
            (Some(mutant), Name::Archive(_)) => mutant.seen(stat),
            _ => stat,
        };
        self.change(what, |state| Ok(self.number(state, name).ok().map(|number| seen(state.stat(number)))))
    }

    fn asked_mode(&self) -> Option<FileMode> {
        self.mode.filter(|_| !self.is(Mutant::IgnoresTheAskedMode))
    }

    fn set_bits(&self, file: &SimFile, bits: u32) -> io::Result<()> {
        let set = self.change("set_mode", |state| {
            state.inode(file.number).set_mode(bits);
            Ok(())
        });
        if bits & 0o1000 != 0 && set.is_err() {
            self.disk.state().marks_refused += 1;
        }
        set
    }

    fn set_modified(&self, name: &Name, moment: SystemTime) -> io::Result<()> {
        self.change("set_modified", |state| {
            let number = self.number(state, name)?;
            let inode = state.inode(number);
            (inode.modified, inode.age_is_lost) = (moment, false);
            Ok(())
        })
    }

    fn sync(&self, file: &SimFile) -> io::Result<()> {
        if self.is(Mutant::SyncsNoFile) {
            return Ok(());
        }
        let sync = || {
            self.disk.operate("sync", |state, trouble| {
                match trouble {
                    Some(Trouble::Error(_)) => state.inode(file.number).fail_sync(),
                    _ => state.inode(file.number).sync(),
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
            if self.is(Mutant::PrunesWhatIsOnItsWay) && *from == Name::Current {
                let unsealed =
                    |name: &&Entry| name.0 == self.directory && name.1.as_encoded_bytes().ends_with(b".u");
                let unsealed: Vec<Entry> = state.names.keys().filter(unsealed).cloned().collect();
                if let [oldest, _, ..] = &unsealed[..] {
                    state.set_name(oldest.clone(), None);
                }
            }
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
                state.note_removal(&self.entry(name));
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

    /// Nobody does that here.
    fn is_removed(&self) -> bool {
        false
    }

    fn changed(&self) -> io::Result<Changed> {
        self.change("changed", |state| Ok((0, state.renamed.get(&self.directory).copied().unwrap_or(0))))
    }

    fn each_name(&self, see: &mut dyn FnMut(&OsStr)) -> io::Result<()> {
        // What a start does not see of the archives it can't begin its labels after.
        let first = !self.looked.swap(true, Ordering::Relaxed);
        let blind = self.is(Mutant::FollowsTheClock) && first;
        let names: Vec<OsString> = self.change("names", |state| {
            // The directory is opened for it.
            state.take_descriptor()?;
            state.close();
            let ours = state.names.keys().filter(|name| name.0 == self.directory);
            Ok(ours.filter(|name| !blind || name.1 == "current").map(|name| name.1.clone()).collect())
        })?;
        names.iter().for_each(|name| see(name));
        Ok(())
    }

    fn process(
        &self,
        _: &OsStr,
        on: &Processing<'_, SimFile>,
        _: &mut dyn Pace,
    ) -> io::Result<Option<Ending>> {
        self.run_processor(on).map(Some)
    }
}

/// Whether what was dropped is said there.
fn has_remark(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"dropped by limit=").is_some()
}

/// Whether it is the name of what the sealer writes.
fn is_output(name: &OsStr) -> bool {
    name.as_encoded_bytes().ends_with(b".t")
}

fn no_room<T>(state: &mut State) -> io::Result<T> {
    state.lacks.room -= 1;
    error(ENOSPC)
}
