//! Counting: the batch in hand for the tally, where one was asked for, and the tally for its file.

use tai64tools::Label;

use super::Engine;
use crate::host::Host;
use crate::intake::{Intake, Taken};
use crate::logfs::LogFs;

impl<I: Intake<Trace = F::File> + ?Sized, F: LogFs, H: Host> Engine<I, F, H> {
    /// The batch in hand takes the first `taken` visible bytes.
    pub(super) fn look_at_batch(&mut self, taken: usize) {
        let Some(tally) = self.host.tally() else { return };
        let visible = self.tap.visible();
        let outputs = self.assembly.outputs.iter().take(self.dirs.len()).map(|output| output.bytes(visible));
        tally.look(&visible[..taken], outputs);
        if let Some(limits) = &self.assembly.limits {
            tally.look_at_dropped((0..self.dirs.len()).map(|log| limits.dropped(log)));
        }
    }

    /// The batch in hand is over. If it was not taken out as it was seen, these directories have it for good.
    pub(super) fn count_batch(&mut self, consumed: Taken, kept: &[usize], now: Label) {
        let Some(tally) = self.host.tally() else { return };
        let second = u64::try_from(now.unix_seconds()).unwrap_or(0);
        match consumed {
            Taken::AsSeen => tally.keep(second),
            Taken::Otherwise => tally.keep_only(kept, second),
        }
    }

    /// The input is at its end, and all of it is logged.
    pub(super) fn count_end(&mut self) {
        if let Some(tally) = self.host.tally() {
            tally.end_of_input();
        }
    }

    /// Writes the counters where that is due.
    pub(super) fn show_counters(&mut self) {
        if self.host.until_metrics().is_some_and(|left| left.is_zero()) {
            self.dirs.iter_mut().for_each(|dir| dir.take_stock(&self.host));
            self.host.write_metrics();
        }
    }
}
