//! A clock that steps: supervise waits on one that does not.

use std::path::Path;

use harness::ours_only;

use crate::{Service, until};

#[test]
fn a_service_is_started_again_in_time_when_the_clock_steps() {
    // faketime works by preloading, so not on a program that is linked statically.
    let mut service = Service::new("echo $$ >>log; exec sleep 0.3");
    let supervise = service.tools.supervise.clone();
    let text = std::fs::read(&supervise).unwrap();
    if !Path::new("/usr/bin/faketime").exists() || !text.windows(9).any(|part| part == b"ld-linux-") {
        return eprintln!("skipped: no faketime, or a static program");
    }
    if !ours_only("Waiting after a start") {
        return;
    }
    let clock = service.here.write("clock", "+0d");
    let run = service.here.run(&supervise, &["x"]).with("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap());
    // The program of that name would say one time for good.
    let run = run.with("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1");
    let run = run.with("FAKETIME_NO_CACHE", "1").with("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    service.supervise = Some(run.start());
    service.until_log(2);
    let since = || {
        u64::from_be_bytes(
            std::fs::read(service.here.path("x/supervise/status")).unwrap()[..8].try_into().unwrap(),
        )
    };
    let mut last = since();
    for (offset, later) in [("-1d", false), ("+1y", true), ("-20y", false), ("+0d", true)] {
        std::fs::write(&clock, offset).unwrap();
        let lines = service.log().len();
        service.until_log(lines + 2);
        until("the status has the new time", || (since() > last) == later && since().abs_diff(last) > 80_000);
        last = since();
        assert!(
            service.state().starts_with("up (pid N) N seconds")
                || service.state().starts_with("down N seconds")
        );
    }
    service.leave();
}
