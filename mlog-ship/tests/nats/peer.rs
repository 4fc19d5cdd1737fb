//! `Peer`: a plain client that makes streams, and reads them back.

use std::time::{Duration, Instant};

use async_nats::{Client, ConnectOptions, Request, ServerAddr};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// A client that connects again by itself.
pub struct Peer {
    runtime: Runtime,
    client: Client,
}

/// A message of a stream.
#[derive(Clone, Debug)]
pub struct Stored {
    pub sequence: u64,
    pub subject: String,
    pub headers: Vec<(String, String)>,
    /// The body, without its compression.
    pub body: Vec<u8>,
}

impl Stored {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| &value[..])
    }
}

impl Peer {
    pub fn new(hosts: &str) -> Peer {
        Peer::with(hosts, ConnectOptions::new())
    }

    pub fn with(hosts: &str, options: ConnectOptions) -> Peer {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let addresses: Vec<ServerAddr> = hosts.split(',').map(|host| host.parse().unwrap()).collect();
        let since = Instant::now();
        let client = loop {
            match runtime.block_on(options.clone().connect(addresses.clone())) {
                Ok(client) => break client,
                Err(error) => assert!(since.elapsed() < Duration::from_secs(30), "no connection: {error}"),
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        Peer { runtime, client }
    }

    /// A request to JetStream. None: no answer.
    pub fn try_api(&self, verb: &str, body: &Value) -> Option<Value> {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = Request::new().payload(body.into()).timeout(Some(Duration::from_secs(2)));
        let answer =
            self.runtime.block_on(self.client.send_request(format!("$JS.API.{verb}"), request)).ok()?;
        serde_json::from_slice(&answer.payload).ok()
    }

    /// The same, again and again until there is an answer.
    pub fn api(&self, verb: &str, body: &Value) -> Value {
        let since = Instant::now();
        loop {
            if let Some(answer) = self.try_api(verb, body) {
                // Without a leader some answers are errors of the cluster.
                if answer.pointer("/error/code").and_then(Value::as_u64) != Some(503) {
                    return answer;
                }
            }
            assert!(since.elapsed() < Duration::from_secs(60), "no answer to {verb} {body}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Publishes without a condition, and waits for the acknowledgement.
    pub fn publish(&self, subject: &str, body: &[u8]) -> Option<u64> {
        let request = Request::new().payload(body.to_vec().into()).timeout(Some(Duration::from_secs(5)));
        let answer = self.runtime.block_on(self.client.send_request(subject.to_string(), request)).ok()?;
        serde_json::from_slice::<Value>(&answer.payload).ok()?.get("seq")?.as_u64()
    }

    /// All messages of a stream.
    pub fn messages(&self, stream: &str) -> Vec<Stored> {
        let state = self.api(&format!("STREAM.INFO.{stream}"), &Value::Null);
        let number = |name: &str| state.pointer(&format!("/state/{name}")).and_then(Value::as_u64).unwrap();
        let wanted = number("messages");
        let mut messages = Vec::new();
        for sequence in number("first_seq").max(1)..=number("last_seq") {
            let answer = self.api(&format!("STREAM.MSG.GET.{stream}"), &json!({ "seq": sequence }));
            let Some(message) = answer.get("message") else { continue };
            messages.push(stored(message));
        }
        assert_eq!(messages.len() as u64, wanted);
        messages
    }
}

fn stored(message: &Value) -> Stored {
    let text = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default().to_string();
    let coded = STANDARD.decode(text("hdrs")).unwrap();
    let headers: Vec<(String, String)> = String::from_utf8(coded)
        .unwrap()
        .split("\r\n")
        .filter_map(|line| line.split_once(": ").map(|(name, value)| (name.into(), value.into())))
        .collect();
    let body = STANDARD.decode(text("data")).unwrap();
    let is_packed = headers.iter().any(|(name, value)| name == "Content-Encoding" && value == "zstd");
    Stored {
        sequence: message.get("seq").and_then(Value::as_u64).unwrap(),
        subject: text("subject"),
        body: if is_packed { zstd::bulk::decompress(&body, 64 << 20).unwrap() } else { body },
        headers,
    }
}
