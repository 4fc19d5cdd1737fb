//! `Nats`: the settings of the sink, and the stream that all its lanes share.

use std::ffi::OsStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::{HeaderMap, Request};
use clap::{Arg, ArgAction, ArgMatches};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use crate::identity::{Instance, Origin};
use crate::sink::{Attempt, Given, Kind, Settings, Sink};
use crate::stopping::Stopping;

use super::connection::{self, Connection, Silence};
use super::lane::{Engine, Lane, Last, Limits, Message, Published, Terms, Trouble};
use super::reply::{self, Info, Refusal};
use super::subject::Subject;
use super::url::{Discard, Url};

/// An answer that takes longer is looked up. A leader that was killed never answers.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where messages have to be shorter than this, headers are most of them.
const SHORTEST: usize = 4096;

/// `nats://`.
pub const KIND: Kind = Kind {
    name: "nats",
    begins: &["nats://"],
    written: "nats://[USER[:PASSWORD]@]HOST[:PORT][,...]/STREAM?subject=logs.{host}.{service}[&OPTION=VALUE...]",
    about: "a stream of NATS JetStream, each line exactly once",
    arguments,
    settle,
};

fn arguments() -> Vec<Arg> {
    vec![Arg::new("create").long("create").action(ArgAction::SetTrue).help(
        "nats: make the stream if it is missing: replicas=3, max-age=, max-bytes=, discard=old of the URL",
    )]
}

fn settle(word: &OsStr, given: &ArgMatches) -> Result<Box<dyn Settings>, String> {
    let text = word.to_str().ok_or("nats:// is not UTF-8: %XX for what is not")?;
    let url = Url::parse(text).map_err(|error| format!("nats:// {error}"))?;
    let timeout = crate::values::timeout(given).min(PATIENCE);
    Ok(Box::new(Nats::new(url, given.get_flag("create"), timeout)))
}

/// The sink as the command line says.
#[derive(Debug)]
pub struct Nats {
    url: Url,
    create: bool,
    timeout: Duration,
    shared: Mutex<Option<Arc<Shared>>>,
}

/// What the lanes of a sink share.
struct Shared {
    url: Url,
    create: bool,
    timeout: Duration,
    runtime: Runtime,
    /// The connection in use, and the stream as it was seen through it.
    current: Mutex<Option<Arc<Stream>>>,
}

struct Stream {
    connection: Connection,
    info: Info,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "Shared({:?})", self.url.stream.name)
    }
}

/// The stream, for one lane.
#[derive(Debug)]
pub struct Prepared {
    shared: Arc<Shared>,
    stopping: Arc<Stopping>,
    known: Option<Limits>,
}

impl Nats {
    /// The sink of a URL. `create`: the stream may be made. `timeout`: so long an answer is waited for.
    pub fn new(url: Url, create: bool, timeout: Duration) -> Nats {
        Nats { url, create, timeout, shared: Mutex::new(None) }
    }

    fn shared(&self) -> Result<Arc<Shared>, String> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = &*shared {
            return Ok(Arc::clone(shared));
        }
        connection::check(&self.url).map_err(|error| error.to_string())?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("nats")
            .thread_stack_size(256 << 10)
            .enable_all()
            .build()
            .map_err(|error| format!("no runtime: {error}"))?;
        let (url, create, timeout) = (self.url.clone(), self.create, self.timeout);
        let made = Arc::new(Shared { url, create, timeout, runtime, current: Mutex::new(None) });
        *shared = Some(Arc::clone(&made));
        Ok(made)
    }

    /// The lane of a directory.
    ///
    /// # Errors
    ///
    /// A file of the URL can't be read, there is no thread left, or the directory has no subject.
    pub fn lane(&self, given: Given) -> Result<Lane<Prepared>, String> {
        let subject = self.url.template.subject(&given.origin)?;
        let engine = Prepared { shared: self.shared()?, stopping: given.stopping, known: None };
        let adopt = self.url.adopt.clone().map(Instance);
        let terms = Terms { subject, instance: given.instance, level: self.url.level, adopt };
        Ok(Lane::new(engine, terms, &given.memory))
    }
}

