//! Encrypted connections, with an authority of one's own.

use std::ffi::OsStr;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use harness::Scratch;
use mlog_ship::batch::Batch;
use mlog_ship::sink::otlp::Otlp;
use mlog_ship::sink::otlp::connection::agent;
use mlog_ship::sink::otlp::target::Target;
use mlog_ship::sink::{Answer, Attempt, Sink};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use ureq::tls::PemItem;

use super::batches::{batch, line};
use super::receiver::{Receiver, Stream};

/// An authority, and a server that it knows.
struct Certificates {
    scratch: Scratch,
}

impl Certificates {
    /// None, and a word about it, where there is no openssl.
    fn new() -> Option<Certificates> {
        let openssl = harness::program("openssl")?;
        let scratch = Scratch::new();
        let run = |arguments: &str| {
            let mut command = Command::new(&openssl);
            command.args(arguments.split(' ')).current_dir(scratch.path(".")).stderr(Stdio::null());
            assert!(command.stdout(Stdio::null()).status().unwrap().success(), "openssl {arguments}");
        };
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        for authority in ["ca", "other"] {
            run(&format!(
                "req -x509 {key} -keyout {authority}.key -out {authority}.pem -days 9 -subj /CN={authority}"
            ));
        }
        scratch.write("names", "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
        run(&format!("req {key} -keyout server.key -out server.csr -subj /CN=server"));
        run(
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 -extfile names -out server.pem",
        );
        Some(Certificates { scratch })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path(name)
    }

    fn receiver(&self) -> Receiver {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let (chain, key) = (self.chain("server.pem"), self.key("server.key"));
        let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
        let wrap = move |stream: TcpStream| -> Option<Box<dyn Stream>> {
            let connection = ServerConnection::new(config.clone()).ok()?;
            Some(Box::new(StreamOwned::new(connection, stream)))
        };
        Receiver::over(Arc::new(wrap), [])
    }

    fn chain(&self, name: &str) -> Vec<CertificateDer<'static>> {
        items(&self.path(name))
            .into_iter()
            .filter_map(|item| match item {
                PemItem::Certificate(found) => Some(CertificateDer::from(found.der().to_vec())),
                _ => None,
            })
            .collect()
    }

    fn key(&self, name: &str) -> PrivateKeyDer<'static> {
        let key = items(&self.path(name)).into_iter().find_map(|item| match item {
            PemItem::PrivateKey(key) => Some(PrivatePkcs8KeyDer::from(key.der().to_vec())),
            _ => None,
        });
        key.unwrap().into()
    }
}

fn items(path: &Path) -> Vec<PemItem<'static>> {
    ureq::tls::parse_pem(&std::fs::read(path).unwrap()).map(Result::unwrap).collect()
}

fn one() -> Batch {
    batch(1, 0, &[line(1, "one")])
}

fn open(url: &str) -> Result<Otlp, String> {
    let target = Target::parse(OsStr::new(url)).unwrap();
    let made = agent(&target, Duration::from_secs(20)).and_then(|agent| Otlp::new(&target, None, agent));
    made.map_err(|wrong| String::from_utf8_lossy(wrong.as_bytes()).into_owned())
}

#[test]
fn an_authority_of_ones_own_is_trusted_and_no_other() {
    let Some(certificates) = Certificates::new() else { return };
    let receiver = certificates.receiver();
    let url = |host: &str, authority: &str| {
        format!("https://{host}:{}#ca={}", receiver.port, certificates.path(authority).display())
    };
    for host in ["localhost", "127.0.0.1"] {
        let mut sink = open(&url(host, "ca.pem")).unwrap();
        for _ in 0..3 {
            let answer = sink.deliver(&one(), Attempt::First);
            assert_eq!(answer, Answer::Taken { memory: String::new(), notice: None });
        }
    }
    assert_eq!(receiver.count(), 6);
    for url in [
        url("localhost", "other.pem"),
        url("[::ffff:127.0.0.1]", "ca.pem"),
        format!("https://localhost:{}", receiver.port),
        format!("https://localhost:{}", Receiver::new([]).port),
    ] {
        let Ok(mut sink) = open(&url) else { continue };
        let answer = sink.deliver(&one(), Attempt::First);
        let Answer::Later { wait: None, reason, .. } = answer else { panic!("{url}: {answer:?}") };
        assert!(!reason.contains('\n'), "{reason}");
    }
    let answer =
        open(&format!("http://localhost:{}", receiver.port)).unwrap().deliver(&one(), Attempt::First);
    assert!(matches!(answer, Answer::Later { .. }), "{answer:?}");
    assert_eq!(receiver.count(), 6);
}

#[test]
fn a_file_without_a_certificate_is_said_before_anything_is_sent() {
    let scratch = Scratch::new();
    let path = scratch.write("ca.pem", "nothing\n");
    let url = format!("https://localhost:1#ca={}", path.display());
    assert_eq!(open(&url).err(), Some(format!("there is no certificate in {}", path.display())));
    std::fs::remove_file(&path).unwrap();
    assert!(open(&url).err().unwrap().starts_with(&format!("unable to read {}: ", path.display())));
}
