//! Looking into kits without running or loading anything.
//!
//! [`Kit`] reads manifest and config; [`files`] lists and opens the files of a layer; [`content`]
//! says what a file holds. Everything is bounded in memory, whatever the kit claims about itself.

pub mod content;
pub mod files;
mod kit;

pub use kit::{Kit, KitLayer};
