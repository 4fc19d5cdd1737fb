//! `Lane`: what becomes of a batch, whatever the engine answers or fails to.
//!
//! A message is stored only if the last message of its subject has the sequence that the lane expects: 0, or that of the
//! batch before. Whoever is refused looks at the last message. It says which batch it is, and so whether this batch has
//! arrived, has not, or somebody else writes to the subject.

use std::borrow::Cow;

use crate::batch::{Batch, Id};
use crate::identity::Instance;
use crate::sink::{Answer, Attempt, Held, Sink, Wants};

use super::mark::{self, Mark};
use super::subject::Subject;

/// A stream, as a lane sees it.
pub trait Engine: Send {
    /// What a message may be.
    ///
    /// # Errors
    ///
    /// The stream can't be had now.
    fn limits(&mut self) -> Result<Limits, Trouble>;

    /// The limits as far as they are known, without asking.
    fn known(&self) -> Option<Limits>;

    /// Sends a message, and waits for the answer.
    ///
    /// # Errors
    ///
    /// There was none, or none that says what became of it for good.
    fn publish(&mut self, message: &Message<'_>) -> Result<Published, Trouble>;

    /// The last message of a subject, as the leader of the stream knows it.
    ///
    /// # Errors
    ///
    /// It can't be asked now.
    fn last(&mut self, subject: &Subject) -> Result<Option<Last>, Trouble>;

    /// Whether the stream has every message that was ever stored in it.
    ///
    /// # Errors
    ///
    /// It can't be asked now.
    fn is_complete(&mut self) -> Result<bool, Trouble>;
}

/// What a message may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest one, headers included.
    pub message: usize,
}

/// A message.
#[derive(Debug)]
pub struct Message<'a> {
    /// Where it goes.
    pub subject: &'a Subject,
    /// What is said of it.
    pub headers: Vec<(&'static str, String)>,
    /// The lines.
    pub body: Cow<'a, [u8]>,
    /// The sequence of the last message on the subject. 0: there is none.
    pub expected: u64,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// It is stored, and this is its sequence.
    Stored(u64),
    /// It is not: the last message of the subject is another one.
    Conflict,
    /// It is not, and never will be: it is too long.
    TooLong(String),
}

/// The last message of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    /// Its sequence in the stream.
    pub sequence: u64,
    /// What it says of itself. None: mlog-ship has not sent it.
    pub mark: Option<Mark>,
}

/// Why it can't be now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What happened.
    pub reason: String,
    /// Whether what was asked may have been done.
    pub sent: Attempt,
}

/// A directory and its subject.
#[derive(Debug)]
pub struct Lane<E> {
    engine: E,
    subject: Subject,
    instance: Instance,
    level: Option<i32>,
    /// Whose past is taken for the lane's own where it has none.
    adopt: Option<Instance>,
    /// The sequence of the last message on the subject. None: the state does not know.
    expected: Option<u64>,
    /// What has to be said with the next batch that is taken.
    notice: Option<String>,
}

/// What a lane is made of besides its engine.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Where its batches go.
    pub subject: Subject,
    /// Who it is.
    pub instance: Instance,
    /// The level at which messages are compressed.
    pub level: Option<i32>,
    /// Whose past is taken for its own where it has none.
    pub adopt: Option<Instance>,
}

/// What to do after a look at the last message.
enum Look {
    /// Send, expecting this.
    Send(u64),
    /// There is nothing to send.
    Settled(Answer),
}

/// How often a batch is sent in a row where each look says that it still has to be.
const ROUNDS: u32 = 3;
/// The frame of headers, and the two that say what the stream has to be like: names, a stream's name and a number.
const FRAME: usize = 12 + 2 * 48 + 255 + 20;
/// What a header costs beside its name and value: a colon, a blank and the end of the line.
const HEADER: usize = 4;

impl<E: Engine> Lane<E> {
    /// A lane. `memory` is what an earlier run was told to keep.
    pub fn new(engine: E, terms: Terms, memory: &str) -> Lane<E> {
        let Terms { subject, instance, level, adopt } = terms;
        Lane { engine, subject, instance, level, adopt, expected: memory.parse().ok(), notice: None }
    }

    fn attempt(&mut self, batch: &Batch, attempt: Attempt) -> Result<Answer, Trouble> {
        let limits = self.engine.limits()?;
        let said_before = self.notice.clone();
        let mut expected = match self.expected {
            Some(expected) if attempt == Attempt::First => expected,
            _ => match self.look(batch, attempt)? {
                Look::Settled(answer) => return Ok(answer),
                Look::Send(expected) => expected,
            },
        };
        let (headers, body) = self.pack(batch);
        let cost: usize = headers.iter().map(|(name, value)| name.len() + value.len() + HEADER).sum();
        if cost + FRAME + body.len() > limits.message {
            let (headers, most) = (cost + FRAME, limits.message);
            let reason =
                format!("{} bytes and {headers} of headers, where a message holds {most}", body.len());
            return Ok(Answer::TooLong { reason });
        }
        let mut message = Message { subject: &self.subject.clone(), headers, body, expected };
        for _ in 0..ROUNDS {
            (self.expected, message.expected) = (Some(expected), expected);
            match self.engine.publish(&message)? {
                Published::Stored(sequence) => return Ok(self.taken(sequence)),
                Published::TooLong(reason) => return Ok(Answer::TooLong { reason }),
                Published::Conflict => {
                    // Nothing was stored by what this attempt found.
                    self.notice.clone_from(&said_before);
                    match self.look(batch, attempt)? {
                        Look::Settled(answer) => return Ok(answer),
                        // What was refused and what is there contradict each other: something is still on its way.
                        Look::Send(again) if again == expected => break,
                        Look::Send(again) => expected = again,
                    }
                }
            }
        }
        let reason = format!("{}: another message is on its way", self.subject);
        Err(Trouble { reason, sent: attempt })
    }

