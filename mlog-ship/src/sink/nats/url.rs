//! `Url`: the argument as a typed value.
//!
//! ```text
//! nats://[USER[:PASSWORD]@]HOST[:PORT][,HOST[:PORT]...]/STREAM?subject=logs.{host}.{service}[&OPTION=VALUE...]
//! ```
//!
//! Everything after the `@` that a URL has as `%XX` may be written so. Nothing is opened here.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::time::Duration;

use unix::percent;

use super::subject::Template;
use super::values::{age, bytes, number};

/// The port where none is given.
const PORT: u16 = 4222;

/// Where the batches go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// At least one. Each is asked in turn, from a random one on.
    pub servers: Vec<Server>,
    /// How the servers know the shipper.
    pub login: Login,
    /// Whether the connection is encrypted.
    pub tls: Tls,
    /// Certificates that are trusted instead of the system's.
    pub ca: Option<PathBuf>,
    /// The shipper's own certificate and its key.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// The stream.
    pub stream: Stream,
    /// The JetStream domain.
    pub domain: Option<String>,
    /// The subject of each directory.
    pub template: Template,
    /// The level at which messages are compressed with zstd.
    pub level: Option<i32>,
    /// The instance whose messages on a subject are taken for the shipper's own past, where it has none.
    pub adopt: Option<String>,
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// A name or an address, an IPv6 one without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// How the servers know the shipper.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// They need not.
    Nobody,
    /// By a name and a password.
    Password(String, String),
    /// By a name and the first line of a file.
    PasswordFile(String, PathBuf),
    /// By the first line of a file.
    TokenFile(PathBuf),
    /// By a file of credentials: a JWT and the seed of its key.
    Credentials(PathBuf),
    /// By a file with the seed of a key.
    Nkey(PathBuf),
}

impl std::fmt::Debug for Login {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Login::Nobody => to.write_str("Nobody"),
            Login::Password(user, _) => write!(to, "Password({user:?})"),
            Login::PasswordFile(user, path) => write!(to, "PasswordFile({user:?}, {path:?})"),
            Login::TokenFile(path) => write!(to, "TokenFile({path:?})"),
            Login::Credentials(path) => write!(to, "Credentials({path:?})"),
            Login::Nkey(path) => write!(to, "Nkey({path:?})"),
        }
    }
}

/// Whether a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// If the server wants that.
    Offered,
    /// Else there is none.
    Required,
    /// From the first byte on, without the server's plain greeting.
    First,
}

/// The stream, and how it is made where it is missing and that is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its name.
    pub name: String,
    /// How many servers hold each message.
    pub replicas: u8,
    /// How old a message may become.
    pub age: Option<Duration>,
    /// How many bytes the stream may hold.
    pub bytes: Option<u64>,
    /// What goes when it is full.
    pub discard: Discard,
}

/// What a full stream does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discard {
    /// It drops the oldest messages.
    Old,
    /// It takes no new ones, and the shipper waits.
    New,
}

impl Url {
    /// Reads the argument.
    ///
    /// # Errors
    ///
    /// What is wrong, in a line that names the part and what is allowed. A password is never in it.
    pub fn parse(text: &str) -> Result<Url, String> {
        let rest = text.strip_prefix("nats://").ok_or("begins with nats://")?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, stream) = place
            .split_once('/')
            .ok_or("names no stream: nats://HOST/STREAM?subject=logs.{host}.{service}")?;
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (Some(login), hosts),
            None => (None, authority),
        };
        let servers = hosts.split(',').map(server).collect::<Result<Vec<_>, String>>()?;
        let given = Given { stream: stream_name(stream)?, user: user(login)?, options: options(query)? };
        given.settle(servers)
    }
}

/// What is in the text, before it is looked at as a whole.
struct Given {
    stream: String,
    user: Option<(String, Option<String>)>,
    options: Vec<(&'static str, Vec<u8>)>,
}

/// The names of the options.
pub(super) const OPTIONS: [&str; 16] = [
    "subject",
    "creds",
    "nkey",
    "password-file",
    "token-file",
    "tls",
    "ca",
    "cert",
    "key",
    "zstd",
    "domain",
    "adopt",
    "replicas",
    "max-age",
    "max-bytes",
    "discard",
];

impl Given {
    fn settle(self, servers: Vec<Server>) -> Result<Url, String> {
        let subject = self.text("subject")?.ok_or("has no subject=: logs.{host}.{service} is one")?;
        let template = Template::parse(&subject).map_err(|error| format!("subject= {error}"))?;
        let certificate = match (self.path("cert")?, self.path("key")?) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err("has only one of cert= and key=: both or none".into()),
        };
        let tls = match self.text("tls")?.as_deref() {
            None if self.path("ca")?.is_some() || certificate.is_some() => Tls::Required,
            None => Tls::Offered,
            Some("required") => Tls::Required,
            Some("first") => Tls::First,
            Some(_) => return Err("tls= is required or first".into()),
        };
        Ok(Url {
            servers,
            login: self.login()?,
            tls,
            ca: self.path("ca")?,
            certificate,
            stream: Stream {
                name: self.stream.clone(),
                replicas: number(self.text("replicas")?, "replicas= is 1 to 5", 1, 5)?.unwrap_or(3),
                age: self.text("max-age")?.map(|text| age(&text)).transpose()?,
                bytes: self.text("max-bytes")?.map(|text| bytes(&text)).transpose()?,
                discard: match self.text("discard")?.as_deref() {
                    None | Some("old") => Discard::Old,
                    Some("new") => Discard::New,
                    Some(_) => return Err("discard= is old or new".into()),
                },
            },
            domain: self.text("domain")?.map(domain).transpose()?,
            template,
            level: number(self.text("zstd")?, "zstd= is 1 to 19", 1, 19)?,
            adopt: self.text("adopt")?,
        })
    }

