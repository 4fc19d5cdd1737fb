//! From input bytes to the outputs of one batch: frames, stamps, selection, routes. Pure.
//!
//! A batch is the whole lines that are visible. It ends early where a file becomes full, at
//! [`crate::output::BATCH`] bytes of output, and within a line only where that line is long. There are three loops for
//! short lines: `unchanged.rs`, `runs.rs`, and one line after the other, here. `frames.rs` takes the lines that these
//! leave.

mod dropped;
mod frames;
mod pieces;
mod runs;
mod unchanged;

use std::ops::Range;

use tai64tools::{Label, Stamper};

use crate::framer::Ending;
use crate::limit::Limits;
use crate::newlines::Newlines;
use crate::outlet::{Alerts, Asides, Status};
use crate::output::{BatchEnd, Output, SHORT};
use crate::pattern::{HEAD, Line};
use crate::script::{Action, MaxLine};
use crate::selection::Selection;
use pieces::Pieces;

/// Which loop takes the lines of a batch, as far as they are short and no file is nearly full: the quickest one that
/// the script allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Every line goes everywhere as it is, so that a batch is a part of the input.
    Unchanged,
    /// Lines are stamped, and the route is known of all that have no word which some pattern needs.
    Runs,
    /// The route of each line is decided by itself.
    OneByOne,
}

/// A line of which a part is written: with `maxline=`, a piece of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineInHand {
    /// The outlets that it goes to.
    pub route: Vec<usize>,
    /// With `maxline=`, how many bytes of the piece are written. Otherwise it does not matter.
    pub piece: u64,
}

/// Puts batches together.
#[derive(Debug)]
pub struct Assembly {
    selection: Selection,
    stamper: Option<Stamper>,
    /// One for each outlet.
    pub outputs: Vec<Output>,
    /// The alerts and status files of the batch.
    pub asides: Asides,
    /// How many lines directories take. None: all of them.
    pub limits: Option<Box<Limits>>,
    /// The outlets that take the line in hand.
    route: Vec<usize>,
    way: Way,
    /// The length of the longest prefix of an outlet.
    prefix: usize,
    /// Whether every line takes the same route, so that nothing has to be matched.
    fixed: bool,
    /// Whether no short line of the batch in hand can reach the size of a file.
    roomy: bool,
    /// Whether the next input byte belongs to a line that was begun by an earlier batch.
    midline: bool,
    /// How far that line may go on.
    pieces: Pieces,
    /// Counts the calls of [`Assembly::take`], each of which has an input of its own.
    batch: u64,
    /// The newlines of the input in hand.
    newlines: Newlines,
    /// Room for a stamped line as far as patterns see it.
    head: Vec<u8>,
}

impl Assembly {
    /// For these actions, with one output for each outlet that they name, and `statuses` status files.
    pub fn new(
        actions: &[Action],
        stamper: Option<Stamper>,
        outputs: Vec<Output>,
        statuses: usize,
    ) -> Assembly {
        let selection = Selection::new(actions, stamper.as_ref().map(Stamper::form));
        let fixed = selection.is_everything();
        let prefix = outputs.iter().map(|output| output.prefix().len()).max().unwrap_or(0);
        let way = match stamper {
            None if fixed && prefix == 0 => Way::Unchanged,
            Some(_) if selection.route_without_words().is_some() => Way::Runs,
            _ => Way::OneByOne,
        };
        let statuses = (0..statuses).map(|_| Status::default()).collect();
        let mut assembly = Assembly {
            selection,
            stamper,
            route: Vec::with_capacity(outputs.len()),
            outputs,
            asides: Asides { alerts: Alerts::default(), statuses },
            limits: None,
            way,
            prefix,
            fixed,
            roomy: false,
            midline: false,
            pieces: Pieces::new(None),
            batch: 0,
            newlines: Newlines::default(),
            head: Vec::with_capacity(HEAD),
        };
        assembly.end_line();
        assembly
    }

    /// The same for lines that are split where they are longer than this.
    #[must_use]
    pub fn splitting(self, most: Option<MaxLine>) -> Assembly {
        Assembly { pieces: Pieces::new(most), ..self }
    }

    /// The same with these limits, if there are any. The route of a line that one is about is decided by itself.
    #[must_use]
    pub fn within(mut self, limits: Option<Limits>) -> Assembly {
        if limits.as_ref().is_some_and(|limits| self.selection.limit(limits)) {
            self.fixed = false;
            let runs = self.way == Way::Runs && self.selection.route_without_words().is_some();
            self.way = if runs { Way::Runs } else { Way::OneByOne };
        }
        self.limits = limits.map(Box::new);
        self
    }

    /// Whether a record of a batch has to hold more than every script needs.
    pub fn is_extended(&self) -> bool {
        self.limits.is_some() || self.pieces.are_limited()
    }

    /// The last stamp given: labels of files are later than it.
    pub fn last_stamp(&self) -> Label {
        self.stamper.as_ref().map_or(Label::MIN, Stamper::last)
    }

    /// Whether part of a line is written and the rest of it is still to come.
    pub fn is_midline(&self) -> bool {
        self.midline
    }

