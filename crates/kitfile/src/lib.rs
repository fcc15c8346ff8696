//! The Kitfile: parse, diagnose with fixes, lossless edit, config JSON, init rules.
//!
//! This crate does no I/O: it works on texts, and asks a small trait where it must know what is on
//! disk.

mod decode;
pub mod edit;
mod elements;
mod emit;
pub mod field_path;
pub mod files;
pub mod init;
mod json;
mod json_read;
mod json_write;
mod locate;
mod lookup;
pub mod model;
pub mod outline;
mod parse;
pub mod paths;
pub mod problem;
mod record;
mod suggest;
mod to_yaml;
mod validate;
pub mod value;
mod yaml;

pub use edit::{Edit, EditError, apply};
pub use elements::{Element, ElementKind};
pub use field_path::{FieldPath, FieldPathError, Step};
pub use files::{EntryKind, ProjectFiles, check_files};
pub use init::{Generated, InitEntry, InitOptions, ProjectTexts, Suggestion, detect_license, init};
pub use json::JsonSyntaxError;
pub use json_read::{FromJsonError, from_config_json};
pub use json_write::{ToJsonError, to_config_json};
pub use lookup::{NoSuchField, field};
pub use model::{
    Code, Dataset, Docs, KITFILE_NAMES, Kitfile, LayerInfo, McpServer, Model, ModelPart, Package,
    Prompt, Rules, find_name,
};
pub use outline::{Outline, OutlineField, outline};
pub use parse::{Parsed, parse};
pub use paths::clean_path;
pub use problem::{Fix, Problem, ProblemCode, Severity, Span};
pub use to_yaml::to_yaml;
pub use value::Value;
