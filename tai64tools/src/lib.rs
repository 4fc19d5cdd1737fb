//! TAI64N labels as daemontools writes them, the stamps made of them, and the filters that read them.
//!
//! A label is `@` and 24 lower-case hexadecimal digits: 16 for the seconds, which are 2^62 at the epoch and 10 more,
//! and 8 for the nanoseconds. The format is that of <https://cr.yp.to/libtai/tai64.html>. daemontools adds a fixed 10
//! seconds and no leap seconds, on purpose: a label is the system clock, written so that it sorts.

#![forbid(unsafe_code)]

pub mod filter;
pub mod form;
pub mod label;
pub mod labels;
pub mod leap;
pub mod stamper;
pub mod tai64n;
pub mod tai64nfrac;
pub mod tai64nlocal;
pub mod zone;

pub use form::{AnyRun, Stamp, StampRun};
pub use label::Label;
pub use stamper::{Stamped, Stamper};
