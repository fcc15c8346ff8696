//! Lossless edits of a Kitfile's text.
//!
//! Comments, order, quoting, unknown keys, indentation, line ends and byte-order mark stay as they
//! are; only what is edited changes.

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
