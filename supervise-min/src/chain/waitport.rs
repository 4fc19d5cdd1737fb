//! `waitport`: runs a program when all of some addresses accept connections.
//!
//! This is for services that need others: `waitport tcp:127.0.0.1:6379 unix:/run/x.sock -- prog`. Once a second it says
//! on standard output, which is the service's log, what it still waits for.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use unix::diag::Message;
use unix::environment::Environment;
use unix::socket::{tcp_accepts, unix_accepts};
use unix::tool::{Exit, Fatal};

use super::Command;
use super::getent::getent;
use unix::options::{Given, Names, Syntax, parse, seconds};

const SYNTAX: Syntax = Syntax { program: "waitport", letters: "t:", names: Names::None, usage: USAGE };
/// How it is used.
pub const USAGE: &str = "waitport [ -t seconds ] tcp:host:port|unix:path ... -- child";
/// The time between two rounds of tries.
const APART: Duration = Duration::from_millis(100);
/// The shortest time for a try.
const LEAST: Duration = Duration::from_millis(1);
/// The time between two messages about what it waits for.
const SAID: Duration = Duration::from_secs(1);

/// Where connections have to be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Address<'a> {
    Tcp { host: &'a str, port: u16 },
    Unix(&'a Path),
}

/// Waits, with `-t` not longer than this number of seconds, and runs a program.
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

/// Until all have accepted, each once. The limit is one for everything, names included.
fn wait(mut addresses: Vec<(Address<'_>, &OsStr)>, limit: Option<Duration>) -> Result<(), Fatal> {
    let begun = Instant::now();
    // What is too far away for the clock is for ever.
    let deadline = limit.and_then(|limit| begun.checked_add(limit));
    let mut said = None;
    loop {
        look(&mut addresses, deadline);
        if addresses.is_empty() {
            return Ok(());
        }
        let names =
            addresses.iter().fold(Message::default(), |all, (_, name)| all.and(" ").and(name.as_bytes()));
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
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
        std::thread::sleep(left.map_or(APART, |left| left.min(APART)));
    }
}

/// Tries each address and drops those that accept. The addresses that were not tried yet share the time that is left,
/// so one that does not answer leaves some for the others.
fn look(addresses: &mut Vec<(Address<'_>, &OsStr)>, deadline: Option<Instant>) {
    let mut untried = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    addresses.retain(|(address, _)| {
        let share = deadline.map(|deadline| {
            let now = Instant::now();
            now + deadline.saturating_duration_since(now) / untried
        });
        untried = untried.saturating_sub(1).max(1);
        address.accepts(share).is_err()
    });
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

    /// Whether one of the places that it names accepts now. What takes longer does not.
    fn accepts(self, deadline: Option<Instant>) -> io::Result<()> {
        let (host, port) = match self {
            Address::Unix(path) => return unix_accepts(path),
            Address::Tcp { host, port } => (host, port),
        };
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        let numbers = numbers(host, deadline);
        for (tried, ip) in (0..).zip(&numbers) {
            let untried = u32::try_from(numbers.len()).unwrap_or(u32::MAX).saturating_sub(tried).max(1);
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()) / untried);
            // No time at all is refused by the call.
            let limit = left.map_or(SAID, |left| left.clamp(LEAST, SAID));
            match tcp_accepts(&SocketAddr::new(*ip, port), limit) {
                Ok(()) => return Ok(()),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// The numbers of a host. Names are `getent`'s business: see [`account`](super::account). They are asked for each
/// time, since a name may get its number while it is waited for.
fn numbers(host: &str, deadline: Option<Instant>) -> Vec<IpAddr> {
    if let Ok(ip) = host.parse() {
        return vec![ip];
    }
    let text = getent("ahosts", OsStr::new(host), deadline).unwrap_or_default();
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

    /// Twelve addresses that do not answer took twelve seconds with `-t 1`.
    #[test]
    fn one_limit_is_for_all_addresses() {
        let word = OsStr::new("tcp:192.0.2.1:9");
        let silent = vec![(Address::parse(word).unwrap(), word); 12];
        let begun = Instant::now();
        assert_eq!(wait(silent, Some(Duration::from_secs(1))).unwrap_err().code(), 111);
        assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
        assert_eq!(wait(Vec::new(), Some(Duration::MAX)), Ok(()));
    }

    #[test]
    fn a_host_is_its_number_or_what_getent_says() {
        assert_eq!(numbers("127.0.0.1", None), ["127.0.0.1".parse::<IpAddr>().unwrap()]);
        assert_eq!(numbers("no.such.host.invalid", None), Vec::<IpAddr>::new());
    }
}
