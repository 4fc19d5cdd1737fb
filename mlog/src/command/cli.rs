//! The options of `mlog`: one definition for the program, its help, its completions and a test of its manual.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command, ValueHint, value_parser};
use unix::diag::Message;
use unix::tool::Fatal;

use super::TROUBLE;
use crate::show::Form;

/// How it is used.
pub(super) const USAGE: &str = "mlog [ ls | stat | verify | explain | completions ] [ options ] [ dir ... ]";

/// An option with a value that is any text.
fn text(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    let any = value_parser!(OsString);
    Arg::new(name).value_parser(any).value_name(value).allow_hyphen_values(true).help(help)
}

fn number(letter: char, long: &'static str, help: &'static str) -> Arg {
    let count = value_parser!(usize);
    Arg::new(long).short(letter).long(long).value_parser(count).value_name("N").help(help)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

fn choice(name: &'static str, value: &'static str, among: &[&'static str], help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_parser(among.to_vec())
        .value_name(value)
        .help(help)
        .hide_possible_values(true)
}

/// The definition of the command line.
pub fn command() -> Command {
    base("mlog", "Shows the lines of log directories in the order of time, through all archives and current")
        .args(selection())
        .args(showing())
        .args(places())
        .subcommands([ls(), stat(), verify(), explain(), completions()])
}

fn base(name: &'static str, about: &'static str) -> Command {
    Command::new(name)
        .about(about)
        .override_usage(USAGE)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .args_conflicts_with_subcommands(true)
}

fn ls() -> Command {
    base("ls", "every file: first and last time, bytes, lines, ratio, state").args(places())
}

fn stat() -> Command {
    let units = ["minute", "hour", "day"];
    base("stat", "how many lines there are over time; also only those that match")
        .args(selection())
        .arg(choice("by", "UNIT", &units, "a bar for each minute, hour or day"))
        .arg(text("svg", "FILE", "the same as a picture").long("svg").value_hint(ValueHint::FilePath))
        .args(places())
}

fn verify() -> Command {
    base("verify", "checksums, torn lines, stamps that step back, leftovers").arg(gaps()).args(places())
}

fn explain() -> Command {
    let script = text("script", "SCRIPT", "the arguments of a multilog");
    base("explain", "what a multilog script does, what it takes of the disk, its mistakes")
        .arg(script.num_args(0..).trailing_var_arg(true))
}

fn completions() -> Command {
    let shells = ["bash", "zsh", "fish"];
    let shell = Arg::new("shell").required(true).value_parser(shells).value_name("SHELL").help("which shell");
    base("completions", "what bash, zsh or fish needs to complete these options")
        .arg(shell.hide_possible_values(true))
}

fn gaps() -> Arg {
    text("gaps", "SPAN", "mark silences of at least that length").long("gaps")
}

/// Where the lines are.
fn places() -> [Arg; 4] {
    let directories = text("dir", "DIR", "log directories; the working directory, or its main").num_args(0..);
    let scan = text("scan", "DIR", "every log directory under a scan directory, by its service");
    let unit = text("unit", "NAME", "of these only the services that are called so; globs");
    [
        directories.allow_hyphen_values(false).value_hint(ValueHint::DirPath).action(ArgAction::Append),
        scan.short('S').long("scan").value_hint(ValueHint::DirPath),
        unit.short('u').long("unit").action(ArgAction::Append),
        choice(
            "tai-offset",
            "WHICH",
            &["auto", "10", "leap"],
            "how far labels are ahead of UTC: auto, 10, leap",
        ),
    ]
}

/// Which lines are wanted.
fn selection() -> [Arg; 6] {
    let grep = text("grep", "REGEX", "only lines whose text matches; or another -g");
    let exclude = text("exclude", "REGEX", "no lines whose text matches");
    [
        text("since", "TIME", "from then on: yesterday, -2h, 'friday 14:00', @4000...").long("since"),
        text("until", "TIME", "up to then").long("until"),
        grep.short('g').long("grep").action(ArgAction::Append),
        exclude.short('v').long("exclude").action(ArgAction::Append),
        flag("ignore-case", "upper and lower case are the same").short('i'),
        flag("fixed-strings", "patterns are plain text").short('F'),
    ]
}

/// How they are shown.
fn showing() -> [Arg; 13] {
    let forms: Vec<&'static str> = Form::NAMES.iter().map(|(name, _)| *name).collect();
    let whens = ["auto", "always", "never"];
    let shown = "local, utc, iso, epoch, tai64n, none, json, csv";
    let cursor = text("cursor-file", "FILE", "begin where the last reader with this file ended");
    [
        number('n', "lines", "only the last N lines, of those that match"),
        flag("follow", "go on with what is written from now on").short('f'),
        cursor.long("cursor-file").alias("cursor").value_hint(ValueHint::FilePath),
        flag("count", "only how many lines").short('c'),
        number('A', "after", "N lines of the same directory after each"),
        number('B', "before", "N lines of it before each"),
        number('C', "context", "N lines of it around each"),
        choice("output", "FORM", &forms, shown).short('o'),
        choice("prefix", "WHEN", &whens, "begin lines with their directory: auto, always, never"),
        choice("color", "WHEN", &whens, "colours: auto, always, never"),
        flag("reverse", "the newest line first"),
        gaps(),
        flag("pager", "through $PAGER, on a terminal"),
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
