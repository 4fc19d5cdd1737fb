//! The line that says what `limit=` has dropped, as a batch that takes no input.

use tai64tools::{Label, Stamper};

use super::Assembly;

impl Assembly {
    /// How many lines were dropped in a directory before the batch in hand, and how many with it, that the log does not
    /// say yet.
    pub fn unsaid(&self, log: usize) -> (u64, u64) {
        self.limits.as_ref().map_or((0, 0), |limits| limits.unsaid(log))
    }

    /// How long the line is that says so, with its stamp and its prefix.
    pub fn remark_length(&self, log: usize) -> usize {
        let remark =
            self.limits.as_ref().and_then(|limits| limits.remark(log)).map_or(0, |remark| remark.len());
        self.stamp_width() + self.outputs[log].prefix().len() + remark
    }

    /// A batch with this line and nothing else. The outputs have been begun by the caller.
    pub fn say_dropped(&mut self, log: usize, now: Label) {
        self.asides.alerts.clear();
        let Some(limits) = &mut self.limits else { return };
        let Some(remark) = limits.remark(log) else { return };
        limits.say(log);
        if let Some(stamper) = &mut self.stamper {
            stamper.begin(now);
        }
        let output = &mut self.outputs[log];
        output.push_beginning(&[], self.stamper.as_mut().map(Stamper::stamp));
        output.push(&[], remark.as_bytes());
    }
}
