//! Workloads: a script, an input, what has to be in the directories, and how to run it to its end through
//! whatever happens.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, UNIX_EPOCH};

use tai64tools::{Label, Stamp, Stamper};
use unix::memory;

use super::disk::{Disk, Killed, State, Trouble};
use super::files::SimFs;
use super::mutant::Mutant;
use super::poor::Lacks;
use super::strangers::FOREIGN;
use super::surroundings::{SimHost, SimInput, Source};
use crate::descriptors::Plan;
use crate::intake::Care;
use crate::script::{Action, Script};
use crate::sealer::Threading;
use crate::start::{self, Circumstances};

/// When the first process is started, in seconds since 1970. The clock steps back before each of the others.
const CLOCK: u64 = 1_000_000;

/// More processes than this and a run gets nowhere.
const PROCESSES: u64 = 30;

#[derive(Clone, Debug)]
pub(super) struct Workload {
    pub(super) script: Vec<String>,
    /// Without their newlines.
    pub(super) lines: Vec<Vec<u8>>,
    /// How many bytes the writer writes at once, again and again.
    pub(super) chunks: Vec<usize>,
    pub(super) source: Source,
    /// The last line lacks its newline.
    pub(super) open_end: bool,
    /// How many full files wait before one is sealed.
    pub(super) behind: usize,
    pub(super) journal: Journal,
    /// What the file system lacks.
    pub(super) lacks: Lacks,
    /// Larger pieces of memory are refused.
    pub(super) memory: usize,
}

/// Whether there is a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Journal {
    Kept,
    /// The kernel does not tell which run of the machine it is.
    Impossible,
}

/// `line 000123 xxx...`
pub(super) fn line(number: usize, filling: usize) -> Vec<u8> {
    format!("line {number:06} {}", "x".repeat(filling)).into_bytes()
}

impl Workload {
    /// Numbered lines, some of them `longest` bytes long.
    pub(super) fn new(script: &[&str], lines: usize, longest: usize) -> Workload {
        let filling = |n: usize| match n % 40 {
            13 => longest,
            29 => 0,
            _ => 30 + n % 30,
        };
        Workload {
            script: script.iter().map(ToString::to_string).collect(),
            lines: (0..lines).map(|n| line(n, filling(n))).collect(),
            chunks: vec![977],
            source: Source::Pipe,
            open_end: false,
            behind: 0,
            journal: Journal::Kept,
            lacks: Lacks::default(),
            memory: usize::MAX,
        }
    }

    /// What it is, for reports.
    pub(super) fn summary(&self) -> String {
        let lengths: Vec<usize> = self.lines.iter().map(Vec::len).collect();
        let Workload { script, chunks, source, open_end, behind, lacks, memory, .. } = self;
        let about = format!("open end {open_end}, {behind} behind, {lacks:?}, memory {memory}");
        format!("{script:?} {lengths:?} {source:?} in {chunks:?}, {about}")
    }

    pub(super) fn script(&self) -> Script {
        Script::parse(self.script.iter().map(Into::into).collect()).unwrap()
    }

    /// How many directories the script names.
    pub(super) fn directories(&self) -> usize {
        self.script().logs.len()
    }

    pub(super) fn input(&self) -> Vec<Vec<u8>> {
        let mut bytes = self.lines.join(&b'\n');
        if !self.open_end && !self.lines.is_empty() {
            bytes.push(b'\n');
        }
        let (mut chunks, mut rest, mut sizes) = (Vec::new(), &bytes[..], self.chunks.iter().cycle());
        while !rest.is_empty() {
            let (chunk, more) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
            chunks.push(chunk.to_vec());
            rest = more;
        }
        chunks
    }

    /// The lines that each directory has to have, in order.
    pub(super) fn expected(&self) -> Vec<Vec<Vec<u8>>> {
        let script = self.script();
        let stamp = script.stamp.map(some_stamp).unwrap_or_default();
        let mut logs = vec![Vec::new(); script.logs.len()];
        for line in &self.lines {
            let mut head = stamp.clone();
            head.extend_from_slice(line);
            head.truncate(crate::pattern::HEAD);
            let mut selected = true;
            for action in &script.actions {
                match action {
                    Action::Select(pattern) => selected |= pattern.matches(&head),
                    Action::Deselect(pattern) => selected &= !pattern.matches(&head),
                    Action::Log(log) if selected => logs[*log].push([line, &b"\n"[..]].concat()),
                    _ => {}
                }
            }
        }
        logs
    }

