//! `Connection`: sends a request to the engine, and says what the answer means for its records.
//!
//! | answer | what it means |
//! |---|---|
//! | 2xx | they are taken, except for those that `partialSuccess` counts |
//! | 400, 415 to a compressed request, before any was taken | once more without compression, which is remembered |
//! | 413 | fewer at once; a record alone is refused |
//! | 429, 502, 503, 504 | later, when `Retry-After` says so |
//! | 401, 403, 404, 405, 407, 408, 421, 3xx, a page | later: it is not these records that are wrong |
//! | other 5xx | later at first; when it stays so they are refused |
//! | any other | they are refused |
//! | none | later; they may have arrived |

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use flate2::write::GzEncoder;
use unix::diag::Message;
use ureq::http::{HeaderMap, Response, StatusCode};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body, Error};

use super::file;
use super::headers::Headers;
use super::reply::{self, Said};
use super::retry_after;
use super::target::{Compression, Scheme, Target};

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The engine has the records, except for this many.
    Taken(Said),
    /// The request is too long.
    TooLong(String),
    /// The engine will never take them.
    Refused(String),
    /// The engine failed, and may fail with these records for ever.
    Failed(String),
    /// Not now.
    Later {
        /// What the engine wants to be waited.
        wait: Option<Duration>,
        /// What happened.
        reason: String,
        /// Whether the engine may have the records.
        arrived: Arrived,
    },
}

/// Whether a request may have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// It was not sent, or the engine says that it did not take it.
    No,
    /// Nobody knows.
    Perhaps,
}

/// What is known of compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gzip {
    /// It is not known yet.
    Untried,
    /// The engine reads it.
    Read,
    /// Never.
    No,
}

/// The way to an engine, for the batches of one directory.
pub struct Connection {
    agent: Agent,
    target: Target,
    headers: Headers,
    gzip: Gzip,
}

/// No body of an answer is read beyond this.
const BODY: u64 = 64 << 10;
/// A connection that is not made in this time is not made.
const CONNECT: Duration = Duration::from_secs(10);
/// How many connections are kept for the next batch of any lane.
const IDLE: usize = 16;
/// What a connection keeps in memory of answers, which are short, and of requests.
const INPUT: usize = 16 << 10;
const OUTPUT: usize = 32 << 10;
/// Where systems keep the certificates that they trust.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];

/// What makes connections to an engine and keeps them, for all lanes together.
///
/// # Errors
///
/// The certificates can't be read.
pub fn agent(target: &Target, patience: Duration) -> Result<Agent, Message> {
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(patience))
        .timeout_connect(Some(CONNECT.min(patience)))
        .max_idle_connections(IDLE)
        .max_idle_connections_per_host(IDLE)
        .input_buffer_size(INPUT)
        .output_buffer_size(OUTPUT)
        .accept("")
        .accept_encoding("")
        .user_agent(concat!("mlog-ship/", env!("CARGO_PKG_VERSION")));
    if target.scheme == Scheme::Https {
        // It is there already where another sink was first.
        rustls::crypto::ring::default_provider().install_default().ok();
        let roots = RootCerts::from(authorities(target.authorities.as_deref())?);
        config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
    }
    Ok(config.build().into())
}

impl Connection {
    /// Reads the headers. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// They can't be read.
    pub fn new(target: &Target, agent: Agent) -> Result<Connection, Message> {
        let gzip = match target.compression {
            Compression::Gzip => Gzip::Untried,
            Compression::Never => Gzip::No,
        };
        let headers = Headers::read(&target.headers)?;
        Ok(Connection { agent, target: target.clone(), headers, gzip })
    }

    /// Sends a request of this media type.
    pub fn send(&mut self, media: &str, body: &[u8]) -> Verdict {
        let compressed = if self.gzip == Gzip::No { None } else { gzip(body) };
        let Some(compressed) = compressed else { return self.judge(self.post(media, body, None)) };
        let answer = self.post(media, &compressed, Some("gzip"));
        let status = answer.as_ref().map(|answer| answer.status);
        match status {
            Ok(StatusCode::BAD_REQUEST | StatusCode::UNSUPPORTED_MEDIA_TYPE)
                if self.gzip == Gzip::Untried =>
            {
                let plain = self.judge(self.post(media, body, None));
                if matches!(plain, Verdict::Taken(_)) {
                    self.gzip = Gzip::No;
                }
                return plain;
            }
            Ok(status) if status.is_success() => self.gzip = Gzip::Read,
            _ => {}
        }
        self.judge(answer)
    }

