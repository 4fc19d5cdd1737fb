//! `Line`: what patterns, alerts and status files see of a line.

use tai64tools::Stamped;

/// How many bytes of a stamped line the patterns, alerts and status files see.
pub const HEAD: usize = 1000;

/// A line without its newline, as far as it is looked at. Stamp and text are put together only when both are asked for.
#[derive(Debug)]
pub struct Line<'a> {
    stamp: Option<Stamped<'a>>,
    text: &'a [u8],
    ahead: &'a [u8],
    batch: Option<u64>,
    head: &'a mut Vec<u8>,
    put_together: bool,
}

impl<'a> Line<'a> {
    /// `text` may be longer than what is looked at. `head` is room for both together.
    #[inline]
    pub fn new(stamp: Option<Stamped<'a>>, text: &'a [u8], head: &'a mut Vec<u8>) -> Line<'a> {
        let visible = HEAD - stamp.map_or(0, Stamped::width);
        Line {
            stamp,
            text: &text[..text.len().min(visible)],
            ahead: text,
            batch: None,
            head,
            put_together: false,
        }
    }

    /// The same line with the input `ahead`, from the start of the text on. All lines of one `batch` come from one
    /// input, in their order.
    #[inline]
    pub fn with_ahead(self, ahead: &'a [u8], batch: u64) -> Line<'a> {
        Line { ahead, batch: Some(batch), ..self }
    }

    /// All input from the start of the text on, and in which batch.
    pub(super) fn ahead(&self) -> (&'a [u8], Option<u64>) {
        (self.ahead, self.batch)
    }

    /// What follows the stamp.
    #[inline]
    pub fn text(&self) -> &'a [u8] {
        self.text
    }

    /// Stamp and text.
    pub fn whole(&mut self) -> &[u8] {
        let Some(stamp) = self.stamp else { return self.text };
        if !self.put_together {
            self.head.clear();
            stamp.append_to(self.head);
            self.head.extend_from_slice(self.text);
            self.put_together = true;
        }
        self.head
    }
}
