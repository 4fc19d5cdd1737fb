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

use super::subject::Template;

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
const OPTIONS: [&str; 16] = [
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
        let bytes = unescape(word).ok_or(format!("has a % in the {what} without two digits"))?;
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
    let bytes = unescape(text).unwrap_or_default();
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
        let value = unescape(value).ok_or(format!("has a % in {name}= without two digits"))?;
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

fn number<T: TryFrom<i64>>(
    text: Option<String>,
    wrong: &str,
    least: i64,
    most: i64,
) -> Result<Option<T>, String> {
    let Some(text) = text else { return Ok(None) };
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.and_then(|number| T::try_from(number).ok()).map(Some).ok_or_else(|| wrong.into())
}

/// A number and a unit.
fn measure(text: &str, units: &[(char, u64)], most: u64) -> Option<u64> {
    let unit = text.chars().next_back()?;
    let (_, factor) = units.iter().find(|(known, _)| *known == unit)?;
    let digits = &text[..text.len() - unit.len_utf8()];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse::<u64>().ok()?.checked_mul(*factor)?;
    (1..=most).contains(&number).then_some(number)
}

fn age(text: &str) -> Result<Duration, String> {
    let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];
    // A server counts nanoseconds in 63 bits.
    let seconds = measure(text, &units, 9_000_000_000).ok_or("max-age= is a number and s, m, h or d: 30d")?;
    Ok(Duration::from_secs(seconds))
}

fn bytes(text: &str) -> Result<u64, String> {
    let units = [('K', 1 << 10), ('M', 1 << 20), ('G', 1 << 30), ('T', 1 << 40)];
    let wrong = "max-bytes= is a number and K, M, G or T: 100G";
    measure(text, &units, i64::MAX.unsigned_abs()).ok_or_else(|| wrong.into())
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digit = |byte: u8| char::from(byte).to_digit(16);
        bytes.push(u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()?);
        rest = after;
    }
    Some(bytes)
}

