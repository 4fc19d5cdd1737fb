//! `Cluster`: real servers on the loopback, with JetStream in a scratch directory, killed and started again.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::links::Links;
use crate::peer::Peer;

/// The newest server that could be had. None, and a word about it: there is none.
pub fn server() -> Option<PathBuf> {
    let folder = std::env::var_os("SHIP_PEERS").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/ship-peers"));
    existing(folder.join("bin/nats-server"))
}

/// Debian's server, 2.9.10.
pub fn old_server() -> Option<PathBuf> {
    existing("/usr/sbin/nats-server".into())
}

fn existing(path: PathBuf) -> Option<PathBuf> {
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: there is no {} (tests/install-ship.sh)", path.display());
    None
}

/// Servers of one cluster, or a single one.
pub struct Cluster {
    program: PathBuf,
    folder: TempDir,
    more: String,
    ports: Vec<u16>,
    routes: Vec<u16>,
    /// What the routes go through.
    links: Option<Links>,
    running: Vec<Option<Child>>,
}

impl Cluster {
    /// `count` servers that are ready. `more` goes into each one's configuration.
    pub fn with(program: &Path, count: usize, more: &str) -> Cluster {
        let mut cluster = Cluster::unstarted(program, count, more);
        (0..count).for_each(|which| cluster.start(which));
        cluster
    }

    /// Servers whose routes to each other go through proxies.
    pub fn linked(program: &Path, count: usize) -> (Cluster, Links) {
        let mut cluster = Cluster::unstarted(program, count, "");
        let links = Links::between(&cluster.routes);
        cluster.links = Some(links.clone());
        (0..count).for_each(|which| cluster.start(which));
        (cluster, links)
    }

    fn unstarted(program: &Path, count: usize, more: &str) -> Cluster {
        let free: Vec<u16> = (0..2 * count).map(|_| harness::free_port()).collect();
        Cluster {
            program: program.into(),
            folder: tempfile::tempdir().unwrap(),
            more: more.into(),
            ports: free[..count].to_vec(),
            routes: free[count..].to_vec(),
            links: None,
            running: (0..count).map(|_| None).collect(),
        }
    }

    /// The same with nothing more.
    pub fn of(program: &Path, count: usize) -> Cluster {
        Cluster::with(program, count, "")
    }

    /// The ports of the servers.
    pub fn ports(&self) -> &[u16] {
        &self.ports
    }

    /// The servers as a URL has them.
    pub fn hosts(&self) -> String {
        hosts(&self.ports)
    }

    /// Starts a server.
    pub fn start(&mut self, which: usize) {
        let (port, route) = (self.ports[which], self.routes[which]);
        let folder = self.folder.path();
        let ports = self.links.as_ref().map_or(self.routes.clone(), |links| links.ports_of(which));
        let routes: Vec<String> = ports.iter().map(|port| format!("\"nats://127.0.0.1:{port}\"")).collect();
        // Servers tell each other where they are, and would go past the proxies. Nobody listens there.
        let advertised = self.links.as_ref().map_or("", |_| "advertise: \"127.0.0.1:1\",");
        let cluster = match self.ports.len() {
            1 => String::new(),
            _ => format!(
                "cluster {{ name: c, listen: \"127.0.0.1:{route}\", {advertised} routes: [{}] }}",
                routes.join(", ")
            ),
        };
        let store = folder.join(format!("store{which}"));
        let config = format!(
            "server_name: s{which}\nlisten: \"127.0.0.1:{port}\"\njetstream {{ store_dir: \"{}\" }}\n{cluster}\n{}\n",
            store.display(),
            self.more,
        );
        let path = folder.join(format!("{which}.conf"));
        std::fs::write(&path, config).unwrap();
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(folder.join(format!("{which}.log")))
            .unwrap();
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(&path).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.running[which] = Some(harness::spawn(&mut command));
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                since.elapsed() < Duration::from_secs(30),
                "server {which} does not listen:\n{}",
                self.log(which)
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills a server with -9.
    pub fn kill(&mut self, which: usize) {
        if let Some(mut child) = self.running[which].take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// The process of a server.
    pub fn process(&self, which: usize) -> Option<u32> {
        self.running[which].as_ref().map(Child::id)
    }

    /// What a server has said.
    pub fn log(&self, which: usize) -> String {
        std::fs::read_to_string(self.folder.path().join(format!("{which}.log"))).unwrap_or_default()
    }

    /// A client of any server.
    pub fn peer(&self) -> Peer {
        Peer::new(&self.hosts())
    }

    /// Makes a stream that takes `logs.>`, with as many replicas as there are servers, and waits until it is there.
    pub fn stream(&self, name: &str, more: Value) -> Peer {
        let peer = self.peer();
        let mut config = json!({
            "name": name, "subjects": ["logs.>"], "storage": "file", "retention": "limits",
            "num_replicas": self.ports.len(),
        });
        config.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        let since = Instant::now();
        loop {
            let made = peer.try_api(&format!("STREAM.CREATE.{name}"), &config);
            match made {
                Some(made) if made.get("error").is_none() => break,
                other => assert!(
                    since.elapsed() < Duration::from_secs(60),
                    "no stream: {other:?}\n{}",
                    self.log(0)
                ),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        peer
    }

    /// The server that leads a stream. None: nobody does, as far as is known.
    pub fn leader(&self, peer: &Peer, stream: &str) -> Option<usize> {
        let info = peer.try_api(&format!("STREAM.INFO.{stream}"), &Value::Null)?;
        let name = info.pointer("/cluster/leader")?.as_str()?;
        name.strip_prefix('s')?.parse().ok()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        (0..self.running.len()).for_each(|which| self.kill(which));
    }
}

/// Ports of the loopback as a URL has them.
pub fn hosts(ports: &[u16]) -> String {
    ports.iter().map(|port| format!("127.0.0.1:{port}")).collect::<Vec<_>>().join(",")
}
