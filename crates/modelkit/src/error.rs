//! What can go wrong with ModelKits, in one place.

use std::io;
use std::path::{Path, PathBuf};

use crate::digest::{Digest, DigestError};
use crate::reference::{Reference, ReferenceError};

/// The result of nearly everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, to what, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused something.
    #[error("could not {doing} {}: {source}{}", path.display(), advice(source))]
    Io {
        /// A verb: `read`, `write`, `open` …
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// The caller stopped the operation.
    #[error("cancelled; nothing was kept")]
    Cancelled,
    /// A text is not a reference.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// A text is not a digest.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// The Kitfile cannot be packed; each problem is one sentence.
    #[error("the Kitfile cannot be packed:\n{}", bullets(.0))]
    Kitfile(Vec<String>),
    /// The project folder holds no Kitfile.
    #[error("no Kitfile in {}; write one with `init` or name one with --file", .0.display())]
    NoKitfile(PathBuf),
    /// A layer's path is not there.
    #[error("the path {path} of the {label} does not exist in {}; correct the path in the Kitfile or add the files", context.display())]
    MissingPath {
        label: String,
        path: String,
        context: PathBuf,
    },
    /// A layer's path is a device, pipe or socket.
    #[error("the path {path} of the {label} is neither a file nor a folder")]
    NotPackable { label: String, path: String },
    /// A raw layer must be one regular file.
    #[error("the {label} cannot be packed raw: {path} {problem}")]
    NotRaw {
        label: String,
        path: String,
        problem: String,
    },
    /// The ignore file does not parse.
    #[error("line {line} of .kitignore, “{pattern}”, is not a valid pattern: {problem}")]
    Ignore {
        line: usize,
        pattern: String,
        problem: String,
    },
    /// A file changed while it was read into a layer.
    #[error("{} changed while it was packed ({expected} bytes when listed, now {found}); pack again when nothing writes to it", path.display())]
    Changed {
        path: PathBuf,
        expected: u64,
        found: String,
    },
    /// A file name that the archive format cannot hold.
    #[error("the file name “{0}” cannot be stored in a layer: it contains a NUL byte")]
    Name(String),
    /// A parent kit is missing, or its references do not end.
    #[error("the ModelKit {reference} that the model's path refers to cannot be used: {problem}")]
    Parent { reference: String, problem: String },
    /// `SOURCE_DATE_EPOCH` does not hold a number.
    #[error("SOURCE_DATE_EPOCH is “{0}”, which is not a whole number of seconds since 1970")]
    SourceDateEpoch(String),
    /// A kit or blob is not there.
    #[error(
        "{0} is not in the local store; `list` shows what is, `pull` fetches it from its registry"
    )]
    NotFound(Box<Reference>),
    /// A reference lacks the tag or digest the operation needs.
    #[error("{0} names no tag or digest; add one, as in {0}:latest")]
    NoTag(Box<Reference>),
    /// A blob the manifest names is not in the store.
    #[error(
        "the blob {digest} ({what}) is missing from the local store; pull or pack the ModelKit again"
    )]
    MissingBlob { digest: Digest, what: String },
    /// Bytes are not those that were promised.
    #[error(
        "{what} is damaged: its digest is {found} where {expected} was promised; pull or pack the ModelKit again"
    )]
    Corrupt {
        what: String,
        expected: Digest,
        found: Digest,
    },
    /// Fewer or more bytes than promised.
    #[error(
        "{what} has {found} bytes where {expected} were promised; pull or pack the ModelKit again"
    )]
    Size {
        what: String,
        expected: u64,
        found: u64,
    },
    /// Something other than a ModelKit.
    #[error("{what} is not a ModelKit: {problem}")]
    NotAModelKit { what: String, problem: String },
    /// A JSON document is broken or over its bounds.
    #[error("{what} cannot be read: {problem}")]
    Malformed { what: String, problem: String },
    /// An archive that no honest packer makes.
    #[error("{layer} was refused: {problem}")]
    Archive { layer: String, problem: String },
    /// Data that a ModelKit only points at cannot be fetched.
    #[error("the data of the {label} at {remote} cannot be fetched: {problem}")]
    Remote {
        label: String,
        remote: String,
        problem: String,
    },
    /// Unpacking would replace a file.
    #[error("{} exists already; unpack into another folder, or choose to overwrite or to keep existing files", .0.display())]
    Exists(PathBuf),
    /// Unpacking would go through a link or replace something that is not a plain file.
    #[error("{} cannot be written: {problem}", path.display())]
    Blocked { path: PathBuf, problem: String },
    /// A filter does not parse.
    #[error("“{filter}” is not a filter: {problem}")]
    Filter { filter: String, problem: String },
    /// A file inside a kit does not exist.
    #[error("{what} holds no file “{path}”")]
    NoFile { what: String, path: String },
    /// Data in a known file format that does not follow it.
    #[error("this is not a readable {format} file: {problem}")]
    Content {
        format: &'static str,
        problem: String,
    },
    /// A source of blobs other than the local store failed.
    #[error("{0}")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// An [`Error::Io`]; use with `map_err`.
    pub fn io(doing: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Error {
        let path = path.as_ref().to_path_buf();
        move |source| Error::Io {
            doing,
            path,
            source,
        }
    }

    /// Whether the operation was stopped by its caller.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Error::Cancelled)
    }
}

/// At most 80 characters of `text`, for messages about foreign input.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn bullets(lines: &[String]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| format!("  • {line}")).collect();
    lines.join("\n")
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull => {
            "; free some space, e.g. with `kitbench prune`, and try again"
        }
        io::ErrorKind::QuotaExceeded => {
            "; your share of the disk is used up, free some of it and try again"
        }
        io::ErrorKind::PermissionDenied => "; check who owns it and its permissions",
        io::ErrorKind::ReadOnlyFilesystem => {
            "; the disk is mounted read-only, mount it for writing or use another place (KITOPS_HOME for the store)"
        }
        _ => "",
    }
}
