//! Another process reads the input too: what was written is not what was taken out.
//!
//! Each byte then goes to one of the readers, as with the original. Nothing protects it from a kill.

use super::Engine;
use crate::assembly::LineInHand;
use crate::host::Host;
use crate::intake::Intake;
use crate::logfs::LogFs;

impl<I: Intake<Trace = F::File> + ?Sized, F: LogFs, H: Host> Engine<I, F, H> {
    /// Another process has taken the batch in hand: takes it back out of the directories, except those in `kept`, which
    /// have it on the disk already. What was taken in its place is left to the next batch. `line` was in hand before.
    pub(super) fn start_over(&mut self, kept: &[usize], line: Option<LineInHand>) {
        for log in (0..self.dirs.len()).filter(|log| !kept.contains(log)) {
            if !self.assembly.outputs[log].is_empty() {
                self.dirs[log].take_back(&mut self.host);
            }
        }
        self.assembly.go_back(line);
        if let Some(limits) = &mut self.assembly.limits {
            limits.go_back(kept);
        }
        self.tap.share_input(&mut self.host);
    }
}
