//! A directory: its settings, and what they mean in bytes and hours.

use multilog::script::{Compression, Durability, FileCount, LogConfig, Spared, Transform};
use tai64tools::Stamp;

use super::words::{bytes, put, quoted, seconds};

/// A line of a log, in bytes without its stamp, for examples.
const LINE: u64 = 100;

/// Says what is done with files, what they take of the disk, and how old they become.
pub(super) fn explain(text: &mut String, log: &LogConfig, stamp: Option<Stamp>) {
    let LogConfig { path, size, keep: _, age, cap, spare, durability, transform, prefix, mode, code: _ } =
        log;
    put(text, format_args!("\n{}", path.display()));
    let mut say = |what: &str, words: String| put(text, format_args!("  {what:<8} {words}"));
    let code = log.code();
    let code = code.as_bytes().escape_ascii();
    say("full", format!("at {}, or a little less; then current becomes @TIME.{code}", bytes(size.bytes())));
    if let Some(words) = then(transform) {
        say("then", words);
    }
    say("kept", kept(log.keep()));
    if let Some(age) = age {
        let span = seconds(age.span().as_secs());
        say("age", format!("archives older than {span} go, also when no line comes"));
    }
    if let Some(cap) = cap {
        say("cap", format!("the oldest archives go when all files have more than {}", bytes(cap.bytes())));
    }
    say("no room", no_room(*spare));
    say("on disk", on_disk(*durability));
    if let Some(mode) = mode {
        say("mode", format!("new files have the mode {:04o}", mode.bits()));
    }
    if !prefix.as_bytes().is_empty() {
        say("prefix", format!("lines begin with {}", quoted(prefix)));
    }
    say("space", space(log));
    // What goes by age or size too may be younger.
    if let (Some(keep), None, None) = (log.keep(), age, cap) {
        let each = LINE + prefix.as_bytes().len() as u64 + stamp.map_or(0, length);
        let lines = size.bytes().saturating_mul(keep.archives() as u64) / each;
        let (slow, fast) = (seconds(lines), seconds(lines / 100));
        say(
            "time",
            format!("with one line of {LINE} bytes a second it is at least {slow} old when it goes;"),
        );
        say("", format!("with 100 a second {fast}"));
    }
}

fn kept(keep: Option<FileCount>) -> String {
    match keep {
        Some(keep) => {
            format!("current and the newest {} archives; the oldest one goes first", keep.archives())
        }
        None => "current and any number of archives; the oldest one goes first".into(),
    }
}

fn then(transform: &Transform) -> Option<String> {
    Some(match transform {
        Transform::Keep => return None,
        Transform::Process(command) => format!("full files go through sh -c '{}'", command.display()),
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
            format!("{} at most, and those that wait to be archives", bytes(cap.bytes()))
        }
        (Some(all), _) => space_by_number(all, &log.transform),
        (None, _) => "as much as comes within that time".into(),
    }
}

fn space_by_number(all: u64, transform: &Transform) -> String {
    let all = bytes(all);
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
