//! A logger rotates between the look at a directory and the reading of its files: each file is read once, under whatever
//! name, and what is gone is said.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use mlog::pattern::Patterns;
use mlog::pipeline::{Given, Plan, Sink, Stop, Trouble, run};
use mlog::plan::{Range, plan};
use mlog::search::{Entry, Query, Wanted};
use mlog::show::{Form, Skin};
use mlog::store::Store;
use tai64tools::Label;
use tai64tools::label::EPOCH;
use tai64tools::leap::Offset;

#[derive(Default)]
struct Text(Vec<u8>);

impl Sink for Text {
    fn plain(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn line(&mut self, _: usize, _: Entry, bytes: &[u8]) -> Result<(), Stop> {
        self.plain(bytes)
    }
}

/// A logger that names `current` `previous` first, makes an archive of that later, and keeps a number of archives.
struct Logger<'a> {
    directory: &'a Path,
    /// How many generations were begun.
    begun: u64,
    kept: usize,
    /// Whether archives are copies.
    copies: bool,
}

impl Logger<'_> {
    fn begin(&mut self) {
        self.begun += 1;
        fs::write(self.directory.join("current"), format!("{}\n", self.begun)).unwrap();
    }

    fn rotate(&mut self) {
        fs::rename(self.directory.join("current"), self.directory.join("previous")).unwrap();
        self.begin();
    }

    fn archive(&self) {
        let label = Label::new(EPOCH + self.begun, 0).unwrap();
        let name = format!("{}.s", String::from_utf8_lossy(&label.text()));
        let previous = self.directory.join("previous");
        if self.copies {
            fs::copy(&previous, self.directory.join(name)).unwrap();
            fs::remove_file(&previous).unwrap();
        } else {
            fs::rename(&previous, self.directory.join(name)).unwrap();
        }
        let names = fs::read_dir(self.directory).unwrap().map(|entry| entry.unwrap().path());
        let mut archives: Vec<_> = names.filter(|path| path.extension().is_some()).collect();
        archives.sort();
        for old in &archives[..archives.len().saturating_sub(self.kept)] {
            fs::remove_file(old).unwrap();
        }
    }
}

/// What is read, and whether something is said to be missing.
fn read(store: &Store, planned: Vec<mlog::plan::Planned>) -> (String, bool) {
    let patterns = Arc::new(Patterns::default());
    let skin = Skin {
        form: Form::None,
        offset: Offset::Fixed,
        name: Vec::new(),
        prefix: false,
        colour: None,
        escape: false,
        patterns: patterns.clone(),
    };
    let given = Given { store: store.clone(), planned, range: Range::default(), skin: Arc::new(skin) };
    let query = Query { patterns, context: None, wanted: Wanted::Lines, keys: false, index: false };
    let (mut text, mut trouble) = (Text::default(), Trouble::default());
    run(&[given], &Plan::forward(), &Arc::new(query), &mut text, &mut trouble).unwrap();
    (String::from_utf8(text.0).unwrap(), trouble.missing)
}

/// `previous` was opened by its name, and was another file by then: its lines came twice, and those before it not at all.
#[test]
fn what_had_no_label_is_read_once_however_often_the_logger_rotates_meanwhile() {
    for case in 0..2 * 2 * 2 * 2 * 3 * 4 {
        let (hold, copies, kept) = (case & 1 == 0, case & 2 == 0, if case & 4 == 0 { 2 } else { 100 });
        let (with_previous, archives, rotations) = (case & 8 == 0, case / 16 % 3, case / 48);
        let folder = tempfile::tempdir().unwrap();
        let mut logger = Logger { directory: folder.path(), begun: 0, kept, copies };
        logger.begin();
        for _ in 0..archives {
            logger.rotate();
            logger.archive();
        }
        if with_previous {
            logger.rotate();
        }
        let store = Store::new(folder.path());
        let mut snapshot = store.snapshot().unwrap();
        let planned = plan(&snapshot, Offset::Fixed, Range::default(), hold);
        snapshot.close();
        drop(snapshot);
        let there = logger.begun;
        for _ in 0..rotations {
            if folder.path().join("previous").exists() {
                logger.archive();
            }
            logger.rotate();
        }
        let (text, missing) = read(&store, planned);
        let all: Vec<String> = (1..=there).map(|number| format!("{number}\n")).collect();
        let about = format!(
            "{case}: held {hold}, copies {copies}, {kept} kept, {archives} {with_previous} {rotations}"
        );
        if missing {
            assert!(kept < 100, "{about}: something is missing");
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            assert!(
                all.iter().map(String::as_str).filter(|line| lines.contains(line)).eq(lines.iter().copied()),
                "{about}: {text:?}"
            );
            assert!(
                !hold || all.ends_with(&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()),
                "{about}: {text:?}"
            );
        } else {
            assert_eq!(text, all.concat(), "{about}");
        }
    }
}
