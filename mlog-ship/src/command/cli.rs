//! The options of `mlog-ship`: one definition for the program, its help and a test of its manual, and their values.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use mlog::store::Ahead;
use tai64tools::leap::Offset;
use unix::diag::Message;
use unix::tool::Fatal;

use crate::settled::{Settled, Sinks};
use crate::sink::{self, KINDS};
use crate::source::Begin;
use crate::values;

/// How it is used.
pub(super) const USAGE: &str = "mlog-ship [ -S scandir | dir ... ] --state dir [ options ] sink ...";

fn text(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    let any = value_parser!(OsString);
    Arg::new(name).value_parser(any).value_name(value).long(name).allow_hyphen_values(true).help(help)
}

/// The definition of the command line.
pub fn command() -> Command {
    let words = Arg::new("words").value_parser(value_parser!(OsString)).num_args(0..).value_name("DIR|SINK");
    Command::new("mlog-ship")
        .about("Ships log directories to the engine of a fleet")
        .override_usage(USAGE)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(words.help("log directories, and where their lines go"))
        .args([
            text("scan", "DIR", "every log directory under a scan directory, by its service").short('S'),
            text("unit", "NAME", "of these only the services that are called so; globs")
                .short('u')
                .action(ArgAction::Append),
            text("state", "DIR", "where is kept what was delivered; of this shipper alone"),
            text("from", "WHERE", "where a new directory begins: start, end"),
            text("delay", "TIME", "the longest that a line waits for others: 5"),
            text("batch", "SIZE", "the most bytes of lines that are sent together: 256K"),
            text("memory", "SIZE", "what all batches together may take: 64M"),
            text("max-record", "SIZE", "longer lines are split"),
            text("timeout", "TIME", "the longest that an answer is waited for: 60"),
            text("metrics", "FILE", "counters, for the node exporter's textfile collector"),
            text("host", "NAME", "the name of this machine, if not its own"),
            text("refused", "DIR", "where lines are kept that are refused: refused in the state directory"),
            text("tai-offset", "WHICH", "how far labels are ahead of UTC: auto, 10, leap"),
        ])
        .args(KINDS.iter().flat_map(|kind| (kind.arguments)()))
}

fn wrong(text: impl AsRef<[u8]>) -> Fatal {
    Fatal::misuse(Message::new(text))
}

/// What is wrong with the arguments, in one line.
fn misuse(error: &clap::Error) -> Fatal {
    let text = error.to_string();
    let mut words = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let first = words.next().unwrap_or_default().trim_start_matches("error: ").to_string();
    let rest: Vec<&str> = words.collect();
    wrong(if rest.is_empty() { first } else { format!("{first} {}", rest.join(" ")) })
}

/// The value of an option.
fn value<'a>(given: &'a ArgMatches, name: &str) -> Option<&'a OsStr> {
    given.get_one::<OsString>(name).map(OsString::as_os_str)
}