    fn taken(&mut self, sequence: u64) -> Answer {
        self.expected = Some(sequence);
        Answer::Taken { memory: sequence.to_string(), notice: self.notice.take() }
    }

    /// Looks at the last message.
    fn look(&mut self, batch: &Batch, attempt: Attempt) -> Result<Look, Trouble> {
        let Some(Last { sequence, mark }) = self.engine.last(&self.subject)? else {
            // Nothing was ever on the subject: so the batch that was perhaps sent has not arrived.
            let is_new = self.expected.is_none_or(|expected| expected == 0);
            if attempt == Attempt::Again && !(is_new && self.engine.is_complete()?) {
                let what = "lines are possibly repeated: the stream has no message any more that would tell";
                self.notice = Some(format!("{}: {what}", self.subject));
            }
            return Ok(Look::Send(0));
        };
        let Some(mark) = mark else {
            let reason = format!("{}: message {sequence} was not sent by mlog-ship", self.subject);
            return Ok(Look::Settled(Answer::Stop { reason }));
        };
        if mark.instance != self.instance.0 {
            return Ok(self.of_another(sequence, &mark));
        }
        if mark.is_of(batch) {
            return Ok(Look::Settled(self.taken(sequence)));
        }
        if mark.number >= batch.id.number {
            return Ok(Look::Settled(self.ahead(sequence, mark)));
        }
        if let Some(said) = self.strange(sequence, &mark, batch) {
            self.notice = Some(said);
        }
        Ok(Look::Send(sequence))
    }

    /// The last message is of another shipper.
    fn of_another(&self, sequence: u64, mark: &Mark) -> Look {
        let is_past =
            self.expected.is_none() && self.adopt.as_ref().is_some_and(|past| past.0 == mark.instance);
        if is_past {
            return Look::Send(sequence);
        }
        let reason = format!(
            "{}: message {sequence} was sent by another mlog-ship, instance {}: two must not write to one subject \
             (if that one is gone for good and its state is lost: adopt={})",
            self.subject, mark.instance, mark.instance
        );
        Look::Settled(Answer::Stop { reason })
    }

    /// The last message is a later one than this batch, or another batch with its number.
    fn ahead(&mut self, sequence: u64, mark: Mark) -> Answer {
        match mark.end {
            Some(end) => {
                self.expected = Some(sequence);
                Answer::Ahead { number: mark.number, end, memory: sequence.to_string() }
            }
            None => {
                let reason = format!(
                    "{}: message {sequence} is later than the state, and does not say where it ends",
                    self.subject
                );
                Answer::Stop { reason }
            }
        }
    }

    /// The notice for a last message that is an earlier batch, and not the one that was acknowledged last.
    fn strange(&self, sequence: u64, mark: &Mark, batch: &Batch) -> Option<String> {
        let known = self.expected.filter(|&known| known > 0)?;
        if sequence > known {
            return Some(format!("{}: the stream has batch {} twice", self.subject, mark.number));
        }
        let (first, last) = (mark.number + 1, batch.id.number - 1);
        (sequence < known && first <= last).then(|| {
            format!("{}: the stream has lost what it acknowledged: batches {first} to {last}", self.subject)
        })
    }

    fn pack<'a>(&self, batch: &'a Batch) -> (Vec<(&'static str, String)>, Cow<'a, [u8]>) {
        let plain = &batch.lines;
        let compressed = self.level.and_then(|level| zstd::bulk::compress(plain, level).ok());
        let body = match compressed {
            Some(compressed) if compressed.len() < plain.len() => Cow::Owned(compressed),
            _ => Cow::Borrowed(&plain[..]),
        };
        (mark::headers(batch, matches!(body, Cow::Owned(_))), body)
    }
}

impl<E: Engine> Sink for Lane<E> {
    fn deliver(&mut self, batch: &Batch, attempt: Attempt) -> Answer {
        match self.attempt(batch, attempt) {
            Ok(answer) => answer,
            Err(Trouble { reason, sent }) => {
                let sent = if attempt == Attempt::Again { attempt } else { sent };
                Answer::Later { wait: None, reason, sent }
            }
        }
    }

    fn holds(&mut self, id: &Id) -> Held {
        match self.engine.last(&self.subject) {
            Err(Trouble { reason, .. }) => Held::Later { reason },
            Ok(None) => Held::Unknown,
            Ok(Some(Last { sequence, mark: Some(mark) })) if mark.instance == id.instance.0 => {
                if (mark.number, mark.crc) == (id.number, id.crc) || mark.number > id.number {
                    self.expected = Some(sequence);
                    Held::Yes { memory: sequence.to_string() }
                } else {
                    Held::No
                }
            }
            Ok(Some(_)) => Held::Unknown,
        }
    }

    fn most(&self) -> Option<usize> {
        let limits = self.engine.known()?;
        Some(limits.message.saturating_sub(FRAME + mark::LONGEST))
    }

    fn wants(&self) -> Wants {
        Wants::Lines
    }
}
