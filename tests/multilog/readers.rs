//! More than one reader of one pipe: a second logger, or a cat of a named pipe.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use harness::{LogView, Random, Running, Scratch, is_original, original, tool};

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// The logger under test.
    Logger,
    /// The same, with a processor.
    Processing,
    /// The same, with more directories than a journal has room for.
    WithoutJournal,
    /// Debian's logger.
    Original,
    /// `cat`.
    Cat,
}

use Reader::{Cat, Logger, Original, Processing, WithoutJournal};

/// How the readers come to the pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// One open pipe that all inherit.
    Inherited,
    /// Each opens it by its name.
    Named,
}

impl Reader {
    /// Starts it; what it reads is found under `name`.
    fn start(self, here: &Scratch, name: &str, input: OwnedFd) -> Running {
        let log = format!("./{name}");
        let many: Vec<String> = (0..40).map(|number| format!("./{name}-{number}")).collect();
        let mut words: Vec<&str> = vec!["s4096", "n10000"];
        match self {
            Processing => words.extend(["!cat", &log]),
            WithoutJournal => words.extend([&log].into_iter().chain(&many).map(String::as_str)),
            _ => words.push(&log),
        }
        match self {
            Cat => here.run(Path::new("/bin/sh"), &["-c", &format!("exec cat >{name}.text")]),
            Original => here.run(&original("multilog").unwrap(), &words),
            _ => here.run(&tool("multilog"), &words),
        }
        .from(input)
        .start()
    }

    /// What it has read.
    fn text(self, here: &Scratch, name: &str) -> String {
        match self {
            Cat => std::fs::read_to_string(here.path(format!("{name}.text"))).unwrap(),
            _ => LogView::of(here.path(name)).text(),
        }
    }
}

/// The ends of a pipe: one to read for each reader, and the one to write.
fn pipe(here: &Scratch, way: Way, count: usize) -> (Vec<OwnedFd>, File) {
    match way {
        Way::Inherited => {
            let (reader, writer) = harness::pipe().unwrap();
            let readers = (0..count).map(|_| reader.try_clone().unwrap().into());
            (readers.collect(), File::from(OwnedFd::from(writer)))
        }
        Way::Named => {
            let path = here.path("pipe");
            let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
            assert!(made.success());
            // Opened for both, so that no open waits for the other end.
            let both = File::options().read(true).write(true).open(&path).unwrap();
            let readers = (0..count).map(|_| File::open(&path).unwrap().into()).collect();
            let writer = File::options().write(true).open(&path).unwrap();
            drop(both);
            (readers, writer)
        }
    }
}

/// Writes lines in bursts that a single read of any reader takes, each when the one before was taken. Then every
/// reader waits for the next, and all are woken by it.
fn write_lines(mut writer: File, random: &mut Random) -> Vec<String> {
    let mut lines = Vec::new();
    for _ in 0..400 {
        let mut burst = String::new();
        for _ in 0..=random.below(4) {
            let width = usize::try_from(random.below(200)).unwrap();
            let line = format!("{} {}\n", lines.len(), "x".repeat(width));
            burst.push_str(&line);
            lines.push(line);
        }
        writer.write_all(burst.as_bytes()).unwrap();
        let begun = Instant::now();
        while rustix::io::ioctl_fionread(&writer).unwrap() > 0 {
            assert!(begun.elapsed() < Duration::from_secs(20), "nobody took it");
            std::thread::yield_now();
        }
    }
    lines
}

/// One of two loggers ended with "temporary failure", and a line was lost.
#[test]
fn each_line_goes_to_one_of_the_readers() {
    let mut random = Random::new(7);
    let sets: [&[Reader]; 8] = [
        &[Logger, Logger],
        &[Logger, Cat],
        &[Logger, Original],
        &[Processing, Logger],
        &[WithoutJournal, Logger],
        &[WithoutJournal, Cat],
        &[Logger, Logger, Cat],
        &[Logger, Logger, Logger],
    ];
    for (set, way) in sets.into_iter().flat_map(|set| [(set, Way::Inherited), (set, Way::Named)]) {
        if set.contains(&Original) && original("multilog").is_none() {
            continue;
        }
        let here = Scratch::in_memory();
        let names: Vec<String> = (0..set.len()).map(|number| format!("reader{number}")).collect();
        let (readers, writer) = pipe(&here, way, set.len());
        let running: Vec<Running> = set
            .iter()
            .zip(&names)
            .zip(readers)
            .map(|((reader, name), input)| reader.start(&here, name, input))
            .collect();
        let mut expected = write_lines(writer, &mut random);
        for running in running {
            let outcome = running.wait();
            assert_eq!(outcome.code, Some(0), "{set:?} {way:?}: {outcome:?}");
            let said = outcome.stderr.lines().filter(|line| line.contains("somebody else reads the input"));
            assert!(said.count() <= 1 || is_original(), "{outcome:?}");
        }
        let texts: Vec<String> =
            set.iter().zip(&names).map(|(reader, name)| reader.text(&here, name)).collect();
        let mut found: Vec<&str> = texts.iter().flat_map(|text| text.split_inclusive('\n')).collect();
        found.sort_unstable();
        expected.sort();
        // A part of a line that is the last of its reader gets a newline, which nobody wrote.
        let bytes = |text: String| text.bytes().filter(|&byte| byte != b'\n').count();
        let (length, wanted) = (bytes(found.concat()), bytes(expected.concat()));
        let missing: Vec<_> =
            expected.iter().filter(|line| found.binary_search(&line.as_str()).is_err()).collect();
        let repeated: Vec<_> = found.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        // The moment when a logger finds out that it is not alone may be within a line.
        let torn = if is_original() { 0 } else { 3 * set.len() };
        assert!(
            length == wanted && missing.len() <= torn && repeated.is_empty(),
            "{set:?} {way:?}: {length} of {wanted}, missing {missing:?}, repeated {repeated:?}"
        );
    }
}
