//! Retention: what is beyond the number that the script allows is deleted, oldest first.
//!
//! Files on their way count and may go, unless they are in work, where nothing has to see them. With a
//! processor they neither count nor go: every byte has to go through it.

use std::io;

use super::Sealer;
use super::desk::{Desk, Doomed, State};
use crate::host::Pace;
use crate::logfs::{Archive, LogFs, Name};

/// What had to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Went {
    /// Nothing, or only archives.
    Archives,
    /// Files on their way as well.
    Jobs,
}

impl<F: LogFs> Sealer<F> {
    /// Deletes what is beyond retention, warning about what can't be deleted. Fails when the directory can't be read.
    pub(super) fn retain(&self, desk: &Desk<F::File>, pace: &mut dyn Pace) -> io::Result<Went> {
        let mut went = Went::Archives;
        let refused = desk.state().inventory.refused();
        refused.iter().for_each(|archive| self.delete(archive, desk, pace));
        loop {
            // The lock is not held while something is deleted.
            let doomed = self.doomed(&mut desk.state())?;
            match doomed {
                None => return Ok(went),
                Some(Doomed::Archives(archives)) => {
                    archives.iter().for_each(|archive| self.delete(archive, desk, pace));
                }
                Some(Doomed::Job(job)) => {
                    self.delete(&Archive::unsealed(job.label), desk, pace);
                    went = Went::Jobs;
                }
            }
        }
    }

    fn doomed(&self, state: &mut State<F::File>) -> io::Result<Option<Doomed<F::File>>> {
        state.look(&*self.fs)?;
        let kept = self.archives_kept();
        Ok(if self.has_processor() { state.take_doomed_archive(kept) } else { state.take_doomed(kept) })
    }

    /// What is not a regular file is not touched: whoever put it there knows why.
    fn delete(&self, archive: &Archive, desk: &Desk<F::File>, pace: &mut dyn Pace) {
        let name = Name::from(archive.clone());
        let deleted = match self.fs.lookup(&name) {
            Ok(Some(stat)) if stat.regular => self.fs.remove(&name),
            looked => looked.map(drop),
        };
        let mut state = desk.state();
        match deleted {
            Ok(()) => state.inventory.forgive(archive),
            Err(error) if state.inventory.refuse(archive) => {
                drop(state);
                let name = name.to_os();
                pace.warn(&self.said("unable to remove ", "/").and(name.as_encoded_bytes()).because(&error));
            }
            Err(_) => {}
        }
    }
}
