//! The OTLP sink: what it writes, by a strict decoder, and what it makes of answers, by a receiver that gives every kind
//! of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests fail by panicking")]

mod batches;
mod decode;
mod delivery;
mod encoders;
mod peers;
mod program;

mod receiver;
mod strict;
mod tls;
