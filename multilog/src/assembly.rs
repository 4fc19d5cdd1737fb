//! From input bytes to the outputs of one batch: frames, stamps, selection, routes. Pure.
//!
//! A batch is the whole lines that are visible. It ends early where a file becomes full, at
//! [`crate::output::BATCH`] bytes of output, and within a line only where that line is long.

mod runs;

use std::ops::Range;

use memchr::{memchr, memrchr};
use tai64tools::{Label, Stamper};

use crate::framer::{Ending, Frame, frame};
use crate::newlines::Newlines;
use crate::outlet::{Alerts, Asides, Status};
use crate::output::{BATCH, BatchEnd, Output, SHORT, newline_window};
use crate::pattern::{HEAD, Line};
use crate::script::Action;
use crate::selection::Selection;

/// Puts batches together.
#[derive(Debug)]
pub struct Assembly {
    selection: Selection,
    stamper: Option<Stamper>,
    /// One for each directory of the script.
    pub outputs: Vec<Output>,
    /// The alerts and status files of the batch.
    pub asides: Asides,
    /// The directories that take the line in hand.
    route: Vec<usize>,
    /// Whether every line takes the same route, so that nothing has to be matched.
    fixed: bool,
    /// Whether the next input byte belongs to a line that was begun by an earlier batch.
    midline: bool,
    /// Counts the calls of [`Assembly::take`], each of which has an input of its own.
    batch: u64,
    /// Those of the input in hand.
    newlines: Newlines,
    /// Room for a stamped line as far as patterns see it.
    head: Vec<u8>,
}

impl Assembly {
    /// For these actions; one output for each directory they name, one status for each status file.
    pub fn new(
        actions: &[Action],
        stamper: Option<Stamper>,
        outputs: Vec<Output>,
        statuses: usize,
    ) -> Assembly {
        let selection = Selection::new(actions, stamper.as_ref().map(Stamper::form));
        let fixed = selection.is_everything();
        let statuses = (0..statuses).map(|_| Status::default()).collect();
        let mut assembly = Assembly {
            selection,
            stamper,
            route: Vec::with_capacity(outputs.len()),
            outputs,
            asides: Asides { alerts: Alerts::default(), statuses },
            fixed,
            midline: false,
            batch: 0,
            newlines: Newlines::default(),
            head: Vec::with_capacity(HEAD),
        };
        assembly.end_line();
        assembly
    }

    /// The last stamp given: labels of files are later than it.
    pub fn last_stamp(&self) -> Label {
        self.stamper.as_ref().map_or(Label::MIN, Stamper::last)
    }

    /// Whether part of a line is written and the rest of it is still to come.
    pub fn is_midline(&self) -> bool {
        self.midline
    }

    /// Whether the line that is in hand goes to this directory.
    pub fn takes(&self, log: usize) -> bool {
        self.midline && self.route.contains(&log)
    }

    /// The input begins within a line that goes to these directories.
    pub fn resume_line(&mut self, route: Vec<usize>) {
        self.route = route;
        self.midline = true;
    }

    /// The directories that the line in hand goes to, if there is one.
    pub fn line_in_hand(&self) -> Option<Vec<usize>> {
        self.midline.then(|| self.route.clone())
    }

    /// The last batch did not happen: this was in hand before it.
    pub fn go_back(&mut self, line: Option<Vec<usize>>) {
        match line {
            Some(route) => self.resume_line(route),
            None => self.end_line(),
        }
    }

    /// Gives back the memory that a burst has taken.
    pub fn release(&mut self) {
        self.outputs.iter_mut().for_each(Output::release);
        self.asides.alerts = Alerts::default();
    }

    /// Makes room for what a batch from so many bytes of input is put together in. Lines that all go out as they are need
    /// none, until the last one is given its newline.
    pub fn make_room(&mut self, input: usize, ending: Ending) {
        if !self.fixed || self.stamper.is_some() || ending == Ending::Final {
            self.outputs.iter_mut().for_each(|output| output.make_room(input));
        }
    }

    /// Whether the file behind an output is full with the batch that was taken.
    pub fn is_full(&self, log: usize) -> bool {
        self.outputs[log].is_full(if self.takes(log) { BatchEnd::WithinLine } else { BatchEnd::Line })
    }

    /// Takes the next batch from the start of `input` and returns how many bytes of it that is.
    ///
    /// The outputs have been begun by the caller. 0 means that nothing can be taken before more input
    /// is visible; at the end of the input everything has been taken, and outputs may have grown
    /// nevertheless by the newline that the last line lacked.
    pub fn take(&mut self, input: &[u8], now: Label, ending: Ending) -> usize {
        self.asides.alerts.clear();
        self.newlines = Newlines::default();
        self.batch += 1;
        if let Some(stamper) = &mut self.stamper {
            stamper.begin(now);
        }
        let roomy = self.outputs.iter().all(Output::is_roomy);
        if roomy && self.fixed && self.stamper.is_none() && !self.midline {
            return self.take_unchanged(input, ending);
        }
        let mut at = 0;
        loop {
            if self.midline {
                at = self.continue_line(input, at, ending);
                if self.midline || self.is_enough() {
                    break;
                }
            }
            if self.stamper.is_some() && self.selection.route_without_words().is_some() {
                at = self.take_runs(input, at, roomy);
            } else if roomy {
                at = self.take_short_lines(input, at);
            }
            if self.is_enough() {
                break;
            }
            match frame(&input[at..], self.text_seen(), ending) {
                Frame::Wait => break,
                Frame::Last(length) if roomy && length + self.stamp_width() < SHORT => {
                    self.take_line(input, at..at + length);
                    self.push_newline(input);
                    at += length;
                }
                Frame::Line(length) | Frame::Last(length) => self.begin_line(input, at, length),
                Frame::Long => self.begin_line(input, at, input.len() - at),
            }
        }
        at
    }

