//! `Selection`: the actions of a script in the form in which every line goes through them.

use tai64tools::Stamp;

use crate::alert::Alerts;
use crate::pattern::{AnyOf, Line, Pattern};
use crate::script::Action;
use crate::status_file::Status;

/// The actions, patterns in a row put together.
#[derive(Debug)]
pub struct Selection(Vec<Step>);

#[derive(Debug)]
enum Step {
    Select(AnyOf),
    Deselect(AnyOf),
    Alert,
    Status(usize),
    Log(usize),
}

/// Where a line goes besides the directories.
#[derive(Debug, Default)]
pub struct Asides {
    /// The alerts of the batch.
    pub alerts: Alerts,
    /// One for each status file of the script.
    pub statuses: Vec<Status>,
}

impl Selection {
    /// For lines with this kind of stamp.
    pub fn new(actions: &[Action], stamp: Option<Stamp>) -> Selection {
        let mut steps = Vec::new();
        let mut rest = actions;
        while let [first, after @ ..] = rest {
            let row: Vec<&Pattern> = match first {
                Action::Select(_) => rest.iter().map_while(selecting).collect(),
                Action::Deselect(_) => rest.iter().map_while(deselecting).collect(),
                _ => Vec::new(),
            };
            steps.push(match first {
                Action::Select(_) => Step::Select(AnyOf::new(&row, stamp)),
                Action::Deselect(_) => Step::Deselect(AnyOf::new(&row, stamp)),
                Action::Alert => Step::Alert,
                Action::Status(status) => Step::Status(*status),
                Action::Log(log) => Step::Log(*log),
            });
            rest = if row.is_empty() { after } else { &rest[row.len()..] };
        }
        Selection(steps)
    }

    /// Whether every line goes to all directories and nowhere else.
    pub fn is_everything(&self) -> bool {
        self.0.iter().all(|step| matches!(step, Step::Log(_)))
    }

    /// Takes one line through the actions, in order, and puts the directories that it goes to into `route`. A
    /// line begins selected.
    #[inline]
    pub fn decide(&self, line: &mut Line<'_>, route: &mut Vec<usize>, asides: &mut Asides) {
        route.clear();
        let mut selected = true;
        for step in &self.0 {
            match step {
                Step::Select(any) if !selected => selected = any.matches(line),
                Step::Deselect(any) if selected => selected = !any.matches(line),
                Step::Alert if selected => asides.alerts.add(line.whole()),
                Step::Status(status) if selected => asides.statuses[*status].set(line.whole()),
                Step::Log(log) if selected => route.push(*log),
                _ => {}
            }
        }
    }
}

fn selecting(action: &Action) -> Option<&Pattern> {
    if let Action::Select(pattern) = action { Some(pattern) } else { None }
}

fn deselecting(action: &Action) -> Option<&Pattern> {
    if let Action::Deselect(pattern) = action { Some(pattern) } else { None }
}
