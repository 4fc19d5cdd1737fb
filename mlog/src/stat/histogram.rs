//! `Histogram`: how many lines there are in each minute, hour or day of the local clock.

use std::collections::BTreeMap;

use tai64tools::Label;
use unix::localtime;

/// How long a bar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

/// Numbers of lines by time.
#[derive(Clone, Debug)]
pub struct Histogram {
    unit: Unit,
    /// By the text of the time.
    bars: BTreeMap<String, u64>,
    /// The quarter of an hour that was asked for last, and its bar.
    last: Option<(i64, String)>,
    total: u64,
}

const WIDTH: u64 = 50;

impl Histogram {
    /// Without lines.
    pub fn new(unit: Unit) -> Histogram {
        Histogram { unit, bars: BTreeMap::new(), last: None, total: 0 }
    }

    /// Counts a line.
    pub fn add(&mut self, key: Option<Label>) {
        self.total += 1;
        let span = if self.unit == Unit::Minute { 60 } else { 900 };
        let Some(unix) = key.map(Label::unix_seconds) else { return self.count("without a time".into()) };
        let piece = unix.div_euclid(span);
        let name = match &self.last {
            Some((last, name)) if *last == piece => name.clone(),
            _ => {
                let name = self.name(unix);
                self.last = Some((piece, name.clone()));
                name
            }
        };
        self.count(name);
    }

    fn count(&mut self, name: String) {
        *self.bars.entry(name).or_default() += 1;
    }

    fn name(&self, unix: i64) -> String {
        let Some(time) = localtime::local(unix) else { return "without a time".into() };
        let date = format!("{:04}-{:02}-{:02}", time.year, time.month, time.day);
        match self.unit {
            Unit::Minute => format!("{date} {:02}:{:02}", time.hour, time.minute),
            Unit::Hour => format!("{date} {:02}:00", time.hour),
            Unit::Day => date,
        }
    }

    /// How many lines there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// A line for each bar.
    pub fn text(&self) -> String {
        let most = self.bars.values().copied().max().unwrap_or(1);
        let mut text = String::new();
        for (name, count) in &self.bars {
            let eighths = (u128::from(*count) * u128::from(WIDTH) * 8 / u128::from(most)).max(1);
            let whole = usize::try_from(eighths / 8).unwrap_or(0);
            let part =
                ["", "\u{258f}", "\u{258e}", "\u{258d}", "\u{258c}", "\u{258b}", "\u{258a}", "\u{2589}"];
            let bar = "\u{2588}".repeat(whole) + part[usize::try_from(eighths % 8).unwrap_or(0)];
            text.push_str(&format!("{name:16} {count:>10} {bar}\n"));
        }
        text
    }

    /// The same as a part of a picture, from this height on, and how high it is.
    fn panel(&self, title: &str, top: usize) -> (String, usize) {
        let most = self.bars.values().copied().max().unwrap_or(1);
        let mut text = format!("<text x=\"8\" y=\"{}\">{}</text>\n", top + 20, escape(title));
        for (at, (name, count)) in self.bars.iter().enumerate() {
            let y = top + 34 + 18 * at;
            let width = (u128::from(*count) * 540 / u128::from(most)).max(1);
            text.push_str(&format!(
                "<text x=\"8\" y=\"{}\">{name}</text><rect x=\"140\" y=\"{y}\" width=\"{width}\" height=\"14\" \
                 fill=\"#4878a8\"/><text x=\"{}\" y=\"{}\">{count}</text>\n",
                y + 12,
                146 + width,
                y + 12
            ));
        }
        (text, 40 + 18 * self.bars.len())
    }
}

/// A picture of histograms with their titles, below each other: SVG.
pub fn svg<'a>(histograms: impl IntoIterator<Item = (&'a str, &'a Histogram)>) -> String {
    let (mut panels, mut height) = (String::new(), 0);
    for (title, histogram) in histograms {
        let (panel, more) = histogram.panel(title, height);
        panels.push_str(&panel);
        height += more;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" height=\"{height}\" font-family=\"monospace\" \
         font-size=\"12\">\n{panels}</svg>\n"
    )
}

/// A text of XML. What XML has no form for is written as Rust does.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => escaped.extend(c.escape_unicode()),
            _ if c.is_control() => escaped.extend(c.escape_default()),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stamp::from_unix;

    #[test]
    fn lines_are_counted_by_the_clock() {
        let mut histogram = Histogram::new(Unit::Minute);
        for seconds in [0, 59, 60, 61, 150] {
            histogram.add(from_unix(1_795_639_500 + seconds, 0));
        }
        histogram.add(None);
        let text = histogram.text();
        let counts: Vec<&str> = text.lines().map(|line| line[16..27].trim()).collect();
        assert_eq!(counts, ["2", "2", "1", "1"]);
        assert_eq!(histogram.total(), 6);
        assert!(text.lines().next().unwrap().ends_with(&"\u{2588}".repeat(50)), "{text}");
        let picture = svg([("<a>\x1b\n", &histogram), ("b\u{ffff}", &histogram)]);
        assert_eq!(picture.matches("<rect").count(), 8);
        assert_eq!(picture.matches("<svg").count(), 1);
        assert!(
            picture.contains(">&lt;a&gt;\\u{1b}\\n</text>") && picture.contains(">b\\u{ffff}<"),
            "{picture}"
        );
    }
}
