//! Real logs, through the logger and back.

use harness::{LogView, Scratch, corpus};

#[test]
fn real_logs_come_back_byte_for_byte() {
    let Some(logs) = corpus() else {
        eprintln!("skipped: there is no folder of real logs (LOG_CORPUS)");
        return;
    };
    assert_eq!(logs.len(), 16);
    for log in logs {
        let here = Scratch::new();
        let mut text = std::fs::read(&log).unwrap();
        here.multilog(&["t", "s4096", "n10000", "./main"]).over(&text).quietly();
        if !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        let view = LogView::of(here.path("main"));
        assert!(view.unstamped() == text, "{}", log.display());
        assert!(view.archives.len() > 20, "{}", log.display());
    }
}
