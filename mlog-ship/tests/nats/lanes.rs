//! Lanes of the sink alone, with batches made by hand, against real servers.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use harness::Random;
use mlog::follow::{Meant, Place};
use mlog_ship::batch::{Batch, Id};
use mlog_ship::bound::Bound;
use mlog_ship::identity::{Instance, Origin};
use mlog_ship::sink::nats::{Lane, Nats, Prepared, Url};
use mlog_ship::sink::{Answer, Attempt, Given, Held, Settings, Sink};
use mlog_ship::stopping::Stopping;
use serde_json::{Value, json};

use crate::cluster::{self, Cluster, hosts};
use crate::peer::{Peer, Stored};
use crate::proxy::Proxy;

/// How long a lane waits for an answer in these tests.
pub const TIMEOUT: Duration = Duration::from_secs(3);

fn nats(hosts: &str, more: &str) -> Nats {
    let url = format!("nats://{hosts}/LOGS?subject=logs.{{host}}.{{service}}{more}");
    Nats::new(Url::parse(&url).unwrap(), false, TIMEOUT)
}

fn origin(host: &str, service: &str) -> Origin {
    Origin { directory: PathBuf::from("/log").join(service), host: host.into(), service: service.into() }
}

pub fn given(instance: &str, service: &str, memory: &str) -> Given {
    Given {
        instance: Instance(instance.into()),
        origin: origin("h", service),
        memory: memory.into(),
        stopping: Arc::new(Stopping::new().unwrap()),
    }
}

fn lane(nats: &Nats, service: &str, memory: &str) -> Lane<Prepared> {
    nats.lane(given("ab12", service, memory)).unwrap()
}

fn batch_of(instance: &str, service: &str, number: u64, lines: Vec<u8>) -> Batch {
    let bound = |offset| {
        Bound::between(Place { label: None, meant: Meant::After, offset, length: 0, crc: 0, last: None })
    };
    let id = Id {
        instance: Instance(instance.into()),
        number,
        first: bound(number - 1),
        end: bound(number),
        crc: crc32fast::hash(&lines),
    };
    Batch { id, origin: origin("h", service), lines, records: Vec::new() }
}

/// A batch whose line says which it is.
pub fn batch(service: &str, number: u64) -> Batch {
    batch_of("ab12", service, number, format!("{service} {number}\n").into_bytes())
}

/// Delivers until it is taken, as the program's lanes do. The memory, and what had to be said.
fn deliver(lane: &mut Lane<Prepared>, batch: &Batch, mut attempt: Attempt) -> (String, Option<String>) {
    let since = Instant::now();
    loop {
        match lane.deliver(batch, attempt) {
            Answer::Taken { memory, notice } => return (memory, notice),
            Answer::Later { reason, sent, .. } => {
                assert!(attempt == Attempt::First || sent == Attempt::Again);
                attempt = sent;
                assert!(since.elapsed() < Duration::from_secs(120), "{reason}");
                std::thread::sleep(Duration::from_millis(100));
            }
            other => panic!("{other:?}"),
        }
    }
}

fn first(lane: &mut Lane<Prepared>, batch: &Batch) -> (String, Option<String>) {
    deliver(lane, batch, Attempt::First)
}

fn bodies(peer: &Peer, service: &str) -> Vec<String> {
    let subject = format!("logs.h.{service}");
    let of = |stored: Stored| (stored.subject == subject).then(|| String::from_utf8(stored.body).unwrap());
    peer.messages("LOGS").into_iter().filter_map(of).collect()
}

fn assert_once(peer: &Peer, service: &str, count: u64) {
    let wanted: Vec<String> = (1..=count).map(|number| format!("{service} {number}\n")).collect();
    let found = bodies(peer, service);
    assert!(found == wanted, "{service}: {} of {count}: {found:?}", found.len());
}

