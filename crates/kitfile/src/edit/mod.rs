//! Lossless edits of a Kitfile's text.
//!
//! Comments, order, quoting, unknown keys, indentation, line ends and byte-order mark stay as they
//! are; only what is edited changes.

mod apply;
mod draft;
mod list;
mod put;
mod remove;
mod tree;

pub use apply::apply;

use crate::field_path::FieldPath;
use crate::value::Value;

/// One change of a Kitfile. Paths are in the form of [`FieldPath`].
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Sets a text field, creating it and the maps around it where they are missing.
    Set {
        /// The field, such as `package.name` or `datasets[0].path`.
        path: FieldPath,
        /// Its new value.
        value: String,
    },
    /// Sets a list of texts, such as `package.authors`. An empty list removes the field.
    SetList {
        /// The field.
        path: FieldPath,
        /// Its new elements.
        values: Vec<String>,
    },
    /// Sets `parameters`, or anything within it.
    SetValue {
        /// The place, such as `model.parameters` or `model.parameters.epochs`.
        path: FieldPath,
        /// What to put there.
        value: Value,
    },
    /// Sets a number within `parameters` as it is written: `2.0e-4` stays that.
    SetNumber {
        /// The place, such as `model.parameters.lr`.
        path: FieldPath,
        /// An integer or float of YAML, without spaces around it.
        literal: String,
    },
    /// Removes a field or an element. Removing the last element of a section removes the section.
    Remove {
        /// The field or element.
        path: FieldPath,
    },
    /// Adds an element to a section, creating the section in its usual place if need be.
    Insert {
        /// The section: `code`, `datasets`, `docs`, `prompts`, `mcpServers` or `model.parts`.
        section: FieldPath,
        /// Before which element; at the end when `None` or past the end.
        index: Option<usize>,
        /// The element's fields in order; empty values are left out.
        fields: Vec<(String, String)>,
    },
    /// Gives a key another name and keeps its value and place.
    Rename {
        /// The field by its present name.
        path: FieldPath,
        /// The new name.
        to: String,
    },
    /// Moves an element within its list.
    Move {
        /// The list.
        section: FieldPath,
        /// The element's place.
        from: usize,
        /// Its place afterwards.
        to: usize,
    },
}

/// Why an edit cannot be done. The text stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text cannot be read, so there is nothing to edit in it.
    #[error("the Kitfile is not YAML ({0}); correct that in the text first")]
    NotYaml(String),
    /// What should be written as a number is none.
    #[error("`{literal}` is not a number, so it cannot be written at `{path}` as one")]
    NotANumber {
        /// Where it should go.
        path: FieldPath,
        /// What was given.
        literal: String,
    },
    /// The place of the edit does not exist.
    #[error("there is nothing at `{path}` to edit")]
    NotFound {
        /// The place.
        path: FieldPath,
    },
    /// The place of the edit is not a list.
    #[error("`{path}` is not a list; correct that in the text first")]
    NotAList {
        /// The place.
        path: FieldPath,
    },
    /// A key cannot be renamed to one that is there already.
    #[error("`{path}` is there already; remove one of the two")]
    KeyTaken {
        /// The key that is taken.
        path: FieldPath,
    },
    /// The list begins within a line, so its lines cannot be moved.
    #[error("the list `{path}` begins in the middle of a line; move its elements in the text")]
    Inline {
        /// The list.
        path: FieldPath,
    },
    /// The text is written such that the edit would change something else as well, by an anchor
    /// that is used elsewhere or by unusual layout.
    #[error("changing `{path}` here would change something else too; edit it in the text")]
    Entangled {
        /// The place of the edit.
        path: FieldPath,
    },
    /// Aliases multiply the text beyond all measure, or contain themselves.
    #[error(
        "the Kitfile's aliases contain themselves or repeat too often; write the values out in the text"
    )]
    TooManyAliases,
}
