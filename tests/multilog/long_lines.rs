//! Lines longer than patterns see, than buffers hold, than files take.

use harness::{LogView, Scratch};

#[test]
fn every_length_around_the_limits_passes_unchanged() {
    for length in
        [0, 1, 25, 26, 27, 199, 200, 973, 974, 975, 999, 1000, 1001, 1999, 2000, 2001, 70_000, 300_000]
    {
        for stamp in [&[][..], &["t"]] {
            let here = Scratch::new();
            let arguments = [stamp, &["s16777215", "./main"]].concat();
            let input = format!("first\n{}\nlast\n", "l".repeat(length));
            here.multilog(&arguments).over(&input).quietly();
            let view = LogView::of(here.path("main"));
            let bytes = if stamp.is_empty() { view.bytes() } else { view.unstamped() };
            assert!(bytes == input.as_bytes(), "{length} {stamp:?}");
        }
    }
}

#[test]
fn a_long_line_is_decided_once_and_goes_whole_to_each_directory() {
    let here = Scratch::new();
    let long = "a".repeat(150_000) + "\n";
    here.multilog(&["s16777215", "./all", "-b*", "./no-b"]).over(format!("{long}b{long}{long}")).quietly();
    assert!(LogView::of(here.path("all")).text() == format!("{long}b{long}{long}"));
    assert!(LogView::of(here.path("no-b")).text() == long.repeat(2));
}

#[test]
fn a_long_line_is_one_line_across_files() {
    let here = Scratch::new();
    let input = format!("x\n{}\ny\n", "l".repeat(20_000));
    here.multilog(&["s4096", "n100", "./main"]).over(&input).quietly();
    assert_eq!(LogView::of(here.path("main")).text(), input);
}

#[test]
fn a_line_of_a_hundred_megabytes_takes_constant_memory() {
    let here = Scratch::new();
    let mut running = here.multilog(&["t", "s16777215", "n3", "./main"]).start();
    let piece = vec![b'l'; 1 << 20];
    for _ in 0..100 {
        running.write(&piece);
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 20_000, "{peak} kB");
    running.end().quietly();
    let view = LogView::of(here.path("main"));
    assert_eq!(view.archives.iter().map(|file| file.2.len()).collect::<Vec<_>>(), [16_777_215, 16_777_215]);
}
