//! Plots from a record, as SVG.

use std::fmt::Write;

use crate::record::{Record, Row, Series, Table};

const WIDTH: f64 = 860.0;
const LEFT: f64 = 230.0;
const BAR: f64 = 15.0;
/// The plot of a series.
const TOP: f64 = 50.0;
const BOTTOM: f64 = 330.0;
const RIGHT: f64 = WIDTH - 170.0;
/// Ours, the original, and the others.
const COLOURS: [&str; 5] = ["#0b6e4f", "#c0392b", "#7f8c8d", "#b7950b", "#5d6d7e"];
const STYLE: &str = "font-family='sans-serif' font-size='12' fill='#333'";

/// How many times better ours is than each peer, in each definition with a bar; the bar is a line.
pub fn ratios(record: &Record) -> String {
    let longest =
        record.tables.iter().flat_map(barred).fold(1.0, |most: f64, (row, bar)| most.max(row.ratio).max(bar));
    let (mut body, mut y) = (String::new(), 40.0);
    for table in record.tables.iter().filter(|table| barred(table).next().is_some()) {
        let (at, name) = (y + 12.0, &table.name);
        writeln!(body, "<text x='8' y='{at:.0}' {STYLE} font-weight='bold'>{name}</text>").ok();
        y += 18.0;
        for (row, bar) in barred(table) {
            ratio(&mut body, row, bar, y, longest);
            y += BAR + 4.0;
        }
        y += 6.0;
    }
    let date = &record.date;
    frame(
        &format!("Ours against each peer, {date}: times better; the line is what it has to reach"),
        y,
        &body,
    )
}

/// The rows of a table that have a bar, with it.
fn barred(table: &Table) -> impl Iterator<Item = (&Row, f64)> {
    table.rows.iter().filter_map(|row| row.bar.map(|bar| (row, bar)))
}

/// One row at this height; the `longest` goes through the whole width.
fn ratio(body: &mut String, row: &Row, bar: f64, y: f64, longest: f64) {
    let x = |ratio: f64| LEFT + (WIDTH - LEFT - 70.0) * ratio / longest;
    let colour = if row.ratio >= bar { COLOURS[0] } else { COLOURS[3] };
    let (name, text, line) = (&row.engine, y + 12.0, x(bar));
    writeln!(
        body,
        "<text x='{:.0}' y='{text:.0}' {STYLE} text-anchor='end'>{name}</text>\
         <rect x='{LEFT}' y='{y:.0}' width='{:.1}' height='{BAR}' fill='{colour}'/>\
         <line x1='{line:.1}' x2='{line:.1}' y1='{:.0}' y2='{:.0}' stroke='#000' stroke-width='2'/>\
         <text x='{:.1}' y='{text:.0}' {STYLE}>{:.2}</text>",
        LEFT - 8.0,
        x(row.ratio) - LEFT,
        y - 1.0,
        y + BAR + 1.0,
        x(row.ratio.max(bar)) + 6.0,
        row.ratio
    )
    .ok();
}

/// Throughput by the number of a series, both scales logarithmic.
pub fn series(series: &Series) -> String {
    let scales = Scales::of(series);
    let mut body = String::new();
    scales.grid(&mut body, &series.points);
    writeln!(body, "<text x='70' y='{}' {STYLE}>{}</text>", BOTTOM + 38.0, series.axis).ok();
    for ((name, values), colour) in series.engines.iter().zip(COLOURS) {
        let points = series.points.iter().zip(values);
        let points: Vec<String> =
            points.map(|(&point, &value)| format!("{:.1},{:.1}", scales.x(point), scales.y(value))).collect();
        let end = values.last().map_or(TOP, |&value| scales.y(value));
        writeln!(
            body,
            "<polyline points='{}' fill='none' stroke='{colour}' stroke-width='2'/>\
             <text x='{}' y='{:.1}' {STYLE}>{name}</text>",
            points.join(" "),
            RIGHT + 8.0,
            end + 4.0
        )
        .ok();
    }
    frame(&format!("{}: MB of input a second", series.name), BOTTOM + 50.0, &body)
}

/// Where the numbers of a series are in its plot.
struct Scales {
    /// The decades of the values.
    low: f64,
    high: f64,
    /// The places of the points.
    first: f64,
    last: f64,
}

impl Scales {
    fn of(series: &Series) -> Scales {
        let all = || series.engines.iter().flat_map(|(_, values)| values.iter().copied());
        let low = all().fold(f64::INFINITY, f64::min).log10().floor();
        let high = all().fold(1.0, f64::max).log10().ceil().max(low + 1.0);
        let first = series.points.first().map_or(0.0, |&point| place(point));
        let last = series.points.last().map_or(1.0, |&point| place(point));
        Scales { low, high, first, last }
    }

    fn x(&self, point: u64) -> f64 {
        70.0 + (RIGHT - 70.0) * (place(point) - self.first) / (self.last - self.first).max(0.1)
    }

    fn y(&self, value: f64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * (value.log10() - self.low) / (self.high - self.low)
    }

    /// A line for each decade, and the points below them.
    fn grid(&self, body: &mut String, points: &[u64]) {
        let mut decade = self.low;
        while decade <= self.high {
            let value = 10f64.powf(decade);
            let at = self.y(value);
            writeln!(
                body,
                "<line x1='70' x2='{RIGHT}' y1='{at:.1}' y2='{at:.1}' stroke='#ddd'/>\
                 <text x='62' y='{:.1}' {STYLE} text-anchor='end'>{value}</text>",
                at + 4.0
            )
            .ok();
            decade += 1.0;
        }
        for &point in points {
            let (x, y) = (self.x(point), BOTTOM + 18.0);
            writeln!(body, "<text x='{x:.1}' y='{y}' {STYLE} text-anchor='middle'>{point}</text>").ok();
        }
    }
}

/// The place of a point. A point of 0 is one step left of 1.
fn place(point: u64) -> f64 {
    if point == 0 { -0.3 } else { (point as f64).log10() }
}

fn frame(title: &str, height: f64, body: &str) -> String {
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height:.0}' \
           viewBox='0 0 {WIDTH} {height:.0}'>\n\
         <rect width='100%' height='100%' fill='#fff'/>\n\
         <text x='8' y='20' {STYLE} font-weight='bold'>{title}</text>\n{body}</svg>\n"
    )
}
