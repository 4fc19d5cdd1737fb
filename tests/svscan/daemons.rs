//! Daemons as they come from Debian, with loggers: killed, reloaded and stopped, as are their loggers and svscan.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use harness::ours_only;
use rustix::process::Signal;

use crate::{Scan, until};

/// Not to be found, and a word about it.
fn is_missing(program: &str) -> bool {
    let missing = !Path::new(program).exists();
    if missing {
        eprintln!("skipped: there is no {program}");
    }
    missing
}

/// Sends something to a socket and reads the answer to its end, or up to `enough`. None: there was no whole answer.
fn ask(socket: &Path, question: &str, enough: &str) -> Option<String> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    stream.write_all(question.as_bytes()).ok()?;
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut piece).ok()?;
        answer.extend(&piece[..length]);
        let text = String::from_utf8_lossy(&answer);
        if text.contains(enough) {
            return Some(text.into_owned());
        }
        if length == 0 {
            return None;
        }
    }
}

/// A client that asks nginx for `/1`, `/2` and so on, and knows which it got an answer for.
#[derive(Default)]
struct Client {
    asked: AtomicU32,
    answered: AtomicU32,
    is_done: AtomicBool,
    answers: std::sync::Mutex<Vec<u32>>,
}

impl Client {
    fn run(&self, socket: &Path) {
        while !self.is_done.load(Ordering::Relaxed) {
            let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
            let question = format!("GET /{number} HTTP/1.0\r\n\r\n");
            if ask(socket, &question, "done\n").is_some() {
                self.answers.lock().unwrap().push(number);
                self.answered.fetch_add(1, Ordering::Relaxed);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn until_more(&self) {
        let before = self.answered.load(Ordering::Relaxed);
        until("more answers", || self.answered.load(Ordering::Relaxed) > before + 20);
    }

    /// Whether each request is logged once that got an answer, and none twice.
    fn check(&self, log: &str) {
        let mut times = HashMap::<u32, u32>::new();
        for line in log.lines() {
            let number = line.strip_prefix("request /").and_then(|number| number.parse().ok());
            *times.entry(number.unwrap_or_else(|| panic!("{line}"))).or_default() += 1;
        }
        let answers = self.answers.lock().unwrap();
        let missing: Vec<&u32> = answers.iter().filter(|&number| times.get(number) != Some(&1)).collect();
        assert!(missing.is_empty(), "answered and not logged once: {missing:?}");
        assert!(times.values().all(|&times| times == 1), "logged twice");
    }
}

/// nginx as a service `x`, which answers at a socket.
fn nginx(scan: &Scan) -> PathBuf {
    let socket = scan.path("nginx.sock");
    let conf = format!(
        "daemon off; master_process on; worker_processes 2; pid nginx.pid; error_log stderr crit;\n\
         events {{ worker_connections 64; }}\n\
         http {{ log_format short 'request $request_uri'; access_log /dev/stdout short;\n\
         client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;\n\
         server {{ listen unix:{}; location / {{ return 200 'done\\n'; }} }} }}\n",
        socket.display()
    );
    scan.here.write("s/x/nginx.conf", conf);
    scan.here.write("s/x/setsid", "");
    scan.here.write("s/x/down-signal", "QUIT\n");
    // A socket that was killed with its server is in the way of the next.
    let run =
        format!("rm -f '{}'; exec /usr/sbin/nginx -p \"$PWD\" -c nginx.conf -e stderr", socket.display());
    scan.service("s/x", &run, Some(&Scan::multilog()));
    socket
}

#[test]
fn every_request_to_nginx_is_logged_once() {
    if is_missing("/usr/sbin/nginx") || !ours_only("Exactly once") {
        return;
    }
    let mut scan = Scan::new();
    let socket = nginx(&scan);
    scan.start();
    until("nginx answers", || ask(&socket, "GET /0 HTTP/1.0\r\n\r\n", "done\n").is_some());
    let client = Client::default();
    std::thread::scope(|scope| {
        scope.spawn(|| client.run(&socket));
        client.until_more();
        for _ in 0..3 {
            scan.svc("-h", &["s/x"]);
            client.until_more();
            scan.svc("-k", &["s/x/log"]);
            client.until_more();
        }
        // Another process has to hold the pipe when svscan dies as well.
        until("its logger runs", || scan.svstat("s/x/log").contains(": up"));
        scan.kill_supervise("s/x/log");
        client.until_more();
        scan.kill_and_start();
        client.until_more();
        scan.kill_supervise("s/x");
        client.until_more();
        until("both have a supervise", || scan.ok("s/x") && scan.ok("s/x/log"));
        scan.svc("-h", &["s/x"]);
        client.until_more();
        // In the middle of requests.
        let svscan = scan.svscan.take().unwrap();
        svscan.signal(Signal::TERM);
        let outcome = svscan.wait();
        client.is_done.store(true, Ordering::Relaxed);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    });
    assert!(["s/x", "s/x/log"].iter().all(|name| !scan.ok(name)));
    client.check(&scan.logged("s/x").replacen("request /0\n", "", 1));
}

#[test]
fn nginx_that_is_killed_with_all_its_workers_comes_back_and_ends_with_the_rest() {
    if is_missing("/usr/sbin/nginx") || !ours_only("Stopping svscan") {
        return;
    }
    let mut scan = Scan::new();
    let socket = nginx(&scan);
    scan.start();
    let answers = |number| ask(&socket, &format!("GET /{number} HTTP/1.0\r\n\r\n"), "done\n").is_some();
    for number in 1..=3 {
        until("nginx answers", || answers(number));
        until("that is logged", || scan.logged("s/x").contains(&format!("/{number}\n")));
        scan.here.run(&harness::tool("svc"), &["-+k", "s/x"]).over("").quietly();
        until("it is gone", || !answers(0));
    }
    until("nginx answers", || answers(4));
    let svscan = scan.svscan.take().unwrap();
    svscan.signal(Signal::TERM);
    let outcome = svscan.wait();
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let log = scan.logged("s/x").replace("request /0\n", "");
    assert_eq!(log, "request /1\nrequest /2\nrequest /3\nrequest /4\n");
}

#[test]
fn redis_says_goodbye_in_its_log() {
    if is_missing("/usr/bin/redis-server") || !ours_only("Stopping svscan") {
        return;
    }
    let mut scan = Scan::new();
    let socket = scan.path("redis.sock");
    let run = format!(
        "exec /usr/bin/redis-server --port 0 --unixsocket '{}' --save '' --appendonly no --logfile '' --daemonize no",
        socket.display()
    );
    scan.service("s/x", &run, Some(&Scan::multilog()));
    scan.start();
    let ready = |scan: &Scan| scan.logged("s/x").matches("ready to accept connections").count();
    for starts in 1..=3 {
        until("redis is ready", || ready(&scan) == starts);
        until("redis answers", || ask(&socket, "PING\r\n", "+PONG\r\n").is_some());
        if starts < 3 {
            scan.svc(["-k", "-t"][starts % 2], &["s/x"]);
        }
        scan.svc("-k", &["s/x/log"]);
    }
    let svscan = scan.svscan.take().unwrap();
    svscan.signal(Signal::TERM);
    let outcome = svscan.wait();
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let log = scan.logged("s/x");
    assert_eq!((ready(&scan), log.matches("bye bye").count()), (3, 2), "{log}");
    assert!(log.trim_end().ends_with("bye bye..."), "{log}");
}
