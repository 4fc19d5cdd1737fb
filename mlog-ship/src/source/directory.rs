//! `Logs`: the lines of a log directory, by a follower.

use std::io;

use mlog::follow::{Doubt, Follower, Place, Resumed, Step};
use mlog::stamp::Stamps;
use mlog::store::{Ahead, Store, guess};
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

/// Says whether archives came and went between two looks, where the names that are there don't tell.
pub type WasThere = Box<dyn Fn(&Doubt) -> bool + Send>;

/// The lines of a log directory.
pub struct Logs {
    store: Store,
    ahead: Ahead,
    begin: Begin,
    was_there: WasThere,
    /// None: it was not opened yet, or has to be opened again, at this bound.
    follower: Option<Follower>,
    pending: Pending,
    stamps: Stamps,
}

impl Logs {
    /// Nothing is opened.
    pub fn new(store: Store, ahead: Ahead, begin: Begin, was_there: WasThere) -> Logs {
        Logs {
            store,
            ahead,
            begin,
            was_there,
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
            if follower.doubt().is_some_and(&self.was_there) {
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

/// Where the whole lines of `current` end.
fn whole_lines(file: &std::fs::File, size: u64) -> io::Result<u64> {
    let mut piece = vec![0; 64 << 10];
    let mut end = size;
    while end > 0 {
        let from = end.saturating_sub(piece.len() as u64);
        let most = usize::try_from(end - from).unwrap_or(0);
        let got = unix::file::read_at(file, &mut piece[..most], from)?;
        if let Some(newline) = memchr::memrchr(b'\n', &piece[..got]) {
            return Ok(from + newline as u64 + 1);
        }
        end = from;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::Path;
    use tai64tools::{Label, label};

    fn stamp(second: u64) -> String {
        let label = Label::new(label::EPOCH + 1_700_000_000 + second, 0).unwrap();
        String::from_utf8_lossy(&label.text()).into_owned()
    }

    fn logs(path: &Path) -> Logs {
        Logs::new(Store::new(path), Ahead::Said(Offset::Fixed), Begin::Start, Box::new(|_| false))
    }

    /// Takes all that is there.
    fn rest(logs: &mut Logs) -> (String, Vec<Said>, Option<Bound>) {
        let (mut text, mut said, mut end) = (String::new(), Vec::new(), None);
        while let Some(mut cut) = logs.take(Amount::UpTo(1000)).unwrap() {
            text += std::str::from_utf8(&cut.lines).unwrap();
            said.append(&mut cut.said);
            end = cut.end;
        }
        (text, said, end)
    }

    /// Archives of these lines, and `current` of the last ones.
    fn write(path: &Path, generations: &[Vec<String>]) {
        let (last, archives) = generations.split_last().unwrap();
        for (at, lines) in archives.iter().enumerate() {
            let name = format!("{}.s", stamp(1000 * (at as u64 + 1)));
            std::fs::write(path.join(name), lines.concat()).unwrap();
        }
        std::fs::write(path.join("current"), last.concat()).unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn cuts_are_the_log_and_each_is_found_again(
            lengths in prop::collection::vec(prop::collection::vec(0usize..40, 0..6), 1..4), most in 2usize..80,
            torn in any::<bool>(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut number = 0;
            let mut line = |length: &usize| { number += 1; format!("{number} {}\n", "\u{e9}".repeat(*length)) };
            let mut generations: Vec<Vec<String>> =
                lengths.iter().map(|lengths| lengths.iter().map(&mut line).collect()).collect();
            let whole = generations.concat().concat();
            let (last, archives) = generations.split_last_mut().unwrap();
            for lines in archives.iter_mut().filter(|_| torn) {
                if let Some(line) = lines.last_mut() {
                    line.pop();
                }
            }
            let open = "not whole yet".to_string();
            last.push(open);
            write(folder.path(), &generations);
            let mut first = logs(folder.path());
            first.go_to(None).unwrap();
            let mut before = None;
            let mut text = Vec::new();
            while let Some(cut) = first.take(Amount::UpTo(most)).unwrap() {
                prop_assert!(!cut.lines.is_empty() && cut.lines.len() <= most);
                // Another one that begins at the same bound takes the same bytes.
                let mut again = logs(folder.path());
                prop_assert!(again.go_to(before.as_ref()).unwrap());
                let same = again.take(Amount::Exactly(cut.lines.len())).unwrap().unwrap();
                prop_assert_eq!(&same.lines, &cut.lines);
                let at = |end: &Option<Bound>| end.as_ref().map(|end| (end.place.label, end.place.offset, end.within));
                prop_assert_eq!(at(&same.end), at(&cut.end));
                prop_assert!(cut.said.is_empty());
                text.extend_from_slice(&cut.lines);
                before = cut.end;
            }
            prop_assert_eq!(String::from_utf8(text).unwrap(), whole);
        }
    }

    fn lines(seconds: std::ops::Range<u64>) -> Vec<String> {
        seconds.map(|second| format!("{} {second}\n", stamp(second))).collect()
    }

    #[test]
    fn text_that_a_processor_has_changed_goes_on_at_the_stamp() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[lines(0..10)]);
        let mut before = logs(folder.path());
        before.go_to(None).unwrap();
        let end = rest(&mut before).2.unwrap();
        let changed: Vec<String> = lines(0..20).iter().map(|line| line.replace('\n', " changed\n")).collect();
        write(folder.path(), &[changed.clone(), lines(20..25)]);
        let mut behind = logs(folder.path());
        assert!(!behind.go_to(Some(&end)).unwrap());
        let (text, said, _) = rest(&mut behind);
        assert_eq!(text, [&changed[9..], &lines(20..25)].concat().concat());
        assert_eq!(said, [Said::Changed]);
    }

    #[test]
    fn what_retention_has_deleted_is_said_with_its_bounds() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[lines(0..10), lines(10..20), lines(20..30)]);
        let mut before = logs(folder.path());
        before.go_to(None).unwrap();
        let end = before.take(Amount::UpTo(60)).unwrap().unwrap().end.unwrap();
        std::fs::remove_file(folder.path().join(format!("{}.s", stamp(1000)))).unwrap();
        let mut behind = logs(folder.path());
        assert!(!behind.go_to(Some(&end)).unwrap());
        let (text, said, _) = rest(&mut behind);
        assert_eq!(text, lines(10..30).concat());
        let [Said::Gap(gap)] = &said[..] else { panic!("{said:?}") };
        let shown = |label: Option<Label>| label.map(|label| label.unix_seconds() - 1_700_000_000);
        assert_eq!((shown(gap.after), shown(gap.before)), (Some(1), Some(10)));
    }

    /// The original multilog gives earlier labels when the clock has been set back. What has such a label is left out, and
    /// that is said.
    #[test]
    fn what_has_an_earlier_label_than_what_was_shipped_is_said_to_be_missing() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[lines(0..10), lines(10..20)]);
        let mut before = logs(folder.path());
        before.go_to(None).unwrap();
        let end = rest(&mut before).2.unwrap();
        let earlier = |second: u64, from: &str| {
            let name = format!("{}.s", stamp(second));
            std::fs::rename(folder.path().join(from), folder.path().join(name)).unwrap();
        };
        let current = folder.path().join("current");
        std::fs::write(&current, lines(10..30).concat()).unwrap();
        earlier(500, "current");
        std::fs::write(&current, lines(30..40).concat()).unwrap();
        let mut behind = logs(folder.path());
        assert!(!behind.go_to(Some(&end)).unwrap());
        let (text, said, _) = rest(&mut behind);
        assert_eq!(text, lines(30..40).concat());
        let [Said::Gap(gap)] = &said[..] else { panic!("{said:?}") };
        let shown = |label: Option<Label>| label.map(|label| label.unix_seconds() - 1_700_000_000);
        assert_eq!((shown(gap.after), shown(gap.before), gap.certain), (Some(19), Some(30), false));
    }

    #[test]
    fn a_lane_that_begins_at_the_end_does_so_behind_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("current"), "one\ntw").unwrap();
        let mut logs = Logs { begin: Begin::End, ..logs(folder.path()) };
        logs.go_to(None).unwrap();
        assert_eq!(rest(&mut logs).0, "");
        std::fs::write(folder.path().join("current"), "one\ntwo\n").unwrap();
        assert_eq!(rest(&mut logs).0, "two\n");
    }
}
