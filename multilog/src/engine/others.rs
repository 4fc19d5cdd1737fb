//! Somebody else reads the input too: what was written is not what was taken out.
//!
//! As the original's, each byte then goes to one of the readers, whichever takes it. Nothing protects it from a kill.

use super::Engine;
use crate::host::Host;
use crate::intake::Intake;
use crate::logfs::LogFs;

impl<I: Intake<Trace = F::File>, F: LogFs, H: Host> Engine<I, F, H> {
    /// The batch in hand was taken by somebody else: takes it back out of the directories, except those that have it
    /// on the disk already, and leaves what was taken in its place to the next batch. `line` was in hand before.
    pub(super) fn start_over(&mut self, kept: &[usize], line: Option<Vec<usize>>) {
        for log in (0..self.dirs.len()).filter(|log| !kept.contains(log)) {
            if !self.assembly.outputs[log].is_empty() {
                self.dirs[log].take_back(&mut self.host);
            }
        }
        self.assembly.go_back(line);
        self.tap.share_input(&mut self.host);
    }
}
