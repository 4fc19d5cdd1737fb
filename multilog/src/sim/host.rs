//! The host in simulation.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use tai64tools::{Label, label};
use unix::diag::Message;

use super::disk::Disk;
use super::mutant::Mutant;
use super::trouble::{EPIPE, Trouble};
use super::wall;
use crate::host::{Clocks, Host, Output, Pace, Patience, Pause, Stop};
use crate::tally::Tally;

/// More pauses than this and a run hangs.
const PATIENCE: usize = 100;

/// A host. Where time does not pass from look to look, each look shows a later nanosecond.
#[derive(Debug)]
pub(crate) struct SimHost {
    disk: Disk,
    pauses: usize,
    ticks: std::cell::Cell<u32>,
    mutant: Option<Mutant>,
    /// What a mutant has not printed yet.
    late: Vec<u8>,
    tally: Tally,
}

impl SimHost {
    /// A host that counts what each of its directories gets.
    pub(crate) fn of(disk: Disk, directories: usize, mutant: Option<Mutant>) -> SimHost {
        let tally = Tally::new(directories);
        SimHost { disk, pauses: 0, ticks: std::cell::Cell::new(0), mutant, late: Vec::new(), tally }
    }
}

impl SimHost {
    /// A label of this second since 1970, and later than those before it in this second.
    fn label(&self, second: i64) -> Label {
        self.ticks.set(self.ticks.get() + 1000);
        Label::new(label::EPOCH + second.unsigned_abs(), self.ticks.get()).unwrap_or(Label::MIN)
    }
}

impl Drop for SimHost {
    fn drop(&mut self) {
        if !self.late.is_empty() {
            self.print(&[]).ok();
        }
    }
}

impl Pace for SimHost {
    fn warn(&mut self, message: &Message) {
        if memchr::memmem::find(message.as_bytes(), b"a kill may repeat lines").is_some() {
            self.disk.without_journal();
        }
        if memchr::memmem::find(message.as_bytes(), b"lines are lost").is_some() {
            self.disk.state().losses_said += 1;
        }
        let words = String::from_utf8_lossy(message.as_bytes());
        if let Some(count) = words.split_once("in time, lines left out: ") {
            self.disk.state().left_out += count.1.parse::<usize>().unwrap_or_default();
        }
    }

    fn pause(&mut self, _: Duration) -> Pause {
        self.pauses += 1;
        assert!(self.pauses < PATIENCE, "it hangs");
        self.disk.state().wall.pause();
        if self.disk.was_told() { Pause::Stop } else { Pause::Over }
    }

    fn patience(&mut self) -> Patience {
        Patience::Endless
    }

    fn clocks(&self) -> Clocks {
        let passes = !self.disk.state().time.tempo.is_zero();
        // Only a reading of the clock for stamps is compared with boundaries, and this is none.
        let wall = if passes { self.now() } else { self.label(self.disk.state().wall.shows()) };
        Clocks { wall, running: self.disk.state().running() }
    }

    fn boot(&self) -> Vec<u8> {
        vec![b'0' + self.disk.state().boots]
    }
}

impl Host for SimHost {
    fn now(&self) -> Label {
        let mut state = self.disk.state();
        if !state.time.tempo.is_zero() {
            state.look_at_clock();
            return state.moment().into();
        }
        self.label(state.wall.look(self.mutant))
    }

    fn ahead(&self, seconds: i64) -> i64 {
        wall::ahead(seconds, self.mutant)
    }

    fn wake_at(&mut self, seconds: i64) -> Option<Duration> {
        self.disk.state().wall.set_alarm(seconds, self.mutant);
        None
    }

    fn uptime(&self) -> Duration {
        let state = self.disk.state();
        if !state.time.tempo.is_zero() {
            return state.passed();
        }
        drop(state);
        // A look is a while.
        self.ticks.set(self.ticks.get() + 1000);
        Duration::from_millis(u64::from(self.ticks.get()) / 10)
    }

    fn listen(&mut self) {}

    fn stop(&self) -> Option<Stop> {
        self.disk.was_told().then_some(Stop::Now)
    }

    fn take_rotate(&mut self) -> bool {
        false
    }

    fn signals(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn tally(&mut self) -> Option<&mut Tally> {
        Some(&mut self.tally)
    }

    fn end_metrics(&mut self) {
        let outlets = 0..self.tally.accounts().len();
        let outlets = outlets.map(|outlet| (self.tally.outlet(outlet), self.tally.dropped(outlet))).collect();
        self.disk.state().counted = Some((self.tally.input(), outlets));
    }

    fn wait_for(&mut self, _: BorrowedFd<'_>, _: Option<Duration>) {}

    fn alert(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn print(&mut self, bytes: &[u8]) -> io::Result<Output> {
        let (now, later) = match self.mutant {
            Some(Mutant::PrintsLate) => {
                (std::mem::replace(&mut self.late, bytes.to_vec()), Some(bytes.len()))
            }
            _ => (bytes.to_vec(), None),
        };
        loop {
            let printed = self.disk.operate("print", |state, trouble| {
                let taken = match trouble {
                    Some(Trouble::Error(_)) => 0,
                    Some(Trouble::Short) => now.len().div_ceil(2),
                    _ => now.len(),
                };
                if let Some(printed) = state.printed.last_mut() {
                    printed.extend_from_slice(&now[..taken]);
                }
                Ok(later.unwrap_or(taken))
            });
            match printed.map_err(|error| (error.raw_os_error(), error)) {
                Ok(taken) => return Ok(Output::Took(taken)),
                Err((Some(EPIPE), error)) => return Ok(Output::Gone(error)),
                // There is no room.
                Err((Some(4 | 11), _)) if self.disk.was_told() => return Ok(Output::Stopped),
                Err((Some(4 | 11), _)) => {}
                Err((_, error)) => return Err(error),
            }
        }
    }

    fn write_status(&mut self, _: usize, text: &[u8]) -> io::Result<usize> {
        Ok(text.len())
    }
}
