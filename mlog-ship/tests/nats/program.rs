//! The whole program: multilog writes, mlog-ship ships, everything is killed, and the stream is read back.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use harness::Random;
use serde_json::{Value, json};

use crate::cluster::{self, Cluster, hosts};
use crate::links::Links;
use crate::peer::Peer;
use crate::proxy::Proxy;
use crate::rounds;
use crate::yard::{Yard, assert_in_order, logs, shipped};

const SERVICES: [&str; 3] = ["web", "db", "mail"];

#[test]
fn what_was_written_before_during_and_after_arrives_once() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &SERVICES);
    yard.write(500);
    yard.start(&[]);
    yard.assert_all_once(&peer);
    yard.write(500);
    yard.assert_all_once(&peer);
    let took = yard.end();
    assert!(took < Duration::from_secs(20), "{took:?}");
    yard.write(500);
    yard.start(&[]);
    yard.assert_all_once(&peer);
    assert_eq!(yard.said(), "");
}

/// Writes in pieces and kills the shipper at random, `rounds` times, beside `meanwhile`.
fn storm(yard: &mut Yard, peer: &Peer, rounds: usize, meanwhile: impl FnOnce(&AtomicBool) + Send) {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| meanwhile(&is_over));
        let mut random = Random::new(11);
        for round in 0..rounds {
            yard.start(&[]);
            let until = Instant::now() + Duration::from_millis(100 + random.below(1500));
            while Instant::now() < until {
                yard.write(1 + random.below(300));
            }
            if round % 5 == 4 && !other.is_finished() {
                // It ends in two seconds. The machine may be busy with the servers, and with other tests.
                let took = yard.end();
                assert!(took < Duration::from_secs(20), "{took:?}");
            } else {
                yard.kill();
            }
            // More lines than the batch in doubt had.
            yard.write(1 + random.below(300));
        }
        is_over.store(true, SeqCst);
        other.join().unwrap();
    });
    yard.start(&[]);
    yard.assert_all_once(peer);
    yard.assert_quiet();
}

/// Kills the leader of the stream with -9 again and again, until it is told to end. How often.
fn killing(cluster: &mut Cluster, reader: &Peer, is_over: &AtomicBool) -> u64 {
    let mut kills = 0;
    while !is_over.load(SeqCst) {
        std::thread::sleep(Duration::from_millis(700));
        if let Some(leader) = cluster.leader(reader, "LOGS") {
            cluster.kill(leader);
            kills += 1;
            std::thread::sleep(Duration::from_millis(700));
            cluster.start(leader);
        }
    }
    kills
}

#[test]
fn whoever_is_killed_no_line_is_lost_or_doubled() {
    let Some(program) = cluster::server() else { return };
    let mut cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &SERVICES);
    let (kills, reader) = (AtomicU64::new(0), cluster.peer());
    storm(&mut yard, &peer, rounds(12), |is_over| {
        kills.store(killing(&mut cluster, &reader, is_over), SeqCst);
    });
    eprintln!("{kills:?} leaders were killed");
    assert!(kills.load(SeqCst) > 0);
}

#[test]
fn a_connection_that_lies_loses_and_doubles_no_line() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let proxies: Vec<Proxy> = cluster.ports().iter().map(|&port| Proxy::of(port)).collect();
    let ports: Vec<u16> = proxies.iter().map(|proxy| proxy.port).collect();
    let mut yard = Yard::new(&hosts(&ports), &SERVICES);
    storm(&mut yard, &peer, rounds(8), |is_over| {
        let mut random = Random::new(5);
        while !is_over.load(SeqCst) {
            proxies[usize::try_from(random.below(3)).unwrap()].trouble(&mut random);
        }
    });
}

/// Which server is parted from the others: the leader of the stream, or any.
fn victim(cluster: &Cluster, peer: &Peer, random: &mut Random) -> usize {
    let leader = if random.below(3) > 0 { cluster.leader(peer, "LOGS") } else { None };
    leader.unwrap_or_else(|| usize::try_from(random.below(3)).unwrap())
}