/// A path for a message.
pub(super) fn shown(path: &std::path::Path) -> String {
    String::from_utf8_lossy(path.as_os_str().as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SUBJECT: &str = "subject=logs.{host}.{service}";

    fn with(rest: &str) -> Result<Url, String> {
        Url::parse(&format!("nats://a/LOGS?{SUBJECT}{rest}"))
    }

    fn server(host: &str, port: u16) -> Server {
        Server { host: host.into(), port }
    }

    #[test]
    fn the_shortest_url_says_the_rest() {
        let url = with("").unwrap();
        assert_eq!(url.servers, [server("a", 4222)]);
        assert_eq!((url.login, url.tls, url.level), (Login::Nobody, Tls::Offered, None));
        assert_eq!((url.stream.name.as_str(), url.stream.replicas), ("LOGS", 3));
        assert_eq!((url.stream.age, url.stream.bytes, url.stream.discard), (None, None, Discard::Old));
    }

    #[test]
    fn servers_have_names_addresses_and_ports() {
        let url = Url::parse(&format!("nats://a,b.example:1,10.0.0.1:65535,[::1],[fe80::1]:99/L?{SUBJECT}"))
            .unwrap();
        let wanted = [
            server("a", 4222),
            server("b.example", 1),
            server("10.0.0.1", 65535),
            server("::1", 4222),
            server("fe80::1", 99),
        ];
        assert_eq!(url.servers, wanted);
    }

    #[test]
    fn options_are_read() {
        let url = with(
            "&tls=first&ca=/a%20b&cert=c&key=k&zstd=3&domain=hub&adopt=0f&replicas=5&max-age=30d&max-bytes=100G&discard=new",
        );
        let url = url.unwrap();
        assert_eq!((url.tls, url.ca, url.level), (Tls::First, Some("/a b".into()), Some(3)));
        assert_eq!(url.certificate, Some(("c".into(), "k".into())));
        assert_eq!((url.domain.as_deref(), url.adopt.as_deref()), (Some("hub"), Some("0f")));
        let stream = Stream {
            name: "LOGS".into(),
            replicas: 5,
            age: Some(Duration::from_secs(30 * 86_400)),
            bytes: Some(100 << 30),
            discard: Discard::New,
        };
        assert_eq!(url.stream, stream);
        assert_eq!(with("&ca=x").unwrap().tls, Tls::Required);
    }

    #[test]
    fn whoever_connects_says_who() {
        let login = |before: &str, rest: &str| {
            Url::parse(&format!("nats://{before}a/L?{SUBJECT}{rest}")).map(|url| url.login)
        };
        assert_eq!(login("u:p%40%3a:@", ""), Ok(Login::Password("u".into(), "p@::".into())));
        assert_eq!(login("u@v:p@", ""), Ok(Login::Password("u@v".into(), "p".into())));
        assert_eq!(login("u@", "&password-file=/x"), Ok(Login::PasswordFile("u".into(), "/x".into())));
        assert_eq!(login("", "&token-file=/x"), Ok(Login::TokenFile("/x".into())));
        assert_eq!(login("", "&creds=/x"), Ok(Login::Credentials("/x".into())));
        assert_eq!(login("", "&nkey=/x"), Ok(Login::Nkey("/x".into())));
        assert!(!format!("{:?}", login("u:secret@", "")).contains("secret"));
        for (before, rest, says) in [
            ("u@", "", "without a password"),
            ("", "&password-file=x", "without a user"),
            ("u:secret@", "&creds=x", "in two ways"),
            ("u:secret@", "&password-file=x", "in two ways"),
            ("u@", "&nkey=x", "in two ways"),
            ("", "&nkey=x&creds=y", "in two ways"),
            ("@", "", "without a user"),
            (":secret@", "", "without a user"),
            ("u:%zz@", "", "% in the password"),
            ("%ff:x@", "", "user that is not UTF-8"),
        ] {
            let error = login(before, rest).unwrap_err();
            assert!(error.contains(says) && !error.contains("secret"), "{before}{rest}: {error}");
        }
    }

    #[test]
    fn the_page_has_every_option() {
        let page = include_str!("../../../../docs/ship/nats.md");
        for name in OPTIONS {
            assert!(page.contains(&format!("`{name}=")) || page.contains(&format!("&{name}=")), "{name}");
        }
        let urls: Vec<&str> = page.split('\'').filter(|text| text.starts_with("nats://")).collect();
        assert!(urls.len() >= 3);
        for url in urls {
            assert!(Url::parse(url).is_ok(), "{url}");
        }
    }

    fn assert_says(rows: &[(&str, &str)]) {
        for (text, says) in rows {
            let error = Url::parse(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
            assert!(!error.contains('\n'), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_wrong_with_servers_and_stream_is_said() {
        assert_says(&[
            ("tls://a/L?subject=x", "begins with nats://"),
            ("nats://a", "names no stream"),
            ("nats://a?subject=x/y", "names no stream"),
            ("nats:///L?subject=x", "has no name"),
            ("nats://a,/L?subject=x", "has no name"),
            ("nats://a b/L?subject=x", "has no name"),
            ("nats://a:/L?subject=x", "has no port"),
            ("nats://a:0/L?subject=x", "has no port"),
            ("nats://a:65536/L?subject=x", "has no port"),
            ("nats://a:x/L?subject=x", "has no port"),
            ("nats://::1/L?subject=x", "has no name"),
            ("nats://[::1/L?subject=x", "is no address"),
            ("nats://[x]/L?subject=x", "is no address"),
            ("nats://[::1]4222/L?subject=x", "has no port"),
            ("nats://a/?subject=x", "has a stream"),
            ("nats://a/A.B?subject=x", "has a stream"),
            ("nats://a/A%20B?subject=x", "has a stream"),
            ("nats://a/A/B?subject=x", "has a stream"),
            ("nats://a/A*?subject=x", "has a stream"),
            ("nats://a/L%?subject=x", "has a stream"),
        ]);
    }

    #[test]
    fn what_is_wrong_with_options_is_said() {
        assert_says(&[
            ("nats://a/L", "has no subject="),
            ("nats://a/L?", "has no subject="),
            ("nats://a/L?subject=", "nothing behind subject="),
            ("nats://a/L?subject=a..b", "subject= has an empty token"),
            ("nats://a/L?subject=%ff", "subject= is not UTF-8"),
            ("nats://a/L?subject=x&subject=y", "has subject= twice"),
            ("nats://a/L?subject=x&colour=red", "\"colour\""),
            ("nats://a/L?subject=x&ca=%4", "% in ca="),
            ("nats://a/L?subject=x&ca=%+1", "% in ca="),
            ("nats://a/L?subject=x&tls=yes", "tls= is"),
            ("nats://a/L?subject=x&cert=y", "only one of"),
            ("nats://a/L?subject=x&key=y", "only one of"),
            ("nats://a/L?subject=x&zstd=0", "zstd= is 1 to 19"),
            ("nats://a/L?subject=x&zstd=20", "zstd= is 1 to 19"),
            ("nats://a/L?subject=x&domain=a.b", "domain= is"),
            ("nats://a/L?subject=x&replicas=6", "replicas= is"),
            ("nats://a/L?subject=x&replicas=", "nothing behind replicas="),
            ("nats://a/L?subject=x&max-age=30", "max-age= is"),
            ("nats://a/L?subject=x&max-age=0d", "max-age= is"),
            ("nats://a/L?subject=x&max-age=-1d", "max-age= is"),
            ("nats://a/L?subject=x&max-age=9999999999999d", "max-age= is"),
            ("nats://a/L?subject=x&max-bytes=1", "max-bytes= is"),
            ("nats://a/L?subject=x&max-bytes=G", "max-bytes= is"),
            ("nats://a/L?subject=x&max-bytes=9999999999T", "max-bytes= is"),
            ("nats://a/L?subject=x&discard=all", "discard= is"),
        ]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "nats://[-a:@,/?&=%.*{}\\[\\]0-9\u{e9}]{0,40}") {
            Url::parse(&text).ok();
        }
    }
}