/// What an answer that is not yet says.
fn later(answer: Answer) -> String {
    match answer {
        Answer::Later { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn batches_arrive_in_order_and_say_what_they_are() {
    let Some(program) = cluster::server() else { return };
    for (count, more) in [(1, ""), (3, "&zstd=3")] {
        let cluster = Cluster::of(&program, count);
        let peer = cluster.stream("LOGS", json!({}));
        let nats = nats(&cluster.hosts(), more);
        let mut one = lane(&nats, "web", "");
        for number in 1..=20 {
            let lines = format!("{number} {}\n", "again ".repeat(1000)).into_bytes();
            let (memory, notice) = first(&mut one, &batch_of("ab12", "web", number, lines));
            assert_eq!((memory, notice), (number.to_string(), None));
        }
        let messages = peer.messages("LOGS");
        assert_eq!(messages.len(), 20);
        for (message, number) in messages.iter().zip(1u64..) {
            assert!(message.body.starts_with(format!("{number} again").as_bytes()));
            assert_eq!(message.header("Mlog-Instance"), Some("ab12"));
            assert_eq!(message.header("Mlog-Batch"), Some(&*number.to_string()));
            assert_eq!(message.header("Mlog-Crc"), Some(&*format!("{:08x}", crc32fast::hash(&message.body))));
            assert_eq!(message.header("Mlog-Bytes"), Some(&*message.body.len().to_string()));
            assert!(message.header("Mlog-End").and_then(Bound::parse).is_some());
            assert_eq!(message.header("Content-Encoding").is_some(), !more.is_empty());
        }
    }
}

/// Kills the leader of the stream again and again until it is told to end. How often.
fn killing(cluster: &mut Cluster, peer: &Peer, is_over: &AtomicBool, pause: u64) -> u64 {
    let mut kills = 0;
    while !is_over.load(SeqCst) {
        std::thread::sleep(Duration::from_millis(pause));
        if let Some(leader) = cluster.leader(peer, "LOGS") {
            cluster.kill(leader);
            kills += 1;
            std::thread::sleep(Duration::from_millis(pause));
            cluster.start(leader);
        }
    }
    kills
}

/// Lanes deliver, and die and come back at random, while `meanwhile` goes on. All lines are there once and in order.
fn storm(hosts: &str, peer: &Peer, rounds: u64, meanwhile: impl FnOnce(&AtomicBool)) {
    let (is_over, reached) = (AtomicBool::new(false), AtomicU64::new(0));
    let services = ["a", "b", "c", "d"];
    std::thread::scope(|scope| {
        let lanes: Vec<_> = services
            .iter()
            .map(|service| {
                let reached = &reached;
                scope.spawn(move || {
                    let mut random = Random::new(u64::from(service.as_bytes()[0]));
                    let mut settings = nats(hosts, "");
                    let (mut one, mut memory) = (lane(&settings, service, ""), String::new());
                    for number in 1..=rounds {
                        let batch = batch(service, number);
                        let mut attempt = Attempt::First;
                        // Killed before the acknowledgement came, or before it was written down.
                        if random.below(8) == 0 {
                            if random.below(2) == 0 {
                                one.deliver(&batch, attempt);
                            }
                            settings = nats(hosts, "");
                            (one, attempt) = (lane(&settings, service, &memory), Attempt::Again);
                        }
                        let (kept, notice) = deliver(&mut one, &batch, attempt);
                        assert!(notice.is_none(), "{notice:?}");
                        memory = kept;
                        reached.fetch_add(1, SeqCst);
                    }
                })
            })
            .collect();
        let is_over = &is_over;
        scope.spawn(move || {
            let results: Vec<_> = lanes.into_iter().map(|lane| lane.join()).collect();
            is_over.store(true, SeqCst);
            results.into_iter().for_each(|result| result.unwrap());
        });
        meanwhile(is_over);
    });
    eprintln!("{} batches", reached.load(SeqCst));
    for service in services {
        assert_once(peer, service, rounds);
    }
}

#[test]
fn leaders_that_are_killed_lose_nothing_and_double_nothing() {
    let Some(program) = cluster::server() else { return };
    let mut cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let kills = AtomicU64::new(0);
    storm(&cluster.hosts(), &peer, 100 * crate::rounds(8) as u64, |is_over| {
        kills.store(killing(&mut cluster, &peer, is_over, 1500), SeqCst);
    });
    eprintln!("{kills:?} leaders were killed");
}

#[test]
fn a_connection_that_loses_answers_delays_and_breaks_doubles_nothing() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let proxies: Vec<Proxy> = cluster.ports().iter().map(|&port| Proxy::of(port)).collect();
    let ports: Vec<u16> = proxies.iter().map(|proxy| proxy.port).collect();
    storm(&hosts(&ports), &peer, 30 * crate::rounds(10) as u64, |is_over| {
        let mut random = Random::new(7);
        while !is_over.load(SeqCst) {
            proxies[usize::try_from(random.below(3)).unwrap()].trouble(&mut random);
        }
    });
}

#[test]
fn an_answer_that_never_comes_is_looked_up() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 1);
    let peer = cluster.stream("LOGS", json!({}));
    let proxy = Proxy::of(cluster.ports()[0]);
    let nats = nats(&hosts(&[proxy.port]), "");
    let mut one = lane(&nats, "web", "");
    first(&mut one, &batch("web", 1));
    proxy.swallow(true);
    let Answer::Later { sent, reason, .. } = one.deliver(&batch("web", 2), Attempt::First) else { panic!() };
    assert_eq!(sent, Attempt::Again);
    assert!(reason.contains("no answer within 3 s"), "{reason}");
    proxy.swallow(false);
    assert_eq!(one.holds(&batch("web", 2).id), Held::Yes { memory: "2".into() });
    assert_eq!(deliver(&mut one, &batch("web", 2), Attempt::Again), ("2".into(), None));
    assert_eq!(lane(&nats, "web", "1").holds(&batch("web", 3).id), Held::No);
    assert_once(&peer, "web", 2);
}

