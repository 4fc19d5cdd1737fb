//! The table of docs/RELIABILITY.md: the same scenarios for ours and its peers.
//!
//! `make reliability` prints it. It is a measurement, and only a fault of ours fails it.

use std::io::Write;
use std::process::Command;
use std::time::Duration;

use harness::{LogView, Scratch, SmallDisk, strace};
use rustix::process::{Pid, Signal, kill_process};

use crate::disk::fill;
use crate::engines::Engine;
use crate::lines::{Account, Kind, account};
use crate::storm::{Storm, end, rage_over, start};

/// How long TERM is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn the_table() {
    if std::env::var_os("RELIABILITY_TABLE").is_none() {
        eprintln!("skipped: RELIABILITY_TABLE is not set");
        return;
    }
    let engines: Vec<Engine> = [vec![Engine::ours()], Engine::peers()].concat();
    let names: Vec<&str> = engines.iter().map(|engine| engine.name).collect();
    println!("| scenario | {} |", names.join(" | "));
    println!("|---|{}", "---|".repeat(engines.len()));
    let row = |what: &str, measure: &dyn Fn(&Engine) -> String| {
        let cells: Vec<String> = engines.iter().map(measure).collect();
        println!("| {what} | {} |", cells.join(" | "));
    };
    for (what, kind, paced) in [
        ("numbered lines, full speed", Kind::Numbered, false),
        ("numbered lines, paced", Kind::Numbered, true),
        ("identical lines, paced", Kind::Identical, true),
        ("lines of 0 to 100,000 bytes", Kind::Mixed, true),
    ] {
        row(&format!("300 kills: {what}"), &|engine| said(&kill_storm(engine, kind, paced)));
    }
    row("one fsync fails (EIO), then the power goes", &fsync_fails);
    row("the clock steps back a day: newest lines left of 400", &clock_steps);
    row("TERM while idle", &|engine| term(engine, State::Idle));
    row("TERM within a line", &|engine| term(engine, State::Midline));
    row("TERM on a full disk", &|engine| term(engine, State::Full));
    row("TERM while a processor fails", &|engine| term(engine, State::Processor));
}

fn said(account: &Account) -> String {
    let Account { written, lost, repeated, damaged } = account;
    if account.is_exact() {
        return format!("exact ({written} lines)");
    }
    format!("{lost} lost, {repeated} repeated, {damaged} torn of {written}")
}

fn kill_storm(engine: &Engine, kind: Kind, paced: bool) -> Account {
    let here = Scratch::in_memory();
    let storm = Storm { kind, kills: 300, paced, seed: 11 };
    let written = rage_over(storm, engine, &here.path(""), 16_000_000);
    account(&here.path("main"), kind, written, |_| true)
}

/// What the logger says of a file whose fsync has failed once. The kernel has dropped what it held then.
fn fsync_fails(engine: &Engine) -> String {
    let Some(strace) = strace() else { return "not measured".to_string() };
    let here = Scratch::new();
    let mut command = Command::new(strace);
    let inner = engine.command(&here.path(""), 8192, None);
    command.args(["-f", "-qq", "-o", "/dev/null", "-P"]).arg(here.path("main/current"));
    command.args(["-e", "inject=fsync,fdatasync:error=EIO:when=1"]).arg(inner.get_program());
    command.args(inner.get_args()).current_dir(here.path(""));
    // A first run makes the directory, so that the file that fails is a full one.
    let (reader, writer) = harness::pipe().unwrap();
    let mut first = start(engine.command(&here.path(""), 8192, None), &reader);
    drop(writer);
    drop(reader);
    end(&mut first, PATIENCE);
    let inode = |name: &std::path::Path| {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata(name).map_or(0, |metadata| metadata.ino())
    };
    let before = inode(&here.path("main/current"));
    let (reader, mut writer) = harness::pipe().unwrap();
    let mut logger = start(command, &reader);
    drop(reader);
    let lines: Vec<u8> =
        (0..200).flat_map(|n| format!("line {n} {}\n", "x".repeat(60)).into_bytes()).collect();
    writer.write_all(&lines).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    drop(writer);
    end(&mut logger, PATIENCE);
    let view = LogView::of(here.path("main"));
    let sealed = view.archives.iter().find(|(name, ..)| name.ends_with(".s"));
    match sealed {
        Some((name, ..)) if inode(&here.path("main").join(name)) == before => {
            "the same file is called safe".to_string()
        }
        Some(_) => "written again to a new file".to_string(),
        None => "not called safe".to_string(),
    }
}

/// Archives that are a day older than the future, as after a step back, and three files to keep.
fn clock_steps(engine: &Engine) -> String {
    let here = Scratch::in_memory();
    let lines = |from: usize, to: usize| -> Vec<u8> {
        (from..to).flat_map(|n| format!("line {n:03} {}\n", "x".repeat(60)).into_bytes()).collect()
    };
    for (round, step) in ["+1d", "+0d"].iter().enumerate() {
        let inner = engine.command(&here.path(""), 4096, None);
        let mut command = Command::new("/usr/bin/faketime");
        command.args(["-f", step]).arg(inner.get_program()).current_dir(here.path(""));
        command.args(
            inner.get_args().map(|argument| if argument == "n1000" { "n3".as_ref() } else { argument }),
        );
        let config = here.path("main/config");
        if let Ok(text) = std::fs::read_to_string(&config) {
            std::fs::write(&config, text.replace("n1000", "n3")).unwrap();
        }
        let (reader, mut writer) = harness::pipe().unwrap();
        let mut logger = start(command, &reader);
        drop(reader);
        writer.write_all(&lines(round * 400, round * 400 + 400)).unwrap();
        drop(writer);
        end(&mut logger, PATIENCE);
    }
    let log = LogView::of(here.path("main")).bytes();
    let newest = lines(400, 800);
    let kept = newest
        .split_inclusive(|&b| b == b'\n')
        .filter(|line| log.split_inclusive(|&b| b == b'\n').any(|logged| logged == *line));
    format!("{}", kept.count())
}

#[derive(Clone, Copy)]
enum State {
    Idle,
    Midline,
    Full,
    Processor,
}

fn term(engine: &Engine, state: State) -> String {
    let here = Scratch::new();
    let Some(_disk) = SmallDisk::mount(&here.path("disk"), "128k") else { return "not measured".to_string() };
    let folder = here.path("disk");
    let command = engine.command(&folder, 20_000, matches!(state, State::Processor).then_some("exit 1"));
    let (reader, mut writer) = harness::pipe().unwrap();
    if matches!(state, State::Full) {
        fill(&here.path("disk/filler"), 24 << 10);
    }
    let mut logger = start(command, &reader);
    let lines: Vec<u8> =
        (0..600).flat_map(|n| format!("line {n} {}\n", "x".repeat(60)).into_bytes()).collect();
    match state {
        State::Idle => writer.write_all(b"line\n").unwrap(),
        State::Midline => writer.write_all(&[b'x'; 3000]).unwrap(),
        State::Full | State::Processor => writer.write_all(&lines).unwrap(),
    }
    std::thread::sleep(Duration::from_millis(500));
    kill_process(Pid::from_child(&logger), Signal::TERM).unwrap();
    match end(&mut logger, PATIENCE) {
        Some(took) => format!("{:.2} s", took.as_secs_f64()),
        None => "never".to_string(),
    }
}
