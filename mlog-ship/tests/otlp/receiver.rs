//! A receiver that keeps what it takes, and answers as it is told.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::read::GzDecoder;

use super::decode::{Got, decode};

/// What the receiver does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Takes it, and says so.
    Take,
    /// Takes it, and says how many of its records it refused.
    TakePartly(u64),
    /// Takes it, and gives this answer: status line, headers, body.
    TakeAndSay(String, String),
    /// Does not take it, and gives this answer.
    Say(String, String),
    /// Takes it, and hangs up without an answer.
    TakeAndHangUp,
    /// Hangs up in the middle of the answer, having taken it.
    TakeAndBreakOff,
    /// Hangs up when the request was read, and does not take it.
    HangUp,
    /// Hangs up when a part of the request was read.
    HangUpEarly,
    /// Takes it, and answers after this many milliseconds.
    TakeSlowly(u64),
    /// Takes it, unless it is compressed: then 400.
    RefuseGzip,
    /// Takes it, unless it is longer than this when it is not compressed: then 413.
    RefuseLonger(usize),
}

pub(crate) fn say(status: &str) -> Act {
    Act::Say(status.to_owned(), String::new())
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    /// Uncompressed.
    pub(crate) body: Vec<u8>,
    pub(crate) taken: bool,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn records(&self) -> Vec<Got> {
        decode(self.header("content-type"), &self.body)
    }
}

#[derive(Default)]
struct State {
    acts: Mutex<VecDeque<Act>>,
    /// What is done when there is no act left.
    otherwise: Mutex<Option<Box<dyn FnMut() -> Act + Send>>>,
    asked: Mutex<Vec<Asked>>,
    ends: AtomicBool,
}

/// The receiver. It ends with the value.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    state: Arc<State>,
}

/// What a connection is: TCP, or TLS over it.
pub(crate) trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

type Wrap = Arc<dyn Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + Sync>;

impl Receiver {
    pub(crate) fn new(acts: impl IntoIterator<Item = Act>) -> Receiver {
        Receiver::over(Arc::new(|stream| Some(Box::new(stream))), acts)
    }

    /// A receiver whose connections are made by `wrap`.
    pub(crate) fn over(wrap: Wrap, acts: impl IntoIterator<Item = Act>) -> Receiver {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State { acts: Mutex::new(acts.into_iter().collect()), ..State::default() });
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.ends.load(Ordering::SeqCst) {
                    return;
                }
                let (shared, wrap) = (shared.clone(), wrap.clone());
                std::thread::spawn(move || {
                    if let Some(stream) = wrap(stream) {
                        shared.serve(stream);
                    }
                });
            }
        });
        Receiver { port, state }
    }

    /// Does this when there is no act left.
    pub(crate) fn otherwise(self, act: impl FnMut() -> Act + Send + 'static) -> Receiver {
        *self.state.otherwise.lock().unwrap() = Some(Box::new(act));
        self
    }

    pub(crate) fn then(&self, act: Act) {
        self.state.acts.lock().unwrap().push_back(act);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }

    /// How many records it took.
    pub(crate) fn count(&self) -> usize {
        self.taken().len()
    }

    /// The records that it took.
    pub(crate) fn taken(&self) -> Vec<Got> {
        self.asked().iter().filter(|asked| asked.taken).flat_map(Asked::records).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.state.ends.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        TcpStream::connect(("127.0.0.1", self.port)).ok();
    }
}

impl State {
    fn serve(&self, stream: Box<dyn Stream>) {
        let mut stream = BufReader::new(stream);
        while self.one(&mut stream).is_some() {
            if self.ends.load(Ordering::SeqCst) {
                return;
            }
        }
    }

    fn next(&self) -> Act {
        if let Some(act) = self.acts.lock().unwrap().pop_front() {
            return act;
        }
        self.otherwise.lock().unwrap().as_mut().map_or(Act::Take, |act| act())
    }

    /// Serves a request. None: the connection is at its end.
    fn one(&self, stream: &mut BufReader<Box<dyn Stream>>) -> Option<()> {
        let (path, headers, length) = head(stream)?;
        let act = self.next();
        if act == Act::HangUpEarly {
            let mut some = vec![0; length.min(100)];
            stream.read_exact(&mut some).ok();
            return None;
        }
        let mut raw = vec![0; length];
        stream.read_exact(&mut raw).ok()?;
        let compressed = headers.iter().any(|(name, value)| name == "content-encoding" && value == "gzip");
        let body = if compressed { unpacked(&raw) } else { raw };
        let (taken, status, extra) = decide(&act, compressed, body.len());
        let answer = match (&act, status) {
            (Act::TakePartly(count), _) => partial(*count),
            _ => Vec::new(),
        };
        self.asked.lock().unwrap().push(Asked { path, headers, body, taken });
        match act {
            Act::TakeAndHangUp | Act::HangUp => return None,
            Act::TakeAndBreakOff => {
                stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nx").ok()?;
                return None;
            }
            Act::TakeSlowly(wait) => std::thread::sleep(Duration::from_millis(wait)),
            _ => {}
        }
        let (extra, text) = extra.split_once("\n\n").unwrap_or((extra, ""));
        let answer = if answer.is_empty() { text.as_bytes().to_vec() } else { answer };
        let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", answer.len());
        if !extra.contains("Content-Type") {
            head.push_str("Content-Type: application/x-protobuf\r\n");
        }
        for line in extra.lines() {
            head.push_str(&format!("{line}\r\n"));
        }
        head.push_str("\r\n");
        stream.get_mut().write_all(&[head.as_bytes(), &answer].concat()).ok()?;
        stream.get_mut().flush().ok()
    }
}

/// Whether a request is taken, the status, and headers and text of the answer.
fn decide(act: &Act, compressed: bool, length: usize) -> (bool, &str, &str) {
    match act {
        Act::Say(status, extra) => (false, status, extra),
        Act::TakeAndSay(status, extra) => (true, status, extra),
        Act::RefuseGzip if compressed => (false, "400 Bad Request", ""),
        Act::RefuseLonger(most) if length > *most => (false, "413 Payload Too Large", ""),
        Act::HangUp | Act::HangUpEarly => (false, "", ""),
        _ => (true, "200 OK", ""),
    }
}

fn partial(count: u64) -> Vec<u8> {
    use mlog_ship::sink::otlp::wire;
    let (mut partial, mut answer) = (Vec::new(), Vec::new());
    wire::number(&mut partial, 1, count);
    wire::bytes(&mut partial, 2, b"some are wrong");
    wire::bytes(&mut answer, 1, &partial);
    answer
}

fn unpacked(raw: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    GzDecoder::new(raw).read_to_end(&mut body).expect("gzip");
    body
}

type Head = (String, Vec<(String, String)>, usize);

fn head(stream: &mut BufReader<Box<dyn Stream>>) -> Option<Head> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|&got| got > 0)?;
    let path = line.strip_prefix("POST ")?.split(' ').next()?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|&got| got > 0)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
            None => break,
        }
    }
    let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse().ok()?;
    Some((path, headers, length))
}
