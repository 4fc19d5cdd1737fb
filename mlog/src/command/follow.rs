//! `-f` and `--cursor-file`: shows lines as they come, from where a reader was.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use unix::diag::Message;
use unix::tool::Fatal;

use crate::cursor::{Cursor, CursorFile};
use crate::follow::{Follower, Hints, Place, Resumed, Step, Told};
use crate::pipeline::Trouble;
use crate::search::Query;
use crate::show::{Gone, Output};
use crate::store::{self, shown};

use super::delivered::{before, delivered, open_cursor};
use super::directories::Found;
use super::followed::Show;
use super::query::{Asked, ended, wrong};
use super::scan::Scan;

/// Where a reader is is written down so often at most.
const COMMIT: Duration = Duration::from_secs(1);
/// How many lines are shown before those that come.
const TAIL: usize = 10;

/// How directories are followed.
pub(super) struct How {
    /// Whether it goes on with what is written from now on.
    pub(super) goes_on: bool,
    /// The file that says where the last reader ended.
    pub(super) cursor: Option<PathBuf>,
    /// Where services may come.
    pub(super) scan: Option<Scan>,
}

/// Shows lines until there are none, or for ever. True: something was found.
pub(super) fn run(asked: &Asked, found: Vec<Found>, how: How, trouble: &mut Trouble) -> Result<bool, Fatal> {
    check(asked, how.cursor.is_some())?;
    let goes_on = how.goes_on;
    let mut following = Following::new(asked, found, how, trouble)?;
    let last = if asked.since.is_some() { asked.last } else { asked.last.or(Some(TAIL)) };
    let before = Asked { last, ..following.asked.clone() };
    following
        .begin(&before, trouble)
        .and_then(|()| following.go_on(goes_on, trouble))
        .or_else(|gone| ended(gone).map(|_| ()))?;
    Ok(following.readers.iter().any(|reader| reader.hits > 0) || following.found)
}

fn check(asked: &Asked, cursor: bool) -> Result<(), Fatal> {
    for (given, name) in [
        (asked.until.is_some(), "--until"),
        (asked.reverse, "--reverse"),
        (asked.count, "-c"),
        (asked.gaps.is_some(), "--gaps"),
    ] {
        if given {
            return Err(wrong(format!("{name} can't be together with -f or --cursor-file")));
        }
    }
    if cursor && (asked.last.is_some() || asked.since.is_some()) {
        return Err(wrong("--cursor-file can't be together with -n or --since"));
    }
    Ok(())
}

struct Following {
    asked: Asked,
    query: Query,
    /// Where services may come.
    scan: Option<Scan>,
    /// Whether the first lines were shown.
    has_begun: bool,
    /// Directories whose first lines are not shown yet, and their numbers.
    found_before: Vec<(usize, Found)>,
    followers: Vec<Option<Follower>>,
    readers: Vec<Show>,
    /// What was said of a directory that can't be followed at the moment.
    failed: Vec<Option<Message>>,
    output: Output,
    cursor: Option<CursorFile>,
    /// The checksum of the question.
    question: u32,
    committed: Option<Instant>,
    /// Tells of changes from before the first look on.
    hints: Hints,
    found: bool,
    /// The directories whose follower is not needed any more are told apart by their paths.
    paths: Vec<PathBuf>,
    /// Places in directories that are not read now, or can't be.
    elsewhere: Vec<(PathBuf, Place)>,
}

impl Following {
    fn new(asked: &Asked, found: Vec<Found>, how: How, trouble: &mut Trouble) -> Result<Following, Fatal> {
        let (cursor, known) = match &how.cursor {
            None => (None, Cursor::default()),
            Some(path) => open_cursor(path).map(|(file, known)| (Some(file), known))?,
        };
        let question = crc32fast::hash(format!("{:?}", asked.question()).as_bytes());
        // Where services may come, each line says of which one it is.
        let prefix = asked.prefix.unwrap_or(found.len() > 1 || how.scan.is_some());
        let mut following = Following {
            asked: Asked { prefix: Some(prefix), ..asked.clone() },
            query: Query { keys: false, index: asked.context.is_some(), ..asked.query(false) },
            scan: how.scan,
            has_begun: false,
            found_before: Vec::new(),
            followers: Vec::new(),
            readers: Vec::new(),
            failed: Vec::new(),
            output: Output::new(before(&known, question, found.len())),
            cursor,
            question,
            committed: None,
            hints: Hints::new(found.iter().map(|one| one.store.path.clone())),
            found: false,
            paths: Vec::new(),
            elsewhere: known.places,
        };
        for one in found {
            following.take(one, trouble);
        }
        let Following { scan, paths, .. } = &mut following;
        if let Some(scan) = scan {
            scan.refuse_others(|path| paths.contains(&absolute(path)));
        }
        Ok(following)
    }

