//! `Selection`: the actions of a script in the form in which every line goes through them.

use tai64tools::Stamp;

use crate::outlet::Asides;
use crate::pattern::{AnyOf, Line, Pattern};
use crate::script::Action;

/// The actions, patterns in a row put together.
#[derive(Debug)]
pub struct Selection {
    steps: Vec<Step>,
    /// Where lines go that have no word which patterns require, if that is all there is to know of them.
    route_without_words: Option<Vec<usize>>,
}

#[derive(Debug)]
enum Step {
    Select(AnyOf),
    Deselect(AnyOf),
    Alert,
    Status(usize),
    Log(usize),
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
        let route_without_words = route_without_words(&steps);
        Selection { steps, route_without_words }
    }

    /// Whether every line goes to all directories and nowhere else.
    pub fn is_everything(&self) -> bool {
        self.steps.iter().all(|step| matches!(step, Step::Log(_)))
    }

    /// The directories that take lines in which there is none of the words that patterns require. None: more
    /// than words decides, or such lines go elsewhere too.
    pub fn route_without_words(&self) -> Option<&[usize]> {
        self.route_without_words.as_deref()
    }

    /// How many bytes of the input that is `ahead`, to the end of the batch, are before the next such word.
    #[inline]
    pub fn without_words(&self, ahead: &[u8], batch: u64) -> usize {
        let patterns = self.steps.iter().filter_map(|step| match step {
            Step::Select(any) | Step::Deselect(any) => Some(any),
            _ => None,
        });
        patterns.map(|any| any.without_words(ahead, batch)).min().unwrap_or(ahead.len())
    }

    /// Takes one line through the actions, in order, and puts the directories that it goes to into `route`. A
    /// line begins selected.
    #[inline]
    pub fn decide(&self, line: &mut Line<'_>, route: &mut Vec<usize>, asides: &mut Asides) {
        route.clear();
        let mut selected = true;
        for step in &self.steps {
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

fn route_without_words(steps: &[Step]) -> Option<Vec<usize>> {
    let (mut selected, mut route) = (true, Vec::new());
    for step in steps {
        match step {
            Step::Select(any) => selected |= any.matches_without_words()?,
            Step::Deselect(any) => selected &= !any.matches_without_words()?,
            Step::Log(log) if selected => route.push(*log),
            Step::Log(_) => {}
            Step::Alert | Step::Status(_) if selected => return None,
            Step::Alert | Step::Status(_) => {}
        }
    }
    Some(route)
}

fn selecting(action: &Action) -> Option<&Pattern> {
    if let Action::Select(pattern) = action { Some(pattern) } else { None }
}

fn deselecting(action: &Action) -> Option<&Pattern> {
    if let Action::Deselect(pattern) = action { Some(pattern) } else { None }
}
