//! What is wrong with a Kitfile, where, and how to put it right.

use std::fmt;

use crate::edit::Edit;
use crate::field_path::FieldPath;

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The kit can be packed, but probably not as meant.
    Warning,
    /// `kit` of the chosen rules would refuse the Kitfile, and so do we.
    Error,
}

/// What kind of thing is wrong. [`ProblemCode::as_str`] is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemCode {
    /// The text is not YAML.
    Syntax,
    /// The text holds nothing.
    Empty,
    /// A value is of another type than its field.
    WrongType,
    /// A value does not fit the tag that stands before it.
    BadTag,
    /// A key that no Kitfile has at this place.
    UnknownField,
    /// A key that only later rules know.
    FieldTooNew,
    /// A key given twice.
    DuplicateField,
    /// An alias that contains itself, or too many of them.
    BadAlias,
    /// A merge key whose value is not a map.
    BadMerge,
    /// A parameter that JSON cannot express.
    NotJson,
    /// Two elements with the same path.
    DuplicatePath,
    /// An absolute path.
    AbsolutePath,
    /// A path that leaves the project folder.
    OutsidePath,
    /// A URL where a path belongs.
    UrlPath,
    /// A part type that is not one word.
    BadPartType,
    /// A manifest version other than 1.0.0.
    ManifestVersion,
    /// A remote path or hash that does not fit the other.
    BadRemote,
    /// An MCP server without a name of its own.
    McpName,
    /// An MCP server whose path is not a `.mcpb` bundle.
    McpPath,
    /// A path inside the folder of a remote data set.
    InsideRemote,
    /// A path at which there is nothing.
    MissingPath,
    /// A path at which there is nothing that can be packed.
    NothingToPack,
}

impl ProblemCode {
    /// The name of the code, in lower case with dashes.
    pub fn as_str(self) -> &'static str {
        match self {
            ProblemCode::Syntax => "syntax",
            ProblemCode::Empty => "empty",
            ProblemCode::WrongType => "wrong-type",
            ProblemCode::BadTag => "bad-tag",
            ProblemCode::UnknownField => "unknown-field",
            ProblemCode::FieldTooNew => "field-too-new",
            ProblemCode::DuplicateField => "duplicate-field",
            ProblemCode::BadAlias => "bad-alias",
            ProblemCode::BadMerge => "bad-merge",
            ProblemCode::NotJson => "not-json",
            ProblemCode::DuplicatePath => "duplicate-path",
            ProblemCode::AbsolutePath => "absolute-path",
            ProblemCode::OutsidePath => "outside-path",
            ProblemCode::UrlPath => "url-path",
            ProblemCode::BadPartType => "bad-part-type",
            ProblemCode::ManifestVersion => "manifest-version",
            ProblemCode::BadRemote => "bad-remote",
            ProblemCode::McpName => "mcp-name",
            ProblemCode::McpPath => "mcp-path",
            ProblemCode::InsideRemote => "inside-remote",
            ProblemCode::MissingPath => "missing-path",
            ProblemCode::NothingToPack => "nothing-to-pack",
        }
    }
}

/// A range of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Byte after the last one.
    pub end: usize,
    /// Line of the first byte, from 1.
    pub line: usize,
    /// Column of the first byte in characters, from 1.
    pub column: usize,
}

/// Edits that put a problem right.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    /// What a button says: "Rename to `authors`".
    pub label: String,
    /// The edits, to be applied in order with [`crate::edit::apply`].
    pub edits: Vec<Edit>,
}

/// Something wrong with a Kitfile.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// What kind of thing.
    pub code: ProblemCode,
    /// How bad.
    pub severity: Severity,
    /// One sentence: what is wrong with what.
    pub message: String,
    /// One sentence: what to do; empty if there is nothing to add.
    pub hint: String,
    /// Where in the text.
    pub span: Span,
    /// Which field; the root for problems with the text as a whole.
    pub path: FieldPath,
    /// How to put it right by itself, if that is known.
    pub fix: Option<Fix>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.span.line, self.message)?;
        if !self.hint.is_empty() {
            write!(f, " {}", self.hint)?;
        }
        Ok(())
    }
}

/// Where lines begin, to turn byte offsets into lines and columns.
#[derive(Debug, Clone)]
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub fn new(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![if text.starts_with('\u{feff}') { 3 } else { 0 }];
        for (at, byte) in bytes.iter().enumerate() {
            if *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
                starts.push(at + 1);
            }
        }
        Lines { text, starts }
    }

    /// The line of a byte, from 0.
    pub fn line_of(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).max(1) - 1
    }

    /// The first byte of a line; the end of the text past the last one.
    pub fn start_of(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.text.len())
    }

    pub fn span(&self, range: std::ops::Range<usize>) -> Span {
        let line = self.line_of(range.start);
        let before = self.text.get(self.start_of(line)..range.start);
        Span {
            start: range.start,
            end: range.end,
            line: line + 1,
            column: before.map_or(0, |before| before.chars().count()) + 1,
        }
    }
}