    /// Takes a directory that is watched already.
    fn take(&mut self, one: Found, trouble: &mut Trouble) {
        let path = absolute(&one.store.path);
        let skin = self.asked.given(self.paths.len(), &one, 1).skin;
        self.readers.push(Show::new(self.query.clone(), skin));
        self.failed.push(None);
        let place = self.elsewhere.iter().position(|(known, _)| *known == path);
        let follower = self.follower(one, place.map(|at| self.elsewhere[at].1.clone()).as_ref(), trouble);
        if let Some(at) = place.filter(|_| follower.is_some()) {
            self.elsewhere.remove(at);
        }
        self.paths.push(path);
        self.followers.push(follower);
    }

    /// Takes the directories of services that have come: from their first lines, or where they have archives, from the time
    /// on at which they were not there.
    fn take_new(&mut self, told: &mut Vec<Told>, trouble: &mut Trouble) -> Result<(), Gone> {
        let Some(scan) = self.scan.as_mut().filter(|scan| scan.is_due()) else { return Ok(()) };
        let paths = &self.paths;
        let (come, since) = scan.come(|path| paths.contains(&absolute(path)), trouble);
        if come.is_empty() {
            return Ok(());
        }
        for one in come {
            self.hints.add(one.store.path.clone());
            self.take(one, trouble);
            told.push(Told::Changed);
        }
        self.begin(&Asked { since: Some(since), last: None, ..self.asked.clone() }, trouble)
    }

    /// Where following begins: at the place of the cursor, else at the start where there is a cursor, else at the end.
    fn follower(&mut self, mut one: Found, place: Option<&Place>, trouble: &mut Trouble) -> Option<Follower> {
        // Before the first lines are shown all directories were there.
        let is_new = self.has_begun && one.snapshot.archives.is_empty();
        let resumed = match (place, &self.cursor) {
            (Some(place), _) => Follower::resume(one.store.clone(), one.offset, place),
            (None, cursor) if cursor.is_some() || is_new => {
                Ok((Follower::at_start(one.store.clone(), one.offset), Resumed::There))
            }
            _ => {
                // What comes and goes from now on is told.
                if let Ok(snapshot) = one.store.snapshot() {
                    one.snapshot = snapshot;
                }
                let at = whole_lines(&mut one);
                let follower = Follower::at_current(one.store.clone(), one.offset, &one.snapshot, at);
                self.found_before.push((self.paths.len(), one));
                return Some(follower);
            }
        };
        match resumed {
            Ok((follower, Resumed::Anew)) => {
                trouble.miss(
                    &Message::new(shown(&one.store.path))
                        .and(" is another directory than it was: it is read from its start"),
                );
                Some(follower)
            }
            Ok((follower, _)) => Some(follower),
            Err(error) => {
                trouble.fail(&Message::new("unable to read ").and(shown(&one.store.path)).because(&error));
                None
            }
        }
    }

    /// Shows what is there before following begins.
    fn begin(&mut self, before: &Asked, trouble: &mut Trouble) -> Result<(), Gone> {
        self.has_begun = true;
        self.commit()?;
        // A place at the start does not tell whether the file is the same: what follows the first lines comes soon.
        self.committed = None;
        let found = std::mem::take(&mut self.found_before);
        if found.is_empty() {
            return Ok(());
        }
        let given: Vec<_> = found.iter().map(|(at, one)| before.held(*at, one, found.len())).collect();
        self.found |=
            before.run(&given, &Arc::new(before.query(found.len() > 1)), &mut self.output, trouble)?;
        self.output.flush()
    }

