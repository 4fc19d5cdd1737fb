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

impl Place {
    /// What stands for standard output, which has no place.
    pub const OUTPUT: Place =
        Place { directory: Identity { device: u64::MAX, inode: u64::MAX }, mount: u64::MAX };
}
