//! How lines are shown: the time in one of several forms, a prefix, colours, JSON or CSV; and where they go.

mod output;
mod painter;
mod structured;

pub use output::{Before, Gone, Output};
pub use painter::{Painter, Skin, name};

/// What stands in the place of a stamp, or of the whole line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `2026-11-25 20:45:36.943031760` by the local clock.
    Local,
    /// The same by UTC.
    Utc,
    /// ISO 8601 with the offset from UTC.
    Iso,
    /// Seconds since 1970 with nine digits behind the point.
    Epoch,
    /// A label that is 10 seconds ahead of UTC.
    Tai64n,
    /// The text alone.
    None,
    /// An object of JSON.
    Json,
    /// A record of CSV.
    Csv,
}

impl Form {
    /// What options call it.
    pub const NAMES: [(&'static str, Form); 8] = [
        ("local", Form::Local),
        ("utc", Form::Utc),
        ("iso", Form::Iso),
        ("epoch", Form::Epoch),
        ("tai64n", Form::Tai64n),
        ("none", Form::None),
        ("json", Form::Json),
        ("csv", Form::Csv),
    ];

    /// Whether each line is a record for programs, which nothing may come between.
    pub fn is_record(self) -> bool {
        matches!(self, Form::Json | Form::Csv)
    }
}
