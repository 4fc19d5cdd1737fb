//! Pruning: what goes by the rules of retention is deleted, oldest first.
//!
//! A file on its way may go as well, unless it is in work. Where there is a processor, none goes, because every byte
//! has to go through the processor. Pruning needs no file on its way: it does the same with an empty desk.

use std::io;

use super::Sealer;
use super::desk::{Desk, Doomed, State};
use crate::host::Pace;
use crate::logfs::{Archive, LogFs, Name};
use crate::tally::Trouble;

/// What had to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Went {
    /// Nothing, or only archives.
    Archives,
    /// Files on their way as well.
    Jobs,
}

impl<F: LogFs> Sealer<F> {
    /// Deletes what goes by the rules, and warns about what can't be deleted. Fails when the directory can't be read.
    pub(super) fn prune(&self, desk: &Desk<F::File>, pace: &mut dyn Pace) -> io::Result<Went> {
        let mut went = Went::Archives;
        let refused = desk.state().inventory.refused();
        refused.iter().for_each(|archive| self.delete(archive, desk, pace));
        loop {
            // The desk is free for others while something is deleted.
            let doomed = self.take_doomed(&mut desk.state())?;
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

    fn take_doomed(&self, state: &mut State<F::File>) -> io::Result<Option<Doomed<F::File>>> {
        state.look(&*self.fs)?;
        Ok(state.take_doomed(&self.retention))
    }

    /// Deletes a regular file. Anything else with that name belongs to another user, and stays.
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
                self.account.failed(Trouble::Seal);
                pace.warn(&self.said("unable to remove ", "/").and(name.as_encoded_bytes()).because(&error));
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::sync::Arc;

    use tai64tools::Label;

    use super::*;
    use crate::logfs::{How, RealFs};
    use crate::script::Code;
    use crate::script::Script;
    use crate::sealer::two_at_once_tests::NoPauses;

    #[test]
    fn a_directory_is_pruned_without_a_file_on_its_way() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("main").into_os_string();
        let script = Script::parse(vec![OsString::from("n3"), path.clone()]).unwrap();
        let sealer =
            Sealer::new(Arc::new(RealFs::open(&path, None).unwrap()), script.logs[0].clone(), Arc::default());
        let labels: Vec<Label> =
            std::iter::successors(Some(Label::MIN.next()), |last| Some(last.next())).take(5).collect();
        for &label in &labels {
            sealer.fs.open(&Archive::sealed(label, &Code::plain()).into(), How::New).unwrap();
        }
        let desk = Desk::new(labels[4], Vec::new(), None);
        assert_eq!(sealer.make_room(&desk, &mut NoPauses), Ok(Went::Archives));
        let mut left = Vec::new();
        sealer
            .fs
            .each_name(&mut |name| left.extend(Archive::parse(name).map(|archive| archive.label)))
            .unwrap();
        left.sort();
        assert_eq!(left, labels[3..]);
    }
}
