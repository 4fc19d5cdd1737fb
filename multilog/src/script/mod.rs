//! The script: arguments become typed actions and directories, before anything is opened.
//!
//! The grammar is that of daemontools 0.76 and daemontools-encore, one action per argument, known by
//! its first byte. Words of the form `word=value` are ours. A script that the original runs is run: what nobody knows
//! is ignored, a number is what the original reads, and a remark for each goes to the caller.

mod action;
mod config;
mod number;
mod remark;

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use tai64tools::Stamp;

use crate::pattern::{Pattern, Syntax};
pub use action::{Code, Compression, Durability, FileCount, FileSize, Spared, Transform};
pub use config::LogConfig;
pub use number::{Malformed, Understood};
pub use remark::Remark;

/// Everything that multilog was told to do.
#[derive(Debug, Default)]
pub struct Script {
    /// What goes before each line.
    pub stamp: Option<Stamp>,
    /// What happens to each line, in order.
    pub actions: Vec<Action>,
    /// The directories, in the order of [`Action::Log`].
    pub logs: Vec<LogConfig>,
    /// The status files, in the order of [`Action::Status`].
    pub statuses: Vec<OsString>,
    /// What whoever wrote it may not have meant.
    pub remarks: Vec<Remark>,
}

/// One step in the treatment of a line.
#[derive(Debug)]
pub enum Action {
    /// `+`: a deselected line that matches is selected.
    Select(Pattern),
    /// `-`: a selected line that matches is deselected.
    Deselect(Pattern),
    /// `e`: a selected line goes to descriptor 2, cut to 200 bytes.
    Alert,
    /// `=file`: a selected line replaces the status file of this index.
    Status(usize),
    /// A directory: a selected line is appended to the log of this index.
    Log(usize),
}

/// An argument whose value can't be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misuse {
    /// The argument.
    pub argument: OsString,
    /// What is wrong with it.
    pub reason: String,
}

/// What was said so far about the directories and patterns that follow.
struct Settings {
    log: LogConfig,
    syntax: Syntax,
}

impl Script {
    /// Reads the arguments of multilog.
    pub fn parse(arguments: Vec<OsString>) -> Result<Script, Misuse> {
        let mut script = Script::default();
        let any = !arguments.is_empty();
        let mut settings = Settings { log: LogConfig::default(), syntax: Syntax::Star };
        for (position, argument) in arguments.into_iter().enumerate() {
            let misuse = |reason: String| Misuse { argument: argument.clone(), reason };
            script.add(&mut settings, position, &argument).map_err(misuse)?;
        }
        // Without any argument input is read and discarded, and nobody expects anything else.
        script.remarks.extend(Remark::on_actions(&script.actions).filter(|_| any));
        Ok(script)
    }

    fn add(&mut self, settings: &mut Settings, position: usize, argument: &OsString) -> Result<(), String> {
        let text = argument.as_bytes();
        let rest = text.get(1..).unwrap_or_default();
        match text.first() {
            Some(b'+') => self.actions.push(Action::Select(Pattern::new(settings.syntax, rest)?)),
            Some(b'-') => self.actions.push(Action::Deselect(Pattern::new(settings.syntax, rest)?)),
            Some(b'e') => self.actions.push(Action::Alert),
            Some(b'=') => {
                self.actions.push(Action::Status(self.statuses.len()));
                self.statuses.push(OsString::from_vec(rest.to_vec()));
            }
            Some(b'.' | b'/') => {
                self.actions.push(Action::Log(self.logs.len()));
                self.logs.push(LogConfig { path: argument.clone(), ..settings.log.clone() });
            }
            Some(b't') if position == 0 => self.stamp = Some(Stamp::Tai64n),
            Some(b't') => self.remarks.push(Remark::LateStamp(argument.clone())),
            Some(b's') => {
                let (size, understood) = FileSize::parse(rest);
                settings.log.size = size;
                self.note(argument, understood, || format!("s{}", size.bytes()));
            }
            Some(b'n') => {
                let (keep, understood) = FileCount::parse(rest);
                settings.log.keep = keep;
                self.note(argument, understood, || format!("n{}", keep.files()));
            }
            Some(b'!') => settings.log.transform = Transform::Process(OsString::from_vec(rest.to_vec())),
            Some(b'w') => match Code::parse(rest) {
                Ok(code) => settings.log.code = Some(code),
                // The original has no codes.
                Err(malformed) => {
                    self.remarks.push(Remark::NoCode(argument.clone(), malformed));
                }
            },
            _ => return self.add_word(settings, position, argument),
        }
        Ok(())
    }

    /// Remarks on a number that was not understood as a whole.
    fn note(&mut self, argument: &OsString, understood: Understood, meaning: impl FnOnce() -> String) {
        if understood == Understood::Digits {
            self.remarks.push(Remark::ReadAs(argument.clone(), meaning()));
        }
    }

