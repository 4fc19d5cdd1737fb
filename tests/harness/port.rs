//! Ports for servers that a test starts, and kills and starts again.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

/// A port of the loopback that nobody uses. The system gives it to nobody who asks for any port, as other tests do all the
/// time, so it is free until the server is there, and while the server is killed.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
    let end: u32 = range.split_whitespace().next().unwrap().parse().unwrap();
    let begin = end / 2;
    // Tests in another process begin elsewhere.
    let own = std::process::id().wrapping_mul(577);
    loop {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(next < end - begin, "all ports are in use");
        let port = u16::try_from(begin + own.wrapping_add(next) % (end - begin)).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
