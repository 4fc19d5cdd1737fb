//! `Request`: what was asked for, from the words of the command line.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use unix::diag::{Message, complain};
use unix::options::seconds;
use unix::tool::Fatal;

use super::action::Action;

/// How it is used.
pub const USAGE: &str = "svctl [ -d dir ] [ -w seconds ] command [ service ... ]";

/// What `--help` says behind that.
pub const WHAT: &str = "\
Says what the services of a scan directory do, and tells them what to do.
  status [ --json ] [ SERVICE ... ]   a table of services, all if none is named
  start, stop, restart, once          and wait until it is so
  reload, pause, continue, kill       by HUP, STOP, CONT, KILL
  startall, stopall, restartall, statusall
                                      the same for all services
  enable DIR [ NAME ]                 link a service directory into the scan directory
  disable SERVICE ...                 remove the link; end the service, then its logger
  group GROUP SERVICE ...             let a group control services
  log [ SERVICE ... ] [ OPTIONS ]     mlog on their logs, with its options behind the names
  check [ DIR ... ]                   what may be wrong in service directories
  shutdown                            end all services in order, and svscan
  -d DIR                              the scan directory: otherwise $SVDIR, or the first of
                                      /service, /etc/service, /var/service
  -w SECONDS                          how long to wait: 30; 0 does not wait
A service is a name in the scan directory, NAME/log for its logger, a path with a slash in front or ./,
a glob, or @GROUP from the file svctl.groups.
Exit status: 0 it is so, 1 it is not so, 100 misuse, 111 trouble.";

/// How long is waited if nothing else is said.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a status is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Table,
    Json,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Status(Form),
    Act(Action),
    Enable,
    Disable,
    Group,
    Log,
    Shutdown,
    Check,
}

/// With which services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    All,
    Words(Vec<OsString>),
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// The scan directory that was named.
    pub(super) scan: Option<PathBuf>,
    /// How long to wait.
    pub(super) limit: Duration,
    pub(super) verb: Verb,
    pub(super) whom: Whom,
    /// What is for mlog.
    pub(super) options: Vec<OsString>,
}

impl Request {
    /// Options may be before the command or behind it, but what begins with a dash behind `log` is mlog's.
    pub(super) fn parse(arguments: &[OsString]) -> Result<Request, Fatal> {
        let mut draft = Draft::default();
        let mut words = arguments;
        while let [word, rest @ ..] = words {
            words = rest;
            let is_option = word.as_bytes().starts_with(b"-") && word != "-" && !draft.only_words;
            match draft.verb.as_deref() {
                Some(verb) if verb == "log" && is_option => {
                    draft.options.push(word.clone());
                    draft.options.extend_from_slice(rest);
                    break;
                }
                _ if is_option => words = draft.option(word, rest)?,
                None => draft.verb = Some(word.clone()),
                Some(_) => draft.words.push(word.clone()),
            }
        }
        draft.request()
    }

    /// Whether it is about services that are in the scan directory, and not about paths only.
    pub(super) fn looks_in_scan(&self) -> bool {
        let is_path = |word: &OsString| word.as_bytes().contains(&b'/');
        self.verb != Verb::Enable
            && (self.words().is_empty() || self.words().iter().any(|word| !is_path(word)))
    }

    /// What was named: nothing for all.
    pub(super) fn words(&self) -> &[OsString] {
        match &self.whom {
            Whom::All => &[],
            Whom::Words(words) => words,
        }
    }
}

/// A request that is being read.
#[derive(Debug, Default)]
struct Draft {
    scan: Option<PathBuf>,
    limit: Option<Duration>,
    json: bool,
    only_words: bool,
    verb: Option<OsString>,
    words: Vec<OsString>,
    options: Vec<OsString>,
}