#[test]
fn a_stream_that_is_purged_aged_or_made_anew_is_gone_on_with() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let nats = nats(&cluster.hosts(), "");
    let (mut quiet, mut loud) = (lane(&nats, "quiet", ""), lane(&nats, "loud", ""));
    first(&mut quiet, &batch("quiet", 1));
    first(&mut loud, &batch("loud", 1));
    assert_eq!(peer.api("STREAM.PURGE.LOGS", &Value::Null).pointer("/purged"), Some(&json!(2)));
    assert_eq!(first(&mut quiet, &batch("quiet", 2)), ("3".into(), None));
    // A part of the stream goes, as by age: the quiet service's only message is among it.
    for number in 2..=5 {
        first(&mut loud, &batch("loud", number));
    }
    peer.api("STREAM.PURGE.LOGS", &json!({ "seq": 6 }));
    assert_eq!(first(&mut quiet, &batch("quiet", 3)), ("8".into(), None));
    // Nobody knows whether what was sent and not answered was in what is gone.
    peer.api("STREAM.PURGE.LOGS", &Value::Null);
    let (_, notice) = deliver(&mut quiet, &batch("quiet", 4), Attempt::Again);
    assert!(notice.unwrap().contains("possibly repeated"));
    assert_eq!(first(&mut quiet, &batch("quiet", 5)).1, None);
    // The stream is deleted, and made again.
    peer.api("STREAM.DELETE.LOGS", &Value::Null);
    let reason = later(quiet.deliver(&batch("quiet", 6), Attempt::First));
    assert!(reason.contains("there is no stream LOGS"), "{reason}");
    cluster.stream("LOGS", json!({}));
    assert_eq!(first(&mut quiet, &batch("quiet", 6)), ("1".into(), None));
}

#[test]
fn messages_that_are_too_old_go_without_a_word() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 1);
    let peer = cluster.stream("LOGS", json!({ "max_age": 1_000_000_000 }));
    let nats = nats(&cluster.hosts(), "");
    let mut one = lane(&nats, "web", "");
    first(&mut one, &batch("web", 1));
    let since = Instant::now();
    while !bodies(&peer, "web").is_empty() {
        assert!(since.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(first(&mut one, &batch("web", 2)), ("2".into(), None));
}

#[test]
fn two_shippers_on_one_subject_are_told_apart() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let nats = nats(&cluster.hosts(), "");
    let mut one = lane(&nats, "web", "");
    let mut other = nats.lane(given("cd34", "web", "")).unwrap();
    first(&mut one, &batch("web", 1));
    let foreign = batch_of("cd34", "web", 1, b"foreign\n".to_vec());
    let Answer::Stop { reason } = other.deliver(&foreign, Attempt::First) else { panic!() };
    assert!(
        reason.contains("logs.h.web: message 1 was sent by another mlog-ship, instance ab12"),
        "{reason}"
    );
    first(&mut one, &batch("web", 2));
    // A state that was lost: its past is adopted, and the first one is told if it is still there.
    let url = format!("nats://{}/LOGS?subject=logs.{{host}}.{{service}}&adopt=ab12", cluster.hosts());
    let adopting = Nats::new(Url::parse(&url).unwrap(), false, TIMEOUT);
    let mut heir = adopting.lane(given("cd34", "web", "")).unwrap();
    assert_eq!(first(&mut heir, &foreign), ("3".into(), None));
    let Answer::Stop { reason } = one.deliver(&batch("web", 3), Attempt::First) else { panic!() };
    assert!(reason.contains("instance cd34"), "{reason}");
    assert_eq!(bodies(&peer, "web"), ["web 1\n", "web 2\n", "foreign\n"]);
    // Somebody publishes by hand.
    peer.publish("logs.h.web", b"by hand").unwrap();
    let Answer::Stop { reason } = heir.deliver(&batch_of("cd34", "web", 2, b"x\n".to_vec()), Attempt::First)
    else {
        panic!()
    };
    assert!(reason.contains("message 4 was not sent by mlog-ship"), "{reason}");
}

