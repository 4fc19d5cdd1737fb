//! What a reader finds in the directories after a workload, and whether it is what has to be there.

use std::io::Read;

use tai64tools::Label;

use super::disk::{Disk, State};
use super::strangers::FOREIGN;
use super::wall::hour_of;
use super::workload::Workload;
use crate::output::newline_window;
use crate::script::{Cycle, Value};

impl Workload {
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

    /// Where each hour is a boundary, no file has lines of before one and of after it, and nothing but a boundary has rotated a file that was
    /// not full. A start may find a boundary that was passed while `current` was empty.
    pub(super) fn check_boundaries(&self, disk: &Disk) -> Result<(), String> {
        let script = self.script();
        let cycles =
            script.logs.iter().enumerate().filter(|(_, config)| config.cycle == Cycle::parse(b"1h").ok());
        for (directory, config) in cycles {
            let files = self.files_of_log(disk, directory);
            let names =
                disk.files(directory).into_iter().filter_map(|(name, ..)| Label::parse(name.as_bytes()));
            let mut labels: Vec<Label> = names.collect();
            labels.dedup();
            let mut labels = labels.into_iter();
            // What the clock has shown before the first line, it may show again without a rotation.
            let mut latest = disk.state().wall.found;
            for file in &files {
                for (number, line) in file.split_inclusive(|&byte| byte == b'\n').enumerate() {
                    let Some(label) = Label::parse(line) else { continue };
                    let hour = hour_of(label.unix_seconds());
                    if hour > latest && number > 0 {
                        let stamp = String::from_utf8_lossy(&line[..25]);
                        return Err(format!("{stamp} is of a later hour than a line before it in the file"));
                    }
                    latest = latest.max(hour);
                }
                // The clock has shown this as well, and may have been set between its rotation and the next line.
                latest = latest.max(labels.next().map_or(i64::MIN, |label| hour_of(label.unix_seconds())));
            }
            let full = config.size.bytes() - newline_window(config.size.bytes());
            let early = files.split_last().map_or(&[][..], |(_, archives)| archives);
            let early = early.iter().filter(|file| (file.len() as u64) < full).count();
            let wall = disk.state().wall.clone();
            let (hours, starts) = (wall.hours, wall.starts);
            if early > hours + 2 * (starts - 1) {
                return Err(format!("{early} files are not full, and there were {hours} hours"));
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
/// except long lines, which a kill may break.
pub(super) fn at_least(logged: &[Vec<u8>], expected: &[Vec<u8>]) -> bool {
    let mut expected = expected.iter().filter(|line| line.len() < 900).peekable();
    for line in logged {
        expected.next_if_eq(&line);
    }
    expected.next().is_none()
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
