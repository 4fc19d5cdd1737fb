//! `Proxy`: between the shipper and a server; it delays, swallows what the server says, and cuts.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::Random;

/// A proxy in front of one server. Its threads end with the connections and the test.
pub struct Proxy {
    pub port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    target: u16,
    /// What the server says is swallowed: acknowledgements above all.
    is_deaf: AtomicBool,
    /// Nobody is let through, and nobody is told.
    is_closed: AtomicBool,
    /// Nothing gets through, and the connections stay.
    is_held: AtomicBool,
    delay: AtomicU64,
    streams: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    pub fn of(target: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            target,
            is_deaf: false.into(),
            is_closed: false.into(),
            is_held: false.into(),
            delay: 0.into(),
            streams: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                serve(&serving, client);
            }
        });
        Proxy { port, shared }
    }

    /// Swallows what the server says from now on, or lets it through to new connections: those who lost some are cut.
    pub fn swallow(&self, is_deaf: bool) {
        self.shared.is_deaf.store(is_deaf, SeqCst);
        if !is_deaf {
            self.cut();
        }
    }

    /// Refuses connections from now on, or no more.
    pub fn close(&self, is_closed: bool) {
        self.shared.is_closed.store(is_closed, SeqCst);
        if is_closed {
            self.cut();
        }
    }

    /// Holds all that is said in both directions, or lets it through again: a network that loses packets for a while.
    pub fn hold(&self, is_held: bool) {
        self.shared.is_held.store(is_held, SeqCst);
    }

    /// Holds every piece in both directions for so long.
    pub fn delay(&self, delay: Duration) {
        self.shared.delay.store(delay.as_millis().try_into().unwrap(), SeqCst);
    }

    /// Makes one kind of trouble for a moment.
    pub fn trouble(&self, random: &mut Random) {
        let pause = Duration::from_millis(20 + random.below(300));
        match random.below(4) {
            0 => {
                self.swallow(true);
                std::thread::sleep(pause);
                self.swallow(false);
            }
            1 => {
                self.delay(pause / 4);
                std::thread::sleep(pause);
                self.delay(Duration::ZERO);
            }
            2 => {
                self.close(true);
                std::thread::sleep(pause);
                self.close(false);
            }
            _ => self.cut(),
        }
        std::thread::sleep(pause / 2);
    }

    /// Cuts all connections.
    pub fn cut(&self) {
        for stream in self.shared.streams.lock().unwrap().drain(..) {
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

fn serve(shared: &Arc<Shared>, client: TcpStream) {
    if shared.is_closed.load(SeqCst) {
        return;
    }
    let Ok(server) = TcpStream::connect(("127.0.0.1", shared.target)) else { return };
    let (Ok(to_client), Ok(to_server)) = (client.try_clone(), server.try_clone()) else { return };
    let kept = [client.try_clone(), server.try_clone()].into_iter().flatten();
    shared.streams.lock().unwrap().extend(kept);
    let (one, other) = (Arc::clone(shared), Arc::clone(shared));
    std::thread::spawn(move || pump(&one, client, to_server, false));
    std::thread::spawn(move || pump(&other, server, to_client, true));
}

fn pump(shared: &Shared, mut from: TcpStream, mut to: TcpStream, is_from_server: bool) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(got) = from.read(&mut buffer) {
        let delay = Duration::from_millis(shared.delay.load(SeqCst));
        if !delay.is_zero() {
            std::thread::sleep(delay);
        }
        while shared.is_held.load(SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let is_swallowed = is_from_server && shared.is_deaf.load(SeqCst);
        if got == 0 || (!is_swallowed && to.write_all(&buffer[..got]).is_err()) {
            break;
        }
    }
    to.shutdown(Shutdown::Both).ok();
    from.shutdown(Shutdown::Both).ok();
}
