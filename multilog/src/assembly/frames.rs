//! Lines that are framed one by one: a long line, one that reaches the end of a file, and one that has no newline yet.
//!
//! A long line is taken in parts, as it becomes visible and as it fits into files and batches. Its route is decided
//! when as much of it is visible as patterns see. With `maxline=` each piece of a line is a line here (`pieces.rs`).

use tai64tools::Stamper;

use super::Assembly;
use super::pieces::Rest;
use crate::framer::{Ending, Frame, frame};
use crate::output::SHORT;
use crate::pattern::{HEAD, Line};

impl Assembly {
    /// Takes or begins the line at `at`; returns where its rest begins, or the next line. None: it has to wait for more
    /// input.
    pub(super) fn take_frame(&mut self, input: &[u8], at: usize, ending: Ending) -> Option<usize> {
        match frame(self.pieces.ahead(&input[at..]), HEAD - self.stamp_width(), ending) {
            Frame::Wait => return None,
            Frame::Last(length) if self.roomy && length + self.beginning() < SHORT => {
                self.take_line(input, at..at + length);
                self.push_newline(input);
                return Some(at + length);
            }
            Frame::Line(length) | Frame::Last(length) => self.begin_line(input, at, length),
            Frame::Long => self.begin_line(input, at, input.len() - at),
        }
        Some(at)
    }

    /// Decides the route of a long line of which `visible` bytes are there, and stamps it.
    fn begin_line(&mut self, input: &[u8], at: usize, visible: usize) {
        let stamp = self.stamper.as_mut().map(Stamper::stamp);
        let text = &input[at..at + visible];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        if !self.fixed {
            let seen = Line::new(stamp, text, &mut self.head);
            let mut seen = seen.with_ahead(&input[at..], self.batch);
            self.selection.decide(&mut seen, &mut self.route, &mut self.asides, &mut self.limits);
        }
        for &outlet in &self.route {
            self.outputs[outlet].push_beginning(input, stamp);
        }
        self.midline = true;
    }

    /// Takes of the piece in hand what fits into the batch; returns where it stopped.
    pub(super) fn continue_line(&mut self, input: &[u8], at: usize, ending: Ending) -> usize {
        let rest = self.pieces.rest(&input[at..]);
        let fits = self.route.iter().map(|&outlet| self.fits(outlet)).min().unwrap_or(usize::MAX);
        let taken = rest.length().min(fits);
        for &outlet in &self.route {
            self.outputs[outlet].push_run(input, at..at + taken);
        }
        let lacks_newline = match rest {
            Rest::Line(_) => false,
            Rest::Piece(_) => true,
            Rest::Part(_) => ending == Ending::Final,
        };
        if taken == rest.length() && matches!(rest, Rest::Line(_)) {
            self.end_line();
        } else if taken == rest.length() && taken < fits && lacks_newline {
            self.push_newline(input);
            self.end_line();
        } else {
            self.pieces.add(taken);
        }
        at + taken
    }

    /// No line is in hand. Where every line takes the same route it is this, whatever that of a line was that was begun
    /// under another script.
    pub(super) fn end_line(&mut self) {
        self.midline = false;
        self.pieces.resume(0);
        if self.fixed {
            self.route.clear();
            self.route.extend(0..self.outputs.len());
        }
    }

    fn fits(&self, outlet: usize) -> usize {
        let output = &self.outputs[outlet];
        let room = usize::try_from(output.room()).unwrap_or(usize::MAX);
        room.min(output.until_most().max(1))
    }

    fn push_newline(&mut self, input: &[u8]) {
        for &outlet in &self.route {
            self.outputs[outlet].push(input, b"\n");
        }
    }
}
