//! Looking into kits without running or loading anything.

mod kit;

pub use kit::{Kit, KitLayer};
