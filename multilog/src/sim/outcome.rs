//! What a reader finds in the directories after a workload, and whether it is what has to be there.

use std::collections::HashSet;
use std::io::Read;

use tai64tools::Label;

use super::disk::{Disk, State};
use super::limited::{account, said};
use super::strangers::FOREIGN;
use super::workload::{IsPiece, Workload};
use crate::logfs::Mode;
use crate::tally::Flow;

impl Workload {
    /// Whether what is kept is all that is newest. A long line may have begun in a file that is gone, and what
    /// could not be deleted is there as well, in its place.
    fn newest_are_kept(&self, disk: &Disk, directory: usize, expected: &[u8]) -> bool {
        let kept = self.script().logs[directory].archives() + 1;
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
    pub(super) fn files_of_log(&self, disk: &Disk, directory: usize) -> Vec<Vec<u8>> {
        self.labelled_files(disk, directory).into_iter().map(|(_, text)| text).collect()
    }

    /// The same with their labels. `current` has none.
    pub(super) fn labelled_files(&self, disk: &Disk, directory: usize) -> Vec<(Option<Label>, Vec<u8>)> {
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
                texts.push((Label::parse(name.as_bytes()), content));
            }
        }
        let is_current = |name: &str, bytes: &[u8]| name == "current" && bytes != FOREIGN;
        let current = files.iter().filter(|(name, _, bytes)| is_current(name, bytes));
        texts.extend(current.map(|(.., bytes)| (None, bytes.clone())));
        texts
    }

    /// Lines without their stamps and prefixes.
    pub(super) fn lines_of(&self, text: &[u8]) -> Vec<Vec<u8>> {
        let script = self.script();
        let prefixes = script.logs.iter().map(|log| &log.prefix).chain(&script.output);
        let prefix =
            prefixes.map(|prefix| prefix.as_bytes()).max_by_key(|prefix| prefix.len()).unwrap_or_default();
        let text_of = |line| script.stamp.map_or(Some(line), |stamp| stamp.text_behind(line)).unwrap_or(line);
        let text_of = |line| -> &[u8] { text_of(line).strip_prefix(prefix).unwrap_or(text_of(line)) };
        text.split_inclusive(|&b| b == b'\n').map(|line| text_of(line).to_vec()).collect()
    }

    /// Every line once and in order in every directory that has to have it, and nothing left half done.
    pub(super) fn check_exact(&self, disk: &Disk, expected: &[Vec<Vec<u8>>]) -> Result<(), String> {
        for (directory, (config, expected)) in self.script().logs.iter().zip(expected).enumerate() {
            let is_bounded = config.age.is_some() || config.cap.is_some();
            let logged = if is_bounded {
                self.logged_and_deleted(disk, directory)
            } else {
                self.logged(disk, directory)
            };
            let given_up = disk.state().journals_given_up > 0;
            let right = if given_up && !is_bounded && config.archives() < 50 {
                // Nothing can be said of what is left of what may be repeated.
                true
            } else if self.is_limited(directory) && (given_up || !is_bounded && config.archives() < 50) {
                // What was dropped may have been said in what is gone, and a long line may have begun there.
                let whole = logged.iter().filter(|line| expected.contains(line) || said(line).is_some());
                given_up || account(&whole.cloned().collect::<Vec<_>>(), expected).is_some()
            } else if !is_bounded && config.archives() < 50 {
                self.newest_are_kept(disk, directory, &expected.concat())
            } else if given_up {
                self.has_at_least(&logged, expected)
            } else {
                self.is_exact(directory, &logged, expected)
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
            if !self.is_exact(directory, &self.lines_of(&seen), expected) {
                return Err(format!("the processor of directory {directory} has not seen every line"));
            }
        }
        Ok(())
    }

    /// Where nothing ended the first process, it has counted every line and byte that was read, and what a reader finds
    /// in each directory, stamps included.
    pub(super) fn check_counted(&self, disk: &Disk, expected: &[Vec<Vec<u8>>]) -> Result<(), String> {
        let counted = {
            let state = disk.state();
            state.counted.clone().filter(|_| state.processes == 1)
        };
        let Some((input, outlets)) = counted else { return Ok(()) };
        let read = self.input().concat();
        if input != flow(&read, self.lines.len()) {
            return Err(format!("{input:?} is counted of {} lines, {} bytes", self.lines.len(), read.len()));
        }
        for (directory, ((outlet, dropped), lines)) in outlets.iter().zip(expected).enumerate() {
            let kept = self.script().logs[directory].keeps_all();
            let found = self.files_of_log(disk, directory).concat();
            let remarks = self.lines_of(&found).iter().filter(|line| said(line).is_some()).count();
            let logged = lines.len() + remarks - usize::try_from(*dropped).unwrap();
            let right = !kept && self.is_limited(directory)
                || outlet.lines == logged as u64 && (!kept || *outlet == flow(&found, logged));
            if !right {
                let all = format!("{} lines, {} bytes", lines.len(), found.len());
                return Err(format!("{outlet:?} is counted of directory {directory}, which has {all}"));
            }
        }
        Ok(())
    }

    /// Nothing but archives and `current`, with the mode that the script asks for.
    pub(super) fn check_tidy(&self, disk: &Disk) -> Result<(), String> {
        for (directory, config) in self.script().logs.iter().enumerate() {
            let safe = Mode::Safe.bits(config.mode.unwrap_or_default());
            for (name, mode, _) in disk.files(directory) {
                let tidy = match name.as_str() {
                    "state" => true,
                    ".age-hold" => config.age.is_some(),
                    "current" => mode == safe,
                    archive => archive.starts_with('@') && !archive.ends_with(".u") && mode == safe,
                };
                if !tidy {
                    return Err(format!("{name} {mode:o} is left in directory {directory}"));
                }
            }
        }
        Ok(())
    }
}

impl Workload {
    /// Each line once or more often, and the first of each in order: what is promised without a journal,
    /// except long lines, which a kill may break, and which are then split at other places.
    pub(super) fn has_at_least(&self, logged: &[Vec<u8>], expected: &[Vec<u8>]) -> bool {
        let pieces = self.pieces().filter(|(_, is_piece)| *is_piece == IsPiece::Yes);
        let pieces: HashSet<&[u8]> = pieces.map(|(piece, _)| piece).collect();
        let whole =
            |line: &&Vec<u8>| line.len() < 900 && !pieces.contains(line.strip_suffix(b"\n").unwrap_or(line));
        let mut expected = expected.iter().filter(whole).peekable();
        for line in logged {
            expected.next_if_eq(&line);
        }
        expected.next().is_none()
    }
}

fn flow(bytes: &[u8], lines: usize) -> Flow {
    Flow { lines: lines as u64, bytes: bytes.len() as u64 }
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
