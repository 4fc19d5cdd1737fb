//! A pipe: looked at with tee(2), emptied with splice(2).
//!
//! `tee` duplicates the head of the pipe into a side pipe of our own, from which it is read. Partial
//! lines stay where they are and are seen again with what follows them.

mod capacity;
mod others;

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use unix::event::{self, EdgeWatch};
use unix::file::Identity;
use unix::pipe;

use super::visible::Visible;
use super::{Fate, Intake, Kind, Seen, Splice, Taken, Woken};
use crate::align;
use capacity::Capacity;
use others::{FIRST_TRUCE, Readers, Unconfirmed};

/// How much is looked at at once: together with its output it has to fit a core's cache.
const LOOK: usize = 512 << 10;
/// How long the input is quiet before buffers and pipes go back to what they were.
const QUIET: Duration = Duration::from_millis(500);
/// How often a partial line is looked at, since not every write behind it wakes us: soon after the
/// last change, and then more and more seldom.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// A partial line that has not changed for about twice this long may be waiting for room. One of the
/// doublings of [`LOOK_AGAIN`].
const CROWDED_AFTER: Duration = Duration::from_millis(8);
const LOOK_AGAIN_AT_MOST: Duration = Duration::from_millis(100);
/// Room for one more page: a pipe in packet mode hands out a page at a time.
const PAGE: usize = 4096;

/// Standard input as a pipe.
#[derive(Debug)]
pub struct PipeIntake<'fd> {
    source: BorrowedFd<'fd>,
    side: (OwnedFd, OwnedFd),
    null: OwnedFd,
    /// What is not held is the head of the pipe.
    visible: Visible,
    /// The place of a file that they are for.
    place: u64,
    capacity: Capacity,
    /// How much is looked at at once.
    look: usize,
    /// Whether the writers were gone before the last look.
    hung_up: bool,
    watch: Option<EdgeWatch>,
    /// How long the next wait beside a partial line is at most.
    look_again: Duration,
    quiet: Quiet,
    readers: Readers,
    /// How long they are not doubted.
    truce: Duration,
    unconfirmed: Unconfirmed,
    /// How much was moved into the trace and is not compared yet.
    moved: Option<usize>,
}

/// Whether everything was given back and the next wait may be without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quiet {
    Yes,
    No,
}

