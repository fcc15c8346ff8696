//! Tar archives: written exactly as Go's `archive/tar` writes them for `kit`, and read strictly.

mod header;
mod read;

pub use header::{END, Header, Kind, header_bytes, header_size, padding};
pub use read::{Limits, Reader};

/// Bytes of a block.
pub const BLOCK: usize = 512;