    fn is_enough(&self) -> bool {
        self.outputs.iter().any(Output::is_enough) || self.asides.alerts.are_enough()
    }

    /// Takes lines one by one for as long as they are short and the batch is not complete; returns where it stopped.
    fn take_short_lines(&mut self, input: &[u8], start: usize) -> usize {
        let longest = SHORT - self.stamp_width();
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

    /// The same for the simplest of scripts: everything to every directory as it is.
    fn take_unchanged(&mut self, input: &[u8], ending: Ending) -> usize {
        let room = self.outputs.iter().map(Output::room).min().unwrap_or(u64::MAX);
        let before_window = room.saturating_sub(newline_window(u64::MAX));
        let enough = usize::try_from(before_window).unwrap_or(usize::MAX).clamp(1, BATCH);
        let end = if input.len() >= enough {
            memchr(b'\n', &input[enough - 1..]).map(|newline| enough + newline)
        } else {
            None
        };
        let end =
            end.or_else(|| memrchr(b'\n', &input[..input.len().min(enough)]).map(|newline| newline + 1));
        let end = match end {
            // A line that is longer than the rest of the file is cut by the general way.
            Some(end) if end as u64 <= room => end,
            _ => return self.take_generally(input, ending),
        };
        for output in &mut self.outputs {
            output.push_run(input, 0..end);
        }
        end
    }

    fn take_generally(&mut self, input: &[u8], ending: Ending) -> usize {
        match frame(input, self.text_seen(), ending) {
            Frame::Wait => 0,
            Frame::Line(length) | Frame::Last(length) => {
                self.begin_line(input, 0, length);
                self.continue_line(input, 0, ending)
            }
            Frame::Long => {
                self.begin_line(input, 0, input.len());
                self.continue_line(input, 0, ending)
            }
        }
    }

    fn stamp_width(&self) -> usize {
        self.stamper.as_ref().map_or(0, Stamper::width)
    }

    /// How many bytes of a line patterns see behind its stamp.
    fn text_seen(&self) -> usize {
        HEAD - self.stamp_width()
    }

    /// One line of at most [`SHORT`] bytes, with or without its newline. True: the batch is complete.
    fn take_line(&mut self, input: &[u8], line: Range<usize>) -> bool {
        let stamp = self.stamper.as_mut().map(Stamper::stamp);
        if !self.fixed {
            let text = &input[line.clone()];
            let text = text.strip_suffix(b"\n").unwrap_or(text);
            let seen = Line::new(stamp, text, &mut self.head);
            let mut seen = seen.with_ahead(&input[line.start..], self.batch);
            self.selection.decide(&mut seen, &mut self.route, &mut self.asides);
        }
        let mut enough = self.asides.alerts.are_enough();
        for &log in &self.route {
            let output = &mut self.outputs[log];
            match stamp {
                Some(stamp) => output.push_line(input, stamp, line.clone()),
                None => output.push_run(input, line.clone()),
            }
            enough |= output.is_enough();
        }
        enough
    }

    /// Decides the route of a long line of which `visible` bytes are there, and stamps it.
    fn begin_line(&mut self, input: &[u8], at: usize, visible: usize) {
        let stamp = self.stamper.as_mut().map(Stamper::stamp);
        let text = &input[at..at + visible];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        if !self.fixed {
            let seen = Line::new(stamp, text, &mut self.head);
            let mut seen = seen.with_ahead(&input[at..], self.batch);
            self.selection.decide(&mut seen, &mut self.route, &mut self.asides);
        }
        if let Some(stamp) = stamp {
            for &log in &self.route {
                self.outputs[log].push_stamp(input, stamp);
            }
        }
        self.midline = true;
    }

    /// Takes of the line in hand what fits into the batch; returns where it stopped.
    fn continue_line(&mut self, input: &[u8], at: usize, ending: Ending) -> usize {
        let rest = &input[at..];
        let newline = memchr(b'\n', rest);
        let visible = newline.map_or(rest.len(), |newline| newline + 1);
        let fits = self.route.iter().map(|&log| self.fits(log)).min().unwrap_or(usize::MAX);
        let taken = visible.min(fits);
        let whole = newline.is_some() && taken == visible;
        for &log in &self.route {
            self.outputs[log].push_run(input, at..at + taken);
        }
        if whole {
            self.end_line();
        } else if ending == Ending::Final && newline.is_none() && taken == visible && taken < fits {
            self.push_newline(input);
            self.end_line();
        }
        at + taken
    }

    /// No line is in hand. Where every line takes the same route it is this, whatever that of a line was that was begun
    /// under another script.
    fn end_line(&mut self) {
        self.midline = false;
        if self.fixed {
            self.route.clear();
            self.route.extend(0..self.outputs.len());
        }
    }

    fn fits(&self, log: usize) -> usize {
        let output = &self.outputs[log];
        let room = usize::try_from(output.room()).unwrap_or(usize::MAX);
        room.min(output.until_most().max(1))
    }

    fn push_newline(&mut self, input: &[u8]) {
        for &log in &self.route {
            self.outputs[log].push(input, b"\n");
        }
    }
}

#[cfg(test)]
#[path = "assembly_tests.rs"]
mod tests;
