//! Our tools with Debian's supervise, and Debian's with ours.

use harness::{original, tool};

use crate::{Service, Tools};

/// A service's life, by svc and svstat and svok.
fn live(tools: Tools) {
    let mut service = Service::new("exec sleep 1000");
    service.tools = tools;
    service.start();
    service.until("up (pid N) N seconds");
    service.svc("-p");
    service.until("up (pid N) N seconds, paused");
    service.svc("-c");
    service.until("up (pid N) N seconds");
    let before = service.pid();
    service.svc("-t");
    crate::until("another process", || service.pid().is_some() && service.pid() != before);
    service.svc("-d");
    service.until("down N seconds, normally up");
    service.svc("-o");
    service.until("up (pid N) N seconds");
    service.svc("-dx");
    assert_eq!(service.supervise.take().unwrap().wait().code, Some(0));
    assert!(!service.ok());
    assert_eq!(service.stat(), "supervise not running");
}

#[test]
fn our_tools_and_debians_drive_each_others_services() {
    let Some(theirs) = original("supervise") else { return };
    let theirs = |name: &str| theirs.with_file_name(name);
    live(Tools { supervise: theirs("supervise"), ..Tools::under_test() });
    live(Tools {
        supervise: tool("supervise"),
        svc: theirs("svc"),
        svstat: theirs("svstat"),
        svok: theirs("svok"),
    });
}
