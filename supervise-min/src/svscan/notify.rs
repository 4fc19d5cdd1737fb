//! `Notify`: what svscan tells the service manager that has started it, as sd_notify(3) does: one datagram each.
//!
//! A manager that does not listen changes nothing: no send waits, and a failure is not reported.

use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;

use unix::environment::Environment;

use crate::service::shutdown::NOTIFY_SOCKET;

/// The longest status that is told.
const LONGEST: usize = 1000;

/// The socket, and what was told.
pub(super) struct Notify {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// How many services were told. None: that all is ready was not told.
    services: Option<usize>,
}

impl Notify {
    /// The socket that the environment names, if there is one.
    pub(super) fn from_environment() -> Notify {
        let environment = Environment::inherited();
        let address = environment.get(OsStr::new(NOTIFY_SOCKET)).and_then(address);
        let socket = address.and_then(|address| {
            let socket = UnixDatagram::unbound().ok()?;
            socket.set_nonblocking(true).ok()?;
            Some((socket, address))
        });
        Notify { socket, services: None }
    }

    /// Nobody is told anything.
    pub(super) fn nobody() -> Notify {
        Notify { socket: None, services: None }
    }

    /// After a scan: how many services there are, and the first time that all is ready.
    pub(super) fn runs(&mut self, services: usize) {
        if self.services != Some(services) {
            let first = self.services.replace(services).is_none();
            self.send(&running(first, services));
        }
    }

    /// The stop begins.
    pub(super) fn stops(&mut self, services: usize) {
        self.send(format!("STOPPING=1\nSTATUS=ending {}\n", counted(services)).as_bytes());
    }

    /// What else there is to say.
    pub(super) fn says(&mut self, words: &[u8]) {
        self.send(&status(words));
    }

    fn send(&self, text: &[u8]) {
        if let Some((socket, address)) = &self.socket {
            socket.send_to_addr(text, address).ok();
        }
    }
}

/// The address in the variable: a path, or an `@` and a name that is in no file system. None: another kind of address.
fn address(text: &OsStr) -> Option<SocketAddr> {
    match text.as_bytes() {
        [b'/', _, ..] => SocketAddr::from_pathname(Path::new(text)).ok(),
        [b'@', name @ ..] if !name.is_empty() => SocketAddr::from_abstract_name(name).ok(),
        _ => None,
    }
}

fn running(first: bool, services: usize) -> Vec<u8> {
    let ready = if first { "READY=1\n" } else { "" };
    format!("{ready}STATUS={}\n", counted(services)).into_bytes()
}

fn counted(services: usize) -> String {
    format!("{services} {}", if services == 1 { "service" } else { "services" })
}

/// On one line, whatever the names of services are.
fn status(words: &[u8]) -> Vec<u8> {
    let words = words.iter().take(LONGEST).map(|&byte| if byte.is_ascii_control() { b'?' } else { byte });
    b"STATUS=".iter().copied().chain(words).chain([b'\n']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_path_or_a_name() {
        let of = |text: &str| address(OsStr::new(text));
        assert_eq!(of("/run/notify").unwrap().as_pathname(), Some(Path::new("/run/notify")));
        assert_eq!(of("@a/b").unwrap().as_abstract_name(), Some(&b"a/b"[..]));
        let long = format!("/{}", "x".repeat(200));
        for none in ["", "/", "@", "run/notify", "vsock:2:1234", &long] {
            assert!(of(none).is_none(), "{none}");
        }
    }

    #[test]
    fn the_words_are_those_of_the_protocol() {
        assert_eq!(running(true, 1), b"READY=1\nSTATUS=1 service\n");
        assert_eq!(running(false, 0), b"STATUS=0 services\n");
        assert_eq!(status(b"waiting for a\nREADY=1"), b"STATUS=waiting for a?READY=1\n");
        assert_eq!(status(&[b'x'; 2000]).len(), 1008);
    }
}
