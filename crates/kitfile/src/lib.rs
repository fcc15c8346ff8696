//! The Kitfile: parse, diagnose with fixes, lossless edit, config JSON, init rules.
//!
//! A Kitfile is the YAML file that says what a ModelKit is made of; as JSON it is also the kit's
//! config blob. This crate reads it exactly as `kit` does (down to what yaml.v3 takes for a number),
//! says what is wrong and how to put it right, and changes its text without touching anything else.
//!
//! - [`parse`] gives a [`Kitfile`] and [`Problem`]s; [`check_files`] adds those that depend on what is
//!   on disk;
//! - [`apply`] does [`Edit`]s on the text, among them the fixes of problems;
//! - [`to_config_json`] and [`from_config_json`] are the config blob, [`to_yaml`] and [`field`] what
//!   `kit` prints;
//! - [`init()`] makes a first Kitfile for a folder; [`outline()`] tells what stands where in a text.
//!
//! It does no I/O: it works on texts, and asks small traits where it must know what is on disk.
//!
//! ```
//! use kitbench_kitfile::{Rules, apply, parse};
//!
//! let text = "package:\n  author: Ann # that's me\n";
//! let parsed = parse(text, Rules::V1_7);
//! let problem = &parsed.problems[0];
//! assert_eq!(
//!     problem.to_string(),
//!     "line 2: `package` has no field `author`. Did you mean `authors`?"
//! );
//! let fix = problem.fix.as_ref().expect("it is known what to do");
//! assert_eq!(
//!     apply(text, &fix.edits)?,
//!     "package:\n  authors: [Ann] # that's me\n"
//! );
//! # Ok::<(), kitbench_kitfile::EditError>(())
//! ```

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
mod text;
mod to_yaml;
mod validate;
pub mod value;
mod yaml;

pub use edit::{Edit, EditError, apply};
pub use elements::{Element, ElementKind};
pub use field_path::{FieldPath, FieldPathError, Step};
pub use files::{EntryKind, ProjectFiles, check_files};
pub use init::{
    Generated, InitEntry, InitOptions, ProjectTexts, Skill, Suggestion, detect_license, init,
};
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
pub use text::{Encoding, TextError, decode};
pub use to_yaml::to_yaml;
pub use value::Value;
