//! Errors as a person sees them.

use serde::{Deserialize, Serialize};

/// What the front end may want to react to. Everything else is read, not branched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorKind {
    /// The named thing is not there (any more).
    NotFound,
    /// The input is wrong; the message says where.
    Invalid,
    /// Credentials are missing or refused.
    Unauthorized,
    /// The other side cannot be reached.
    Unreachable,
    /// Somebody changed it meanwhile.
    Conflict,
    /// The user stopped it. Not a failure.
    Cancelled,
    /// Disk full, no permission, and other trouble with this computer.
    Io,
    /// Not available in this door (for instance a native dialog in a browser).
    Unsupported,
    /// A fault in Kitbench.
    Internal,
}

/// One error, ready to show: what happened to what, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorView {
    pub kind: ErrorKind,
    /// One sentence: what happened, to what.
    pub message: String,
    /// What to do next; may be empty.
    pub hint: String,
    /// The chain of causes for "Copy details"; never holds secrets.
    pub details: String,
}

impl ErrorView {
    pub fn new(kind: ErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        ErrorView {
            kind,
            message: message.into(),
            hint: hint.into(),
            details: String::new(),
        }
    }

    pub fn with_details(mut self, details: impl Into<String>) -> Self {
        self.details = details.into();
        self
    }
}

impl std::fmt::Display for ErrorView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if !self.hint.is_empty() {
            write!(f, " {}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for ErrorView {}