    fn post(&self, media: &str, body: &[u8], encoding: Option<&str>) -> Result<Answer, Error> {
        let mut request = self.agent.post(&self.target.url).content_type(media);
        if let Some(encoding) = encoding {
            request = request.header("Content-Encoding", encoding);
        }
        for (name, value) in self.headers.iter() {
            request = request.header(name, value);
        }
        Answer::read(request.send(body)?)
    }

    fn judge(&mut self, answer: Result<Answer, Error>) -> Verdict {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return without_answer(&error),
        };
        let reason = answer.reason();
        let later = |wait, arrived| Verdict::Later { wait, reason: reason.clone(), arrived };
        match answer.status.as_u16() {
            200..=299 if answer.is_page() => later(None, Arrived::No),
            200..=299 => Verdict::Taken(reply::success(&answer.media, &answer.body)),
            429 => later(answer.wait, Arrived::No),
            502..=504 => later(answer.wait, Arrived::Perhaps),
            401 | 403 | 407 => {
                // Whoever has replaced the token need not restart us. What can't be read is left as it was.
                if let Ok(headers) = Headers::read(&self.target.headers) {
                    self.headers = headers;
                }
                later(answer.wait, Arrived::No)
            }
            300..=399 | 404 | 405 | 408 | 421 => later(answer.wait, Arrived::No),
            413 => Verdict::TooLong(reason),
            500.. => Verdict::Failed(reason),
            _ => Verdict::Refused(reason),
        }
    }
}

/// What of an answer is needed.
struct Answer {
    status: StatusCode,
    media: String,
    wait: Option<Duration>,
    location: String,
    body: Vec<u8>,
}

impl Answer {
    fn read(response: Response<Body>) -> Result<Answer, Error> {
        let (parts, body) = response.into_parts();
        let text = |name| header(&parts.headers, name);
        let wait = retry_after::parse(text("retry-after"), SystemTime::now());
        let media = text("content-type").to_ascii_lowercase();
        let location = text("location").to_owned();
        let body = match body.into_with_config().limit(BODY).read_to_vec() {
            Err(Error::BodyExceedsLimit(_)) => Vec::new(),
            body => body?,
        };
        Ok(Answer { status: parts.status, media, wait, location, body })
    }

    /// Whether it is for people, as from a server that knows nothing of OTLP.
    fn is_page(&self) -> bool {
        self.media.starts_with("text/html") && !self.body.is_empty()
    }

    /// In one line.
    fn reason(&self) -> String {
        let status = self.status;
        let words = status.canonical_reason().map(|words| format!(" {words}")).unwrap_or_default();
        let said = match status.as_u16() {
            200..=299 if self.is_page() => "with a page, so the path is that of something else".to_owned(),
            200..=299 => String::new(),
            300..=399 if self.location.is_empty() => "to nowhere".to_owned(),
            300..=399 => format!("to {}: name that, if it is right", self.location),
            _ => reply::failure(&self.media, &self.body).message,
        };
        let colon = if said.is_empty() { "" } else { ": " };
        format!("{}{words}{colon}{said}", status.as_u16())
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// What the lack of an answer means.
fn without_answer(error: &Error) -> Verdict {
    let arrived = match error {
        Error::HostNotFound | Error::ConnectionFailed | Error::Tls(_) | Error::Rustls(_) => Arrived::No,
        Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => Arrived::No,
        Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
                Arrived::No
            }
            _ => Arrived::Perhaps,
        },
        _ => Arrived::Perhaps,
    };
    Verdict::Later { wait: None, reason: words(error), arrived }
}

fn words(error: &Error) -> String {
    match error {
        Error::Timeout(_) => "no answer in time".to_owned(),
        Error::HostNotFound => "no such host".to_owned(),
        Error::Io(error) => match error.raw_os_error() {
            Some(_) => error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase(),
            None => error.to_string(),
        },
        error => error.to_string(),
    }
}

fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), flate2::Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

/// The certificates to which the engine's has to lead.
fn authorities(file: Option<&Path>) -> Result<Vec<Certificate<'static>>, Message> {
    let bundle = || BUNDLES.iter().map(Path::new).find(|path| path.exists());
    let none = || Message::new("the system has no certificates of authorities; name a file with #ca=FILE");
    let path = file.or_else(bundle).ok_or_else(none)?;
    let name = path.as_os_str().as_encoded_bytes();
    let text = file::read(path)?;
    let items = ureq::tls::parse_pem(&text).filter_map(Result::ok);
    let certificates: Vec<_> = items
        .filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(Message::new("there is no certificate in ").and(name));
    }
    Ok(certificates)
}