    fn go_on(&mut self, follow: bool, trouble: &mut Trouble) -> Result<(), Gone> {
        let mut told = vec![Told::Changed; self.followers.len()];
        loop {
            self.take_new(&mut told, trouble)?;
            for at in 0..told.len() {
                let now = std::mem::replace(&mut told[at], Told::Nothing);
                if now != Told::Nothing && self.step(at, now, follow, trouble)? {
                    told[at] = now;
                }
                self.confirm_doubt(at, &mut told);
            }
            let idle = told.iter().all(|told| *told == Told::Nothing);
            let due = self.committed.is_none_or(|committed| committed.elapsed() >= COMMIT);
            if due || idle && !follow {
                self.commit()?;
            }
            let is_over = self.scan.is_none() && self.followers.iter().all(Option::is_none);
            if idle && (!follow || is_over) {
                return Ok(());
            }
            if idle && !self.hints.wait(&mut told).map_err(Gone::Failed)? {
                return Err(Gone::Reader);
            }
        }
    }

    /// Tells a follower whether there was what may have been deleted unread.
    fn confirm_doubt(&mut self, at: usize, told: &mut [Told]) {
        let Some(follower) = &mut self.followers[at] else { return };
        if follower.doubt().is_some_and(|doubt| self.hints.confirm(at, doubt, told)) {
            follower.confirm_doubt();
        }
    }

    /// Reads a piece of a directory and delivers it. True: there may be more.
    fn step(&mut self, at: usize, told: Told, follow: bool, trouble: &mut Trouble) -> Result<bool, Gone> {
        let Some(follower) = &mut self.followers[at] else { return Ok(false) };
        let show = &mut self.readers[at];
        let step = if told == Told::Written { follower.read_on(show) } else { follower.step(show) };
        let place = follower.store().path.clone();
        if !show.said.is_empty() || matches!(step, Ok(Step::Idle)) {
            // What was delivered before does not come again.
            self.output.leave_nothing_out();
        }
        if !show.said.is_empty() {
            // What follows a gap would come again until a place behind it is written down.
            self.committed = None;
        }
        for said in show.said.drain(..) {
            trouble.miss(&said.words(&place));
        }
        self.output.add(&show.out)?;
        show.out.clear();
        self.output.flush()?;
        match step {
            Ok(step) => {
                if step == Step::Idle && told == Told::Changed {
                    self.failed[at] = None;
                }
                Ok(step == Step::Read)
            }
            Err(error) => {
                // It may pass: a directory is made again, a right is given back.
                let message = Message::new("unable to follow ").and(shown(&place)).because(&error);
                if self.failed[at].as_ref() != Some(&message) {
                    trouble.fail(&message);
                    self.failed[at] = Some(message);
                }
                if !follow {
                    // The next reader begins there.
                    let left = self.followers[at].take().map(|follower| follower.place());
                    self.elsewhere.extend(left.map(|place| (self.paths[at].clone(), place)));
                }
                Ok(false)
            }
        }
    }

    /// Writes down where the readers are. What they have read was delivered.
    fn commit(&mut self) -> Result<(), Gone> {
        if !self.output.is_through() {
            // The file says where the lines are from that are left out now.
            return Ok(());
        }
        self.committed = Some(Instant::now());
        let Some(file) = &mut self.cursor else { return Ok(()) };
        let places = self.followers.iter().zip(&self.paths);
        let mut cursor = Cursor { output: None, places: self.elsewhere.clone() };
        for (follower, path) in places {
            if let Some(follower) = follower {
                cursor.places.push((path.clone(), follower.place()));
            }
        }
        // What a reader that was killed had delivered is told by the size only if there is one order of lines.
        if self.paths.len() == 1 {
            cursor.output = delivered(self.question);
        }
        file.write(&cursor).map_err(Gone::Cursor)
    }
}

/// Where the whole lines of `current` end; what follows is left to the follower, and all of it where it can't be read.
fn whole_lines(one: &mut Found) -> u64 {
    let Some((current, size)) = &mut one.snapshot.current else { return 0 };
    *size = store::whole_lines(current, *size).unwrap_or(0);
    *size
}

fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
