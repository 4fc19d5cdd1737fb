//! What svscan tells the service manager: that all is ready, how many services there are, that it stops.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::time::Duration;

use harness::{is_root, ours_only, tool};
use rustix::process::Signal;

use crate::{LOG, Scan};

const HEADING: &str = "The service manager";
/// Says which variables it has.
const SHOW: &str = "echo \"${NOTIFY_SOCKET-none}\" >shown; exec sleep 1000";

/// The next datagram.
fn told(socket: &UnixDatagram) -> String {
    let mut bytes = [0; 2000];
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let length = socket.recv(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

fn tells(socket: &UnixDatagram, address: &str, namespaces: &[&str]) {
    let scan = Scan::new();
    scan.service("s/x", SHOW, Some("echo \"${NOTIFY_SOCKET-none}\" >shown; exec cat >>all"));
    scan.script("s/x/shutdown", "echo \"${NOTIFY_SOCKET-none}\" >shown-too");
    let svscan = tool("svscan");
    let path = format!("{}:/usr/bin:/bin", svscan.parent().unwrap().display());
    let words = [namespaces, &[svscan.to_str().unwrap(), "s"]].concat();
    let run = scan.here.run(Path::new(words[0]), &words[1..]);
    let running = run.with("PATH", &path).with("NOTIFY_SOCKET", address).start();
    assert_eq!(told(socket), "READY=1\nSTATUS=1 service\n");
    scan.service("y", "trap '' TERM; while [ ! -e go ]; do sleep 0.1; done", Some(LOG));
    std::fs::rename(scan.path("y"), scan.path("s/y")).unwrap();
    assert_eq!(told(socket), "STATUS=2 services\n");
    for name in ["s/x/shown", "s/x/log/shown"] {
        scan.until(name, |text| text == "none\n");
    }
    crate::until("y runs", || scan.svstat("s/y").contains(": up"));
    let pid = match namespaces {
        [] => running.pid(),
        _ => {
            let children = format!("/proc/{0}/task/{0}/children", running.pid());
            std::fs::read_to_string(children).unwrap().trim().parse().unwrap()
        }
    };
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(told(socket), "STOPPING=1\nSTATUS=ending 2 services\n");
    let waiting = told(socket);
    assert!(waiting.starts_with("STATUS=waiting for y (pid ") && waiting.ends_with(")\n"), "{waiting}");
    scan.here.write("s/y/go", "");
    assert_eq!(running.wait().code, Some(0));
    assert_eq!(scan.read("s/x/shown-too"), "none\n");
}

#[test]
fn it_is_told_on_a_socket_with_a_path_and_services_are_not_given_it() {
    if ours_only(HEADING) {
        let place = harness::Scratch::new();
        let path = place.path("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        tells(&socket, path.to_str().unwrap(), &[]);
        if is_root() && Path::new("/usr/bin/unshare").exists() {
            tells(&socket, path.to_str().unwrap(), &["/usr/bin/unshare", "--pid", "--fork", "--mount-proc"]);
        } else {
            eprintln!("skipped: svscan as the first process, which needs root and unshare");
        }
    }
}

#[test]
fn it_is_told_on_a_socket_without_a_path() {
    if ours_only(HEADING) {
        let name = format!("svscan-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        tells(&UnixDatagram::bind_addr(&address).unwrap(), &format!("@{name}"), &[]);
    }
}

#[test]
fn a_manager_that_does_not_listen_changes_nothing() {
    if ours_only(HEADING) {
        let place = harness::Scratch::new();
        let full = place.path("full");
        let _socket = UnixDatagram::bind(&full).unwrap();
        let filler = UnixDatagram::unbound().unwrap();
        filler.set_nonblocking(true).unwrap();
        while filler.send_to(b"x", &full).is_ok() {}
        for address in [full.to_str().unwrap(), "/no/such/socket", "", "nonsense"] {
            let scan = Scan::new();
            scan.service("s/x", SHOW, None);
            let folder = tool("supervise").parent().unwrap().to_path_buf();
            let path = format!("{}:/usr/bin:/bin", folder.display());
            let run = scan.here.run(&tool("svscan"), &["s"]).with("PATH", &path);
            let svscan = run.with("NOTIFY_SOCKET", address).start();
            scan.until("s/x/shown", |text| text == "none\n");
            svscan.signal(Signal::TERM);
            svscan.wait().quietly();
        }
    }
}