    /// Runs process after process until one comes to the end of the input. At a power cut `cut` is asked,
    /// which hears how much was consumed by then.
    pub(super) fn run(
        &self,
        disk: &Disk,
        mutant: Option<Mutant>,
        mut cut: impl FnMut(&Disk, usize),
    ) -> Result<(), String> {
        disk.state().lacks = self.lacks;
        let input = SimInput::new(disk.clone(), self.source, &self.input());
        for process in 0..PROCESSES {
            disk.start();
            let power = disk.state().faults_left().contains(&Trouble::PowerCut);
            let started = AssertUnwindSafe(|| self.process(disk, &input, mutant, CLOCK - 10 * process));
            match memory::with_at_most(self.memory, || catch_unwind(started)) {
                Ok(true) if !disk.was_told() => return Ok(()),
                // Fatal at the start, or told to end: the supervisor starts it again.
                Ok(_) => {}
                Err(payload) if payload.is::<Killed>() => {
                    if power {
                        cut(disk, input.taken());
                        input.lose();
                    }
                }
                Err(_) => return Err("it panics or hangs".to_string()),
            }
        }
        Err("it never ends".to_string())
    }

    /// The same with what there are descriptors for. An input that can't be looked into has no journal.
    pub(super) fn planned(&self, plan: Plan) -> Workload {
        let journal = if plan.care == Care::Peek { self.journal } else { Journal::Impossible };
        Workload { behind: plan.pending.saturating_sub(1), journal, ..self.clone() }
    }

    fn process(&self, disk: &Disk, input: &SimInput, mutant: Option<Mutant>, second: u64) -> bool {
        let script = self.script();
        let host = SimHost::started_at(disk.clone(), second);
        let directories = 0..script.logs.len();
        let filesystems = directories.map(|directory| SimFs::new(disk.clone(), directory, mutant)).collect();
        let boot = (self.journal == Journal::Kept).then_some([disk.state().boots; 36]);
        let opened = start::open(
            script,
            filesystems,
            Box::new(input.reopened(mutant)),
            host,
            Circumstances { boot, threading: Threading::Caller { behind: self.behind } },
        );
        opened.is_ok_and(|opened| opened.run().is_ok())
    }

    /// Whether what is kept is all that is newest. A long line may have begun in a file that is gone, and what
    /// could not be deleted is there as well, in its place.
    fn newest_are_kept(&self, disk: &Disk, directory: usize, expected: &[u8]) -> bool {
        let kept = self.script().logs[directory].keep.archives() + 1;
        let mut files = self.files_of_log(disk, directory);
        let current = files.pop();
        // An empty one that the disk has refused is of no interest.
        files.retain(|text| !text.is_empty());
        files.extend(current);
        let (older, newest) = files.split_at(files.len().saturating_sub(kept));
        let newest = self.lines_of(&newest.concat()).concat();
        let mut rest = expected;
        let in_order = older.iter().all(|text| {
            let text = self.lines_of(text).concat();
            let at = memchr::memmem::find(rest, &text);
            rest = at.map_or(rest, |at| &rest[at + text.len()..]);
            at.is_some()
        });
        in_order && rest.ends_with(&newest) && newest.is_empty() == expected.is_empty()
    }

    /// The lines of a directory as a reader finds them, without their stamps.
    pub(super) fn logged(&self, disk: &Disk, directory: usize) -> Vec<Vec<u8>> {
        self.lines_of(&self.files_of_log(disk, directory).concat())
    }

    /// The text of each file of a log as a reader finds it, oldest first.
    fn files_of_log(&self, disk: &Disk, directory: usize) -> Vec<Vec<u8>> {
        let files = disk.files(directory);
        let sealed = |name: &str| {
            let label = &name[..25];
            files.iter().any(|(other, ..)| {
                other.starts_with(label) && !other.ends_with(".u") && !other.ends_with(".t")
            })
        };
        let mut texts = Vec::new();
        for (name, _, bytes) in files.iter().filter(|(name, ..)| name.starts_with('@')) {
            let content = content(name, bytes);
            if !(name.ends_with(".t") || name.ends_with(".u") && sealed(name) || content == FOREIGN) {
                texts.push(content);
            }
        }
        let is_current = |name: &str, bytes: &[u8]| name == "current" && bytes != FOREIGN;
        let current = files.iter().filter(|(name, _, bytes)| is_current(name, bytes));
        texts.extend(current.map(|(.., bytes)| bytes.clone()));
        texts
    }

    /// Lines without their stamps.
    pub(super) fn lines_of(&self, text: &[u8]) -> Vec<Vec<u8>> {
        let stamp = self.script().stamp;
        let text_of = |line| stamp.map_or(Some(line), |stamp| stamp.text_behind(line)).unwrap_or(line);
        text.split_inclusive(|&b| b == b'\n').map(|line| text_of(line).to_vec()).collect()
    }

