//! `nats://`: a replicated stream of NATS JetStream, exactly once.
//!
//! Each directory has a subject of its own, and one message in flight on it. A message is stored only if the last message
//! of the subject has the sequence that the shipper expects (`Nats-Expected-Last-Subject-Sequence`), and it says which
//! bytes of which batch it holds. So after any silence the shipper looks up the last message, and knows.
//!
//! | module | promise |
//! |---|---|
//! | `url` | the argument as a typed value, nothing opened |
//! | `values` | numbers, ages and sizes in it |
//! | `subject` | a subject for each directory, one token for each name, two names never the same token |
//! | `mark` | what a message says of itself, as headers, and back |
//! | `lane` | every answer of the engine becomes one of the lane's, and is never guessed |
//! | `reply` | what the engine answers, read |
//! | `connection` | one connection for all lanes, replaced when it is silent |
//! | `engine` | the stream: published to, looked up, made |

mod connection;
mod engine;
mod lane;
mod mark;
mod reply;
mod subject;
mod url;
mod values;

pub use engine::{KIND, Nats, Prepared};
pub use lane::{Engine, Lane, Last, Limits, Message, Published, Terms, Trouble};
pub use mark::Mark;
pub use subject::{Subject, Template};
pub use url::{Discard, Login, Server, Stream, Tls, Url};

#[cfg(test)]
mod lane_tests;
#[cfg(test)]
mod url_tests;
