//! `status`: all that is known of services and their loggers.

use std::os::unix::ffi::OsStrExt;

use tai64tools::Label;
use unix::diag::Message;
use unix::process::Ended;
use unix::spawn::Ending;
use unix::stdout::terminal_width;
use unix::tool::{Exit, Fatal};

use super::NOT_SO;
use super::arguments::{Form, Request};
use super::scan::ScanDirectory;
use super::select::{Named, select};
use super::sight::{Blind, Sight, look, open};
use super::table::{self, Cell, Look, Mood};
use super::trouble::{briefly, explain};
use super::{say, span, tail};
use crate::service::command::Part;
use crate::service::json;
use crate::service::status::Want;

/// As for a command that can't be given: no supervise runs, or there is no right to look.
const NOTHING_KNOWN: u8 = 111;

/// A service and its logger.
struct Whole {
    named: Named,
    main: Result<Sight, Blind>,
    /// None: it has no logger.
    log: Option<Result<Sight, Blind>>,
    last: Option<Vec<u8>>,
}

/// Shows them. 1 if one is not as it should be, 111 if nothing is known of any.
pub(super) fn run(scan: &ScanDirectory, request: &Request, form: Form) -> Result<Exit, Fatal> {
    let all: Vec<Whole> = select(scan, request)?.into_iter().map(Whole::of).collect();
    match form {
        Form::Json => {
            say::text(all.iter().map(|whole| whole.json(Label::now())).collect::<String>().as_bytes())?
        }
        Form::Table if all.is_empty() => {
            say::trouble(&Message::new("no services in ").and(scan.named().as_bytes()));
        }
        Form::Table => {
            let colours = say::in_colour();
            let rows: Vec<_> =
                [head()].into_iter().chain(all.iter().map(|one| one.row(Label::now()))).collect();
            say::text(table::text(&rows, Look { colours, width: terminal_width() }).as_bytes())?;
            explain_the_blind(scan, &all);
        }
    }
    Ok(match () {
        () if all.iter().all(Whole::is_well) => Exit::Success,
        () if all.iter().all(Whole::is_hidden) => Exit::Code(NOTHING_KNOWN),
        () => Exit::Code(NOT_SO),
    })
}

/// Why nothing is known of some: of three at most, since it is mostly the same for all.
fn explain_the_blind(scan: &ScanDirectory, all: &[Whole]) {
    let blind: Vec<_> =
        all.iter().filter_map(|whole| Some((&whole.named, whole.main.as_ref().err()?))).collect();
    for (named, blind) in blind.iter().take(3) {
        say::trouble(&explain(scan, named, blind));
    }
    if blind.len() > 3 {
        say::trouble(&Message::new(format!("and {} more of which nothing is known", blind.len() - 3)));
    }
}

fn head() -> Vec<Cell> {
    ["SERVICE", "STATE", "PID", "FOR", "WANT", "READY", "LOGGER", "LAST LINE"]
        .map(|word| Cell::new(word, Mood::Head))
        .into()
}

impl Whole {
    fn of(named: Named) -> Whole {
        let home = open(&named);
        let main = home.as_ref().map_err(Clone::clone).and_then(look);
        let (mut log, mut last) = (None, None);
        if let Ok(home) = &home {
            if named.part == Part::Main {
                log = match home.directory("log") {
                    Ok(log) => Some(look(&log)),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                    Err(error) => Some(Err(Blind::of(&error))),
                };
                last = tail::lines(home, 1).and_then(|mut lines| lines.pop());
            }
        }
        Whole { named, main, log, last }
    }

    /// Whether both are as they should be.
    fn is_well(&self) -> bool {
        is_well(&self.main) && self.log.as_ref().is_none_or(is_well)
    }

    /// Whether nothing is known of it. That its directory is gone is something.
    fn is_hidden(&self) -> bool {
        matches!(&self.main, Err(blind) if *blind != Blind::Gone)
    }

    fn row(&self, now: Label) -> Vec<Cell> {
        let (does, pid, time, want, ready) = match &self.main {
            Err(blind) => {
                (Cell::new(briefly(blind), Mood::Bad), String::new(), String::new(), "", Cell::plain(""))
            }
            Ok(sight) => {
                let status = sight.seen.status;
                let pid = status.pid.map_or_else(String::new, |pid| pid.to_string());
                let seconds = now.seconds().saturating_sub(status.since.seconds());
                (state(sight), pid, span::text(seconds), want(status.want), ready(sight))
            }
        };
        let logger = match &self.log {
            None if self.named.part == Part::Log => Cell::plain(""),
            None => Cell::new("none", Mood::Quiet),
            Some(Ok(sight)) => state(sight),
            Some(Err(blind)) => Cell::new(briefly(blind), Mood::Bad),
        };
        let last = Cell::plain(self.last.as_deref().unwrap_or_default());
        let name = Cell::plain(self.named.name.as_bytes());
        vec![name, does, Cell::plain(pid), Cell::plain(time), Cell::plain(want), ready, logger, last]
    }

    fn json(&self, now: Label) -> String {
        let members = |sight: &Result<Sight, Blind>| match sight {
            Ok(sight) => json::members(&sight.seen, sight.ready, sight.state, now),
            Err(blind) => format!("\"error\":{}", json::text(briefly(blind).as_bytes())),
        };
        let logger = match &self.log {
            Some(log) => format!("{{{}}}", members(log)),
            None => "null".into(),
        };
        let last = self.last.as_ref().map_or_else(|| "null".into(), |line| json::text(line));
        format!(
            "{{\"service\":{},\"dir\":{},{},\"logger\":{logger},\"last_line\":{last}}}\n",
            json::text(self.named.name.as_bytes()),
            json::text(self.named.place().as_os_str().as_bytes()),
            members(&self.main),
        )
    }
}

/// Whether it is up and ready, or down and meant to be.
fn is_well(sight: &Result<Sight, Blind>) -> bool {
    sight.as_ref().is_ok_and(|sight| match sight.pid() {
        Some(_) => sight.ready,
        None => sight.seen.status.want != Want::Up,
    })
}

fn state(sight: &Sight) -> Cell {
    let status = sight.seen.status;
    let meant = status.want != Want::Up;
    match (status.pid, sight.is_finishing()) {
        (Some(_), _) if status.paused => Cell::new("paused", Mood::Bad),
        (Some(_), _) => Cell::new("up", if sight.ready { Mood::Good } else { Mood::Plain }),
        (None, true) => Cell::new("finishing", Mood::Plain),
        (None, _) if meant => Cell::new("down", Mood::Quiet),
        (None, _) => Cell::new(format!("down{}", ending(sight.ended())), Mood::Bad),
    }
}

/// How the last process of a service ended that is down and should not be.
fn ending(ended: Option<Ended>) -> String {
    match ended {
        Some(Ended(Some(Ending::Exited(code)))) => format!(" (exit {code})"),
        Some(Ended(Some(Ending::Crashed(signal)))) => format!(" (signal {signal})"),
        _ => String::new(),
    }
}

fn want(want: Want) -> &'static str {
    match want {
        Want::Up => "up",
        Want::Down => "down",
        Want::Once => "once",
    }
}

fn ready(sight: &Sight) -> Cell {
    match (sight.pid(), sight.says_ready, sight.ready) {
        (None, ..) | (_, false, _) => Cell::plain("-"),
        (_, _, true) => Cell::new("yes", Mood::Good),
        (_, _, false) => Cell::new("no", Mood::Bad),
    }
}
