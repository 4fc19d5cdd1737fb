//! `curl --fail-with-body`: each batch is an object that is named by its identity, so a second delivery is the same object.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use harness::{Scratch, program};
use rustix::process::Signal;

use super::{ship, write};

/// The command of the documentation, for this server.
fn recipe(port: u16) -> String {
    let text = std::fs::read_to_string(super::file("docs/ship/exec.md")).unwrap();
    let line = text.lines().find(|line| line.trim_start().starts_with("exec:'curl ")).unwrap();
    let command = line.trim().trim_start_matches("exec:'").trim_end_matches('\'');
    command.replace("https://store.example", &format!("http://127.0.0.1:{port}"))
}

#[derive(Default)]
struct Store {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    asked: AtomicUsize,
}

impl Store {
    /// Every third request fails, after the object was kept or before.
    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let path = line.strip_prefix("PUT ").expect("PUT").split(' ').next()?.to_owned();
        let mut length = 0;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).ok()?;
            match line.trim_end().to_ascii_lowercase().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().ok()?,
                Some(("expect", _)) => stream.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?,
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        if !number.is_multiple_of(6) {
            let mut objects = self.objects.lock().unwrap();
            let before = objects.insert(path, body.clone());
            assert!(before.is_none_or(|before| before == body), "another object of the same name");
        }
        let status = if number.is_multiple_of(3) { "500 Internal Server Error" } else { "201 Created" };
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n");
        stream.get_mut().write_all(answer.as_bytes()).ok()
    }
}

#[test]
fn curl_puts_each_batch_as_an_object_and_its_failures_are_seen() {
    if program("curl").is_none() {
        return;
    }
    let scratch = Scratch::new();
    let lines = write(&scratch, 600);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let store = Arc::new(Store::default());
    let shared = store.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            shared.serve(stream);
        }
    });
    let whole = [lines.join(&b'\n'), b"\n".to_vec()].concat();
    let has_all = || {
        let objects = store.objects.lock().unwrap();
        let mut objects: Vec<_> = objects.iter().collect();
        // Behind the last slash of a name is the number of the batch.
        objects.sort_by_key(|(name, _)| {
            name.rsplit('/').next().unwrap().split('-').next().unwrap().parse::<u64>().unwrap()
        });
        let together: Vec<u8> = objects.iter().flat_map(|(_, body)| (*body).clone()).collect();
        together == whole
    };
    let mut running = ship(&scratch, &recipe(port)).start();
    running.until("all objects", has_all);
    running.signal(Signal::TERM);
    let outcome = running.wait();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("the command has ended with 22"), "{}", outcome.stderr);
    let objects = store.objects.lock().unwrap();
    assert!(
        objects.len() > 3 && objects.keys().all(|name| name.starts_with("/logs/web1/")),
        "{:?}",
        objects.keys()
    );
}
