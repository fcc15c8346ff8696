//! The Kitfile editor. The front end owns the text being edited; the engine
//! analyses it, applies form edits to it and saves it.

use serde::{Deserialize, Serialize};

use crate::{ProjectId, Severity};

/// Reads the Kitfile from disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenKitfile {
    pub project: ProjectId,
}

/// Analyses a text as it is being typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalyzeKitfile {
    pub project: ProjectId,
    pub text: String,
}

/// Applies edits of the form to a text, changing nothing else in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditKitfile {
    pub project: ProjectId,
    pub text: String,
    pub edits: Vec<FormEdit>,
}

/// One change in the form. Paths are like `package.name`, `datasets[2].path`,
/// `model.parts[0]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FormEdit {
    /// Sets a text field; an empty value removes the key.
    Set {
        path: String,
        value: String,
    },
    /// Sets a list of texts (`package.authors`).
    SetList {
        path: String,
        values: Vec<String>,
    },
    /// Removes a field, an element or a section.
    Remove {
        path: String,
    },
    /// Appends an element to `code`, `datasets`, `docs`, `prompts`, `mcpServers` or `model.parts`.
    Append {
        section: String,
        fields: Vec<(String, String)>,
    },
    /// Moves an element within its list.
    Move {
        path: String,
        to: u32,
    },
    /// Sets one parameter below `model.parameters` or `datasets[n].parameters`; the value is YAML.
    SetParameter {
        path: String,
        key: String,
        yaml: String,
    },
    RemoveParameter {
        path: String,
        key: String,
    },
    RenameParameter {
        path: String,
        key: String,
        new_key: String,
    },
}

/// Writes the text. Refused when the file changed on disk since `revision`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveKitfile {
    pub project: ProjectId,
    pub text: String,
    /// [`KitfileDoc::revision`] of what was opened; `None` overwrites whatever is there.
    pub revision: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SaveOutcome {
    Saved(Box<KitfileDoc>),
    /// The file on disk is another by now.
    ChangedOnDisk {
        text: String,
        revision: String,
    },
}

/// Drafts a Kitfile from what is in the folder; saves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftKitfile {
    pub project: ProjectId,
}

/// A text and all that is known about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KitfileDoc {
    /// `Kitfile`, `kitfile` or `.kitfile`.
    pub file_name: String,
    pub text: String,
    /// The text on disk, against which changed lines are marked; empty if there is no file.
    pub saved_text: String,
    /// Digest of the text on disk; `None` if there is no file.
    pub revision: Option<String>,
    pub read_only: bool,
    /// The last values that parsed; `None` if the text does not parse.
    pub form: Option<KitfileForm>,
    pub problems: Vec<KitfileProblem>,
    /// For colouring the text and for "Show line".
    pub spans: Vec<TextSpan>,
}

/// A byte range of the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextSpan {
    pub start: u32,
    pub end: u32,
    pub role: SpanRole,
    /// Field path for keys and values, empty for comments.
    pub path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpanRole {
    Key,
    Value,
    Comment,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KitfileProblem {
    /// Stable name of the rule, e.g. `unknown-key`.
    pub code: String,
    pub severity: Severity,
    pub message: String,
    pub hint: String,
    /// Field it is about, e.g. `package.author`; may be empty.
    pub path: String,
    /// Byte range in the text.
    pub start: u32,
    pub end: u32,
    /// One-based.
    pub line: u32,
    pub column: u32,
    pub fixes: Vec<Fix>,
}

/// A repair as text edits: apply all, from last to first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// `Rename to authors`.
    pub label: String,
    pub edits: Vec<TextEdit>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextEdit {
    /// Byte range to replace.
    pub start: u32,
    pub end: u32,
    pub text: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KitfileForm {
    pub manifest_version: String,
    pub package: PackageForm,
    pub model: Option<ModelForm>,
    pub code: Vec<EntryForm>,
    pub datasets: Vec<EntryForm>,
    pub docs: Vec<EntryForm>,
    pub prompts: Vec<EntryForm>,
    pub mcp_servers: Vec<EntryForm>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageForm {
    pub name: String,
    pub version: String,
    pub description: String,
    pub license: String,
    pub authors: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelForm {
    pub name: String,
    pub path: String,
    pub license: String,
    pub framework: String,
    pub format: String,
    pub version: String,
    pub description: String,
    pub parts: Vec<EntryForm>,
    pub parameters: Vec<Parameter>,
    pub path_state: PathState,
}

/// Any list element; fields its section does not have stay empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryForm {
    pub name: String,
    pub path: String,
    pub description: String,
    pub license: String,
    /// Model parts only.
    pub part_type: String,
    /// Data sets only.
    pub remote_path: String,
    pub remote_hash: String,
    pub parameters: Vec<Parameter>,
    pub path_state: PathState,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    pub key: String,
    /// The value as YAML, on one line where possible.
    pub yaml: String,
    /// A list or a map: needs the text editor.
    pub nested: bool,
}

/// What a path points to in the project folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PathState {
    #[default]
    Empty,
    Found {
        files: u32,
        bytes: u64,
    },
    Missing,
    /// A reference to another ModelKit.
    Reference,
}