    fn login(&self) -> Result<Login, String> {
        let files: Vec<&str> = ["creds", "nkey", "password-file", "token-file"]
            .into_iter()
            .filter(|name| self.options.iter().any(|(known, _)| known == name))
            .collect();
        let file = |name| self.path(name).map(Option::unwrap_or_default);
        match (&self.user, &files[..]) {
            (None, []) => Ok(Login::Nobody),
            (None, ["creds"]) => Ok(Login::Credentials(file("creds")?)),
            (None, ["nkey"]) => Ok(Login::Nkey(file("nkey")?)),
            (None, ["token-file"]) => Ok(Login::TokenFile(file("token-file")?)),
            (None, ["password-file"]) => Err("has password-file= without a user: nats://USER@HOST".into()),
            (Some((user, Some(password))), []) => Ok(Login::Password(user.clone(), password.clone())),
            (Some((user, None)), ["password-file"]) => {
                Ok(Login::PasswordFile(user.clone(), file("password-file")?))
            }
            (Some((_, None)), []) => Err("has a user without a password: USER:PASSWORD@ or password-file=".into()),
            _ => Err("says in two ways who connects: one of USER:PASSWORD@, password-file=, token-file=, creds=, nkey=".into()),
        }
    }

    fn value(&self, name: &str) -> Option<&Vec<u8>> {
        self.options.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Result<Option<String>, String> {
        let Some(value) = self.value(name) else { return Ok(None) };
        String::from_utf8(value.clone()).map(Some).map_err(|_| format!("{name}= is not UTF-8"))
    }

    fn path(&self, name: &str) -> Result<Option<PathBuf>, String> {
        Ok(self.value(name).map(|value| PathBuf::from(OsString::from_vec(value.clone()))))
    }
}

fn server(text: &str) -> Result<Server, String> {
    let wrong = |why: &str| Err(format!("has a server {text:?} that {why}"));
    let (host, port) = match text.strip_prefix('[') {
        Some(inside) => match inside.split_once(']') {
            Some((host, rest)) if host.parse::<std::net::Ipv6Addr>().is_ok() => {
                (host, rest.strip_prefix(':').or(rest.is_empty().then_some("")))
            }
            _ => return wrong("is no address: [::1]:4222 is one"),
        },
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port).filter(|port| !port.is_empty())),
            None => (text, Some("")),
        },
    };
    let is_name =
        |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte));
    if host.is_empty() || !is_name(host) {
        return wrong("has no name: HOST or HOST:PORT, with commas between servers");
    }
    let port = match port {
        Some("") => PORT,
        Some(port) => match port.parse() {
            Ok(port) if port > 0 => port,
            _ => return wrong("has no port: 1 to 65535"),
        },
        None => return wrong("has no port: 1 to 65535"),
    };
    Ok(Server { host: host.into(), port })
}

fn user(login: Option<&str>) -> Result<Option<(String, Option<String>)>, String> {
    let Some(login) = login else { return Ok(None) };
    let text = |word: &str, what: &str| -> Result<String, String> {
        let bytes = percent::unescape(word).ok_or(format!("has a % in the {what} without two digits"))?;
        String::from_utf8(bytes).map_err(|_| format!("has a {what} that is not UTF-8"))
    };
    let (user, password) = match login.split_once(':') {
        Some((user, password)) => (user, Some(text(password, "password")?)),
        None => (login, None),
    };
    if user.is_empty() {
        return Err("has an @ without a user".into());
    }
    Ok(Some((text(user, "user")?, password)))
}

fn stream_name(text: &str) -> Result<String, String> {
    let bytes = percent::unescape(text).unwrap_or_default();
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !b".*>/\\".contains(&byte);
    if bytes.is_empty() || bytes.len() > 255 || !bytes.iter().copied().all(is_allowed) {
        return Err(format!(
            "has a stream {text:?}: 1 to 255 printable characters without blanks, dots, *, > and slashes are allowed"
        ));
    }
    String::from_utf8(bytes).map_err(|_| "has a stream that is not UTF-8".into())
}

fn options(query: &str) -> Result<Vec<(&'static str, Vec<u8>)>, String> {
    let mut options: Vec<(&'static str, Vec<u8>)> = Vec::new();
    for option in query.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let Some(name) = OPTIONS.into_iter().find(|known| *known == name) else {
            return Err(format!("has an option {name:?}: {} are known", OPTIONS.join(", ")));
        };
        if options.iter().any(|(known, _)| *known == name) {
            return Err(format!("has {name}= twice"));
        }
        let value = percent::unescape(value).ok_or(format!("has a % in {name}= without two digits"))?;
        if value.is_empty() {
            return Err(format!("has nothing behind {name}="));
        }
        options.push((name, value));
    }
    Ok(options)
}

fn domain(text: String) -> Result<String, String> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if text.bytes().all(is_allowed) { Ok(text) } else { Err("domain= is letters, digits, - and _".into()) }
}

/// A path for a message.
pub(super) fn shown(path: &std::path::Path) -> String {
    String::from_utf8_lossy(path.as_os_str().as_bytes()).into_owned()
}
