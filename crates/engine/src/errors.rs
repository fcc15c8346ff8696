//! The one place that turns errors into a sentence, a hint and details.

use std::error::Error;
use std::io;
use std::path::Path;

use kitbench_modelkit::Error as KitError;
use kitbench_protocol::{ErrorKind, ErrorView};
use kitbench_registry::Error as RegistryError;

use crate::state::StateError;

/// The causes of an error, one per line, for "Copy details".
fn chain(error: &dyn Error) -> String {
    let mut lines = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        lines.push(format!("caused by: {cause}"));
        source = cause.source();
    }
    lines.join("\n")
}

/// First letter upper case, full stop at the end. A name at the start (`team/wine:v1`,
/// `weights.bin`) stays as it is written.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut characters = text.chars();
    let first_word = text.split_whitespace().next().unwrap_or_default();
    let is_word = first_word
        .trim_end_matches([',', ':'])
        .chars()
        .all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-'));
    let mut sentence = match characters.next() {
        Some(first) if is_word => first.to_uppercase().collect::<String>() + characters.as_str(),
        Some(_) => text.to_owned(),
        None => return String::new(),
    };
    if !sentence.ends_with(['.', '!', '?', ':']) {
        sentence.push('.');
    }
    sentence
}

/// Splits `what happened; what to do` as the crates write it into message and hint.
fn split_advice(text: &str) -> (String, String) {
    match text.split_once("; ") {
        Some((what, advice)) => (sentence(what), sentence(advice)),
        None => (sentence(text), String::new()),
    }
}

/// An error of the operating system about a path.
pub fn io_error(doing: &str, path: &Path, error: &io::Error) -> ErrorView {
    let (kind, cause, hint) = match error.kind() {
        io::ErrorKind::NotFound => (
            ErrorKind::NotFound,
            "it is not there".to_owned(),
            "It may have been moved or renamed, or its disk is not connected.",
        ),
        io::ErrorKind::PermissionDenied => (
            ErrorKind::Io,
            "permission denied".to_owned(),
            "Check who owns it and its permissions.",
        ),
        io::ErrorKind::StorageFull => (
            ErrorKind::Io,
            "the disk is full".to_owned(),
            "Free some space and try again; nothing was lost.",
        ),
        io::ErrorKind::ReadOnlyFilesystem => (
            ErrorKind::Io,
            "the file system is read-only".to_owned(),
            "Choose another place.",
        ),
        _ => (ErrorKind::Io, error.to_string(), ""),
    };
    ErrorView::new(
        kind,
        format!("Could not {doing} `{}`: {cause}.", path.display()),
        hint,
    )
    .with_details(chain(error))
}

/// A fault in Kitbench itself.
pub fn internal(what: &str, details: &str) -> ErrorView {
    ErrorView::new(
        ErrorKind::Internal,
        format!("Kitbench failed in {what}."),
        "Nothing was lost. Try again; if it happens twice, report it with the details.",
    )
    .with_details(details)
}

pub fn view_of_state(error: &StateError) -> ErrorView {
    let hint = match error {
        StateError::Newer { .. } => {
            "Start the newer Kitbench, or set KITBENCH_STATE to another folder."
        }
        StateError::Open { .. } | StateError::Folder { .. } => {
            "Check the folder's permissions and the free space, or set KITBENCH_STATE to another folder."
        }
        StateError::Query(_) | StateError::Value(_) => {
            "Check the free space of the disk and try again."
        }
    };
    ErrorView::new(ErrorKind::Io, sentence(&error.to_string()), hint).with_details(chain(error))
}

pub fn view_of_kit(error: &KitError) -> ErrorView {
    let kind = match error {
        KitError::Cancelled => ErrorKind::Cancelled,
        KitError::NotFound(_)
        | KitError::MissingBlob { .. }
        | KitError::NoKitfile(_)
        | KitError::NoFile { .. }
        | KitError::MissingPath { .. } => ErrorKind::NotFound,
        KitError::Exists(_) | KitError::Changed { .. } => ErrorKind::Conflict,
        KitError::Io { .. } => ErrorKind::Io,
        KitError::Source(source) => {
            if let Some(error) = source.downcast_ref::<RegistryError>() {
                return view_of_registry(error);
            }
            ErrorKind::Io
        }
        _ => ErrorKind::Invalid,
    };
    let (message, hint) = split_advice(&error.to_string());
    ErrorView::new(kind, message, hint).with_details(chain(error))
}

pub fn view_of_registry(error: &RegistryError) -> ErrorView {
    use kitbench_registry::ErrorKind as Kind;
    let kind = match error.kind() {
        Kind::Cancelled => ErrorKind::Cancelled,
        Kind::NotFound => ErrorKind::NotFound,
        Kind::Unauthorized | Kind::Forbidden => ErrorKind::Unauthorized,
        Kind::Unreachable | Kind::TlsProblem | Kind::HttpsToHttpServer => ErrorKind::Unreachable,
        Kind::Local => ErrorKind::Io,
        _ => ErrorKind::Invalid,
    };
    let text = error.to_string();
    // Libraries explain a broken line at length; that belongs to the details.
    let message = match (kind, text.split_once(": ")) {
        (ErrorKind::Unreachable, Some((what, _))) => sentence(what),
        _ => sentence(&text),
    };
    ErrorView::new(kind, message, error.hint().unwrap_or_default()).with_details(chain(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_sentences_with_a_next_step() {
        let (message, hint) = split_advice("the kit is gone; pull it again");
        assert_eq!(message, "The kit is gone.");
        assert_eq!(hint, "Pull it again.");
        assert_eq!(sentence("team/wine:v1 is gone"), "team/wine:v1 is gone.");
        assert_eq!(sentence("weights.bin is gone"), "weights.bin is gone.");
        let error = io_error(
            "write",
            Path::new("/full/disk"),
            &io::Error::from(io::ErrorKind::StorageFull),
        );
        assert!(error.message.contains("/full/disk") && error.hint.contains("Free some space"));
    }
}
