//! `Logs`: the lines of a log directory, by a follower.

use std::io;

use mlog::follow::{Doubt, Follower, Place, Resumed, Step};
use mlog::stamp::Stamps;
use mlog::store::{Ahead, Store, guess, whole_lines};
use tai64tools::leap::Offset;

use super::pending::Pending;
use super::{Amount, Cut, Said, Source};
use crate::bound::Bound;

/// Where a lane begins that was nowhere before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// Before all that is there.
    Start,
    /// Behind it.
    End,
}

/// Who knows which names came and went in a directory.
pub trait Witness: Send {
    /// It will be looked at now.
    fn begin(&self);

    /// Whether archives came and went between two looks, where the names that are there don't tell.
    fn was_there(&self, doubt: &Doubt) -> bool;
}

/// The lines of a log directory.
pub struct Logs {
    store: Store,
    ahead: Ahead,
    begin: Begin,
    witness: Box<dyn Witness>,
    /// None: it was not opened yet, or has to be opened again, at this bound.
    follower: Option<Follower>,
    pending: Pending,
    stamps: Stamps,
}

impl Logs {
    /// Nothing is opened.
    pub fn new(store: Store, ahead: Ahead, begin: Begin, witness: Box<dyn Witness>) -> Logs {
        Logs {
            store,
            ahead,
            begin,
            witness,
            follower: None,
            pending: Pending::default(),
            stamps: Stamps::new(Offset::Fixed),
        }
    }

    /// A follower where nothing was read before.
    fn begun(&mut self) -> io::Result<Follower> {
        let snapshot = self.store.snapshot()?;
        let offset = guess(&self.store, &snapshot, self.ahead);
        self.stamps = Stamps::new(offset);
        Ok(match (self.begin, &snapshot.current) {
            (Begin::End, Some((file, size))) => {
                let at = whole_lines(file, *size)?;
                Follower::at_current(self.store.clone(), offset, &snapshot, at)
            }
            _ => Follower::at_start(self.store.clone(), offset),
        })
    }

    fn resumed(&mut self, bound: &Bound) -> io::Result<(Follower, Resumed)> {
        let snapshot = self.store.snapshot()?;
        let offset = guess(&self.store, &snapshot, self.ahead);
        self.stamps = Stamps::new(offset);
        Follower::resume(self.store.clone(), offset, &bound.place)
    }

    /// Reads until there is so much, or no more for now. True: there may be more.
    fn fill(&mut self, wanted: usize) -> io::Result<bool> {
        let Some(follower) = &mut self.follower else { return Ok(false) };
        while self.pending.len() < wanted {
            let from = follower.place();
            let step = follower.step(&mut self.pending);
            if follower.doubt().is_some_and(|doubt| self.witness.was_there(doubt)) {
                follower.confirm_doubt();
            }
            self.pending.stepped(from);
            if step? == Step::Idle {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Goes to the first line of a bound's generation whose stamp is not earlier than the last one before the bound: the text
    /// may have been changed by a processor.
    fn go_by_stamp(&mut self, bound: &Bound) -> io::Result<()> {
        let start = Place { offset: 0, length: 0, crc: 0, ..bound.place.clone() };
        let (follower, _) = self.resumed(&Bound::between(start))?;
        let place = follower.place();
        (self.follower, self.pending) = (Some(follower), Pending::default());
        let mut count = 0;
        if let Some(last) = bound.place.last {
            let mut done = false;
            while !done && (self.fill(1)? || self.pending.len() > 0) {
                let (is_all, more) = self.pending.leave_out(last, &place, &mut self.stamps);
                (done, count) = (is_all, count + more);
            }
        }
        if count > 0 || bound.place.last.is_none() {
            self.pending.say(Said::Changed);
        } else {
            // Nothing of the generation was before the bound: it is another one.
            self.pending.say_gap(bound.place.last, &mut self.stamps);
        }
        Ok(())
    }

    /// Leaves out what of a line is before a bound. False: it is something else.
    fn skip(&mut self, bound: &Bound) -> io::Result<bool> {
        let length = usize::try_from(bound.within).unwrap_or(usize::MAX);
        self.pending.begin_within(if length == 0 { bound.part } else { 0 });
        if length == 0 {
            return Ok(true);
        }
        self.fill(length)?;
        let before = self.pending.take(Amount::Exactly(length), &mut self.stamps);
        Ok(before.is_some_and(|before| crc32fast::hash(&before.lines) == bound.crc))
    }
}

impl Source for Logs {
    fn go_to(&mut self, bound: Option<&Bound>) -> io::Result<bool> {
        (self.follower, self.pending) = (None, Pending::default());
        self.witness.begin();
        let Some(bound) = bound else {
            self.follower = Some(self.begun()?);
            return Ok(true);
        };
        let (follower, resumed) = self.resumed(bound)?;
        self.follower = Some(follower);
        if resumed == Resumed::Anew {
            self.pending.say(Said::Anew);
            return Ok(false);
        }
        // Elsewhere it is also where the last line was found.
        if resumed == Resumed::There || is_behind_line(self.follower.as_ref(), bound) {
            if self.skip(bound)? {
                return Ok(true);
            }
            // The line is another one than it was: all of it comes again.
            let (follower, _) = self.resumed(bound)?;
            (self.follower, self.pending) = (Some(follower), Pending::default());
            self.pending.say(Said::Changed);
            return Ok(false);
        }
        self.go_by_stamp(bound)?;
        Ok(false)
    }

    fn take(&mut self, amount: Amount) -> io::Result<Option<Cut>> {
        let wanted = match amount {
            Amount::UpTo(most) => most,
            Amount::Exactly(exactly) => exactly,
        };
        let may_be_more = self.fill(wanted)?;
        let cut = self.pending.take(amount, &mut self.stamps);
        let more = may_be_more || self.pending.len() > 0;
        if !more {
            self.pending.shrink();
        }
        Ok(cut.map(|cut| Cut { more, ..cut }))
    }

    fn place(&self) -> Option<Bound> {
        let follower = self.follower.as_ref().filter(|_| self.pending.len() == 0)?;
        Some(Bound::between(follower.place()))
    }

    fn stamps(&self) -> Stamps {
        self.stamps.clone()
    }
}

/// Whether a follower is behind the last line of a bound.
fn is_behind_line(follower: Option<&Follower>, bound: &Bound) -> bool {
    let place = follower.map(Follower::place);
    place.is_some_and(|place| (place.length, place.crc) == (bound.place.length, bound.place.crc))
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