/// Old servers can't do that: they have lost a batch that they had acknowledged, and stored one twice.
#[test]
fn servers_that_are_parted_lose_and_double_no_line() {
    let Some(program) = cluster::server() else { return };
    let (cluster, links) = Cluster::linked(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &SERVICES);
    part_and_heal(&cluster, &links, &peer, &mut yard, rounds(6));
    yard.assert_all_once(&peer);
    yard.assert_quiet();
}

/// Writes while servers are cut off from each other again and again, and kills the shipper now and then.
fn part_and_heal(cluster: &Cluster, links: &Links, peer: &Peer, yard: &mut Yard, rounds: usize) {
    yard.start(&[]);
    let mut random = Random::new(17);
    for round in 0..rounds {
        let server = victim(cluster, peer, &mut random);
        let what = links.part(server, &mut random);
        eprintln!("{round}: s{server} {what}");
        // An answer that does not come is looked up after five seconds, and a leader without the others steps down after ten.
        let span = if round % 4 == 3 { 12_000 } else { 300 + random.below(6000) };
        write_for(yard, Duration::from_millis(span), &mut random);
        if random.below(3) == 0 {
            yard.kill();
            yard.start(&[]);
        }
        links.heal();
        write_for(yard, Duration::from_millis(random.below(2500)), &mut random);
    }
}

fn write_for(yard: &mut Yard, span: Duration, random: &mut Random) {
    let until = Instant::now() + span;
    while Instant::now() < until {
        yard.write(1 + random.below(100));
        std::thread::sleep(Duration::from_millis(random.below(150)));
    }
}

/// One server: nothing is replicated, and what was acknowledged is on its disk after a kill of the process.
fn single(program: &Path) {
    let mut cluster = Cluster::of(program, 1);
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &SERVICES);
    storm(&mut yard, &peer, rounds(6), |is_over| {
        while !is_over.load(SeqCst) {
            std::thread::sleep(Duration::from_millis(900));
            cluster.kill(0);
            std::thread::sleep(Duration::from_millis(300));
            cluster.start(0);
        }
    });
}

#[test]
fn one_server_that_is_killed_loses_and_doubles_no_line() {
    let Some(program) = cluster::server() else { return };
    single(&program);
}

#[test]
fn an_old_server_that_is_killed_loses_and_doubles_no_line() {
    let Some(program) = cluster::old_server() else { return };
    single(&program);
}

/// What 2.9 may do: a batch that was sent again while it was on its way is stored twice. A reader knows that by its number.
#[test]
fn an_old_cluster_whose_leaders_are_killed_loses_nothing_and_doubles_whole_batches_at_most() {
    let Some(program) = cluster::old_server() else { return };
    let mut cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &SERVICES);
    let is_over = AtomicBool::new(false);
    let reader = cluster.peer();
    std::thread::scope(|scope| {
        scope.spawn(|| killing(&mut cluster, &reader, &is_over));
        for _ in 0..rounds(6) {
            yard.start(&[]);
            for _ in 0..10 {
                yard.write(100);
                std::thread::sleep(Duration::from_millis(100));
            }
            yard.kill();
        }
        is_over.store(true, SeqCst);
    });
    yard.start(&[]);
    assert_whole_batches_doubled_at_most(&yard, &peer);
}