/// The value of an option, read. An error names the option and what is allowed.
fn read<T>(
    given: &ArgMatches,
    name: &str,
    allowed: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Fatal> {
    let Some(word) = value(given, name) else { return Ok(None) };
    let found = word.to_str().and_then(read);
    found.map(Some).ok_or_else(|| {
        Fatal::misuse(Message::new(format!("--{name} ")).and(word.as_bytes()).and(": ").and(allowed))
    })
}

fn size_in(least: usize, most: usize) -> impl Fn(&str) -> Option<usize> {
    move |word| values::size(word).filter(|size| (least..=most).contains(size))
}

fn span_up_to(most: u64) -> impl Fn(&str) -> Option<Duration> {
    move |word| values::span(word).filter(|span| *span <= Duration::from_secs(most))
}

/// Reads the arguments. Nothing is opened.
///
/// # Errors
///
/// What is wrong with them: exit 100.
pub(super) fn settle(arguments: Vec<OsString>) -> Result<Settled, Fatal> {
    let words = std::iter::once(OsString::from("mlog-ship")).chain(arguments);
    let given = command().try_get_matches_from(words).map_err(|error| misuse(&error))?;
    read(&given, "timeout", "a time from 100ms to 1h, such as 60", |word| {
        values::span(word).filter(|span| (100..=3_600_000).contains(&span.as_millis()))
    })?;
    let (directories, sinks) = places(&given)?;
    let scan = value(&given, "scan").map(PathBuf::from);
    let units: Vec<Vec<u8>> = given
        .get_many::<OsString>("unit")
        .into_iter()
        .flatten()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    if scan.is_none() && !units.is_empty() {
        return Err(wrong("--unit is for services: -S is missing"));
    }
    if scan.is_none() && directories.is_empty() {
        return Err(wrong("nothing to ship: name log directories, or a scan directory with -S"));
    }
    let batch = read(&given, "batch", "a size from 1K to 8M, such as 256K", size_in(1 << 10, 8 << 20))?
        .unwrap_or(256 << 10);
    let memory = read(&given, "memory", "a size from 1M to 64G, such as 64M", size_in(1 << 20, 64 << 30))?
        .unwrap_or(64 << 20);
    let state = state(&given)?;
    let refused = value(&given, "refused").map_or_else(|| state.join("refused"), PathBuf::from);
    Ok(Settled {
        directories,
        scan,
        units,
        ahead: ahead(&given)?,
        state,
        refused,
        begin: begin(&given)?,
        delay: read(&given, "delay", "a time up to 1h, such as 5 or 200ms", span_up_to(3600))?
            .unwrap_or(Duration::from_secs(5)),
        batch,
        memory,
        longest: read(&given, "max-record", "a size from 64 to 8M, such as 256K", size_in(64, 8 << 20))?,
        metrics: metrics(&given)?,
        host: host(&given)?,
        sinks,
    })
}

/// Directories and sinks.
fn places(given: &ArgMatches) -> Result<(Vec<PathBuf>, Sinks), Fatal> {
    let (mut directories, mut sinks) = (Vec::new(), Vec::new());
    for word in given.get_many::<OsString>("words").into_iter().flatten() {
        match sink::kind(word) {
            Some(kind) => sinks.push((kind.settle)(word, given).map_err(wrong)?),
            None if word.is_empty() => return Err(wrong("a directory without a name")),
            None => directories.push(PathBuf::from(word)),
        }
    }
    if sinks.is_empty() {
        let written: Vec<&str> = KINDS.iter().map(|kind| kind.written).collect();
        return Err(wrong(format!("no sink: name where lines go, {}", written.join(" or "))));
    }
    Ok((directories, sinks))
}

fn state(given: &ArgMatches) -> Result<PathBuf, Fatal> {
    match value(given, "state") {
        Some(path) if !path.is_empty() => Ok(PathBuf::from(path)),
        _ => Err(wrong("--state is missing: a directory where is kept what was delivered")),
    }
}

fn metrics(given: &ArgMatches) -> Result<Option<PathBuf>, Fatal> {
    match value(given, "metrics") {
        Some(path) if path.is_empty() => {
            Err(wrong("--metrics needs a file, such as /var/lib/node/ship.prom"))
        }
        path => Ok(path.map(PathBuf::from)),
    }
}

fn begin(given: &ArgMatches) -> Result<Begin, Fatal> {
    let begin = read(given, "from", "start or end", |word| match word {
        "start" => Some(Begin::Start),
        "end" => Some(Begin::End),
        _ => None,
    })?;
    Ok(begin.unwrap_or(Begin::Start))
}

fn ahead(given: &ArgMatches) -> Result<Ahead, Fatal> {
    let ahead = read(given, "tai-offset", "auto, 10 or leap", |word| match word {
        "auto" => Some(Ahead::Auto),
        "10" => Some(Ahead::Said(Offset::Fixed)),
        "leap" => Some(Ahead::Said(Offset::Leap)),
        _ => None,
    })?;
    Ok(ahead.unwrap_or(Ahead::Auto))
}

fn host(given: &ArgMatches) -> Result<Option<Vec<u8>>, Fatal> {
    match value(given, "host") {
        Some(name) if name.is_empty() => Err(wrong("--host needs a name")),
        name => Ok(name.map(|name| name.as_bytes().to_vec())),
    }
}
