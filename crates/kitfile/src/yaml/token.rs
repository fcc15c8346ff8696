//! Tokens, and the error that ends reading.

use std::ops::Range;

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
}

/// A piece of syntax.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TokenKind {
    StreamStart,
    StreamEnd,
    VersionDirective { major: u8, minor: u8 },
    TagDirective { handle: String, prefix: String },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    Tag { handle: String, suffix: String },
    Scalar { value: String, style: Style },
}

/// A token and the bytes it covers.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub kind: TokenKind,
    pub span: Range<usize>,
}

/// Text that is not YAML, in the words of yaml.v3.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SyntaxError {
    /// What was wrong, as a clause: "did not find expected key".
    pub what: String,
    /// The byte at which reading stopped.
    pub at: usize,
    /// The byte at which the thing being read began, and what it was.
    pub context: Option<(&'static str, usize)>,
}

impl SyntaxError {
    pub fn new(what: impl Into<String>, at: usize) -> Self {
        SyntaxError {
            what: what.into(),
            at,
            context: None,
        }
    }

    pub fn within(what: &'static str, at: usize, context: &'static str, start: usize) -> Self {
        SyntaxError {
            what: what.into(),
            at,
            context: Some((context, start)),
        }
    }
}
