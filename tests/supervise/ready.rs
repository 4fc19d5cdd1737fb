//! Services that say when they are ready, and the tools that wait for it; what programs are told of services.

use harness::{ours_only, tool};

use crate::{Service, until};

impl Service {
    /// What svstat says in JSON.
    fn json(&self) -> String {
        let svstat = tool("svstat");
        String::from_utf8(self.here.run(&svstat, &["-j", "x"]).over("").quietly().stdout).unwrap()
    }

    fn wait(&self, options: &[&str]) -> Option<i32> {
        self.here.run(&tool("svwait"), &[options, &["x"]].concat()).over("").code
    }
}

/// Says that it is ready when there is a file `go`.
const SLOW: &str =
    "echo $$ >>log; while [ ! -e go ]; do sleep 0.05; done; echo ready >&3; exec 3>&-; exec sleep 1000";

fn slow() -> Service {
    let mut service = Service::new(SLOW);
    service.here.write("x/notification-fd", "3\n");
    service.start();
    service.until_log(1);
    service
}

#[test]
fn a_service_is_ready_when_it_says_so() {
    if ours_only("Files of a service directory") {
        let service = slow();
        assert_eq!(service.wait(&["-r", "-t", "1"]), Some(111));
        assert!(service.json().contains("\"up\":true") && service.json().contains("\"ready\":false"));
        service.here.write("x/go", "");
        assert_eq!(service.wait(&["-r"]), Some(0));
        assert!(service.json().contains("\"ready\":true"));
        std::fs::remove_file(service.here.path("x/go")).unwrap();
        service.svc("-t");
        service.until_log(2);
        assert!(service.json().contains("\"ready\":false"));
        service.leave();
    }
}

#[test]
fn it_stays_so_when_supervise_is_killed_and_may_become_so_later() {
    if ours_only("A service that outlives its supervise") {
        let mut service = slow();
        service.kill_supervise();
        service.start();
        assert_eq!(service.wait(&["-r", "-t", "0"]), Some(111));
        service.here.write("x/go", "");
        assert_eq!(service.wait(&["-r"]), Some(0));
        service.kill_supervise();
        service.start();
        assert_eq!(service.wait(&["-r", "-t", "0"]), Some(0));
        assert_eq!(service.log().len(), 1);
        service.leave();
    }
}

#[test]
fn one_that_does_not_say_so_is_ready_when_it_is_up() {
    if ours_only("What programs are told") {
        let service = Service::up("exec sleep 1000");
        assert_eq!(service.wait(&["-r"]), Some(0));
        service.svc("-d");
        service.until("down N seconds, normally up");
        assert_eq!(service.wait(&["-r", "-t", "0"]), Some(111));
        service.leave();
    }
}

#[test]
fn programs_are_told_how_a_service_ended() {
    if ours_only("What programs are told") {
        for (run, words) in
            [("exit 3", "\"exit_code\":3,\"signal\":null"), ("kill -9 $$", "\"exit_code\":null,\"signal\":9")]
        {
            let service = Service::up(run);
            until(words, || service.json().contains(words));
            let line = service.json();
            assert!(line.starts_with("{\"dir\":\"x\",\"up\":") && line.ends_with("}\n"), "{line}");
            service.leave();
        }
        let service = Service::new("");
        assert!(service.json().starts_with("{\"dir\":\"x\",\"error\":\"unable to open supervise/ok: "));
    }
}

/// Nobody here is its parent; the kernel tells, in one of two ways.
#[test]
fn how_a_service_ended_that_was_taken_over_is_known_too() {
    if ours_only("A service that outlives its supervise") {
        let mut service = Service::new("trap 'exit 9' TERM; echo $$ >>log; while :; do sleep 0.05; done");
        service.here.write("x/permanent-failure", "9");
        service.start();
        service.until_log(1);
        service.kill_supervise();
        service.start();
        service.svc("-t");
        service.until("down N seconds, normally up");
        assert!(service.json().contains("\"exit_code\":9"));
        service.leave();
    }
}

/// What it has at that number now is its own, and a line in there is for itself.
#[test]
fn a_pipe_of_its_own_is_not_taken_for_that() {
    if ours_only("A service that outlives its supervise") {
        let mut service = Service::new("");
        let run = "#!/bin/bash\nexec 3>&-; exec 3< <(while :; do echo mine; sleep 0.05; done)\n\
                   while read -r line <&3; do echo $line >>log; done\n";
        service.script("run", run);
        service.here.write("x/notification-fd", "3\n");
        service.start();
        service.until_log(2);
        service.kill_supervise();
        service.start();
        let lines = service.log().len();
        service.until_log(lines + 10);
        assert_eq!(service.wait(&["-r", "-t", "0"]), Some(111));
        service.leave();
    }
}