impl Settings for Nats {
    fn name(&self) -> &'static str {
        KIND.name
    }

    /// Servers come and go; the stream stays.
    fn engine(&self) -> Vec<u8> {
        let Url { domain, stream, template, .. } = &self.url;
        let domain = domain.as_deref().unwrap_or_default();
        format!("{domain}/{}/{}", stream.name, template.wildcard()).into_bytes()
    }

    fn check(&self, origins: &[Origin]) -> Result<(), String> {
        let mut known: Vec<(Subject, &Origin)> = Vec::new();
        for origin in origins {
            let shown = origin.directory.display();
            let subject = self.url.template.subject(origin).map_err(|error| format!("{shown}: {error}"))?;
            if let Some((_, other)) = known.iter().find(|(other, _)| *other == subject) {
                let other = other.directory.display();
                return Err(format!(
                    "{other} and {shown} have one subject, {subject}: {{host}} and {{service}} in subject= tell them apart"
                ));
            }
            known.push((subject, origin));
        }
        Ok(())
    }

    fn open(&self, given: Given) -> Result<Box<dyn Sink>, String> {
        Ok(Box::new(self.lane(given)?))
    }
}

impl Shared {
    /// Whoever else uses the connection keeps it until the answer is there.
    fn stream(&self, stopping: &Stopping) -> Result<Arc<Stream>, Trouble> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stream) = current.as_ref().filter(|stream| !stream.connection.is_over()) {
            return Ok(Arc::clone(stream));
        }
        *current = None;
        if stopping.has_begun() {
            return Err(trouble("there is no connection".into()));
        }
        let opened = self.runtime.block_on(async {
            let connection = Connection::open(&self.url).await?;
            let info = self.look(&connection, stopping).await?;
            Ok(Stream { connection, info })
        });
        let stream = Arc::new(opened.map_err(trouble)?);
        *current = Some(Arc::clone(&stream));
        Ok(stream)
    }

    /// What the stream is. It is made if it has to be.
    async fn look(&self, connection: &Connection, stopping: &Stopping) -> Result<Info, String> {
        let name = &self.url.stream.name;
        let mut info = reply::info(&self.api(connection, "STREAM.INFO", b"", stopping).await?);
        if self.create && matches!(info, Err(Refusal { code: reply::NO_STREAM, .. })) {
            let made = self.api(connection, "STREAM.CREATE", self.config().as_bytes(), stopping).await?;
            info = match reply::info(&made) {
                // Another shipper was quicker.
                Err(Refusal { code: reply::NAME_IN_USE, .. }) => {
                    reply::info(&self.api(connection, "STREAM.INFO", b"", stopping).await?)
                }
                Err(refusal) => return Err(format!("stream {name} can't be made: {refusal}")),
                made => made,
            };
        }
        let info = info.map_err(|refusal| match refusal.code {
            reply::NO_STREAM => format!("there is no stream {name}: with --create it is made"),
            _ => format!("stream {name}: {refusal}"),
        })?;
        match info.unfit {
            Some(unfit) => Err(format!("stream {name} has {unfit}")),
            None => Ok(info),
        }
    }

    /// A request about the stream. The answer is not looked at.
    async fn api(
        &self,
        connection: &Connection,
        verb: &str,
        body: &[u8],
        stopping: &Stopping,
    ) -> Result<Vec<u8>, String> {
        let prefix = self.url.domain.as_ref().map_or("$JS.API".into(), |domain| format!("$JS.{domain}.API"));
        let subject = format!("{prefix}.{verb}.{}", self.url.stream.name);
        let request = Request::new().payload(body.to_vec().into());
        match connection.ask(&subject, request, self.timeout, stopping).await {
            Ok(message) => Ok(message.payload.to_vec()),
            Err(Silence::Nobody) => Err("the servers have no JetStream for this account".into()),
            Err(Silence::Unsent(reason)) => Err(reason),
            Err(Silence::Unknown(reason)) => Err(format!("stream {}: {reason}", self.url.stream.name)),
        }
    }

    fn config(&self) -> String {
        let stream = &self.url.stream;
        let bytes = stream.bytes.map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
        let age = stream.age.map_or(0, |age| i64::try_from(age.as_nanos()).unwrap_or(i64::MAX));
        let discard = match stream.discard {
            Discard::Old => "old",
            Discard::New => "new",
        };
        let config = json!({
            "name": stream.name, "subjects": [self.url.template.wildcard()], "retention": "limits",
            "storage": "file", "num_replicas": stream.replicas, "discard": discard, "max_age": age,
            "max_bytes": bytes, "max_msgs": -1, "max_consumers": -1, "max_msg_size": -1,
        });
        config.to_string()
    }

    /// Why nobody took a message.
    fn why(&self, stream: &Stream, subject: &Subject, stopping: &Stopping) -> String {
        // The stream may have been deleted, or made anew: the next connection looks.
        stream.connection.leave();
        let name = &self.url.stream.name;
        match self.runtime.block_on(self.look(&stream.connection, stopping)) {
            Ok(info) if !info.takes(subject.as_str()) => {
                format!("stream {name} does not take {subject}: it takes {}", info.subjects.join(", "))
            }
            Ok(_) => format!("stream {name} has no leader"),
            Err(reason) => reason,
        }
    }
}

