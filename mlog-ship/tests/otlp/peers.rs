//! Receivers that others have written: rotel, which takes everything and prints it, and oteltap, which refuses gzip.

use std::ffi::OsStr;
use std::io::Read;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mlog_ship::sink::otlp::Otlp;
use mlog_ship::sink::otlp::connection::agent;
use mlog_ship::sink::otlp::target::Target;
use mlog_ship::sink::{Answer, Attempt, Sink};

use super::batches::{batch, line};
use super::strict::peer;

/// A receiver that runs as long as this.
struct Peer {
    child: Child,
    said: Arc<Mutex<Vec<u8>>>,
}

impl Peer {
    fn start(command: &mut Command, port: u16) -> Peer {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = harness::spawn(command);
        let said = Arc::new(Mutex::new(Vec::new()));
        let (mut output, into) = (child.stdout.take().unwrap(), said.clone());
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(got @ 1..) = output.read(&mut piece) {
                into.lock().unwrap().extend_from_slice(&piece[..got]);
            }
        });
        let peer = Peer { child, said };
        harness::until("it listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        peer
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().unwrap()).into_owned()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn deliver(url: &str, texts: [&[u8]; 2]) -> Answer {
    let target = Target::parse(OsStr::new(url)).unwrap();
    let agent = agent(&target, Duration::from_secs(20)).unwrap();
    let mut sink = Otlp::new(&target, None, agent).unwrap();
    let at = 1_795_000_000_123_456_789;
    sink.deliver(&batch(1, 0, &[line(at, texts[0]), line(at + 1, texts[1])]), Attempt::First)
}

fn taken() -> Answer {
    Answer::Taken { memory: String::new(), notice: None }
}

#[test]
fn rotel_takes_both_encodings_with_and_without_gzip() {
    let Some(python) = peer("python3") else { return };
    let found = Command::new(python).args(["-c", "import rotel; print(rotel.__path__[0])"]).output().unwrap();
    let folder = String::from_utf8(found.stdout).unwrap();
    let program = Path::new(folder.trim()).join("rotel-agent");
    if folder.is_empty() || !program.exists() {
        eprintln!("skipped: there is no rotel");
        return;
    }
    let (port, other) = (harness::free_port(), harness::free_port());
    let mut command = Command::new(program);
    command.args([
        "start",
        "--exporter",
        "blackhole",
        "--debug-log",
        "logs",
        "--debug-log-verbosity",
        "detailed",
    ]);
    command.args(["--otlp-http-endpoint", &format!("127.0.0.1:{port}")]);
    command.args(["--otlp-grpc-endpoint", &format!("127.0.0.1:{other}")]);
    let rotel = Peer::start(&mut command, port);
    let url = format!("http://127.0.0.1:{port}");
    for (at, options) in ["", "#json", "#gzip=no", "#json&gzip=no"].into_iter().enumerate() {
        let text = format!("text number {at}");
        assert_eq!(deliver(&format!("{url}{options}"), [text.as_bytes(), b"\xff raw"]), taken(), "{options}");
        harness::until("rotel prints it", || {
            let said = rotel.said();
            said.contains(&text) && said.matches("Bytes").count() > at
        });
    }
    let said = rotel.said();
    for expected in ["service.name", "web1.example", "log.record.uid", "/var/log/web/current"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn oteltap_refuses_gzip_once_and_json_for_ever() {
    let Some(program) = peer("oteltap") else { return };
    let port = harness::free_port();
    let oteltap = Peer::start(Command::new(program).args(["--port", &port.to_string()]), port);
    let url = format!("http://127.0.0.1:{port}");
    assert_eq!(deliver(&url, [b"text of protobuf", b"b"]), taken());
    harness::until("oteltap prints it", || oteltap.said().contains("text of protobuf"));
    let answer = deliver(&format!("{url}#json"), [b"a", b"b"]);
    assert!(matches!(answer, Answer::Refused { count: 2, .. }), "{answer:?}");
}
