//! What the command line says of the OTLP sink.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clap::{Arg, ArgMatches, value_parser};
use unix::diag::Message;
use ureq::Agent;

use super::Otlp;
use super::connection::agent;
use super::level::Levels;
use super::target::Target;
use crate::sink::{Given, Kind, Settings, Sink};
use crate::values::timeout;

/// Engines that take OTLP over HTTP.
pub const KIND: Kind = Kind {
    begins: &["otlp:"],
    written: "otlp:URL[#OPTIONS]",
    about: "an engine that takes OTLP over HTTP; options are json, gzip=no, headers=FILE, headers-env=NAME, ca=FILE",
    arguments,
    settle,
};

const LEVEL: &str = "level";

fn arguments() -> Vec<Arg> {
    let level = Arg::new(LEVEL).long(LEVEL).value_name("REGEX").value_parser(value_parser!(OsString));
    vec![
        level
            .allow_hyphen_values(true)
            .help("otlp: where the level of a line is: group `level`, or `error` and so on"),
    ]
}

fn settle(word: &OsStr, given: &ArgMatches) -> Result<Box<dyn Settings>, String> {
    let rest = word.as_bytes().strip_prefix(b"otlp:").unwrap_or_default();
    let target = Target::parse(OsStr::from_bytes(rest)).map_err(|wrong| said(word, &wrong))?;
    let levels = given.get_one::<OsString>(LEVEL).map(|expression| {
        let text = expression.to_str().ok_or_else(|| "--level is not UTF-8".to_owned())?;
        Levels::new(text).map_err(|wrong| said(OsStr::new(&format!("--level {text}")), &wrong))
    });
    let levels = levels.transpose()?.map(Arc::new);
    Ok(Box::new(Engine { target, levels, patience: timeout(given), agent: OnceLock::new() }))
}

fn said(word: &OsStr, wrong: &Message) -> String {
    let message = Message::new(word.as_bytes()).and(wrong.as_bytes());
    String::from_utf8_lossy(message.as_bytes()).into_owned()
}

/// An engine, as the command line says.
struct Engine {
    target: Target,
    levels: Option<Arc<Levels>>,
    patience: Duration,
    /// What all lanes have in common, made for the first one.
    agent: OnceLock<Agent>,
}

impl Engine {
    fn make(&self) -> Result<Otlp, Message> {
        let agent = match self.agent.get() {
            Some(agent) => agent.clone(),
            None => self
                .agent
                .get_or_init({
                    let made = agent(&self.target, self.patience)?;
                    || made
                })
                .clone(),
        };
        Otlp::new(&self.target, self.levels.clone(), agent)
    }
}

impl Settings for Engine {
    fn name(&self) -> &'static str {
        "otlp"
    }

    fn open(&self, _given: Given) -> Result<Box<dyn Sink>, String> {
        match self.make() {
            Ok(sink) => Ok(Box::new(sink)),
            Err(wrong) => Err(String::from_utf8_lossy(wrong.as_bytes()).into_owned()),
        }
    }
}
