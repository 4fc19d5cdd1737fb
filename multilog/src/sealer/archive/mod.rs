//! What a compressed archive is, besides the compressed bytes: independent pieces of whole lines, and the lengths by
//! which a reader gets from one to the next.

pub(super) mod encoder;
pub(super) mod member;
pub(super) mod seekable;
