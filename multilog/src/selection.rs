//! `Selection`: the actions of a script in the form in which every line goes through them. Pure.
//!
//! What a line goes to is its route: the numbers of outlets, each once. See [`crate::outlet`].

use tai64tools::Stamp;

use crate::limit::Limits;
use crate::outlet::Asides;
use crate::pattern::{AnyOf, Line, Pattern};
use crate::script::Action;

/// The actions, patterns in a row put together.
#[derive(Debug)]
pub struct Selection {
    steps: Vec<Step>,
    /// The route of a line that contains none of the patterns' required words, in ascending order. `None` if the
    /// route depends on more than those words, or if these lines have asides.
    route_without_words: Option<Vec<usize>>,
}

#[derive(Debug)]
enum Step {
    Select(AnyOf),
    Deselect(AnyOf),
    Alert,
    Status(usize),
    Outlet(usize),
    /// The same outlet again: a line goes there once.
    OutletAgain(usize),
    /// A directory that does not take every line.
    Limited(usize),
}

impl Selection {
    /// For lines with this kind of stamp. Directories are the first outlets, in the order of the script, and standard
    /// output is the one behind them.
    pub fn new(actions: &[Action], stamp: Option<Stamp>) -> Selection {
        let output = actions.iter().filter(|action| matches!(action, Action::Log(_))).count();
        let mut output_is_known = false;
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
                Action::Log(directory) => Step::Outlet(*directory),
                Action::Output if std::mem::replace(&mut output_is_known, true) => Step::OutletAgain(output),
                Action::Output => Step::Outlet(output),
            });
            rest = if row.is_empty() { after } else { &rest[row.len()..] };
        }
        let route_without_words = route_without_words(&steps);
        Selection { steps, route_without_words }
    }

    /// Some directories do not take every line. False: all do.
    pub fn limit(&mut self, limits: &Limits) -> bool {
        let mut limited = false;
        for step in &mut self.steps {
            if let Step::Outlet(log) = *step {
                if limits.has(log) {
                    (*step, limited) = (Step::Limited(log), true);
                }
            }
        }
        self.route_without_words = route_without_words(&self.steps);
        limited
    }

    /// Whether every line goes to all outlets, and there are no asides.
    pub fn is_everything(&self) -> bool {
        self.steps.iter().all(|step| matches!(step, Step::Outlet(_) | Step::OutletAgain(_)))
    }

    /// The route of a line that contains none of the patterns' required words, in ascending order. `None` if the
    /// route depends on more than those words, or if these lines have asides.
    pub fn route_without_words(&self) -> Option<&[usize]> {
        self.route_without_words.as_deref()
    }

    /// Returns how many bytes are before the next required word in `ahead`, which is the rest of the input of the
    /// batch: all of them if there is none.
    #[inline]
    pub fn without_words(&self, ahead: &[u8], batch: u64) -> usize {
        let patterns = self.steps.iter().filter_map(|step| match step {
            Step::Select(any) | Step::Deselect(any) => Some(any),
            _ => None,
        });
        patterns.map(|any| any.without_words(ahead, batch)).min().unwrap_or(ahead.len())
    }

    /// Takes one line through the actions, in order, and puts the outlets that it goes to into `route`. Each line is
    /// selected before the first action.
    #[inline]
    pub fn decide(
        &self,
        line: &mut Line<'_>,
        route: &mut Vec<usize>,
        asides: &mut Asides,
        limits: &mut Option<Box<Limits>>,
    ) {
        route.clear();
        let mut selected = true;
        for step in &self.steps {
            match step {
                Step::Select(any) if !selected => selected = any.matches(line),
                Step::Deselect(any) if selected => selected = !any.matches(line),
                Step::Alert if selected => asides.alerts.add(line.whole()),
                Step::Status(status) if selected => asides.statuses[*status].set(line.whole()),
                Step::Outlet(outlet) if selected => route.push(*outlet),
                Step::Limited(log) if selected => {
                    let fits = limits.as_mut().is_none_or(|limits| limits.take_line(*log));
                    route.extend(fits.then_some(*log));
                }
                Step::OutletAgain(outlet) if selected && !route.contains(outlet) => route.push(*outlet),
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
            Step::Outlet(outlet) | Step::OutletAgain(outlet) if selected => route.push(*outlet),
            Step::Outlet(_) | Step::OutletAgain(_) => {}
            Step::Alert | Step::Status(_) | Step::Limited(_) if selected => return None,
            Step::Alert | Step::Status(_) | Step::Limited(_) => {}
        }
    }
    route.sort_unstable();
    route.dedup();
    Some(route)
}

fn selecting(action: &Action) -> Option<&Pattern> {
    if let Action::Select(pattern) = action { Some(pattern) } else { None }
}

fn deselecting(action: &Action) -> Option<&Pattern> {
    if let Action::Deselect(pattern) = action { Some(pattern) } else { None }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::script::Script;

    #[test]
    fn lines_without_required_words_have_a_known_route_unless_more_decides() {
        for (script, everything, expected) in [
            (&["./a", "./b"][..], true, Some(&[0, 1][..])),
            (&["-*", "+*word*", "./a"], false, Some(&[])),
            (&["-*word*", "./a"], false, Some(&[0])),
            (&["./a", "-*", "+*word*", "./b", "+*", "./c"], false, Some(&[0, 2])),
            // A word of two bytes is not searched for.
            (&["-*", "+*wo*", "./a"], false, None),
            (&["1", "./a", "1"], true, Some(&[0, 1])),
            (&["-*word*", "1", "./a", "-*", "1"], false, Some(&[0, 1])),
            (&["-*", "1", "+*word*", "1", "./a"], false, Some(&[])),
            (&["R", "-word", "./a"], false, None),
            (&["e", "./a"], false, None),
            (&["-*", "e", "./a"], false, Some(&[])),
            (&["-*", "+*word*", "=status", "./a"], false, Some(&[])),
        ] {
            let parsed = Script::parse(script.iter().map(OsString::from).collect()).unwrap();
            let selection = Selection::new(&parsed.actions, parsed.stamp);
            assert_eq!(selection.is_everything(), everything, "{script:?}");
            assert_eq!(selection.route_without_words(), expected, "{script:?}");
        }
    }
}
