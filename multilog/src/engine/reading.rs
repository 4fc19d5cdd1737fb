//! The loop: wait, look at the input, log what is there, until the input ends or the program is told to stop.

use super::pacing::Before;
use super::{End, Engine};
use crate::framer::Ending;
use crate::host::{Host, Stop};
use crate::intake::{Intake, Seen};
use crate::logdir::LogDir;
use crate::logfs::LogFs;

/// What follows a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// A look at the input.
    Look,
    /// Nothing came for a while: a wait without end.
    WaitOn,
}

impl<I: Intake<Trace = F::File> + ?Sized, F: LogFs, H: Host> Engine<I, F, H> {
    /// Reads until the input ends.
    pub(super) fn read_on(&mut self) -> Result<(), End> {
        self.host.ready();
        self.start_limits();
        self.show_counters();
        self.look_at_clock(self.host.now());
        // What the start has seen already.
        self.drain(Ending::Open)?;
        loop {
            if self.wait()? == Next::WaitOn {
                continue;
            }
            if self.host.take_rotate() {
                self.rotate_all()?;
            }
            if self.host.stop() >= Some(Stop::Now) {
                return self.stop_after_line();
            }
            let seen = self.tap.peek(self.dirs.first().map(LogDir::length))?;
            self.pacing.note(seen, self.tap.visible().len());
            match seen {
                Seen::End => {
                    self.drain(Ending::Final)?;
                    self.count_end();
                    return Ok(());
                }
                Seen::More => self.drain(Ending::Open)?,
                Seen::Nothing => {
                    self.drain(Ending::Open)?;
                    if self.host.stop().is_some() {
                        return self.stop_after_line();
                    }
                }
            }
        }
    }

    /// Waits for input or a signal where that is what comes next, and attends to what is due.
    fn wait(&mut self) -> Result<Next, End> {
        if self.pacing.before_look() == Before::Nothing {
            self.host.listen();
            self.attend()?;
            return Ok(Next::Look);
        }
        if self.host.stop().is_some() {
            return Ok(Next::Look);
        }
        let limit = self.until_due();
        let begun = self.host.uptime();
        let woken = self.tap.wait(limit, &self.host)?;
        if let Some(time) = self.pacing.linger(|| self.host.uptime().saturating_sub(begun)) {
            self.host.linger(time);
        }
        if woken.signalled {
            self.host.listen();
        }
        self.attend()?;
        if woken.crowded {
            self.tap.hold(self.dirs.iter().map(LogDir::share), &mut self.host)?;
        }
        if woken.quiet {
            self.retry_journal();
            self.release();
            return Ok(Next::WaitOn);
        }
        Ok(Next::Look)
    }

    /// Logs batches for as long as there are any in what is visible.
    fn drain(&mut self, ending: Ending) -> Result<(), End> {
        while self.log_batch(usize::MAX, ending)? {
            if self.tap.visible().is_empty() && ending == Ending::Open {
                break;
            }
            self.host.listen();
            if self.host.stop() >= Some(Stop::Now) {
                return self.stop_after_line();
            }
        }
        Ok(())
    }

    /// The program was told to stop. With a journal the next multilog goes on within the line. Without one the rest of
    /// a line that is partly written is read up to its newline, as the original does, but not after the program was
    /// told again; and what is in memory only is written.
    fn stop_after_line(&mut self) -> Result<(), End> {
        if self.tap.has_journal() {
            return Err(End::Stopped);
        }
        while self.assembly.is_midline() && self.host.stop() < Some(Stop::AtOnce) {
            let visible = self.tap.visible();
            let line = memchr::memchr(b'\n', visible).map_or(visible.len(), |newline| newline + 1);
            if self.log_batch(line, Ending::Open)? {
                continue;
            }
            match self.tap.peek(None)? {
                Seen::More => continue,
                Seen::Nothing => {}
                Seen::End => {
                    self.log_batch(usize::MAX, Ending::Final)?;
                    break;
                }
            }
            if self.tap.wait(None, &self.host)?.signalled {
                self.host.listen();
            }
        }
        if self.tap.is_only_here() {
            while self.log_batch(usize::MAX, Ending::Final)? {}
        }
        Err(End::Stopped)
    }
}
