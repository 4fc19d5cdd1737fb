//! `mlog [DIR...]`: shows lines.

use std::ffi::OsString;
use std::io::{IsTerminal, stdout};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use tai64tools::Label;
use unix::diag::Message;
use unix::tool::{Exit, Fatal};

use crate::pattern::{Options, Patterns};
use crate::pipeline::{Given, Plan, Stop, Trouble, run as run_pipeline};
use crate::plan::{Range, plan};
use crate::search::{Query, Wanted};
use crate::show::{Form, Gone, Output, Skin};
use crate::time::{Edge, Moment, parse_span};

use super::directories::{Found, directories};
use super::follow;
use super::pager::Pager;
use super::printer::{Keep, Marks, Printer};
use super::scan::Scan;
use super::{FOUND, MISSING, NOTHING, TROUBLE, UNWRITTEN};

/// What was asked, as values.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) patterns: Arc<Patterns>,
    pub(super) since: Option<Moment>,
    pub(super) until: Option<Moment>,
    pub(super) last: Option<usize>,
    pub(super) context: Option<(usize, usize)>,
    pub(super) count: bool,
    pub(super) reverse: bool,
    pub(super) gaps: Option<Duration>,
    pub(super) form: Form,
    pub(super) prefix: Option<bool>,
    pub(super) colour: bool,
    pub(super) escape: bool,
}

/// Shows what was asked for.
pub(super) fn run(given: &ArgMatches) -> Result<Exit, Fatal> {
    let asked = Asked::read(given)?;
    let mut trouble = Trouble::default();
    let follow = given.get_flag("follow");
    let scan = Scan::of(given).filter(|_| follow);
    let found = directories(given, &mut trouble)?;
    let cursor = given.get_one::<OsString>("cursor-file");
    let pager = if given.get_flag("pager") { Pager::start()? } else { None };
    let found_any = if follow || cursor.is_some() {
        let cursor = cursor.map(PathBuf::from);
        follow::run(&asked, found, follow::How { goes_on: follow, cursor, scan }, &mut trouble)?
    } else {
        asked.show(found, &mut trouble)?
    };
    if let Some(pager) = pager {
        pager.wait()?;
    }
    Ok(exit(trouble, found_any))
}

/// The exit code.
pub(super) fn exit(trouble: Trouble, found: bool) -> Exit {
    match trouble {
        Trouble { failed: true, .. } => Exit::Code(TROUBLE),
        Trouble { missing: true, .. } => Exit::Code(MISSING),
        _ if found => Exit::Code(FOUND),
        _ => Exit::Code(NOTHING),
    }
}

pub(super) fn wrong(words: impl AsRef<[u8]>) -> Fatal {
    Fatal::misuse(Message::new(words))
}

impl Asked {
    pub(super) fn read(given: &ArgMatches) -> Result<Asked, Fatal> {
        let words = |name: &str| -> Vec<Vec<u8>> {
            given
                .get_many::<OsString>(name)
                .into_iter()
                .flatten()
                .map(|word| word.as_bytes().to_vec())
                .collect()
        };
        let options =
            Options { ignore_case: given.get_flag("ignore-case"), fixed: given.get_flag("fixed-strings") };
        let patterns = Patterns::new(&words("grep"), &words("exclude"), options).map_err(wrong)?;
        let number = |name: &str| given.try_get_one::<usize>(name).ok().flatten().copied();
        let context = number("context").or(number("after")).or(number("before")).map(|_| {
            let around = number("context").unwrap_or(0);
            (number("before").unwrap_or(around), number("after").unwrap_or(around))
        });
        let chosen = |name: &str| given.try_get_one::<String>(name).ok().flatten().map(String::as_str);
        // Subcommands have some of the options only.
        let flag = |name: &str| given.try_get_one::<bool>(name).ok().flatten().copied().unwrap_or(false);
        let form = Form::NAMES.iter().find(|(name, _)| Some(*name) == chosen("output"));
        let terminal = stdout().is_terminal();
        let asked = Asked {
            patterns: Arc::new(patterns),
            since: moment(given, "since", Edge::Since)?,
            until: moment(given, "until", Edge::Until)?,
            last: number("lines"),
            context: context.filter(|_| !flag("count")),
            count: flag("count"),
            reverse: flag("reverse"),
            gaps: span(given, "gaps")?,
            form: form.map_or(Form::Local, |(_, form)| *form),
            prefix: match chosen("prefix") {
                Some("always") => Some(true),
                Some("never") => Some(false),
                _ => None,
            },
            colour: colours(chosen("color"), terminal),
            escape: terminal,
        };
        asked.checked()
    }

    fn checked(self) -> Result<Asked, Fatal> {
        if self.reverse && self.context.is_some() {
            return Err(wrong("--reverse can't be together with -A, -B or -C"));
        }
        if self.count && (self.last.is_some() || self.gaps.is_some()) {
            return Err(wrong("-c can't be together with -n or --gaps"));
        }
        if self.gaps.is_some() && self.form.is_record() {
            return Err(wrong("--gaps can't be together with -o json or -o csv"));
        }
        Ok(self)
    }