impl<'fd> PipeIntake<'fd> {
    /// Prepares to look into `source`. Fails where that is not possible, having taken nothing.
    pub fn new(source: BorrowedFd<'fd>) -> io::Result<PipeIntake<'fd>> {
        let side = pipe::new()?;
        let null = pipe::open_null()?;
        let capacity = Capacity::shared(source, &side.1)?;
        match pipe::duplicate(source, &side.1, 0) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(PipeIntake {
            source,
            side,
            null,
            visible: Visible::default(),
            place: 0,
            capacity,
            look: LOOK,
            hung_up: false,
            watch: None,
            look_again: LOOK_AGAIN,
            quiet: Quiet::No,
            readers: Readers::Alone,
            truce: FIRST_TRUCE,
            unconfirmed: Unconfirmed::default(),
            moved: None,
        })
    }

    /// Looks at the head of the pipe, or where others read it too takes it. True: there is more than before.
    fn look(&mut self) -> io::Result<bool> {
        self.forget_consumed();
        let before = self.visible.len();
        // There is always room for a page, so that nothing that was taken has to be thrown away.
        let most = if self.is_alone() { self.capacity.bytes().min(self.look) } else { PAGE };
        let looked = match self.readers {
            Readers::Alone => pipe::duplicate(self.source, &self.side.1, most),
            Readers::Others(_) => pipe::remove(self.source, &self.side.1, most),
        };
        let count = match looked {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        // What was visible and is not there now was taken by others.
        self.visible.keep_held();
        if count > 0 {
            self.read_side(count, most)?;
        }
        if !self.is_alone() {
            self.visible.hold_all();
        }
        Ok(self.visible.len() > before)
    }

    /// Reads what is in the side pipe, as far as there is room for it.
    fn read_side(&mut self, count: usize, most: usize) -> io::Result<()> {
        // A logger that only ever sees a line at a time never touches more than two pages. The last one has room for
        // what is left free at the start.
        let room = if count < PAGE { PAGE } else { most.max(count) };
        self.visible.reserve(count + PAGE, room + PAGE);
        self.visible.move_to(align::lead(self.visible.buffer(), self.place));
        let seen = self.within_room(count);
        let mut left = seen;
        while left > 0 {
            match unix::pipe::read(&self.side.0, &mut self.visible.room()[..left])? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                got => {
                    self.visible.add(got);
                    left -= got;
                }
            }
        }
        self.empty_side(count - seen)
    }

    /// How many of `count` bytes there is room for. If that is not all, looks are shorter until the next silence.
    fn within_room(&mut self, count: usize) -> usize {
        let room = self.visible.buffer().len().saturating_sub(self.visible.held() + PAGE);
        if count > room {
            self.look = room.max(PAGE);
        }
        count.min(room)
    }

    /// Throws away what is left in the side pipe. It is still in the other one. In packet mode the rest of a packet
    /// that was read in part is gone already.
    fn empty_side(&self, count: usize) -> io::Result<()> {
        let mut left = count;
        while left > 0 {
            match pipe::remove(&self.side.0, &self.null, left) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(removed) => left -= removed,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Gives back what a burst has taken.
    fn shrink(&mut self) {
        self.look = LOOK;
        if self.visible.is_empty() {
            self.visible = Visible::default();
        }
        self.suspect_nobody();
        self.capacity.shrink(self.source, &self.side.1);
    }

    /// Waits once. A partial line keeps the pipe readable, so then only changes count.
    fn wait_once(
        &mut self,
        signals: BorrowedFd<'_>,
        limit: Option<Duration>,
    ) -> io::Result<([event::Readiness; 2], bool)> {
        if self.visible.in_source().is_empty() {
            return Ok((event::wait([self.source, signals], limit)?, false));
        }
        let watch = match self.watch.take() {
            Some(watch) => watch,
            None => EdgeWatch::new(self.source)?,
        };
        let limit = limit.map_or(self.look_again, |limit| limit.min(self.look_again));
        let [_, signalled] = event::wait([watch.as_fd(), signals], Some(limit))?;
        watch.take();
        self.watch = Some(watch);
        // Once for each change: what has not changed is not more crowded than it was.
        let crowded = self.look_again == CROWDED_AFTER && self.capacity.is_crowded(self.source);
        self.look_again = (self.look_again * 2).min(LOOK_AGAIN_AT_MOST);
        // The pipe is readable because of the partial line: whether it has more is for a look to say.
        let [input] = event::wait([self.source], Some(Duration::ZERO))?;
        Ok(([input, signalled], crowded))
    }
}

impl Intake for PipeIntake<'_> {
    type Trace = OwnedFd;

    fn kind(&self) -> Kind {
        if self.is_alone() { Kind::Pipe } else { Kind::Stream }
    }

    fn identity(&self) -> io::Result<Identity> {
        Identity::of(self.source)
    }

    fn prepare_for(&mut self, place: u64) {
        self.place = place;
    }

    fn peek(&mut self) -> io::Result<Seen> {
        // The side pipe is empty before a look.
        if self.confirm()? == Taken::Otherwise || self.look()? {
            self.look_again = LOOK_AGAIN;
            return Ok(Seen::More);
        }
        // The end is a hang-up that was there before a look that found nothing new.
        let known = self.hung_up;
        self.hung_up = known || event::wait([self.source], Some(Duration::ZERO))?[0].hung_up;
        if !self.hung_up {
            return Ok(Seen::Nothing);
        }
        let more = !known && self.look()?;
        Ok(if more { Seen::More } else { Seen::End })
    }

    fn visible(&self) -> &[u8] {
        self.visible.bytes()
    }

    fn consume(&mut self, count: usize) -> io::Result<()> {
        let from_held = count.min(self.visible.held());
        if count - from_held >= self.capacity.bytes() / 4 {
            self.capacity.grow_if_full(self.source, &self.side.1);
        }
        self.take_out(count - from_held, from_held)?;
        self.visible.consume(count);
        Ok(())
    }

    fn pipe(&mut self) -> io::Result<&mut dyn Splice<Trace = OwnedFd>> {
        Ok(self)
    }

    fn held(&self) -> usize {
        self.visible.held()
    }

    fn waiting(&self) -> u64 {
        let in_source = pipe::filled(self.source).unwrap_or(0).max(self.visible.in_source().len() as u64);
        self.visible.held() as u64 + in_source
    }

    fn confirm(&mut self) -> io::Result<Taken> {
        self.confirm_all()
    }

    fn resume(&mut self, held: Vec<u8>) {
        self.visible.resume(held);
    }

    fn wait(&mut self, signals: Option<BorrowedFd<'_>>, limit: Option<Duration>) -> io::Result<Woken> {
        let (signals, listening) = (signals.unwrap_or(self.source), signals.is_some());
        let until_quiet = (self.quiet == Quiet::No).then_some(QUIET);
        let first = until_quiet.into_iter().chain(limit).min();
        let ([input, signal], crowded) = self.wait_once(signals, first)?;
        self.hung_up = input.hung_up;
        let nothing = !input.readable && !input.hung_up && !signal.readable;
        if nothing && first != until_quiet {
            return Ok(Woken { signalled: false, quiet: false, crowded });
        }
        let quiet = until_quiet.is_some() && nothing;
        if quiet {
            self.shrink();
        }
        if quiet {
            self.quiet = Quiet::Yes;
        } else if input.readable || input.hung_up {
            // A signal takes nothing that would have to be given back.
            self.quiet = Quiet::No;
        }
        Ok(Woken { signalled: listening && signal.readable, quiet, crowded })
    }
}

impl Splice for PipeIntake<'_> {
    type Trace = OwnedFd;

    fn move_into(&mut self, count: usize, fate: Fate, trace: &OwnedFd, offset: u64) -> io::Result<usize> {
        // What was moved and could not be compared is not moved again.
        let moved = match self.moved.take() {
            Some(moved) => moved,
            None => match pipe::remove_into(self.source, trace, offset, count) {
                Ok(moved) => moved,
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                Err(error) => return Err(error),
            },
        };
        self.moved = Some(moved);
        let mut tail = vec![0; moved];
        let as_seen = unix::file::read_at(trace, &mut tail, offset)? == moved && self.is_next(&tail)?;
        self.moved = None;
        if !as_seen {
            return Ok(0);
        }
        match fate {
            Fate::Consumed => {
                self.visible.consume(moved);
                self.note_consumed(moved);
            }
            Fate::Held => self.visible.hold(moved),
        }
        Ok(moved)
    }

    fn rehearse(&mut self, byte: u8, trace: &OwnedFd, offset: u64) -> io::Result<()> {
        unix::file::write(&self.side.1, &[byte])?;
        match pipe::remove_into(&self.side.0, trace, offset, 1) {
            Ok(1) => Ok(()),
            failed => {
                // What stays in the side pipe would be taken for input.
                pipe::read(&self.side.0, &mut [0])?;
                Err(failed.err().unwrap_or_else(|| ErrorKind::Unsupported.into()))
            }
        }
    }

    fn hold(&mut self, count: usize) -> io::Result<()> {
        self.hold_next(count)
    }
}

#[cfg(test)]
#[path = "pipe_tests.rs"]
mod tests;