    fn add_word(
        &mut self,
        settings: &mut Settings,
        position: usize,
        argument: &OsString,
    ) -> Result<(), String> {
        let told = |malformed: Malformed| malformed.to_string();
        let text = argument.as_bytes();
        match text {
            b"T" if position == 0 => self.stamp = Some(Stamp::Accustamp),
            b"T" => self.remarks.push(Remark::LateStamp(argument.clone())),
            b"S" => settings.syntax = Syntax::Star,
            b"F" => settings.syntax = Syntax::Glob,
            b"R" => settings.syntax = Syntax::Regex,
            _ => match text.split_at_checked(text.iter().position(|&b| b == b'=').map_or(0, |at| at + 1)) {
                Some((b"compress=", value)) => {
                    settings.log.transform = Transform::Compress(Compression::parse(value).map_err(told)?);
                }
                Some((b"min=", value)) => {
                    settings.log.spare = Some(Spared::parse(value).map_err(told)?);
                }
                Some((b"durable=", value)) => {
                    settings.log.durability = Durability::parse(value).map_err(told)?;
                }
                _ => self.remarks.push(Remark::Unknown(argument.clone())),
            },
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Script, Misuse> {
        Script::parse(arguments.iter().map(OsString::from).collect())
    }

    #[test]
    fn a_setting_is_for_the_directories_after_it() {
        let script =
            parse(&["./a", "s5000", "n3", "!gzip", "./b", "compress=zstd", "/c", "wx", "min=2", "./d"])
                .unwrap();
        let [a, b, c, d] = &script.logs[..] else { panic!("four directories") };
        assert_eq!(
            (a.size, a.keep, &a.transform),
            (FileSize::default(), FileCount::default(), &Transform::Keep)
        );
        assert_eq!((b.size.bytes(), b.keep.archives()), (5000, 2));
        assert_eq!(b.transform, Transform::Process("gzip".into()));
        assert_eq!(
            (b.code().as_bytes(), c.code().as_bytes(), d.code().as_bytes()),
            (&b"s"[..], &b"zst"[..], &b"x"[..])
        );
        assert_eq!(c.transform, Transform::Compress(Compression::Zstd(1)));
        assert_eq!((c.spare, d.spare.map(Spared::archives)), (None, Some(2)));
    }

    #[test]
    fn a_stamp_is_the_first_argument_or_nothing() {
        assert_eq!(parse(&["t", "./a"]).unwrap().stamp, Some(Stamp::Tai64n));
        assert_eq!(parse(&["tfoo", "./a"]).unwrap().stamp, Some(Stamp::Tai64n));
        assert_eq!(parse(&["T", "./a"]).unwrap().stamp, Some(Stamp::Accustamp));
        let late = parse(&["./a", "t"]).unwrap();
        assert_eq!(late.stamp, None);
        assert_eq!(late.remarks, [Remark::LateStamp("t".into())]);
    }

    #[test]
    fn what_nobody_knows_is_ignored_and_remembered() {
        let script = parse(&["x", "", "Q=1", "./a", "rotate"]).unwrap();
        assert_eq!(script.logs.len(), 1);
        assert_eq!(script.remarks.len(), 4);
    }

    #[test]
    fn options_are_patterns() {
        let script = parse(&["--help", "./a"]).unwrap();
        assert!(matches!(script.actions[..], [Action::Deselect(_), Action::Log(0)]));
    }

    /// Scripts with a pattern that lost its quotes ended the program, and they ran under the original.
    #[test]
    fn what_the_original_reads_as_a_number_is_that_number() {
        let script = parse(&["+x", "starting", "not", "wa/b", "w", "./a", "n3k", "s9999x", "./b"]).unwrap();
        let [a, b] = &script.logs[..] else { panic!("two directories") };
        assert_eq!((a.size.bytes(), a.keep.archives(), a.code().as_bytes()), (4096, 1, &b"s"[..]));
        assert_eq!((b.size.bytes(), b.keep.archives()), (9999, 2));
        let read = |argument: &str, meaning: &str| Remark::ReadAs(argument.into(), meaning.into());
        assert_eq!(script.remarks[..2], [read("starting", "s4096"), read("not", "n2")]);
        assert!(matches!(script.remarks[2..4], [Remark::NoCode(..), Remark::NoCode(..)]));
        assert_eq!(script.remarks[4..], [read("n3k", "n3"), read("s9999x", "s9999")]);
    }

    #[test]
    fn a_malformed_value_names_its_argument() {
        for argument in ["compress=lz4", "compress=gzip:77", "compress=", "min=x", "durable=5"] {
            assert_eq!(parse(&["./a", argument]).unwrap_err().argument, argument);
        }
        assert_eq!(parse(&["R", "+("]).unwrap_err().argument, "+(");
    }
}
