//! Random commands to the real thing: the status is never torn, and the last command decides.

use harness::{Random, ours_only};

use crate::{Service, until};

/// Ends at once, some time later, or not when it is told to; forks as well.
const MOODY: &str = "n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) >n\n\
                     case $((n % 4)) in\n\
                     0) exit 1;;\n\
                     1) sleep 0.2;;\n\
                     2) trap : TERM; (sleep 0.5 &) ; for i in 1 2 3; do sleep 0.2; done;;\n\
                     3) exec sleep 1000;;\n\
                     esac";

#[test]
fn five_hundred_random_commands() {
    if ours_only("Waiting after a start") {
        let service = Service::up(MOODY);
        let mut random = Random::new(2026);
        for round in 0..500 {
            let letter = char::from(b"udopcht"[usize::try_from(random.below(7)).unwrap()]);
            service.svc(&format!("-{letter}"));
            let status = std::fs::read(service.here.path("x/supervise/status")).unwrap();
            assert_eq!(status.len(), 18, "round {round}");
            if random.below(10) == 0 {
                std::thread::sleep(std::time::Duration::from_millis(random.below(50)));
            }
        }
        service.svc("-cdk");
        service.until("down N seconds, normally up");
        service.svc("-u");
        until("it is wanted up", || {
            std::fs::read(service.here.path("x/supervise/status")).unwrap()[17] == b'u'
        });
        service.svc("-d");
        until("it is wanted down", || {
            std::fs::read(service.here.path("x/supervise/status")).unwrap()[17] == b'd'
        });
        service.leave();
    }
}
