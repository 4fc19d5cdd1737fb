//! `Target`: what `otlp:URL#OPTIONS` says, settled before anything is opened.
//!
//! ```text
//! otlp:https://loki.example:3100/otlp/v1/logs#headers=/etc/ship/loki&ca=/etc/ship/ca.pem
//! ```
//!
//! The URL is the engine's, with its query. What is behind `#` is for mlog-ship and is never sent: it is not a part of a
//! request by the rules of URLs. A secret has no place in either, since every user reads the command line of a process.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use unix::diag::Message;

/// Where batches go, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `http://` or `https://`, the authority, the path, and the query where there is one.
    pub url: String,
    /// Whether the connection is encrypted.
    pub scheme: Scheme,
    /// How a request is written.
    pub format: Format,
    /// Whether a request is compressed.
    pub compression: Compression,
    /// Where the headers are that go with every request.
    pub headers: HeadersFrom,
    /// The certificates to which the engine's has to lead, in PEM. None: those of the system.
    pub authorities: Option<PathBuf>,
}

/// Whether the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// It is not.
    Http,
    /// With TLS.
    Https,
}

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/x-protobuf`
    Protobuf,
    /// `application/json`
    Json,
}

/// Whether a request is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// `Content-Encoding: gzip`, until the engine refuses it.
    Gzip,
    /// Never.
    Never,
}

/// Where the headers are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadersFrom {
    /// There are none.
    Nowhere,
    /// In this file.
    File(PathBuf),
    /// In this environment variable.
    Variable(String),
}

/// The path of a URL that has none.
const PATH: &str = "/v1/logs";

impl Target {
    /// Reads what is behind `otlp:`.
    ///
    /// # Errors
    ///
    /// What is wrong, and what is allowed: the rest of a sentence that begins with the argument.
    pub fn parse(argument: &OsStr) -> Result<Target, Message> {
        let text = std::str::from_utf8(argument.as_bytes()).ok();
        let text = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
        let text = text.ok_or_else(|| {
            Message::new(" has a byte that no URL has; write it as % and two hexadecimal digits")
        })?;
        let (url, options) = text.split_once('#').unwrap_or((text, ""));
        let (scheme, url) = locate(url)?;
        let mut target = Target {
            url,
            scheme,
            format: Format::Protobuf,
            compression: Compression::Gzip,
            headers: HeadersFrom::Nowhere,
            authorities: None,
        };
        let mut seen = Vec::new();
        for option in options.split('&').filter(|option| !option.is_empty()) {
            let name = option.split('=').next().unwrap_or_default();
            if seen.contains(&name) {
                return Err(Message::new(" has ").and(name).and(" twice"));
            }
            seen.push(name);
            target.set(option)?;
        }
        Ok(target)
    }

    fn set(&mut self, option: &str) -> Result<(), Message> {
        match option.split_once('=') {
            None if option == "json" => self.format = Format::Json,
            Some(("gzip", "no")) => self.compression = Compression::Never,
            Some(("gzip", "yes")) => self.compression = Compression::Gzip,
            Some(("headers", value)) => self.take_headers(HeadersFrom::File(path("headers", value)?))?,
            Some(("headers-env", value)) => self.take_headers(HeadersFrom::Variable(variable(value)?))?,
            Some(("ca", value)) if self.scheme == Scheme::Https => {
                self.authorities = Some(path("ca", value)?);
            }
            Some(("ca", _)) => return Err(Message::new(" has ca=, which is for https://")),
            _ => {
                let message = Message::new(" has the option ").and(option);
                return Err(
                    message.and("; allowed are json, gzip=no, headers=FILE, headers-env=NAME and ca=FILE")
                );
            }
        }
        Ok(())
    }

    fn take_headers(&mut self, from: HeadersFrom) -> Result<(), Message> {
        if self.headers != HeadersFrom::Nowhere {
            return Err(Message::new(" has both headers= and headers-env=; one is allowed"));
        }
        self.headers = from;
        Ok(())
    }
}

/// The scheme of a URL, and the URL with a path.
fn locate(url: &str) -> Result<(Scheme, String), Message> {
    let (scheme, rest) = match url.split_once("://") {
        Some(("http", rest)) => (Scheme::Http, rest),
        Some(("https", rest)) => (Scheme::Https, rest),
        _ => return Err(Message::new(" is not otlp:http://HOST[:PORT][/PATH] or otlp:https://...")),
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    check_authority(authority)?;
    if let Some(byte) = path.bytes().find(|&byte| b"\"<>\\^`{|}".contains(&byte)) {
        let message = Message::new(" has ").and([byte]).and(" in its path; write it as %");
        return Err(message.and(format!("{byte:02X}")));
    }
    let before = &url[..url.len() - path.len()];
    let path = match path {
        "" | "/" => PATH.to_owned(),
        _ if path.starts_with('?') => format!("{PATH}{path}"),
        _ => path.to_owned(),
    };
    Ok((scheme, format!("{before}{path}")))
}

