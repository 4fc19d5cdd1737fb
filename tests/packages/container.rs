//! A container without a container engine: svscan as the first process of a namespace, the whole root read-only, a user
//! that is not root, and one tmpfs on which nothing can be executed.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use harness::{LogView, Running, Scratch, is_root, ours_only, tool, until};
use rustix::process::{Pid, Signal, kill_process};

use crate::{is_missing, root};

const HEADING: &str = "The main service";
/// What is done before the entry point becomes the first process: $1 is a folder, $2 the tools, $3 the main service.
const BEGIN: &str = r#"
mount --make-rprivate / &&
mount --bind "$2" "$1/bin" &&
mount -t tmpfs -o noexec,nosuid,nodev,mode=1777 tmpfs "$1/run" &&
mount -o remount,bind,ro / || exit 99
export SERVICES="$1/service" RUN="$1/run/service" LOGS="$1/run/service" PATH="$1/bin:/usr/bin:/bin"
exec "$1/bin/setuidgid" :65534:65534 "$1/entry" $3
"#;

/// The files of an image.
struct Image(Scratch);

impl Image {
    /// None: such a container can't be made here, and that was said.
    fn new() -> Option<Image> {
        if !is_root() {
            eprintln!("skipped: needs root, for mounts");
            return None;
        }
        if is_missing("/usr/bin/unshare") || !ours_only(HEADING) {
            return None;
        }
        let image = Image(Scratch::new());
        let open = |path: &Path| std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
        open(&image.0.path(""));
        for folder in ["bin", "run", "service"] {
            std::fs::create_dir(image.0.path(folder)).unwrap();
            open(&image.0.path(folder));
        }
        image.script("entry", &text("entry"));
        Some(image)
    }

    fn script(&self, name: &str, text: &str) {
        let path = self.0.write(name, text);
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    /// Makes a service with the logger of the example.
    fn service(&self, name: &str, run: &str) {
        self.script(&format!("service/{name}/run"), &format!("#!/bin/sh\nexec 2>&1\n{run}\n"));
        self.script(&format!("service/{name}/log/run"), &text("service/web/log/run").replace("web", name));
    }

    /// Links each `supervise`, as the build of an image does, and starts the container. None: no mounts here.
    fn start(&self, main: &str) -> Option<Running> {
        let (services, run) = (self.0.path("service"), self.0.path("run/service"));
        let link = root().join("dist/container/link-supervise");
        let words = [services.to_str().unwrap(), run.to_str().unwrap()];
        self.0.run(&link, &words).over("").quietly();
        let here = self.0.path("");
        let tools = tool("svscan").parent().unwrap().to_path_buf();
        let words = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", BEGIN, "sh"];
        let more = [here.to_str().unwrap(), tools.to_str().unwrap(), main];
        let words = [&words[..], &more].concat();
        let mut running = self.0.run(Path::new("/usr/bin/unshare"), &words).start();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(300) {
            if running.has_ended() && (running.said().contains("mount") || running.said().contains("unshare"))
            {
                eprintln!("skipped: no mounts here: {}", running.said());
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(running)
    }
}

fn text(name: &str) -> String {
    std::fs::read_to_string(root().join("dist/container").join(name)).unwrap()
}

/// The first process of the container, seen from outside, and its root.
fn first(unshare: &Running) -> (i32, PathBuf) {
    let children = format!("/proc/{0}/task/{0}/children", unshare.pid());
    let mut pid = 0;
    until("the container has a process", || {
        let said = std::fs::read_to_string(&children).unwrap_or_default();
        pid = said.trim().parse().unwrap_or(0);
        pid > 0
    });
    (pid, PathBuf::from(format!("/proc/{pid}/root")))
}

#[test]
fn on_a_read_only_root_a_user_runs_services_whose_lines_are_in_a_file_and_in_the_logs() {
    let Some(image) = Image::new() else { return };
    // That nothing is writable and nothing on the tmpfs can be executed is what this is about.
    let check = "for place in . / /tmp; do ! touch $place/x 2>/dev/null || echo can write $place; done\n\
                 cp /bin/true \"$LOGS/true\"; ! \"$LOGS/true\" 2>/dev/null || echo can execute\n\
                 echo user $(id -u); ps -o comm= -p 1; rm \"$LOGS/true\"; sleep 1; exit 7";
    image.service("web", check);
    image.service("side", "trap 'echo bye; exit' TERM; echo up; while :; do sleep 0.05; done");
    let Some(running) = image.start("web") else { return };
    let (_, place) = first(&running);
    let lines = place.join(image.0.path("run/service/web.lines").strip_prefix("/").unwrap());
    let mut kept = String::new();
    until("the file has the lines", || {
        if lines.join("current").exists() {
            kept = LogView::of(&lines).text();
        }
        kept.lines().count() >= 2
    });
    let outcome = running.wait();
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(7), ""));
    let logs = String::from_utf8(outcome.stdout).unwrap();
    let of = |prefix: &str| -> Vec<String> {
        let lines = logs.lines().filter_map(|line| line.split_once(' ').map(|(_, line)| line));
        lines.filter_map(|line| line.strip_prefix(prefix)).map(str::to_string).collect()
    };
    assert_eq!(of("web: "), ["user 65534", "svscan"], "{logs}");
    assert_eq!(of("side: "), ["up", "bye"], "{logs}");
    assert_eq!(kept.lines().map(|line| line.split_once(' ').unwrap().1).collect::<Vec<_>>(), of("web: "));
}

/// docker waits ten seconds before it kills everything.
#[test]
fn a_service_that_ignores_term_is_killed_in_time_for_its_logger_to_read_the_rest() {
    let Some(image) = Image::new() else { return };
    image.service("web", "trap 'echo not yet' TERM; echo up; while :; do sleep 0.05; done");
    let Some(running) = image.start("web") else { return };
    let (pid, place) = first(&running);
    let lines = place.join(image.0.path("run/service/web.lines").strip_prefix("/").unwrap());
    until("it is up", || lines.join("current").exists() && LogView::of(&lines).text().contains("up"));
    let begun = Instant::now();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
    let outcome = running.wait();
    let took = begun.elapsed();
    assert_eq!(outcome.code, Some(137), "{outcome:?}");
    // Eight seconds, and what a busy machine takes.
    assert!((Duration::from_secs(8)..Duration::from_secs(12)).contains(&took), "{took:?}");
    let logs = String::from_utf8(outcome.stdout).unwrap();
    assert!(logs.contains("web: up\n") && logs.contains("web: not yet\n"), "{logs}");
    assert!(outcome.stderr.contains("svscan: warning: waiting for web (pid "), "{}", outcome.stderr);
}
