//! One pipe, another reader that takes whole lines at any moment, and what becomes of every line.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use proptest::prelude::*;
use unix::pipe;

use super::super::PipeIntake;
use crate::intake::{Fate, Intake, Splice, Taken};

/// One batch: what is written before it, and how the other reader and the logger take it.
#[derive(Clone, Debug)]
struct Step {
    lines: Vec<usize>,
    /// How many lines are taken by the other reader after the look, and after the first part of the batch.
    stolen: [usize; 2],
    /// Lines that come right behind what was stolen.
    behind: Vec<usize>,
    /// Whether there is a journal, for the last bytes of the batch.
    journal: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let stolen = prop_oneof![
        3 => Just([0, 0]),
        1 => (0usize..6).prop_map(|lines| [lines, 0]),
        1 => (0usize..6).prop_map(|lines| [0, lines]),
    ];
    let lines = || prop::collection::vec(prop_oneof![3 => 1usize..40, 1 => 200usize..900], 0..8);
    (lines(), stolen, lines(), any::<bool>()).prop_map(|(lines, stolen, behind, journal)| Step {
        lines,
        stolen,
        behind,
        journal,
    })
}

/// The pipe, its other reader, and everything that was written and taken.
struct Bench {
    reader: OwnedFd,
    writer: OwnedFd,
    written: Vec<Vec<u8>>,
    stolen: Vec<u8>,
    logged: Vec<u8>,
}

impl Bench {
    fn write(&mut self, widths: &[usize]) {
        for width in widths {
            let mut line = format!("{} ", self.written.len()).into_bytes();
            line.resize(line.len() + width, b'x');
            line.push(b'\n');
            assert_eq!(unix::file::write(&self.writer, &line).unwrap(), line.len());
            self.written.push(line);
        }
    }

    /// The other reader takes this number of lines, if they are there.
    fn steal(&mut self, lines: usize) {
        for _ in 0..lines {
            while pipe::filled(&self.reader).unwrap() > 0 {
                let mut byte = [0];
                assert_eq!(pipe::read(&self.reader, &mut byte).unwrap(), 1);
                self.stolen.extend(byte);
                if byte == *b"\n" {
                    break;
                }
            }
        }
    }

    /// As the engine does: the whole lines that are visible are written, and then taken out.
    fn take(&mut self, intake: &mut PipeIntake<'_>, step: &Step, journal: &OwnedFd) {
        intake.peek().unwrap();
        let visible = intake.visible().to_vec();
        let count = memchr::memrchr(b'\n', &visible).map_or(0, |newline| newline + 1);
        self.steal(step.stolen[0]);
        self.write(&step.behind);
        let held = intake.held();
        let tail = if step.journal && held < count { (count - held).min(600) } else { 0 };
        intake.consume(count - tail).unwrap();
        self.steal(step.stolen[1]);
        let mut left = tail;
        while left > 0 {
            match intake.move_into(left, Fate::Consumed, journal, 0).unwrap() {
                0 => break,
                moved => left -= moved,
            }
        }
        if intake.confirm().unwrap() == Taken::AsSeen {
            self.logged.extend_from_slice(&visible[..count]);
        }
    }
}

fn sorted(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.sort_unstable();
    bytes
}

/// The last byte of a batch was in the journal, the copies of the others could not be thrown away, and the step that was
/// tried again took the next byte of the input as well: it was lost.
#[test]
fn what_can_not_be_thrown_away_is_read() {
    let (reader, writer) = pipe::new().unwrap();
    let journal = OwnedFd::from(tempfile::tempfile().unwrap());
    let input: Vec<u8> = (0..9000u32).map(|n| n.to_le_bytes()[0]).collect();
    assert_eq!(unix::file::write(&writer, &input).unwrap(), input.len());
    let mut intake = PipeIntake::new(reader.as_fd()).unwrap();
    intake.null = File::options().write(true).open("/dev/full").unwrap().into();
    intake.peek().unwrap();
    intake.consume(8000).unwrap();
    assert_eq!(intake.move_into(1, Fate::Consumed, &journal, 0).unwrap(), 1);
    assert_eq!(intake.confirm().unwrap(), Taken::AsSeen);
    assert_eq!(intake.visible(), &input[8001..]);
    assert_eq!(pipe::filled(&reader).unwrap(), 999);
}

/// The same where the byte itself could not be read in the journal.
#[test]
fn what_was_moved_and_not_compared_is_not_moved_again() {
    let (here, (reader, writer)) = (tempfile::NamedTempFile::new().unwrap(), pipe::new().unwrap());
    let journal = |read| OwnedFd::from(File::options().read(read).write(true).open(here.path()).unwrap());
    assert_eq!(unix::file::write(&writer, b"abc\n").unwrap(), 4);
    let mut intake = PipeIntake::new(reader.as_fd()).unwrap();
    intake.peek().unwrap();
    assert!(intake.move_into(1, Fate::Consumed, &journal(false), 0).is_err());
    assert_eq!(intake.move_into(1, Fate::Consumed, &journal(true), 0).unwrap(), 1);
    assert_eq!(intake.visible(), b"bc\n");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What the other reader took was lost or was logged as well, and the logger ended.
    #[test]
    fn every_byte_goes_to_one_reader(
        steps in prop::collection::vec(step(), 1..12)
    ) {
        let (reader, writer) = pipe::new().unwrap();
        let source = reader.try_clone().unwrap();
        let journal = OwnedFd::from(tempfile::tempfile().unwrap());
        let mut bench = Bench { reader, writer, written: vec![], stolen: vec![], logged: vec![] };
        let mut intake = PipeIntake::new(source.as_fd()).unwrap();
        for step in &steps {
            bench.write(&step.lines);
            bench.take(&mut intake, step, &journal);
        }
        // Everything that is left.
        let last = Step { lines: vec![], stolen: [0, 0], behind: vec![], journal: false };
        for _ in 0..3 {
            bench.take(&mut intake, &last, &journal);
        }
        // What is left is the start of a line of which the other reader has the rest.
        let took = [&bench.stolen[..], &bench.logged, intake.visible()].concat();
        prop_assert_eq!(sorted(&took), sorted(&bench.written.concat()));
        let stolen: usize = steps.iter().map(|step| step.stolen[0] + step.stolen[1]).sum();
        if stolen == 0 {
            prop_assert_eq!(&bench.logged, &bench.written.concat());
            prop_assert!(intake.is_alone());
        }
    }
}

/// A logger that another reader has left looks into the pipe again, so that a kill loses nothing.
#[test]
fn when_the_others_may_have_gone_nothing_leaves_the_pipe_early_again() {
    let (reader, writer) = pipe::new().unwrap();
    let source = reader.try_clone().unwrap();
    let journal = OwnedFd::from(File::options().read(true).write(true).open("/dev/null").unwrap());
    let mut bench = Bench { reader, writer, written: vec![], stolen: vec![], logged: vec![] };
    let mut intake = PipeIntake::new(source.as_fd()).unwrap();
    bench.write(&[10]);
    let thief = Step { lines: vec![], stolen: [1, 0], behind: vec![], journal: false };
    bench.take(&mut intake, &thief, &journal);
    assert!(!intake.is_alone());
    intake.suspect_nobody();
    assert!(!intake.is_alone());
    intake.truce = std::time::Duration::ZERO;
    intake.suspect_nobody();
    assert!(intake.is_alone());
    bench.write(&[10]);
    intake.peek().unwrap();
    assert_eq!((intake.held(), pipe::filled(&bench.reader).unwrap()), (0, 13));
}
