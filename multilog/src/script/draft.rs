//! The script, and the draft in which it is while its arguments are read.
//!
//! The methods of [`Draft`] are what the rows of the table of actions are made of. Each keeps one rule of the grammar:
//! what a bad value means, and what has its place in the order of the arguments.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;

use tai64tools::Stamp;

use super::action::maxline::MaxLine;
use super::action::metrics::MetricsFile;
use super::action::prefix::Prefix;
use super::action::processor::Transform;
use super::action::ready::ReadyFd;
use super::action::value::{Number, Understood, Value};
use super::config::LogConfig;
use super::remark::Remark;
use crate::pattern::{Pattern, Syntax};

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
    /// The prefix of lines on standard output, if any go there.
    pub output: Option<Prefix>,
    /// Where lines are split, if they are.
    pub maxline: Option<MaxLine>,
    /// Where the logger says that it is ready.
    pub ready: Option<ReadyFd>,
    /// Where the logger keeps its counters.
    pub metrics: Option<MetricsFile>,
    /// What the author of the script may not have meant.
    pub remarks: Vec<Remark>,
}

impl Script {
    /// Whether time rotates a directory.
    pub fn has_cycle(&self) -> bool {
        self.logs.iter().any(|config| config.cycle.is_some())
    }
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
    /// `1`: a selected line goes to standard output, once.
    Output,
    /// A directory: a selected line is appended to the log of this index.
    Log(usize),
}

/// An argument whose action is known.
#[derive(Clone, Copy, Debug)]
pub struct Argument<'a> {
    /// The whole argument.
    pub whole: &'a OsStr,
    /// What follows the head of its action.
    pub value: &'a [u8],
}

impl Argument<'_> {
    /// The value as a path or a command.
    pub fn text(&self) -> OsString {
        OsString::from_vec(self.value.to_vec())
    }
}

/// What was read, or why the argument can't be understood.
pub type Read = Result<(), String>;

/// What the arguments so far have said.
#[derive(Debug)]
pub struct Draft {
    /// The script up to here: values for the logger, steps, directories.
    pub script: Script,
    /// The next directory, except its path.
    pub log: LogConfig,
    /// What was said since the last directory about full files.
    pub transforms: Vec<Transform>,
    /// How the next pattern is read.
    pub syntax: Syntax,
    /// How many arguments came before this one.
    pub position: usize,
}

impl Default for Draft {
    /// The draft before the first argument.
    fn default() -> Draft {
        Draft {
            script: Script::default(),
            log: LogConfig::default(),
            transforms: Vec::new(),
            syntax: Syntax::Star,
            position: 0,
        }
    }
}

impl Draft {
    /// Notes something that the author of the script may not have meant.
    pub fn remark(&mut self, remark: Remark) -> Read {
        self.script.remarks.push(remark);
        Ok(())
    }

    /// Adds a step to the treatment of a line.
    pub fn step(&mut self, step: Action) -> Read {
        self.script.actions.push(step);
        Ok(())
    }

    /// Sets the stamp, if this is the first argument.
    pub fn stamp(&mut self, argument: &Argument<'_>, stamp: Stamp) -> Read {
        if self.position > 0 {
            return self.remark(Remark::LateStamp(argument.whole.to_owned()));
        }
        self.script.stamp = Some(stamp);
        Ok(())
    }

    /// The same with a stamp of the form that the value names. What names none ends the program, wherever it is.
    pub fn stamp_of_form(&mut self, argument: &Argument<'_>) -> Read {
        let stamp = Stamp::parse(argument.value).map_err(|malformed| malformed.to_string())?;
        self.stamp(argument, stamp)
    }

    /// Sets how patterns are read from here on.
    pub fn syntax(&mut self, syntax: Syntax) -> Read {
        self.syntax = syntax;
        Ok(())
    }

    /// Adds the step that `of` makes of the pattern.
    pub fn pattern(&mut self, argument: &Argument<'_>, of: fn(Pattern) -> Action) -> Read {
        let pattern = Pattern::new(self.syntax, argument.value)?;
        self.step(of(pattern))
    }

    /// Adds a status file.
    pub fn status(&mut self, argument: &Argument<'_>) -> Read {
        self.script.statuses.push(argument.text());
        self.step(Action::Status(self.script.statuses.len() - 1))
    }