fn check_authority(authority: &str) -> Result<(), Message> {
    if authority.contains('@') {
        return Err(Message::new(
            " has a user in its URL, which everybody reads; write an Authorization line into headers=FILE",
        ));
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, port)) if host.parse::<std::net::Ipv6Addr>().is_ok() => (host, port),
            _ => return Err(Message::new(" has no IPv6 address in its brackets")),
        },
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    if host.is_empty() || !host.bytes().all(known) {
        return Err(Message::new(" has no host; allowed are a name, an IPv4 address and an [IPv6 address]"));
    }
    let number = port.strip_prefix(':').map(|port| (port, port.parse::<u16>()));
    match number {
        None if port.is_empty() => Ok(()),
        Some((text, Ok(1..))) if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(()),
        _ => Err(Message::new(" has a port that is no number from 1 to 65535")),
    }
}

fn path(option: &str, value: &str) -> Result<PathBuf, Message> {
    if value.is_empty() {
        return Err(Message::new(" has ").and(option).and("= without a file"));
    }
    Ok(PathBuf::from(value))
}

fn variable(value: &str) -> Result<String, Message> {
    if value.is_empty() || value.contains('=') {
        return Err(Message::new(" has headers-env= without the name of an environment variable"));
    }
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn url(argument: &str) -> String {
        Target::parse(OsStr::new(argument)).unwrap().url
    }

    fn wrong(argument: &str) -> String {
        let message = Target::parse(OsStr::new(argument)).unwrap_err();
        String::from_utf8(message.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn a_url_without_a_path_has_that_of_the_protocol() {
        assert_eq!(url("http://a:4318"), "http://a:4318/v1/logs");
        assert_eq!(url("http://a:4318/"), "http://a:4318/v1/logs");
        assert_eq!(url("https://a?x=1"), "https://a/v1/logs?x=1");
        assert_eq!(url("https://a/otlp/v1/logs"), "https://a/otlp/v1/logs");
        assert_eq!(url("http://[::1]:4318/x?y=z/#json"), "http://[::1]:4318/x?y=z/");
        assert_eq!(url("http://10.0.0.1#gzip=no"), "http://10.0.0.1/v1/logs");
    }

    #[test]
    fn options_are_behind_the_hash() {
        let target = "https://a/b#json&gzip=no&headers=/x&ca=c.pem";
        let target = Target::parse(OsStr::new(target)).unwrap();
        assert_eq!(target.scheme, Scheme::Https);
        assert_eq!(target.format, Format::Json);
        assert_eq!(target.compression, Compression::Never);
        assert_eq!(target.headers, HeadersFrom::File("/x".into()));
        assert_eq!(target.authorities, Some("c.pem".into()));
        let target = Target::parse(OsStr::new("http://a#headers-env=LOKI&gzip=yes")).unwrap();
        assert_eq!(target.headers, HeadersFrom::Variable("LOKI".into()));
        assert_eq!((target.format, target.compression), (Format::Protobuf, Compression::Gzip));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (argument, message) in [
            ("", " is not otlp:http://HOST[:PORT][/PATH] or otlp:https://..."),
            ("a:4318", " is not otlp:http://HOST[:PORT][/PATH] or otlp:https://..."),
            ("ftp://a", " is not otlp:http://HOST[:PORT][/PATH] or otlp:https://..."),
            ("http://", " has no host; allowed are a name, an IPv4 address and an [IPv6 address]"),
            ("http://:80", " has no host; allowed are a name, an IPv4 address and an [IPv6 address]"),
            ("http://[a]", " has no IPv6 address in its brackets"),
            ("http://a:", " has a port that is no number from 1 to 65535"),
            ("http://a:0", " has a port that is no number from 1 to 65535"),
            ("http://a:+1", " has a port that is no number from 1 to 65535"),
            ("http://a:65536", " has a port that is no number from 1 to 65535"),
            ("http://a:1:2", " has a port that is no number from 1 to 65535"),
            ("http://a/{x}", " has { in its path; write it as %7B"),
            ("http://a b/", " has a byte that no URL has; write it as % and two hexadecimal digits"),
            (
                "http://a#x=1",
                " has the option x=1; allowed are json, gzip=no, headers=FILE, headers-env=NAME \
                and ca=FILE",
            ),
            (
                "http://a#json=1",
                " has the option json=1; allowed are json, gzip=no, headers=FILE, \
                headers-env=NAME and ca=FILE",
            ),
            ("http://a#json&json", " has json twice"),
            ("http://a#gzip=no&gzip=yes", " has gzip twice"),
            ("http://a#headers=", " has headers= without a file"),
            ("http://a#headers=a&headers-env=B", " has both headers= and headers-env=; one is allowed"),
            ("http://a#ca=x", " has ca=, which is for https://"),
            (
                "http://u:p@a",
                " has a user in its URL, which everybody reads; write an Authorization line into \
                headers=FILE",
            ),
        ] {
            assert_eq!(wrong(argument), message, "{argument}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let text = [b"http://", &bytes[..]].concat();
            if let Ok(target) = Target::parse(OsStr::from_bytes(&text)) {
                prop_assert!(target.url.parse::<ureq::http::Uri>().is_ok(), "{}", target.url);
            }
        }

        #[test]
        fn what_is_taken_is_a_uri(url in "https?://[a-z0-9.:\\[\\]]{0,9}[/?][!-~]{0,12}") {
            if let Ok(target) = Target::parse(OsStr::new(&url)) {
                prop_assert!(target.url.parse::<ureq::http::Uri>().is_ok(), "{}", target.url);
            }
        }
    }
}
