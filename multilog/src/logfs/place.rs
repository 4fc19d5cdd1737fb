//! Where a log directory is.

use unix::file::Identity;

/// Where a log directory is. The mount belongs to it, because another mount of the same device may have lost what was
/// written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The directory itself.
    pub directory: Identity,
    /// The number of its mount; 0 where the kernel does not tell.
    pub mount: u64,
}