    /// Whether the line that is in hand goes to this outlet.
    pub fn takes(&self, outlet: usize) -> bool {
        self.midline && self.route.contains(&outlet)
    }

    /// With `maxline=`, how many bytes of the line in hand are written behind its last split. Otherwise 0.
    pub fn piece(&self) -> u64 {
        self.pieces.written()
    }

    /// The input begins within this line.
    pub fn resume_line(&mut self, line: LineInHand) {
        self.route = line.route;
        self.pieces.resume(line.piece);
        self.midline = true;
    }

    /// The line in hand, if there is one.
    pub fn line_in_hand(&self) -> Option<LineInHand> {
        self.midline.then(|| LineInHand { route: self.route.clone(), piece: self.piece() })
    }

    /// The last batch did not happen: this was in hand before it.
    pub fn go_back(&mut self, line: Option<LineInHand>) {
        match line {
            Some(line) => self.resume_line(line),
            None => self.end_line(),
        }
    }

    /// Gives back the memory that a burst has taken.
    pub fn release(&mut self) {
        self.outputs.iter_mut().for_each(Output::release);
        self.asides.alerts = Alerts::default();
    }

    /// Makes room to put a batch together from `input` bytes. Lines that all go out as they are need none, until one is
    /// given a newline: the last one, or one that is split.
    pub fn make_room(&mut self, input: usize, ending: Ending) {
        if self.way != Way::Unchanged || ending == Ending::Final || self.pieces.are_limited() {
            self.outputs.iter_mut().for_each(|output| output.make_room(input));
        }
    }

    /// Whether the file of an outlet is full with the batch that was taken.
    pub fn is_full(&self, outlet: usize) -> bool {
        let end = if self.takes(outlet) { BatchEnd::WithinLine } else { BatchEnd::Line };
        self.outputs[outlet].is_full(end)
    }

    /// Takes the next batch from the start of `input` and returns how many bytes of it that is.
    ///
    /// The outputs have been begun by the caller. 0 means that nothing can be taken before more input
    /// is visible; at the end of the input everything has been taken, and outputs may have grown
    /// nevertheless by the newline that the last line lacked.
    pub fn take(&mut self, input: &[u8], now: Label, ending: Ending) -> usize {
        self.begin(now);
        if self.way == Way::Unchanged && self.roomy && !self.midline {
            if let Some(end) = self.take_unchanged(input) {
                return end;
            }
        }
        let mut at = 0;
        loop {
            if self.midline {
                at = self.continue_line(input, at, ending);
                if self.midline || self.is_enough() {
                    return at;
                }
            }
            at = match self.way {
                Way::Runs => self.take_runs(input, at),
                Way::Unchanged | Way::OneByOne if self.roomy => self.take_short_lines(input, at),
                Way::Unchanged | Way::OneByOne => at,
            };
            if self.is_enough() {
                return at;
            }
            match self.take_frame(input, at, ending) {
                Some(next) => at = next,
                None => return at,
            }
        }
    }

    fn begin(&mut self, now: Label) {
        self.asides.alerts.clear();
        self.newlines = Newlines::default();
        self.batch += 1;
        if let Some(stamper) = &mut self.stamper {
            stamper.begin(now);
        }
        self.roomy = self.outputs.iter().all(Output::is_roomy);
    }

    fn is_enough(&self) -> bool {
        self.outputs.iter().any(Output::is_enough) || self.asides.alerts.are_enough()
    }

    /// Takes lines one by one for as long as they are short and the batch is not complete; returns where it stopped.
    fn take_short_lines(&mut self, input: &[u8], start: usize) -> usize {
        let longest = SHORT - self.beginning();
        let mut at = start;
        self.newlines.pass_to(start, input);
        while let Some(end) = self.newlines.next(input).map(|newline| newline + 1) {
            if end - at > longest {
                break;
            }
            self.newlines.pass();
            let enough = self.take_line(input, at..end);
            at = end;
            if enough {
                break;
            }
        }
        at
    }

    fn stamp_width(&self) -> usize {
        self.stamper.as_ref().map_or(0, Stamper::width)
    }

    /// The most that comes before a line: a stamp and the longest prefix.
    fn beginning(&self) -> usize {
        self.stamp_width() + self.prefix
    }

    /// One line of at most [`SHORT`] bytes, with or without its newline. True: the batch is complete.
    fn take_line(&mut self, input: &[u8], line: Range<usize>) -> bool {
        let stamp = self.stamper.as_mut().map(Stamper::stamp);
        if !self.fixed {
            let text = &input[line.clone()];
            let text = text.strip_suffix(b"\n").unwrap_or(text);
            let seen = Line::new(stamp, text, &mut self.head);
            let mut seen = seen.with_ahead(&input[line.start..], self.batch);
            self.selection.decide(&mut seen, &mut self.route, &mut self.asides, &mut self.limits);
        }
        let mut enough = self.asides.alerts.are_enough();
        for &outlet in &self.route {
            let output = &mut self.outputs[outlet];
            output.push_line(input, stamp, line.clone());
            enough |= output.is_enough();
        }
        enough
    }
}

#[cfg(test)]
#[path = "assembly_tests.rs"]
mod tests;
