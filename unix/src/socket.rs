//! Whether a socket accepts connections.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

/// Whether a TCP address accepts connections now. Ok: one was made, and closed again.
pub fn tcp_accepts(address: &SocketAddr, limit: Duration) -> io::Result<()> {
    TcpStream::connect_timeout(address, limit).map(drop)
}

/// Whether a UNIX socket, of whatever type, takes connections or messages now.
pub fn unix_accepts(path: &Path) -> io::Result<()> {
    let address = SocketAddrUnix::new(path)?;
    let mut last = Errno::PROTOTYPE;
    for kind in [SocketType::STREAM, SocketType::SEQPACKET, SocketType::DGRAM] {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, kind, flags, None)?;
        match connect(&socket, &address) {
            Ok(()) => return Ok(()),
            Err(Errno::PROTOTYPE) => {}
            // EAGAIN is a full queue: the socket listens, but its owner does not accept.
            Err(error) => {
                last = error;
                break;
            }
        }
    }
    Err(last.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::os::unix::net::{UnixDatagram, UnixListener};

    #[test]
    fn a_port_accepts_while_somebody_listens() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        tcp_accepts(&address, Duration::from_secs(5)).unwrap();
        drop(listener);
        assert!(tcp_accepts(&address, Duration::from_secs(5)).is_err());
    }

    #[test]
    fn a_socket_of_any_type_accepts_while_somebody_listens() {
        let folder = tempfile::tempdir().unwrap();
        let (stream, datagram) = (folder.path().join("s"), folder.path().join("d"));
        assert!(unix_accepts(&stream).is_err());
        let listener = UnixListener::bind(&stream).unwrap();
        let receiver = UnixDatagram::bind(&datagram).unwrap();
        unix_accepts(&stream).unwrap();
        unix_accepts(&datagram).unwrap();
        drop((listener, receiver));
        assert!(unix_accepts(&stream).is_err() && unix_accepts(&datagram).is_err());
    }
}
