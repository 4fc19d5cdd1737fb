//! `Instance` and `Origin`: who ships, and what.

use std::path::PathBuf;

/// The shipper: random, made with the state directory and kept in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Instance(pub String);

/// A directory, as engines name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The absolute path.
    pub directory: PathBuf,
    /// The host, as bytes.
    pub host: Vec<u8>,
    /// The service: the name of the service directory, else the last part of the path that says something.
    pub service: Vec<u8>,
}
