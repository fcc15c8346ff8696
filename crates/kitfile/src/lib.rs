//! The Kitfile: parse, diagnose with fixes, lossless edit, config JSON, init rules.
//!
//! This crate does no I/O: it works on texts, and asks a small trait where it must know what is on
//! disk.

pub mod model;
mod record;
pub mod value;

pub use model::{
    Code, Dataset, Docs, KITFILE_NAMES, Kitfile, LayerInfo, McpServer, Model, ModelPart, Package,
    Prompt, Rules, find_name,
};
pub use value::Value;
