//! The options of `mlog`, for the program, its help and its completions alike.

use clap::{Arg, ArgAction, Command, value_parser};
use std::ffi::OsString;

use unix::diag::Message;
use unix::tool::Fatal;

use super::TROUBLE;
use crate::show::Form;

/// How it is used.
pub(super) const USAGE: &str = "mlog [ ls | stat | verify ] [ options ] [ dir ... ]";

/// What it does, and its options.
pub(super) const WHAT: &str = "\
Shows the lines of log directories in the order of time, through all archives and current.
Without a directory: the working directory, or its main.
  -n N                     only the last N lines, of those that match
  --since TIME             from this time on: yesterday, -2h, 'friday 14:00', RFC 3339, @4000...
  --until TIME             up to this time
  -g REGEX                 only lines whose text matches; or another -g
  -v REGEX                 no lines whose text matches
  -i, -F                   upper case is lower case; patterns are plain text
  -f                       go on with what is written from now on, after the last 10 lines
  --cursor-file FILE       begin where the last reader with this file ended
  -c                       only how many lines
  -A N, -B N, -C N         N lines of the same directory after, before, around each
  -o FORM                  local, utc, iso, epoch, tai64n, none, json, csv
  --prefix WHEN            begin lines with their directory: auto, always, never
  --color WHEN             colours: auto, always, never
  --reverse                the newest line first
  --pager                  through $PAGER, on a terminal
  --gaps SPAN              mark silences of that length
  -S DIR                   every log directory under a scan directory, by its service
  -u NAME                  of these only the services that are called so; globs
  --tai-offset WHICH       how far labels are ahead of UTC: auto, 10, leap
  mlog ls                  every file: first and last time, bytes, lines, ratio, state
  mlog stat                a bar for each --by minute, hour or day; --svg FILE; -g and so on
  mlog verify              checksums, torn lines, stamps that step back, leftovers, --gaps
Exit status: 0 found, 1 nothing found, 2 trouble, 3 lines are missing or damaged.";

fn text(name: &'static str) -> Arg {
    Arg::new(name).value_parser(value_parser!(OsString)).action(ArgAction::Set).allow_hyphen_values(true)
}

fn number(name: &'static str, letter: char) -> Arg {
    Arg::new(name).short(letter).value_parser(value_parser!(usize)).action(ArgAction::Set)
}

fn flag(name: &'static str) -> Arg {
    Arg::new(name).action(ArgAction::SetTrue)
}

fn choice(name: &'static str, among: &[&'static str]) -> Arg {
    Arg::new(name).long(name).value_parser(among.to_vec()).action(ArgAction::Set)
}

/// The definition of the command line.
pub fn command() -> Command {
    let by = choice("by", &["minute", "hour", "day"]);
    base("mlog").args(selection()).args(showing()).args(places()).subcommands([
        base("ls").about("Lists every file of log directories").args(places()),
        base("stat")
            .about("Shows how many lines there are over time")
            .args(selection())
            .args([by, text("svg").long("svg")])
            .args(places()),
        base("verify")
            .about("Says what is wrong with log directories")
            .arg(text("gaps").long("gaps"))
            .args(places()),
    ])
}

fn base(name: &'static str) -> Command {
    Command::new(name)
        .override_usage(USAGE)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .args_conflicts_with_subcommands(true)
}

/// Where the lines are.
fn places() -> [Arg; 4] {
    [
        Arg::new("dir").value_parser(value_parser!(OsString)).action(ArgAction::Append).num_args(0..),
        text("scan").short('S').long("scan"),
        text("u").short('u').long("unit").action(ArgAction::Append),
        choice("tai-offset", &["auto", "10", "leap"]),
    ]
}

/// Which lines are wanted.
fn selection() -> [Arg; 6] {
    [
        text("since").long("since"),
        text("until").long("until"),
        text("g").short('g').long("grep").action(ArgAction::Append),
        text("v").short('v').long("exclude").action(ArgAction::Append),
        flag("i").short('i').long("ignore-case"),
        flag("F").short('F').long("fixed-strings"),
    ]
}

/// How they are shown.
fn showing() -> [Arg; 13] {
    let forms: Vec<&'static str> = Form::NAMES.iter().map(|(name, _)| *name).collect();
    let whens = ["auto", "always", "never"];
    [
        number("n", 'n').long("lines"),
        flag("f").short('f').long("follow"),
        text("cursor").long("cursor-file").alias("cursor"),
        flag("c").short('c').long("count"),
        number("A", 'A').long("after"),
        number("B", 'B').long("before"),
        number("C", 'C').long("context"),
        choice("output", &forms).short('o'),
        choice("prefix", &whens),
        choice("color", &whens),
        flag("reverse").long("reverse"),
        text("gaps").long("gaps"),
        flag("pager").long("pager"),
    ]
}

/// What is wrong with the arguments, in one line.
pub(super) fn misuse(error: &clap::Error) -> Fatal {
    let text = error.to_string();
    let mut words = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let first = words.next().unwrap_or_default().trim_start_matches("error: ").to_string();
    let rest: Vec<&str> = words.collect();
    let message = if rest.is_empty() { first } else { format!("{first} {}", rest.join(" ")) };
    Fatal::misuse(Message::new(message)).with_code(TROUBLE)
}
