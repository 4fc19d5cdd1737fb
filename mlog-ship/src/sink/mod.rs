//! `Sink`: what takes batches, and how one is settled from a word of the command line.
//!
//! Each lane, which is a directory and a sink, has a sink value and a thread of its own, and one batch in flight. A sink
//! blocks until it has an answer or until it is too late for one, and never tries again by itself: the lane does.

pub mod exec;
pub mod nats;
pub mod otlp;

use std::ffi::OsStr;
use std::sync::Arc;
use std::time::Duration;

use clap::{Arg, ArgMatches};

use crate::batch::{Batch, Id};
use crate::bound::Bound;
use crate::identity::{Instance, Origin};
use crate::stopping::Stopping;

/// Takes batches of one directory.
pub trait Sink: Send {
    /// Delivers a batch, or finds that it was delivered.
    fn deliver(&mut self, batch: &Batch, attempt: Attempt) -> Answer;

    /// Whether the engine has a batch whose lines can't be read again.
    fn holds(&mut self, _id: &Id) -> Held {
        Held::Unknown
    }

    /// The longest record that the engine takes, in bytes without the stamp, as far as it is known by now.
    fn longest(&self) -> Option<usize> {
        None
    }

    /// The most bytes of lines that the engine takes as one batch, as far as it is known by now.
    fn most(&self) -> Option<usize> {
        None
    }

    /// What the sink wants of a batch.
    fn wants(&self) -> Wants {
        Wants::Records
    }
}

/// What a sink wants of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Its lines, and where the records in them are.
    Records,
    /// Its lines alone.
    Lines,
}

/// Whether an earlier delivery of the same batch may have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It was never sent.
    First,
    /// It was sent, by this process or the one before, and nobody knows what became of it.
    Again,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The engine has all of it. `memory` is what the sink wants to be told after a restart.
    Taken {
        /// A word of ASCII without blanks, of 200 bytes at most, kept beside the cursor and given to the sink of the next run. Empty: nothing.
        memory: String,
        /// What has to be said, such as that lines were possibly repeated.
        notice: Option<String>,
    },
    /// The engine has it except for these records, which it will never take: they are set aside.
    Refused {
        /// The indices of the records, in order. Empty where the engine only counts them: all lines are set aside then.
        records: Vec<usize>,
        /// How many.
        count: u64,
        /// What the engine said.
        reason: String,
    },
    /// Not now. The lane tries again.
    Later {
        /// What the engine wants to be waited.
        wait: Option<Duration>,
        /// What happened.
        reason: String,
        /// Whether the batch may have arrived.
        sent: Attempt,
    },
    /// The engine has nothing of it, and never takes so much at once. The lane cuts it anew, with what [`Sink::most`] says
    /// by then, else half as long.
    TooLong {
        /// What the engine said.
        reason: String,
    },
    /// The engine has batches of this instance that the state does not know, as after a restored state directory. The lane
    /// goes on behind them.
    Ahead {
        /// The number of the last one.
        number: u64,
        /// Where it ends.
        end: Bound,
        /// As in `Taken`.
        memory: String,
    },
    /// Never here: the directory is not shipped on in this run.
    Stop {
        /// Why.
        reason: String,
    },
}

/// Whether an engine has a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// It has.
    Yes {
        /// As in [`Answer::Taken`].
        memory: String,
    },
    /// It has not, and it will not come by itself any more.
    No,
    /// The engine can't tell.
    Unknown,
    /// It can't be asked now.
    Later {
        /// What happened.
        reason: String,
    },
}

/// A sink as the command line says, before anything is opened.
pub trait Settings: Send + Sync {
    /// The name of the sink in names of state files, metrics and messages: `nats`, `otlp`, `exec`.
    fn name(&self) -> &'static str;

    /// What tells the engine from others: where lines go, and not how.
    fn engine(&self) -> Vec<u8>;

    /// Looks at all directories together, such as for two that would have the same subject.
    ///
    /// # Errors
    ///
    /// What is wrong, in a line.
    fn check(&self, _origins: &[Origin]) -> Result<(), String> {
        Ok(())
    }

    /// Makes a sink for one directory. It does not connect: that is for the first batch.
    ///
    /// # Errors
    ///
    /// What can't be opened, in a line.
    fn open(&self, given: Given) -> Result<Box<dyn Sink>, String>;
}

/// What a sink is made of, besides its settings.
#[derive(Clone, Debug)]
pub struct Given {
    /// Who ships.
    pub instance: Instance,
    /// What.
    pub origin: Origin,
    /// The memory of the last batch that was taken. Empty: there was none.
    pub memory: String,
    /// Says when the program wants to end.
    pub stopping: Arc<Stopping>,
}

/// Reads the word of a sink, and the options. What is wrong is said in a line.
pub type Settle = fn(&OsStr, &ArgMatches) -> Result<Box<dyn Settings>, String>;

/// A kind of sink.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name, as [`Settings::name`] says it.
    pub name: &'static str,
    /// How its words begin.
    pub begins: &'static [&'static str],
    /// How it is written, for help.
    pub written: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// The options of its own.
    pub arguments: fn() -> Vec<Arg>,
    /// Reads the word and the options.
    pub settle: Settle,
}

/// All kinds of sinks.
pub const KINDS: &[Kind] = &[nats::KIND, otlp::KIND, exec::KIND];

/// The kind of a word of the command line. None: it is a directory.
pub fn kind(word: &OsStr) -> Option<&'static Kind> {
    let bytes = word.as_encoded_bytes();
    KINDS.iter().find(|kind| kind.begins.iter().any(|begin| bytes.starts_with(begin.as_bytes())))
}