impl Engine for Prepared {
    fn limits(&mut self) -> Result<Limits, Trouble> {
        let stream = self.shared.stream(&self.stopping)?;
        let limits = stream.info.limits(stream.connection.longest());
        if limits.message < SHORTEST {
            // Somebody has to mend that, and it is looked at again.
            stream.connection.leave();
            let (name, most) = (&self.shared.url.stream.name, limits.message);
            return Err(trouble(format!(
                "stream {name} takes messages of {most} bytes, headers included: {SHORTEST} are needed"
            )));
        }
        self.known = Some(limits);
        Ok(limits)
    }

    fn known(&self) -> Option<Limits> {
        self.known
    }

    fn publish(&mut self, message: &Message<'_>) -> Result<Published, Trouble> {
        let shared = &self.shared;
        let stream = shared.stream(&self.stopping)?;
        let mut headers = HeaderMap::new();
        for (name, value) in &message.headers {
            headers.insert(*name, value.as_str());
        }
        headers.insert("Nats-Expected-Stream", shared.url.stream.name.as_str());
        headers.insert("Nats-Expected-Last-Subject-Sequence", message.expected.to_string().as_str());
        let request = Request::new().headers(headers).payload(message.body.to_vec().into());
        let asked = stream.connection.ask(message.subject.as_str(), request, shared.timeout, &self.stopping);
        let answer = match shared.runtime.block_on(asked) {
            Ok(answer) => answer,
            Err(Silence::Nobody) => {
                return Err(trouble(shared.why(&stream, message.subject, &self.stopping)));
            }
            Err(Silence::Unsent(reason)) => return Err(trouble(reason)),
            Err(Silence::Unknown(reason)) => {
                let reason = format!("{}: {reason}", message.subject);
                return Err(Trouble { reason, sent: Attempt::Again });
            }
        };
        match reply::sequence(&answer.payload, &shared.url.stream.name) {
            Ok(sequence) => Ok(Published::Stored(sequence)),
            Err(Refusal { code: reply::WRONG_SEQUENCE, .. }) => Ok(Published::Conflict),
            Err(refusal @ Refusal { code: reply::TOO_LONG, .. }) => {
                stream.connection.leave();
                Ok(Published::TooLong(refusal.to_string()))
            }
            Err(refusal) => {
                let sent = if refusal.is_certain() { Attempt::First } else { Attempt::Again };
                Err(Trouble { reason: format!("{}: {refusal}", message.subject), sent })
            }
        }
    }

    fn last(&mut self, subject: &Subject) -> Result<Option<Last>, Trouble> {
        let body = json!({ "last_by_subj": subject.as_str() }).to_string();
        self.ask("STREAM.MSG.GET", &body, reply::last)
    }

    fn is_complete(&mut self) -> Result<bool, Trouble> {
        self.ask("STREAM.INFO", "", reply::is_complete)
    }
}

impl Prepared {
    /// A question about the stream. What is no answer makes the next one look at the stream again.
    fn ask<T>(
        &self,
        verb: &str,
        body: &str,
        read: impl Fn(&[u8]) -> Result<T, Refusal>,
    ) -> Result<T, Trouble> {
        let shared = &self.shared;
        let stream = shared.stream(&self.stopping)?;
        let asked = shared.api(&stream.connection, verb, body.as_bytes(), &self.stopping);
        let answer = shared.runtime.block_on(asked).map_err(trouble)?;
        read(&answer).map_err(|refusal| {
            stream.connection.leave();
            trouble(format!("stream {}: {refusal}", shared.url.stream.name))
        })
    }
}

/// Nothing was sent that could be stored.
fn trouble(reason: String) -> Trouble {
    Trouble { reason, sent: Attempt::First }
}