    /// Sets what is done with full files from here on.
    pub fn transform(&mut self, transform: Transform) {
        self.transforms.push(transform.clone());
        self.log.transform = transform;
    }

    /// Adds a directory with the settings so far. Whoever asked for a processor and for compression since the last
    /// directory may expect both, one after the other, which is not what would happen.
    pub fn directory(&mut self, argument: &Argument<'_>) -> Read {
        if let Some(cap) = self.log.cap {
            if !cap.holds(self.log.size) {
                return Err(format!("{cap} is less than {}, the size of one file", self.log.size));
            }
        }
        let transforms = std::mem::take(&mut self.transforms);
        let processes = |transform: &Transform| matches!(transform, Transform::Process(_));
        if transforms.iter().any(processes) && !transforms.iter().all(processes) {
            return Err(
                "compress= and !command are both for this directory, only one of them is allowed".into()
            );
        }
        self.script.logs.push(LogConfig { path: argument.whole.to_owned(), ..self.log.clone() });
        self.step(Action::Log(self.script.logs.len() - 1))
    }

    /// Adds standard output, with the prefix so far. A line goes there once, so there is one prefix.
    pub fn output(&mut self, _: &Argument<'_>) -> Read {
        let prefix = &self.log.prefix;
        if self.script.output.as_ref().is_some_and(|earlier| earlier != prefix) {
            return Err("standard output has one prefix, and an earlier 1 has another".to_string());
        }
        self.script.output = Some(prefix.clone());
        self.step(Action::Output)
    }

    /// Puts a path or a command where it belongs: any bytes are one.
    pub fn text(&mut self, argument: &Argument<'_>, put: fn(&mut Draft, OsString)) -> Read {
        put(self, argument.text());
        Ok(())
    }

    /// Puts a number of the original's grammar where it belongs. What is no number is what the original reads, with a
    /// remark.
    pub fn number<T: Number>(&mut self, argument: &Argument<'_>, put: fn(&mut Draft, T)) -> Read {
        let (number, understood) = T::parse(argument.value);
        put(self, number);
        match understood {
            Understood::Whole => Ok(()),
            Understood::Digits => self.remark(Remark::ReadAs(argument.whole.to_owned(), number.to_string())),
        }
    }

    /// Puts a value where it belongs. What can't be understood is ignored, with a remark: the original has no such
    /// action, and its scripts may have words that look like it.
    pub fn or_ignored<T: Value>(&mut self, argument: &Argument<'_>, put: fn(&mut Draft, T)) -> Read {
        match T::parse(argument.value) {
            Ok(value) => put(self, value),
            Err(malformed) => return self.remark(Remark::Ignored(argument.whole.to_owned(), malformed)),
        }
        Ok(())
    }

    /// Puts a value where it belongs. What can't be understood ends the program.
    pub fn or_misuse<T: Value>(&mut self, argument: &Argument<'_>, put: fn(&mut Draft, T)) -> Read {
        put(self, T::parse(argument.value).map_err(|malformed| malformed.to_string())?);
        Ok(())
    }

    /// Puts a value for the logger in its place, which has none yet. What can't be understood ends the program.
    pub fn once<T: Value>(
        &mut self,
        argument: &Argument<'_>,
        place: fn(&mut Draft) -> &mut Option<T>,
    ) -> Read {
        let value = T::parse(argument.value).map_err(|malformed| malformed.to_string())?;
        match place(self).replace(value) {
            None => Ok(()),
            Some(_) => Err("it was given before, and may be only once".to_string()),
        }
    }

    /// The same with a value that would otherwise look as if it were for the directories after it.
    pub fn once_at_first<T: Value>(
        &mut self,
        argument: &Argument<'_>,
        place: fn(&mut Draft) -> &mut Option<T>,
    ) -> Read {
        if !self.script.logs.is_empty() {
            return Err("it has to be before the first directory".to_string());
        }
        self.once(argument, place)
    }

    /// The script, when all arguments were read. What depends on more than one of them is decided here.
    pub fn finish(mut self) -> Script {
        let changes_nothing = |step: &Action| matches!(step, Action::Select(_) | Action::Deselect(_));
        // Without any argument input is read and discarded, and nobody expects anything else.
        if self.position > 0 && self.script.actions.iter().all(changes_nothing) {
            self.script.remarks.push(Remark::NothingDone);
        }
        self.script
    }
}