/// Waits for the last lines, and looks at all of them but those of batches that are there already.
fn assert_whole_batches_doubled_at_most(yard: &Yard, peer: &Peer) {
    let (since, wanted) = (Instant::now(), yard.written[0]);
    let mut doubled = 0;
    let found = loop {
        let mut messages = peer.messages("LOGS");
        let all = messages.len();
        let mut seen = HashSet::new();
        messages
            .retain(|one| seen.insert((one.subject.clone(), one.header("Mlog-Batch").unwrap().to_string())));
        doubled = doubled.max(all - messages.len());
        let found = logs(messages);
        if SERVICES
            .iter()
            .all(|service| found.get(*service).is_some_and(|lines| lines.last() == Some(&(wanted - 1))))
        {
            break found;
        }
        assert!(since.elapsed() < Duration::from_secs(120), "{}", yard.said());
        std::thread::sleep(Duration::from_millis(500));
    };
    for service in SERVICES {
        assert_in_order(service, &found[service], wanted, || yard.detail(peer, service));
    }
    eprintln!("{doubled} batches were doubled: {}", yard.said());
}

#[test]
fn an_old_cluster_takes_each_line_once_while_shippers_are_killed() {
    let Some(program) = cluster::old_server() else { return };
    let cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &SERVICES);
    storm(&mut yard, &peer, rounds(6), |_| {});
}

#[test]
fn a_subject_is_gone_on_with_after_a_purge_and_a_restart() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &["quiet"]);
    yard.start(&[]);
    yard.write(10);
    yard.assert_all_once(&peer);
    yard.end();
    peer.api("STREAM.PURGE.LOGS", &Value::Null);
    yard.start(&[]);
    yard.write(10);
    let since = Instant::now();
    while shipped(&peer).get("quiet").is_none_or(|lines| lines.last() != Some(&19)) {
        assert!(since.elapsed() < Duration::from_secs(30), "{}", yard.said());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(shipped(&peer)["quiet"], (10..20).collect::<Vec<u64>>());
    assert_eq!(yard.said(), "");
}

#[test]
fn a_second_shipper_by_mistake_stops_and_says_so() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &["web"]);
    yard.start(&[]);
    yard.write(100);
    yard.assert_all_once(&peer);
    let mut other = Command::new(env!("CARGO_BIN_EXE_mlog-ship"));
    other
        .arg(yard.directory("web"))
        .arg("--state")
        .arg(yard.path("other"))
        .args(["--host", "h"])
        .arg(&yard.url);
    let mut other = harness::spawn(other.stdin(Stdio::null()).stderr(Stdio::piped()));
    let since = Instant::now();
    let status = loop {
        if let Some(status) = other.try_wait().unwrap() {
            break status;
        }
        assert!(since.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(50));
    };
    let mut said = String::new();
    std::io::Read::read_to_string(&mut other.stderr.take().unwrap(), &mut said).unwrap();
    assert!(said.contains("was sent by another mlog-ship, instance "), "{status}: {said}");
    yard.write(100);
    yard.assert_all_once(&peer);
}

#[test]
fn lines_that_are_longer_than_a_message_are_shipped_in_pieces() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::with(&program, 3, "max_payload: 8192");
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &["web"]);
    let mut logger = yard.logger("web", &["t", "s1000000", "n10"]);
    let long = "long ".repeat(20_000);
    logger.lines("web", 0..500);
    writeln!(logger.input.as_mut().unwrap(), "web 500 {long}").unwrap();
    logger.lines("web", 501..1000);
    logger.end();
    yard.written[0] = 1000;
    yard.start(&[]);
    yard.assert_all_once(&peer);
    let messages = peer.messages("LOGS");
    let pieces: Vec<&str> = messages.iter().filter_map(|message| message.header("Mlog-Line")).collect();
    assert_eq!((pieces.first(), pieces.last()), (Some(&"opens"), Some(&"closes")), "{pieces:?}");
    assert!(
        pieces.len() > 10 && pieces[1..pieces.len() - 1].iter().all(|piece| *piece == "continues"),
        "{pieces:?}"
    );
    let log: Vec<u8> = messages.into_iter().flat_map(|message| message.body).collect();
    assert!(String::from_utf8(log).unwrap().contains(&long));
}

