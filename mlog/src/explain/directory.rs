//! A directory: its settings, and what they mean in bytes and hours.

use multilog::output::newline_window;
use multilog::script::{Compression, Cycle, Durability, FileCount, LogConfig, Spared, Transform};
use tai64tools::Stamp;

use super::words::{bytes, bytes_at_most, plain, put, quoted, seconds};

/// A line of a log, in bytes without its stamp, for examples.
const LINE: u64 = 100;

/// Says what is done with files, what they take of the disk, and how old they become.
pub(super) fn explain(text: &mut String, log: &LogConfig, stamp: Option<Stamp>) {
    let LogConfig {
        path,
        size,
        cycle,
        keep: _,
        age: _,
        cap: _,
        spare,
        durability,
        transform,
        prefix,
        limit,
        mode,
        code: _,
    } = log;
    put(text, format_args!("\n{}", plain(path)));
    let mut say = |what: &str, words: String| put(text, format_args!("  {what:<8} {words}"));
    let code = log.code();
    let code = code.as_bytes().escape_ascii();
    say("full", format!("at {}, or a little less; then current becomes @TIME.{code}", bytes(size.bytes())));
    if let Some(cycle) = cycle {
        say("also", format!("{}, unless current is empty", boundary(*cycle)));
    }
    if let Some(words) = then(transform) {
        say("then", words);
    }
    kept(log).into_iter().for_each(|(what, words)| say(what, words));
    say("no room", no_room(*spare));
    say("on disk", on_disk(*durability));
    if let Some(rate) = limit {
        let lines = rate.lines();
        say("limit", format!("at most {lines} lines a second; the log says how many were dropped"));
    }
    if let Some(mode) = mode {
        say("mode", format!("new files have the mode {:04o}", mode.bits()));
    }
    if !prefix.as_bytes().is_empty() {
        say("prefix", format!("lines begin with {}", quoted(prefix)));
    }
    say("space", space(log));
    let each = LINE + prefix.as_bytes().len() as u64 + stamp.map_or(0, length);
    if let Some((slow, fast)) = age_at_least(log, each) {
        say(
            "time",
            format!("with one line of {LINE} bytes a second it is at least {slow} old when it goes;"),
        );
        say("", format!("with 100 a second, {fast}"));
    }
}

/// How old a line of `each` bytes is at least when it goes, where one comes each second, and a hundred. None: only its
/// age decides, which is said already.
fn age_at_least(log: &LogConfig, each: u64) -> Option<(String, String)> {
    let size = log.size.bytes();
    let archives = log.keep().map(|keep| keep.archives() as u64);
    let least = size - newline_window(size);
    let by_number = archives.map(|archives| least.saturating_mul(archives));
    // The oldest file goes as a whole.
    let by_cap = log.cap.map(|cap| cap.bytes().saturating_sub(size));
    let lines = by_number.into_iter().chain(by_cap).min()? / each;
    let length = log.cycle.map(|cycle| cycle.length().unsigned_abs());
    let by_cycle = archives.zip(length).map(|(archives, length)| length.saturating_mul(archives));
    let by_age = log.age.map(|age| age.span().as_secs());
    let longest = by_cycle.into_iter().chain(by_age).min().unwrap_or(u64::MAX);
    Some((seconds(lines.min(longest)), seconds((lines / 100).min(longest))))
}

/// Which archives go.
fn kept(log: &LogConfig) -> Vec<(&'static str, String)> {
    let number = log.keep().map(FileCount::archives);
    let archives = match number {
        None => "any number of archives".into(),
        Some(1) => "the newest archive".into(),
        Some(number) => format!("the newest {number} archives"),
    };
    let mut kept = vec![("kept", format!("current and {archives}; the oldest one goes first"))];
    if let Some(age) = log.age {
        let span = seconds(age.span().as_secs());
        kept.push(("age", format!("archives older than {span} go, also when no line comes")));
    }
    if let Some(cap) = log.cap {
        let most = bytes(cap.bytes());
        kept.push(("cap", format!("the oldest archives go when all files have more than {most}")));
    }
    kept
}

/// When time rotates a file.
fn boundary(cycle: Cycle) -> String {
    match cycle.length() {
        604_800 => "at midnight before Monday, by local time".into(),
        86_400 => "at midnight, by local time".into(),
        length => format!("each {} of local time", seconds(length.unsigned_abs())),
    }
}

fn then(transform: &Transform) -> Option<String> {
    Some(match transform {
        Transform::Keep => return None,
        Transform::Process(command) => format!("full files go through sh -c '{}'", plain(command)),
        Transform::Compress(Compression::Gzip(level)) => {
            format!("full files are compressed with gzip, level {level}")
        }
        Transform::Compress(Compression::Zstd(level)) => {
            format!("full files are compressed with zstd, level {level}")
        }
    })
}

fn no_room(spare: Option<Spared>) -> String {
    match spare.map(Spared::archives) {
        None => "on a full disk multilog waits, and so does the service; nothing is deleted".into(),
        Some(least) => {
            format!("on a full disk archives are deleted until {least} are left; then multilog waits")
        }
    }
}

fn on_disk(durability: Durability) -> String {
    match durability {
        Durability::Rotation => "when a file is full; a power cut may take what is in current".into(),
        Durability::Within(span) => format!("within {} of being written", seconds(span.as_secs())),
        Durability::Always => "before a line leaves the input".into(),
    }
}

/// The most that the files take.
fn space(log: &LogConfig) -> String {
    let by_number = log.keep().map(|keep| log.size.bytes().saturating_mul(keep.files() as u64));
    match (by_number, log.cap) {
        (_, Some(cap)) if by_number.is_none_or(|all| cap.bytes() < all) => {
            format!("{} at most, and those that wait to be archives", bytes_at_most(cap.bytes()))
        }
        (Some(all), _) => space_by_number(all, &log.transform),
        (None, _) => "as much as comes within that time".into(),
    }
}

fn space_by_number(all: u64, transform: &Transform) -> String {
    let all = bytes_at_most(all);
    match transform {
        Transform::Keep => format!("{all} at most"),
        Transform::Process(_) => {
            format!("{all} at most where the processor makes files no longer, and those that wait for it")
        }
        Transform::Compress(_) => format!("{all} at most before compression, and those that wait for it"),
    }
}

/// The bytes of a stamp.
fn length(stamp: Stamp) -> u64 {
    match stamp {
        Stamp::Tai64n => 26,
        Stamp::Accustamp => 18,
        Stamp::Iso => 36,
        Stamp::IsoUtc => 31,
        Stamp::Unix | Stamp::UnixMilliseconds => 21,
    }
}