    /// Every line once and in order in every directory that has to have it, and nothing left half done.
    pub(super) fn check_exact(&self, disk: &Disk, expected: &[Vec<Vec<u8>>]) -> Result<(), String> {
        for (directory, (config, expected)) in self.script().logs.iter().zip(expected).enumerate() {
            let logged = self.logged(disk, directory);
            let given_up = disk.state().journals_given_up > 0;
            let right = if given_up && config.keep.archives() < 50 {
                // Nothing can be said of what is left of what may be repeated.
                true
            } else if config.keep.archives() < 50 {
                self.newest_are_kept(disk, directory, &expected.concat())
            } else if given_up {
                at_least(&logged, expected)
            } else {
                logged == *expected
            };
            if !right {
                let files = disk.files(directory).into_iter();
                let files: Vec<String> =
                    files.map(|(name, mode, bytes)| format!("{name} {mode:o} {}", bytes.len())).collect();
                return Err(format!("{}; {files:?}", difference(&logged, expected, directory)));
            }
        }
        Ok(())
    }

    /// A processor has seen every byte that is not in `current`, also of what retention has deleted since. What the disk
    /// refused, or a process without a journal left, is never processed.
    pub(super) fn check_processed(&self, disk: &Disk, expected: &[Vec<Vec<u8>>]) -> Result<(), String> {
        for (directory, (config, expected)) in self.script().logs.iter().zip(expected).enumerate() {
            let files = disk.files(directory);
            let left = files.iter().any(|(name, ..)| name.ends_with(".u"));
            let repeated = disk.state().journals_given_up > 0;
            if !config.has_processor() || left || repeated {
                continue;
            }
            let of_directory = |state: &State| -> Vec<u8> {
                let seen = state.processed.iter().filter(|((place, _), _)| *place == directory);
                seen.flat_map(|(_, bytes)| bytes.clone()).collect()
            };
            let mut seen = of_directory(&disk.state());
            seen.extend(files.iter().filter(|(name, ..)| name == "current").flat_map(|(.., bytes)| bytes));
            if self.lines_of(&seen) != *expected {
                return Err(format!("the processor of directory {directory} has not seen every line"));
            }
        }
        Ok(())
    }

    /// Nothing but archives and `current`.
    pub(super) fn check_tidy(&self, disk: &Disk) -> Result<(), String> {
        for directory in 0..self.directories() {
            for (name, mode, _) in disk.files(directory) {
                let tidy = match name.as_str() {
                    "state" => true,
                    "current" => mode == 0o744,
                    archive => archive.starts_with('@') && !archive.ends_with(".u") && mode == 0o744,
                };
                if !tidy {
                    return Err(format!("{name} {mode:o} is left in directory {directory}"));
                }
            }
        }
        Ok(())
    }
}

/// Each line once or more often, and the first of each in order: what is promised without a journal,
/// but for long lines, which a kill may break.
pub(super) fn at_least(logged: &[Vec<u8>], expected: &[Vec<u8>]) -> bool {
    let mut expected = expected.iter().filter(|line| line.len() < 900).peekable();
    for line in logged {
        expected.next_if_eq(&line);
    }
    expected.next().is_none()
}

/// A stamp of this form, as patterns see it.
fn some_stamp(form: Stamp) -> Vec<u8> {
    let mut stamper = Stamper::new(form);
    stamper.begin(Label::from(UNIX_EPOCH + Duration::from_secs(CLOCK)));
    stamper.stamp().to_vec()
}

/// What an archive holds for a reader.
pub(super) fn content(name: &str, bytes: &[u8]) -> Vec<u8> {
    if !name.ends_with(".gz") {
        return bytes.to_vec();
    }
    let mut text = Vec::new();
    if flate2::read::GzDecoder::new(bytes).read_to_end(&mut text).is_err() {
        text.extend_from_slice(b"not a whole gzip file\n");
    }
    text
}

fn difference(logged: &[Vec<u8>], expected: &[Vec<u8>], directory: usize) -> String {
    let at = logged.iter().zip(expected).take_while(|(a, b)| a == b).count();
    let show = |lines: &[Vec<u8>]| {
        let text = lines.get(at).map(|line| line[..line.len().min(60)].escape_ascii().to_string());
        text.unwrap_or_else(|| "nothing".to_string())
    };
    format!(
        "directory {directory}: {} lines logged of {}; at line {at} '{}' and not '{}'",
        logged.len(),
        expected.len(),
        show(logged),
        show(expected)
    )
}
