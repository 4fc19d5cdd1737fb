//! `Connection`: to one of the servers, until it is silent.
//!
//! The client would connect again by itself, and send what had been waiting. A lane must know what it has sent and when:
//! so a connection that is broken or silent is let go, and the next request makes a new one, to any of the servers.

use std::future::Future;
use std::io::{Error, ErrorKind};
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use async_nats::client::RequestErrorKind;
use async_nats::{Client, ConnectOptions, Event, Message, Request, ServerAddr};
use tokio::sync::watch;

use crate::stopping::Stopping;

use super::url::{Login, Server, Tls, Url, shown};

/// So long a server may take for the greeting.
const GREETING: Duration = Duration::from_secs(5);
/// A request that is not answered is noticed by itself, so nobody has to ask whether the server is there.
const PING: Duration = Duration::from_secs(3600);
/// So often somebody who waits looks whether the program ends.
const LOOK: Duration = Duration::from_millis(100);

/// A connection.
pub(super) struct Connection {
    client: Client,
    state: Arc<State>,
}

struct State {
    /// Whether it is of no use for what comes.
    is_over: watch::Sender<Over>,
    /// What the server has said against us last, outside of any answer.
    words: Mutex<Option<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Over {
    No,
    /// What is on its way is still answered.
    Soon,
    Now,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// Nobody listens there: it was not taken by anyone.
    Nobody,
    /// It was not sent.
    Unsent(String),
    /// It may have arrived.
    Unknown(String),
}

impl Connection {
    /// Connects to one of the servers.
    pub(super) async fn open(url: &Url) -> Result<Connection, String> {
        let state = Arc::new(State { is_over: watch::Sender::new(Over::No), words: Mutex::default() });
        let seen = Arc::clone(&state);
        let options = options(url).map_err(|error| error.to_string())?.event_callback(move |event| {
            seen.note(event);
            std::future::ready(())
        });
        let addresses = url
            .servers
            .iter()
            .map(address)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())?;
        let client = options.connect(addresses).await.map_err(|error| {
            let words = state.words().unwrap_or_default();
            one_line(&format!("no connection to {}: {error}{words}", names(&url.servers)))
        })?;
        Ok(Connection { client, state })
    }

    /// Whether it is of no use for anything new.
    pub(super) fn is_over(&self) -> bool {
        *self.state.is_over.borrow() != Over::No
    }

    /// It is not used for anything new from now on.
    pub(super) fn leave(&self) {
        self.state.end(Over::Soon);
    }

    /// The longest message that the server takes.
    pub(super) fn longest(&self) -> usize {
        self.client.max_payload()
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(
        &self,
        subject: &str,
        request: Request,
        timeout: Duration,
        stopping: &Stopping,
    ) -> Result<Message, Silence> {
        let mut over = self.state.is_over.subscribe();
        if *over.borrow() == Over::Now {
            return Err(Silence::Unsent("the connection is closed".into()));
        }
        let since = Instant::now();
        let mut answer = pin!(self.client.send_request(String::from(subject), request.timeout(None)));
        let mut broken = pin!(over.wait_for(|&over| over == Over::Now));
        loop {
            let either = std::future::poll_fn(|context| {
                if let Poll::Ready(answer) = answer.as_mut().poll(context) {
                    return Poll::Ready(Some(answer));
                }
                broken.as_mut().poll(context).map(|_| None)
            });
            match tokio::time::timeout(LOOK, either).await {
                Ok(Some(Ok(message))) => return Ok(message),
                Ok(Some(Err(error))) => return Err(silence(&error)),
                Ok(None) => return Err(Silence::Unknown(self.reason("the connection broke"))),
                Err(_) if stopping.left().is_some_and(|left| left.is_zero()) => {
                    return Err(Silence::Unknown("no answer before the end".into()));
                }
                Err(_) if since.elapsed() >= timeout => {
                    self.leave();
                    let seconds = timeout.as_secs_f32();
                    return Err(Silence::Unknown(self.reason(&format!("no answer within {seconds} s"))));
                }
                Err(_) => {}
            }
        }
    }

    fn reason(&self, what: &str) -> String {
        one_line(&format!("{what}{}", self.state.words().unwrap_or_default()))
    }
}

impl State {
    fn note(&self, event: Event) {
        match event {
            Event::Disconnected | Event::Closed => self.end(Over::Now),
            Event::LameDuckMode | Event::Draining => self.end(Over::Soon),
            Event::ServerError(error) => self.say(format!(": {error}")),
            Event::ClientError(error) => self.say(format!(": {error}")),
            Event::Connected | Event::SlowConsumer(_) => {}
        }
    }

    fn end(&self, how: Over) {
        self.is_over.send_if_modified(|over| {
            let is_more = *over < how;
            if is_more {
                *over = how;
            }
            is_more
        });
    }

    fn say(&self, words: String) {
        *self.words.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
    }

    fn words(&self) -> Option<String> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

fn silence(error: &async_nats::RequestError) -> Silence {
    match error.kind() {
        RequestErrorKind::NoResponders => Silence::Nobody,
        RequestErrorKind::InvalidSubject | RequestErrorKind::MaxPayloadExceeded => {
            Silence::Unsent(one_line(&error.to_string()))
        }
        RequestErrorKind::TimedOut | RequestErrorKind::Other => {
            Silence::Unknown(one_line(&error.to_string()))
        }
    }
}

fn options(url: &Url) -> std::io::Result<ConnectOptions> {
    let mut options = ConnectOptions::new()
        .name("mlog-ship")
        .ping_interval(PING)
        .connection_timeout(GREETING)
        .ignore_discovered_servers()
        .max_reconnects(url.servers.len())
        .reconnect_delay_callback(|_| Duration::ZERO)
        .client_capacity(64)
        .require_tls(url.tls != Tls::Offered);
    if url.tls == Tls::First {
        options = options.tls_first();
    }
    if let Some(ca) = &url.ca {
        options = options.add_root_certificates(ca.clone());
    }
    if let Some((certificate, key)) = &url.certificate {
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    match &url.login {
        Login::Nobody => Ok(options),
        Login::Password(user, password) => Ok(options.user_and_password(user.clone(), password.clone())),
        Login::PasswordFile(user, path) => Ok(options.user_and_password(user.clone(), first_line(path)?)),
        Login::TokenFile(path) => Ok(options.token(first_line(path)?)),
        Login::Nkey(path) => Ok(options.nkey(first_line(path)?)),
        Login::Credentials(path) => options
            .credentials(&read(path)?)
            .map_err(|error| Error::new(ErrorKind::InvalidData, format!("{}: {error}", shown(path)))),
    }
}

/// Whether everything that is needed to connect can be read.
pub(super) fn check(url: &Url) -> std::io::Result<()> {
    options(url)?;
    let certificate = url.certificate.iter().flat_map(|(certificate, key)| [certificate, key]);
    for path in certificate.chain(&url.ca) {
        read(path)?;
    }
    Ok(())
}

fn read(path: &Path) -> std::io::Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| Error::new(error.kind(), format!("{}: {error}", shown(path))))
}

fn first_line(path: &Path) -> std::io::Result<String> {
    match read(path)?.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.into()),
        _ => Err(Error::new(ErrorKind::InvalidData, format!("{}: the first line is empty", shown(path)))),
    }
}

fn address(server: &Server) -> std::io::Result<ServerAddr> {
    format!("nats://{}", name(server)).parse()
}

fn name(Server { host, port }: &Server) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn names(servers: &[Server]) -> String {
    servers.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn one_line(text: &str) -> String {
    text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect()
}