#[test]
fn what_is_wrong_with_the_sink_ends_before_anything_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let directories: Vec<PathBuf> =
        ["a", "b"].iter().map(|name| folder.path().join(name).join("main")).collect();
    directories.iter().for_each(|directory| std::fs::create_dir_all(directory).unwrap());
    let run = |url: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mlog-ship"));
        command
            .args(&directories)
            .arg("--state")
            .arg(folder.path().join("state"))
            .args(["--host", "h"])
            .arg(url);
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (url, says) in [
        ("nats://127.0.0.1:1/LOGS", "has no subject="),
        ("nats://127.0.0.1:1/LOGS?subject=logs.{hots}", "{hots}"),
        ("nats://u:secret@127.0.0.1:1/LO.GS?subject=x", "has a stream"),
        ("nats://127.0.0.1:1/LOGS?subject=logs.{host}", "have one subject, logs.h"),
    ] {
        let (code, said) = run(url);
        assert_eq!(code, Some(100), "{said}");
        assert!(said.contains(says) && said.lines().count() == 1 && !said.contains("secret"), "{said}");
    }
    assert!(!folder.path().join("state").exists());
}

fn copy(from: &Path, to: &Path) {
    if to.exists() {
        std::fs::remove_dir_all(to).unwrap();
    }
    std::fs::create_dir(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().flatten() {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[test]
fn a_state_that_was_restored_goes_on_behind_what_the_stream_has() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 1);
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &["web"]);
    yard.write(500);
    yard.start(&[]);
    yard.assert_all_once(&peer);
    yard.end();
    let (state, kept) = (yard.path("state"), yard.path("kept"));
    copy(&state, &kept);
    yard.write(2000);
    yard.start(&[]);
    yard.assert_all_once(&peer);
    yard.end();
    copy(&kept, &state);
    yard.write(500);
    yard.start(&[]);
    yard.assert_all_once(&peer);
}

#[test]
fn term_is_obeyed_while_nobody_answers() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 1);
    let peer = cluster.stream("LOGS", json!({}));
    let proxy = Proxy::of(cluster.ports()[0]);
    let mut yard = Yard::new(&hosts(&[proxy.port]), &["web"]);
    yard.write(100);
    yard.start(&[]);
    yard.assert_all_once(&peer);
    ends_in_two_seconds(&mut yard, &peer, |is_on| proxy.swallow(is_on));
    // Nor is it waited for a server that is not there.
    ends_in_two_seconds(&mut yard, &peer, |is_on| proxy.close(is_on));
}

/// Ends the shipper while there is trouble. On a busy machine it may take longer now and then.
fn ends_in_two_seconds(yard: &mut Yard, peer: &Peer, trouble: impl Fn(bool)) {
    let mut took = (0..5).map(|_| {
        trouble(true);
        yard.write(100);
        std::thread::sleep(Duration::from_millis(500));
        let took = yard.end();
        trouble(false);
        yard.write(100);
        yard.start(&[]);
        yard.assert_all_once(peer);
        took
    });
    assert!(took.any(|took| took < Duration::from_millis(3500)), "never in time");
}

#[test]
fn a_stream_that_is_made_later_gets_all_that_was_written() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 1);
    let mut yard = Yard::new(&cluster.hosts(), &["web"]);
    yard.url.push_str("&zstd=1&replicas=1");
    yard.write(500);
    yard.start(&[]);
    let since = Instant::now();
    while !yard.said().contains("there is no stream LOGS: with --create it is made") {
        assert!(since.elapsed() < Duration::from_secs(20), "{}", yard.said());
        std::thread::sleep(Duration::from_millis(50));
    }
    yard.end();
    yard.start(&["--create"]);
    yard.write(500);
    let peer = cluster.peer();
    while peer.try_api("STREAM.INFO.LOGS", &Value::Null).is_none_or(|info| info.get("error").is_some()) {
        std::thread::sleep(Duration::from_millis(50));
    }
    yard.assert_all_once(&peer);
    assert!(peer.messages("LOGS").iter().any(|message| message.header("Content-Encoding") == Some("zstd")));
    assert!(!yard.said().contains("repeated"), "{}", yard.said());
}