    fn show(&self, found: Vec<Found>, trouble: &mut Trouble) -> Result<bool, Fatal> {
        let query = Arc::new(self.query(found.len() > 1));
        let given: Vec<Given> =
            found.iter().enumerate().map(|(at, one)| self.given(at, one, found.len())).collect();
        // What is not held is closed.
        drop(found);
        let mut output = Output::new(None);
        let shown = self.run(&given, &query, &mut output, trouble);
        shown.and_then(|hits| output.flush().map(|()| hits)).or_else(ended)
    }

    pub(super) fn query(&self, several: bool) -> Query {
        let bounded = self.since.is_some() || self.until.is_some();
        let keys = bounded || !self.count && (several || self.gaps.is_some());
        let apart = self.context.is_some() || self.last.is_some() || self.reverse;
        let wanted = if self.count { Wanted::Count } else { Wanted::Lines };
        let index = keys || apart && !self.count;
        Query { patterns: self.patterns.clone(), context: self.context, wanted, keys, index }
    }

    /// What decides which bytes come out.
    pub(super) fn question(&self) -> impl std::fmt::Debug {
        let Asked { patterns, context, form, prefix, colour, escape, .. } = self;
        format!("{patterns:?}{context:?}{form:?}{prefix:?}{colour}{escape}")
    }

    /// A directory of which `current` is kept open.
    pub(super) fn held(&self, at: usize, found: &Found, several: usize) -> Given {
        let given = self.given(at, found, several);
        Given { planned: plan(&found.snapshot, found.offset, given.range, true), ..given }
    }

    /// A directory.
    pub(super) fn given(&self, at: usize, found: &Found, several: usize) -> Given {
        let moment = |moment: Option<Moment>| moment.map(|moment| moment.in_directory(found.offset));
        let range = Range { since: moment(self.since), until: moment(self.until) };
        let skin = Skin {
            form: self.form,
            offset: found.offset,
            name: found.store.name.clone(),
            prefix: self.prefix.unwrap_or(several > 1),
            colour: self.colour.then_some(at),
            escape: self.escape,
            patterns: self.patterns.clone(),
        };
        // Where there are many directories, one open file for each is enough.
        let planned = plan(&found.snapshot, found.offset, range, several <= HELD);
        Given { store: found.store.clone(), planned, range, skin: Arc::new(skin) }
    }

    /// Shows everything. True: something was found.
    pub(super) fn run(
        &self,
        given: &[Given],
        query: &Arc<Query>,
        output: &mut Output,
        trouble: &mut Trouble,
    ) -> Result<bool, Gone> {
        if self.last == Some(0) {
            return Ok(false);
        }
        let far = !self.patterns.is_empty() || self.last.is_none();
        let (plan, keep) = match (self.last, self.reverse) {
            (Some(last), _) if self.context.is_some() => (Plan::forward(), Keep::Last(last)),
            (None, false) => (Plan::forward(), Keep::All),
            _ if self.count => (Plan::forward(), Keep::All),
            (Some(last), false) => (Plan::backward(query, self.last, far), Keep::FirstTurned(last)),
            (Some(last), true) => (Plan::backward(query, self.last, far), Keep::First(last)),
            (None, true) => (Plan::backward(query, None, far), Keep::All),
        };
        let before = self.context.map(|(before, _)| before);
        let marks = Marks { gaps: self.gaps, before, separators: !self.form.is_record() };
        let mut printer = Printer::new(output, keep, marks);
        let hits = match run_pipeline(given, &plan, query, &mut printer, trouble) {
            Ok(hits) => hits,
            Err(Stop::Enough) => vec![1],
            Err(Stop::Gone(gone)) => return Err(gone),
        };
        trouble.failed |= !printer.finish()?;
        if self.count {
            self.counts(given, &hits, output)?;
        }
        Ok(hits.iter().any(|&hits| hits > 0))
    }

    fn counts(&self, given: &[Given], hits: &[u64], output: &mut Output) -> Result<(), Gone> {
        for (given, hits) in given.iter().zip(hits) {
            if given.skin.prefix {
                output.add(&given.skin.title())?;
                output.add(b": ")?;
            }
            output.add(format!("{hits}\n").as_bytes())?;
        }
        Ok(())
    }
}

/// This many directories have `current` kept open while their archives are read.
const HELD: usize = 2;

/// A reader that has gone away is no failure.
pub(super) fn ended(gone: Gone) -> Result<bool, Fatal> {
    match gone {
        Gone::Reader => Ok(true),
        Gone::Failed(error) => {
            Err(Fatal::system(Message::new("unable to write output"), &error).with_code(UNWRITTEN))
        }
        Gone::Cursor(error) => Err(Fatal::system(Message::new("unable to write the cursor"), &error)),
    }
}

fn moment(given: &ArgMatches, name: &str, edge: Edge) -> Result<Option<Moment>, Fatal> {
    let Some(text) = given.get_one::<OsString>(name) else { return Ok(None) };
    Moment::parse(&text.to_string_lossy(), edge, Label::now()).map(Some).map_err(wrong)
}

pub(super) fn span(given: &ArgMatches, name: &str) -> Result<Option<Duration>, Fatal> {
    let Some(text) = given.try_get_one::<OsString>(name).ok().flatten() else { return Ok(None) };
    let text = text.to_string_lossy();
    let span = parse_span(&text).map(Some);
    span.ok_or_else(|| wrong(format!("unable to understand span {text}: try 90s, 5m or 1h30m")))
}

fn colours(chosen: Option<&str>, terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match chosen {
        Some("always") => true,
        Some("never") => false,
        _ => terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
    }
}