#[test]
fn a_missing_stream_is_said_and_made_only_when_that_is_wanted() {
    let Some(program) = cluster::server() else { return };
    for count in [1, 3] {
        let cluster = Cluster::of(&program, count);
        // JetStream of three servers is ready when a leader is there.
        cluster.stream("OTHER", json!({ "subjects": ["other"] }));
        let peer = cluster.peer();
        let hosts = cluster.hosts();
        let reason = later(lane(&nats(&hosts, ""), "web", "").deliver(&batch("web", 1), Attempt::First));
        assert_eq!(reason, "there is no stream LOGS: with --create it is made");
        let url = format!(
            "nats://{hosts}/LOGS?subject=logs.{{host}}.{{service}}&max-age=30d&max-bytes=1G&discard=new"
        );
        let maker = Nats::new(Url::parse(&url).unwrap(), true, TIMEOUT);
        let mut one = maker.lane(given("ab12", "web", "")).unwrap();
        if count == 1 {
            let reason = later(one.deliver(&batch("web", 1), Attempt::First));
            assert!(
                reason.contains("stream LOGS can't be made: ") && reason.contains("replicas"),
                "{reason}"
            );
            continue;
        }
        first(&mut one, &batch("web", 1));
        let info = peer.api("STREAM.INFO.LOGS", &Value::Null);
        for (name, wanted) in [
            ("subjects", json!(["logs.*.*"])),
            ("num_replicas", json!(3)),
            ("storage", json!("file")),
            ("retention", json!("limits")),
            ("max_age", json!(30u64 * 86_400_000_000_000)),
            ("max_bytes", json!(1 << 30)),
            ("discard", json!("new")),
        ] {
            assert_eq!(info.pointer(&format!("/config/{name}")), Some(&wanted), "{name}");
        }
        // Whoever comes second finds it.
        let second = Nats::new(Url::parse(&url).unwrap(), true, TIMEOUT);
        first(
            &mut second.lane(given("cd34", "db", "")).unwrap(),
            &batch_of("cd34", "db", 1, b"x\n".to_vec()),
        );
    }
}

#[test]
fn what_the_stream_or_the_server_does_not_take_is_said() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 1);
    let peer =
        cluster.stream("LOGS", json!({ "subjects": ["logs.h.*"], "max_bytes": 20_000, "discard": "new" }));
    cluster.stream("OTHER", json!({ "subjects": ["other.>"] }));
    cluster.stream("MUTE", json!({ "subjects": ["mute.>"], "no_ack": true }));
    // It acknowledged 600 lines, and had none of them.
    cluster.stream("INTEREST", json!({ "subjects": ["interest.>"], "retention": "interest" }));
    // The log was torn into pieces of 16 bytes, and these were set aside.
    cluster.stream("SHORT", json!({ "subjects": ["short.>"], "max_msg_size": 600 }));
    let hosts = cluster.hosts();
    let at = |stream: &str, subject: &str| {
        let url = format!("nats://{hosts}/{stream}?subject={subject}");
        let nats = Nats::new(Url::parse(&url).unwrap(), false, TIMEOUT);
        later(nats.lane(given("ab12", "web", "")).unwrap().deliver(&batch("web", 1), Attempt::First))
    };
    assert_eq!(at("LOGS", "x.{service}"), "stream LOGS does not take x.web: it takes logs.h.*");
    let reason = at("LOGS", "other.{service}");
    assert!(reason.contains("expected stream does not match (10060)"), "{reason}");
    let reason = at("MUTE", "mute.{service}");
    assert!(reason.contains("no_ack"), "{reason}");
    let reason = at("INTEREST", "interest.{service}");
    assert!(reason.contains("INTEREST has the retention interest"), "{reason}");
    let reason = at("SHORT", "short.{service}");
    assert_eq!(reason, "stream SHORT takes messages of 600 bytes, headers included: 4096 are needed");
    // A full stream is waited for.
    let nats = nats(&hosts, "");
    let mut one = lane(&nats, "web", "");
    let big = |number| batch_of("ab12", "web", number, vec![b'x'; 12_000]);
    first(&mut one, &big(1));
    let Answer::Later { reason, sent, .. } = one.deliver(&big(2), Attempt::First) else { panic!() };
    assert!(reason.contains("maximum bytes exceeded (10077)"), "{reason}");
    assert_eq!(sent, Attempt::First);
    peer.api("STREAM.PURGE.LOGS", &Value::Null);
    assert_eq!(first(&mut one, &big(2)), ("2".into(), None));
    // Nobody is there.
    drop(cluster);
    let reason = later(one.deliver(&big(3), Attempt::First));
    assert!(!reason.contains('\n'), "{reason}");
    let reason = later(one.deliver(&big(3), Attempt::First));
    assert!(reason.contains("no connection to 127.0.0.1:"), "{reason}");
}

