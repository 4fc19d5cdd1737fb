//! `Otlp`: batches go to whatever takes OTLP over HTTP.
//!
//! An engine says that it took a request, and remembers nothing of it, so a batch whose answer was lost is sent again:
//! every line arrives at least once. Each record has an identity (see [`entry`]), by which an engine that can do so
//! removes what it has already. A batch becomes several requests where it is long when it is written out.

pub mod connection;
mod delivery;
pub mod encode;
pub mod entry;
mod file;
pub mod headers;
pub mod json;
pub mod level;
pub mod protobuf;
pub mod reply;
pub mod retry_after;
mod settings;
pub mod target;
mod uid;
pub mod wire;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use unix::diag::Message;
use ureq::Agent;

use crate::batch::{Batch, Record};
use crate::room::Room;

use super::{Answer, Attempt, Sink};
pub use settings::KIND;

use connection::{Arrived, Connection, Verdict};
use delivery::Delivery;
use encode::{Encode, Request};
use entry::entries;
use json::Json;
use level::Levels;
use protobuf::Protobuf;
use target::{Format, Target};

/// Sends batches of one directory.
pub struct Otlp {
    connection: Connection,
    format: Format,
    levels: Option<Arc<Levels>>,
    /// What the engine takes as one request.
    requests: Room,
    /// The longest record.
    record: usize,
    /// How often in a row the engine failed.
    failures: u32,
}

/// A request is cut when it is this long. Many engines take 4 MiB.
const MOST: usize = 3 << 20;
/// When the engine failed this often in a row, the records are refused.
const FAILURES: u32 = 8;
/// However little an engine takes at once, no request is cut before it is this long.
const LEAST: usize = 1 << 10;
/// The longest record, as long as the engine takes it: that is what Loki takes by default.
const RECORD: usize = 256 << 10;
/// A record of this length is not split, whatever the engine says.
const SHORT: usize = 1 << 10;

impl Otlp {
    /// Reads the headers. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// They can't be read.
    pub fn new(target: &Target, levels: Option<Arc<Levels>>, agent: Agent) -> Result<Otlp, Message> {
        let connection = Connection::new(target, agent)?;
        let (requests, record) = (Room::default(), RECORD);
        Ok(Otlp { connection, format: target.format, levels, requests, record, failures: 0 })
    }

    /// A request with at most `most` records, from the one with this number on.
    fn request(&self, delivery: &Delivery<'_>, most: usize) -> (Request, &'static str) {
        let entries = entries(delivery.batch, self.levels.as_deref(), delivery.done, now()).take(most);
        let common = &delivery.common;
        let longest = self.requests.limit().unwrap_or(MOST);
        match self.format {
            Format::Protobuf => (encode::request::<Protobuf>(common, entries, longest), Protobuf::MEDIA),
            Format::Json => (encode::request::<Json>(common, entries, longest), Json::MEDIA),
        }
    }

    /// The next record is too long alone. Whether it may be split.
    fn splits(&mut self, delivery: &Delivery<'_>) -> bool {
        let Record { bytes, stamp, .. } = &delivery.batch.records[delivery.done];
        let length = bytes.len() - stamp;
        if length > SHORT {
            self.record = (length / 2).max(SHORT);
        }
        length > SHORT
    }
}

impl Sink for Otlp {
    fn deliver(&mut self, batch: &Batch, attempt: Attempt) -> Answer {
        let mut delivery = Delivery::new(batch, attempt);
        let mut most = usize::MAX;
        while delivery.done < batch.records.len() {
            let (request, media) = self.request(&delivery, most);
            match self.connection.send(media, &request.body) {
                Verdict::Taken(said) => {
                    self.failures = 0;
                    self.requests.fits(request.body.len(), MOST);
                    delivery.take(request.records, said);
                }
                Verdict::TooLong(_) if request.records > 1 => {
                    self.requests.narrow((request.body.len() / 2).clamp(LEAST, MOST));
                    most = request.records / 2;
                    continue;
                }
                Verdict::TooLong(reason) if self.splits(&delivery) => return Answer::TooLong { reason },
                Verdict::TooLong(reason) | Verdict::Refused(reason) => {
                    delivery.refuse(request.records, reason)
                }
                Verdict::Failed(reason) => {
                    self.failures += 1;
                    if self.failures < FAILURES {
                        return delivery.later(None, reason, Arrived::Perhaps);
                    }
                    self.failures = 0;
                    delivery.refuse(request.records, reason);
                }
                Verdict::Later { wait, reason, arrived } => return delivery.later(wait, reason, arrived),
            }
            most = usize::MAX;
        }
        delivery.answer()
    }

    fn longest(&self) -> Option<usize> {
        Some(self.record)
    }
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    u64::try_from(now).unwrap_or(u64::MAX)
}
