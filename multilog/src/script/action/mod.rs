//! The actions: a file for each, with its value and the limits of that.

mod code;
mod compress;
mod count;
mod durable;
mod min;
mod processor;
mod size;

pub use code::Code;
pub use compress::Compression;
pub use count::FileCount;
pub use durable::Durability;
pub use min::Spared;
pub use processor::Transform;
pub use size::FileSize;
