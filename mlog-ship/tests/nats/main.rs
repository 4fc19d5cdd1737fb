//! mlog-ship and NATS: real servers that are killed, a connection that lies, and the stream read back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::panic,
    reason = "tests fail by panicking"
)]
#![allow(dead_code, reason = "more is used by other tests")]
#![allow(missing_docs, unreachable_pub, reason = "a test has no readers but its own")]

mod access;
mod cluster;
mod lanes;
mod links;
mod peer;
mod program;
mod proxy;
mod whole;
mod yard;

/// How often something is repeated: a few times, or a hundred.
fn rounds(short: usize) -> usize {
    if std::env::var_os("SHIP_LONG").is_some() { 100 } else { short }
}
