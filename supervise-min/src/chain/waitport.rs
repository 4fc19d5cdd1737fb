//! `waitport`: a program when all of some addresses accept connections.
//!
//! For services that need others: `waitport tcp:127.0.0.1:6379 unix:/run/x.sock -- prog`. Once a second it says on
//! standard output, so into the service's log, what it still waits for.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use unix::diag::Message;
use unix::environment::Environment;
use unix::socket::{tcp_accepts, unix_accepts};
use unix::tool::{Exit, Fatal};

use super::Command;
use crate::options::{Given, Names, Syntax, parse, seconds};

const SYNTAX: Syntax = Syntax {
    program: "waitport",
    letters: "t:",
    names: Names::None,
    usage: "waitport [ -t seconds ] tcp:host:port|unix:path ... -- child",
};
/// How often is looked.
const APART: Duration = Duration::from_millis(100);
/// How often is said what is waited for.
const SAID: Duration = Duration::from_secs(1);

/// Where somebody is to accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Address<'a> {
    Tcp { host: &'a str, port: u16 },
    Unix(&'a Path),
}

/// Waits, with `-t` not longer than so many seconds, and runs a program.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let usage = || Fatal::usage(SYNTAX.usage);
    let (given, words) = parse(&SYNTAX, &arguments)?;
    let mut limit = None;
    for option in given {
        let Given::Value(_, text) = option else { return Err(usage()) };
        limit = Some(seconds(text).ok_or_else(usage)?);
    }
    let end = words.iter().position(|word| word == "--").ok_or_else(usage)?;
    let command = Command::new(&words[end + 1..]).ok_or_else(usage)?;
    let addresses = words[..end].iter().map(|word| Some((Address::parse(word)?, word.as_os_str())));
    let addresses: Vec<_> = addresses.collect::<Option<_>>().ok_or_else(usage)?;
    wait(addresses, limit)?;
    match command.run(Environment::inherited())? {}
}

/// Until all have accepted, each once.
fn wait(mut addresses: Vec<(Address<'_>, &OsStr)>, limit: Option<Duration>) -> Result<(), Fatal> {
    let begun = Instant::now();
    let mut said = None;
    loop {
        addresses.retain(|(address, _)| address.accepts().is_err());
        if addresses.is_empty() {
            return Ok(());
        }
        let names =
            addresses.iter().fold(Message::default(), |all, (_, name)| all.and(" ").and(name.as_bytes()));
        if limit.is_some_and(|limit| begun.elapsed() >= limit) {
            let timed_out = io::Error::from(io::ErrorKind::TimedOut);
            return Err(Fatal::system(
                Message::new("unable to wait longer for").and(names.as_bytes()),
                &timed_out,
            ));
        }
        if said.is_none_or(|said: Instant| said.elapsed() >= SAID) {
            said = Some(Instant::now());
            say(&Message::new("waitport: waiting for").and(names.as_bytes()));
        }
        std::thread::sleep(APART);
    }
}

/// What nobody reads does not matter.
fn say(line: &Message) {
    let mut stdout = io::stdout();
    stdout.write_all(&[line.as_bytes(), b"\n"].concat()).and_then(|()| stdout.flush()).ok();
}

impl<'a> Address<'a> {
    fn parse(word: &'a OsStr) -> Option<Address<'a>> {
        if let Some(path) = word.as_bytes().strip_prefix(b"unix:") {
            return (!path.is_empty()).then_some(Address::Unix(Path::new(OsStr::from_bytes(path))));
        }
        let (host, port) = word.to_str()?.strip_prefix("tcp:")?.rsplit_once(':')?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = port.parse().ok().filter(|&port| port > 0)?;
        (!host.is_empty()).then_some(Address::Tcp { host, port })
    }

    /// Whether one of the places that it names accepts now.
    fn accepts(self) -> io::Result<()> {
        match self {
            Address::Unix(path) => unix_accepts(path),
            Address::Tcp { host, port } => {
                let mut last = io::Error::from(io::ErrorKind::NotFound);
                for ip in numbers(host) {
                    match tcp_accepts(&SocketAddr::new(ip, port), SAID) {
                        Ok(()) => return Ok(()),
                        Err(error) => last = error,
                    }
                }
                Err(last)
            }
        }
    }
}

/// The numbers of a host. Names are `getent`'s business: see [`account`](super::account). They are asked for each
/// time, since a name may get its number while it is waited for.
fn numbers(host: &str) -> Vec<IpAddr> {
    if let Ok(ip) = host.parse() {
        return vec![ip];
    }
    let mut getent = Process::new("getent");
    let answer = getent.args(["ahosts", host]).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let text = answer.map(|answer| answer.stdout).unwrap_or_default();
    let first = |line: &str| line.split_whitespace().next()?.parse().ok();
    let mut all: Vec<IpAddr> = String::from_utf8_lossy(&text).lines().filter_map(first).collect();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let tcp = |host, port| Some(Address::Tcp { host, port });
        for (word, address) in [
            ("tcp:127.0.0.1:6379", tcp("127.0.0.1", 6379)),
            ("tcp:[::1]:80", tcp("::1", 80)),
            ("tcp:::1:80", tcp("::1", 80)),
            ("tcp:localhost:1", tcp("localhost", 1)),
            ("unix:/run/x.sock", Some(Address::Unix(Path::new("/run/x.sock")))),
            ("unix:", None),
            ("tcp:localhost", None),
            ("tcp::80", None),
            ("tcp:x:0", None),
            ("tcp:x:65536", None),
            ("udp:x:1", None),
            ("localhost:80", None),
        ] {
            assert_eq!(Address::parse(OsStr::new(word)), address, "{word}");
        }
    }

    #[test]
    fn a_host_is_its_number_or_what_getent_says() {
        assert_eq!(numbers("127.0.0.1"), ["127.0.0.1".parse::<IpAddr>().unwrap()]);
        assert_eq!(numbers("no.such.host.invalid"), Vec::<IpAddr>::new());
    }
}
