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
    name: "otlp",
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
    let target =
        Target::parse(OsStr::from_bytes(rest)).map_err(|wrong| said(&shown(word.as_bytes()), &wrong))?;
    let levels = given.get_one::<OsString>(LEVEL).map(|expression| {
        let text = expression.to_str().ok_or_else(|| "--level is not UTF-8".to_owned())?;
        Levels::new(text).map_err(|wrong| said(format!("--level {text}").as_bytes(), &wrong))
    });
    let levels = levels.transpose()?.map(Arc::new);
    Ok(Box::new(Engine { target, levels, patience: timeout(given), agent: OnceLock::new() }))
}

/// The word without a password, which is not for logs.
fn shown(word: &[u8]) -> Vec<u8> {
    let end = word.iter().position(|byte| b"#?".contains(byte)).unwrap_or(word.len());
    let begin = word.windows(3).position(|three| three == b"://").map(|at| at + 3);
    match (begin, word[..end].iter().rposition(|&byte| byte == b'@')) {
        (Some(begin), Some(at)) if at >= begin => [&word[..begin], b"...", &word[at..]].concat(),
        _ => word.to_vec(),
    }
}

fn said(word: &[u8], wrong: &Message) -> String {
    let message = Message::new(word).and(wrong.as_bytes());
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
            None => {
                let made = agent(&self.target, self.patience)?;
                self.agent.get_or_init(|| made).clone()
            }
        };
        Otlp::new(&self.target, self.levels.clone(), agent)
    }
}

impl Settings for Engine {
    fn name(&self) -> &'static str {
        KIND.name
    }

    fn engine(&self) -> Vec<u8> {
        self.target.url.to_string().into_bytes()
    }

    fn open(&self, _given: Given) -> Result<Box<dyn Sink>, String> {
        match self.make() {
            Ok(sink) => Ok(Box::new(sink)),
            Err(wrong) => Err(String::from_utf8_lossy(wrong.as_bytes()).into_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        for (word, expected) in [
            ("otlp:http://user:secret@host/x", "otlp:http://...@host/x"),
            ("otlp:http://a/b@c:secret@host", "otlp:http://...@host"),
            ("otlp:http://host/x#headers=a@b", "otlp:http://host/x#headers=a@b"),
            ("otlp:@://", "otlp:@://"),
            ("otlp:", "otlp:"),
        ] {
            assert_eq!(shown(word.as_bytes()), expected.as_bytes(), "{word}");
        }
    }
}
