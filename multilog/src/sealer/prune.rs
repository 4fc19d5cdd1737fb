//! Pruning: what goes by the rules of retention is deleted, oldest first.
//!
//! A file on its way may go as well, unless it is in work. Where there is a processor, none goes, because every byte
//! has to go through the processor. Pruning needs no file on its way: it does the same with an empty desk.

use std::io;

use super::Sealer;
use super::desk::{Desk, Doomed, Prunes};
use super::limits::{Oldest, Two};
use crate::host::{Clocks, Pace, Patience};
use crate::logfs::{Archive, LogFs, Name};
use crate::retention::{Reason, Weigh};
use crate::tally::Trouble;

/// How many files go by age or size before others have their turn.
const AT_ONCE: usize = 256;

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
        let now = self.retention.span().map(|_| pace.clocks());
        let refused = desk.state().inventory.refused();
        refused.iter().for_each(|archive| self.delete(archive, desk, pace));
        let mut count = 0;
        // The desk is free for others while something is deleted.
        while let Some(doomed) = self.take_doomed(desk, now, pace)? {
            match doomed {
                Doomed::Archives(archives) => {
                    archives.iter().for_each(|archive| self.delete(archive, desk, pace));
                }
                Doomed::Job(job) => {
                    self.delete(&Archive::unsealed(job.label), desk, pace);
                    went = Went::Jobs;
                }
            }
            count += 1;
            // Each file takes its time, and there may be a hundred thousand.
            if self.retention.has_rule_for(Reason::Excess)
                && (count >= AT_ONCE || pace.patience() == Patience::Over)
            {
                self.prune_on(desk, pace.clocks());
                break;
            }
        }
        Ok(went)
    }

    fn take_doomed(
        &self,
        desk: &Desk<F::File>,
        now: Option<Clocks>,
        pace: &dyn Pace,
    ) -> io::Result<Option<Doomed<F::File>>> {
        let weigh = if self.retention.cap().is_some() { Weigh::Bytes } else { Weigh::Nothing };
        let mut measured: Option<Oldest> = None;
        loop {
            let mut state = desk.state();
            state.look(&*self.fs, weigh)?;
            if weigh == Weigh::Bytes && state.lacks_weights() {
                drop(state);
                self.weigh_all(desk)?;
                continue;
            }
            let known = measured.filter(|known| known.label == state.inventory.oldest());
            if known.is_none() && self.has_to_measure(&state) {
                let two = Two::of(&state.inventory);
                drop(state);
                measured = Some(self.measure(&two, desk, now, pace));
                continue;
            }
            let known = known.unwrap_or_default();
            let doomed = state.take_doomed(&self.retention, known, desk.limits.current());
            if doomed.is_none() {
                self.publish(&state, desk, now, known);
            }
            return Ok(doomed);
        }
    }

    /// Prunes for itself, and not for the sake of a file that waits.
    pub(super) fn prune_alone(&self, desk: &Desk<F::File>, pace: &mut dyn Pace) {
        desk.state().prunes = Prunes::Now;
        if let Err(error) = self.prune(desk, pace) {
            pace.warn(&self.said("unable to read ", "").because(&error));
        }
        self.end_round(desk, |state| {
            // It may have been asked for again.
            if state.prunes == Prunes::Now {
                state.prunes = Prunes::No;
            }
        });
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