#[test]
fn the_longest_message_is_as_the_server_and_the_stream_say() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::with(&program, 1, "max_payload: 65536");
    let peer = cluster.stream("LOGS", json!({}));
    let settings = nats(&cluster.hosts(), "");
    let mut one = lane(&settings, "web", "");
    assert_eq!(one.most(), None);
    let lines = |length: usize| batch_of("ab12", "web", 1, vec![b'x'; length]);
    assert!(matches!(one.deliver(&lines(65_000), Attempt::First), Answer::TooLong { .. }));
    let most = one.most().unwrap();
    assert!(most > 63_000 && most < 65_000, "{most}");
    assert_eq!(first(&mut one, &lines(most)), ("1".into(), None));
    // What was stored is looked up, however long it is.
    assert_eq!(
        lane(&settings, "web", "").deliver(&lines(most), Attempt::Again),
        Answer::Taken { memory: "1".into(), notice: None }
    );
    // The stream's own limit is learned by being refused.
    let config = json!({ "name": "LOGS", "subjects": ["logs.>"], "storage": "file", "retention": "limits", "num_replicas": 1, "max_msg_size": 20_000 });
    peer.api("STREAM.UPDATE.LOGS", &config);
    let next = |length: usize| batch_of("ab12", "web", 2, vec![b'x'; length]);
    assert!(matches!(one.deliver(&next(30_000), Attempt::First), Answer::TooLong { .. }));
    assert!(matches!(one.deliver(&next(30_000), Attempt::First), Answer::TooLong { .. }));
    let most = one.most().unwrap();
    assert!(most > 18_000 && most < 20_000, "{most}");
    assert_eq!(first(&mut one, &next(most)), ("2".into(), None));
}

#[test]
fn long_messages_are_looked_up_too() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let settings = nats(&cluster.hosts(), "");
    let mut one = lane(&settings, "web", "");
    let long = batch_of("ab12", "web", 1, vec![b'x'; 1_040_000]);
    first(&mut one, &long);
    assert_eq!(deliver(&mut lane(&settings, "web", ""), &long, Attempt::Again), ("1".into(), None));
    assert_eq!(peer.messages("LOGS").len(), 1);
}

#[test]
fn hostile_names_are_subjects_of_their_own() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 1);
    let peer = cluster.stream("LOGS", json!({}));
    let settings = nats(&cluster.hosts(), "");
    let names: [(&[u8], &[u8], &str); 6] = [
        (b"a.b", b"c", "logs.a%2Eb.c"),
        (b"a", b"b.c", "logs.a.b%2Ec"),
        (b"*", b">", "logs.%2A.%3E"),
        (b"a b", b"\r\nPUB x 1\r\n", "logs.a%20b.%0D%0APUB%20x%201%0D%0A"),
        (b"\xff\x00", b"$JS", "logs.%FF%00.%24JS"),
        (b"%2A", b"_INBOX", "logs.%252A._INBOX"),
    ];
    let origin = |host: &[u8], service: &[u8]| Origin {
        directory: "/x".into(),
        host: host.into(),
        service: service.into(),
    };
    let origins: Vec<Origin> = names.iter().map(|(host, service, _)| origin(host, service)).collect();
    settings.check(&origins).unwrap();
    for (origin, (_, _, subject)) in origins.iter().zip(&names) {
        let given = Given { origin: origin.clone(), ..given("ab12", "", "") };
        let mut batch = batch("web", 1);
        batch.origin = origin.clone();
        first(&mut settings.lane(given).unwrap(), &batch);
        assert_eq!(peer.messages("LOGS").last().unwrap().subject, *subject);
    }
    let error = settings.check(&[origin(b"a", b"b"), origin(b"x", b"y"), origin(b"a", b"b")]).unwrap_err();
    assert!(error.contains("have one subject, logs.a.b"), "{error}");
    let error = settings.check(&[origin(b"", b"b")]).unwrap_err();
    assert!(error.contains("the host has no name"), "{error}");
}
