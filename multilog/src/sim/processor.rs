//! The simulated processor.

use std::io;

use super::files::{SimFile, SimFs};
use super::mutant::Mutant;
use crate::logfs::{Ending, Name, Processing, StateFiles};

impl SimFs {
    /// Copies its input, and counts its runs in its state.
    pub(super) fn run_processor(&self, on: &Processing<'_, SimFile>) -> io::Result<Ending> {
        let mut ending = Ending::Exited(1);
        // The files that it opens are opened by another process.
        let ran = self.disk.operate("process", |state, trouble| {
            let number = |name: &Name| state.names.get(&self.entry(name)).copied();
            let (Some(input), None) = (number(on.input), number(&Name::NewState)) else { return Ok(()) };
            let old = number(&Name::State);
            let input = state.inode(input).live.clone();
            let new = match on.states {
                StateFiles::Named => state.make(self.entry(&Name::NewState)),
                StateFiles::Nameless => state.make_nameless(),
            };
            if trouble.is_some() {
                // It fails in the middle.
                state.inode(on.output.number).live.extend_from_slice(&input[..input.len() / 2]);
                return Ok(());
            }
            state.inode(on.output.number).live.extend_from_slice(&input);
            let old = old.unwrap_or_else(|| state.make(self.entry(&Name::State)));
            let mut runs = state.inode(old).live.clone();
            runs.push(b'+');
            state.inode(new).live.extend_from_slice(&runs);
            let entry = self.entry(on.input);
            match state.processed.iter_mut().find(|(name, _)| *name == entry) {
                Some((_, seen)) => *seen = input,
                None => state.processed.push((entry, input)),
            }
            ending = Ending::Exited(0);
            Ok(())
        });
        if self.is(Mutant::TakesAnyEndForSuccess) {
            return Ok(Ending::Exited(0));
        }
        ran.map(|()| ending)
    }
}
