//! Plots from a record, as SVG.

use std::fmt::Write;

use crate::record::{Record, Series};

const WIDTH: f64 = 860.0;
const LEFT: f64 = 230.0;
const BAR: f64 = 15.0;
/// Ours, the original, and the others.
const COLOURS: [&str; 5] = ["#0b6e4f", "#c0392b", "#7f8c8d", "#b7950b", "#5d6d7e"];
const STYLE: &str = "font-family='sans-serif' font-size='12' fill='#333'";

/// How many times better ours is than each peer, in each definition with a bar; the bar is a line.
pub fn ratios(record: &Record) -> String {
    let mut body = String::new();
    let mut y = 40.0;
    let longest = record.tables.iter().flat_map(|table| &table.rows).filter(|row| row.bar.is_some());
    let most = longest.map(|row| row.ratio.max(row.bar.unwrap_or(0.0))).fold(1.0, f64::max);
    let x = |ratio: f64| LEFT + (WIDTH - LEFT - 70.0) * ratio / most;
    for table in &record.tables {
        let rows: Vec<_> = table.rows.iter().filter(|row| row.bar.is_some()).collect();
        if rows.is_empty() {
            continue;
        }
        writeln!(body, "<text x='8' y='{:.0}' {STYLE} font-weight='bold'>{}</text>", y + 12.0, table.name)
            .ok();
        y += 18.0;
        for row in rows {
            let bar = row.bar.unwrap_or(0.0);
            let colour = if row.ratio >= bar { COLOURS[0] } else { COLOURS[3] };
            writeln!(
                body,
                "<text x='{:.0}' y='{:.0}' {STYLE} text-anchor='end'>{}</text>\
                 <rect x='{LEFT}' y='{y:.0}' width='{:.1}' height='{BAR}' fill='{colour}'/>\
                 <line x1='{:.1}' x2='{:.1}' y1='{:.0}' y2='{:.0}' stroke='#000' stroke-width='2'/>\
                 <text x='{:.1}' y='{:.0}' {STYLE}>{:.2}</text>",
                LEFT - 8.0,
                y + 12.0,
                row.engine,
                x(row.ratio) - LEFT,
                x(bar),
                x(bar),
                y - 1.0,
                y + BAR + 1.0,
                x(row.ratio.max(bar)) + 6.0,
                y + 12.0,
                row.ratio
            )
            .ok();
            y += BAR + 4.0;
        }
        y += 6.0;
    }
    frame(
        &format!("Ours against each peer, {}: times better; the line is what it has to reach", record.date),
        y,
        &body,
    )
}

/// Throughput by the number of a series, both scales logarithmic.
pub fn series(series: &Series) -> String {
    let (top, bottom, right) = (50.0, 330.0, WIDTH - 170.0);
    let all = || series.engines.iter().flat_map(|(_, values)| values.iter().copied());
    let low = all().fold(f64::INFINITY, f64::min).log10().floor();
    let high = all().fold(1.0, f64::max).log10().ceil().max(low + 1.0);
    // A number may be nothing; it then stands one step left of 1.
    let place = |point: u64| if point == 0 { -0.3 } else { (point as f64).log10() };
    let first = series.points.first().map_or(0.0, |&point| place(point));
    let last = series.points.last().map_or(1.0, |&point| place(point));
    let x = |point: u64| 70.0 + (right - 70.0) * (place(point) - first) / (last - first).max(0.1);
    let y = |value: f64| bottom - (bottom - top) * (value.log10() - low) / (high - low);
    let mut body = String::new();
    let mut decade = low;
    while decade <= high {
        let value = 10f64.powf(decade);
        let at = y(value);
        writeln!(
            body,
            "<line x1='70' x2='{right}' y1='{at:.1}' y2='{at:.1}' stroke='#ddd'/>\
             <text x='62' y='{:.1}' {STYLE} text-anchor='end'>{value}</text>",
            at + 4.0
        )
        .ok();
        decade += 1.0;
    }
    for &point in &series.points {
        writeln!(
            body,
            "<text x='{:.1}' y='{}' {STYLE} text-anchor='middle'>{point}</text>",
            x(point),
            bottom + 18.0
        )
        .ok();
    }
    writeln!(body, "<text x='70' y='{}' {STYLE}>{}</text>", bottom + 38.0, series.axis).ok();
    for (engine, colour) in series.engines.iter().zip(COLOURS) {
        let (name, values) = engine;
        let points: Vec<String> = series
            .points
            .iter()
            .zip(values)
            .map(|(&point, &value)| format!("{:.1},{:.1}", x(point), y(value)))
            .collect();
        let end = values.last().map_or(top, |&value| y(value));
        writeln!(
            body,
            "<polyline points='{}' fill='none' stroke='{colour}' stroke-width='2'/>\
             <text x='{}' y='{:.1}' {STYLE}>{name}</text>",
            points.join(" "),
            right + 8.0,
            end + 4.0
        )
        .ok();
    }
    frame(&format!("{}: MB of input a second", series.name), bottom + 50.0, &body)
}

fn frame(title: &str, height: f64, body: &str) -> String {
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height:.0}' viewBox='0 0 {WIDTH} {height:.0}'>\n\
         <rect width='100%' height='100%' fill='#fff'/>\n\
         <text x='8' y='20' {STYLE} font-weight='bold'>{title}</text>\n{body}</svg>\n"
    )
}
