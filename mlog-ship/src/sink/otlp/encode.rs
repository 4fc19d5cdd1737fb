//! `Encode`: an `ExportLogsServiceRequest` in one of its two encodings, record by record.

use super::entry::{Common, Entry};

/// Writes a request.
pub trait Encode {
    /// The value of `Content-Type`.
    const MEDIA: &str;

    /// A request for what comes from here.
    fn new(common: &Common) -> Self;

    /// Adds a record.
    fn push(&mut self, entry: &Entry<'_>);

    /// How long it is by now, without what frames the records.
    fn length(&self) -> usize;

    /// The request.
    fn finish(self) -> Vec<u8>;
}

/// The name under which the records are given: that of an instrumentation scope.
pub const SCOPE: &str = "mlog-ship";
/// The attribute with the file into which a line was written.
pub const PATH: &str = "log.file.path";
/// The attribute with the identity of a line.
pub const UID: &str = "log.record.uid";
/// The attribute with the number of a piece of a line, from 0.
pub const PIECE: &str = "mlog.piece.number";
/// The attribute that says whether a piece is the last one.
pub const LAST: &str = "mlog.piece.last";

/// A request that is written.
pub struct Request {
    /// Its bytes.
    pub body: Vec<u8>,
    /// How many records are in it.
    pub records: usize,
}

/// Writes records until the request is as long as `most`, but at least one.
pub fn request<'a, E: Encode>(
    common: &Common,
    entries: impl Iterator<Item = Entry<'a>>,
    most: usize,
) -> Request {
    let mut encoder = E::new(common);
    let mut records = 0;
    for entry in entries {
        encoder.push(&entry);
        records += 1;
        if encoder.length() >= most {
            break;
        }
    }
    Request { body: encoder.finish(), records }
}
