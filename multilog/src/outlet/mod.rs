//! Outlets: where the lines of a batch go.
//!
//! A directory takes lines by its number in the script: a route is a list of such numbers, and each has an
//! [`crate::output::Output`]. Alerts and status files are asides. They show the heads of lines, and a batch that has
//! asides is put together line by line.

mod alert;
mod status_file;

pub use alert::Alerts;
pub use status_file::Status;

/// What a batch shows besides the lines that its route gives to outputs.
#[derive(Debug, Default)]
pub struct Asides {
    /// The alerts of the batch.
    pub alerts: Alerts,
    /// One for each status file of the script.
    pub statuses: Vec<Status>,
}