impl Draft {
    /// Takes an option, and its value from the words behind it, which it returns.
    fn option<'a>(&mut self, word: &OsStr, rest: &'a [OsString]) -> Result<&'a [OsString], Fatal> {
        let bytes = word.as_bytes();
        match bytes {
            b"--" => self.only_words = true,
            b"--json" => self.json = true,
            [b'-', letter @ (b'd' | b'w'), inside @ ..] => {
                let (value, rest) = match (inside, rest) {
                    ([_, ..], _) => (inside, rest),
                    ([], [value, rest @ ..]) => (value.as_bytes(), rest),
                    ([], []) => return Err(refused("option requires an argument: ", word)),
                };
                self.take(*letter, value)?;
                return Ok(rest);
            }
            _ => return Err(refused("unknown option ", word)),
        }
        Ok(rest)
    }

    fn take(&mut self, letter: u8, value: &[u8]) -> Result<(), Fatal> {
        if letter == b'd' {
            self.scan = Some(PathBuf::from(OsStr::from_bytes(value)));
        } else {
            let bad = || refused("not a number of seconds: ", OsStr::from_bytes(value));
            self.limit = Some(seconds(value).ok_or_else(bad)?);
        }
        Ok(())
    }

    fn request(self) -> Result<Request, Fatal> {
        let Some(word) = &self.verb else { return Err(Fatal::usage(USAGE)) };
        let form = if self.json { Form::Json } else { Form::Table };
        let (verb, all) = verb(word, form).ok_or_else(|| self.unknown(word))?;
        if self.json && !matches!(verb, Verb::Status(_)) {
            return Err(refused("only status has --json, not ", word));
        }
        let count = self.words.len();
        let right = match verb {
            _ if all => count == 0,
            Verb::Status(_) | Verb::Log | Verb::Check => true,
            Verb::Act(_) | Verb::Disable => count > 0,
            Verb::Enable => count == 1 || count == 2,
            Verb::Group => count > 1,
            Verb::Shutdown => count == 0,
        };
        if !right {
            let what = if count == 0 { "no service for " } else { "wrong number of words for " };
            return Err(refused(what, word));
        }
        let whom = if all { Whom::All } else { Whom::Words(self.words) };
        let limit = self.limit.unwrap_or(PATIENCE);
        Ok(Request { scan: self.scan, limit, verb, whom, options: self.options })
    }

    /// Other tools take the service first.
    fn unknown(&self, word: &OsStr) -> Fatal {
        if let Some(second) = self.words.first().filter(|second| verb(second, Form::Table).is_some()) {
            let message =
                Message::new("unknown command ").and(word.as_bytes()).and("; the command is first: svctl ");
            complain("svctl", &message.and(second.as_bytes()).and(" ").and(word.as_bytes()));
            return Fatal::usage(USAGE);
        }
        refused("unknown command ", word)
    }
}

fn verb(word: &OsStr, form: Form) -> Option<(Verb, bool)> {
    let word = word.to_str()?;
    if let Some(word) = word.strip_suffix("all") {
        return match word {
            "start" | "stop" | "restart" => Some((Verb::Act(Action::of(word)?), true)),
            "status" => Some((Verb::Status(form), true)),
            _ => None,
        };
    }
    let verb = match word {
        "status" => Verb::Status(form),
        "enable" => Verb::Enable,
        "disable" => Verb::Disable,
        "group" => Verb::Group,
        "log" => Verb::Log,
        "shutdown" => Verb::Shutdown,
        "check" => Verb::Check,
        _ => Verb::Act(Action::of(word)?),
    };
    Some((verb, false))
}

/// Says what is wrong; the error is the usage.
fn refused(what: &str, word: &OsStr) -> Fatal {
    complain("svctl", &Message::new(what).and(word.as_bytes()));
    Fatal::usage(USAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn options_are_before_the_command_or_behind_it() {
        for text in
            ["-d /s -w 5 stop a b", "stop -w5 a -d/s b", "-w 5 stop a b -d /s", "-d /s -w5 stop -- a b"]
        {
            let request = Request::parse(&words(text)).unwrap();
            assert_eq!(request.scan, Some(PathBuf::from("/s")), "{text}");
            assert_eq!(request.limit, Duration::from_secs(5), "{text}");
            assert_eq!(
                (request.verb, request.words()),
                (Verb::Act(Action::Stop), &words("a b")[..]),
                "{text}"
            );
        }
        let dashed = Request::parse(&words("stop -- -w")).unwrap();
        assert_eq!((dashed.words(), dashed.limit), (&words("-w")[..], PATIENCE));
    }

    #[test]
    fn behind_log_the_first_dash_begins_what_is_for_mlog() {
        let request = Request::parse(&words("-d /s log a b -n 5 -d x")).unwrap();
        assert_eq!((request.words(), &request.options[..]), (&words("a b")[..], &words("-n 5 -d x")[..]));
        assert_eq!(Request::parse(&words("log -f")).unwrap().options, words("-f"));
    }

    #[test]
    fn all_services_are_meant_by_a_word() {
        for (text, verb) in [
            ("startall", Verb::Act(Action::Start)),
            ("stopall", Verb::Act(Action::Stop)),
            ("restartall", Verb::Act(Action::Restart)),
            ("statusall", Verb::Status(Form::Table)),
        ] {
            let request = Request::parse(&words(text)).unwrap();
            assert_eq!((request.verb, request.whom), (verb, Whom::All));
        }
        assert_eq!(Request::parse(&words("--json status a")).unwrap().verb, Verb::Status(Form::Json));
    }

    #[test]
    fn what_is_not_understood_is_a_misuse() {
        for text in [
            "",
            "start",
            "killall",
            "nothing x",
            "-x status",
            "status -w",
            "-w x status",
            "-w -1 status",
            "startall x",
            "enable",
            "enable a b c",
            "group x",
            "shutdown x",
            "disable",
            "start --json x",
            "-d",
        ] {
            assert_eq!(Request::parse(&words(text)).unwrap_err().code(), 100, "{text}");
        }
    }
}
