//! Why a verb did not do what was asked, as text, JSON and exit code.

use std::process::ExitCode;

use kitbench_engine::errors::{view_of_kit, view_of_registry};
use kitbench_protocol::{ErrorKind, ErrorView};
use kitbench_runs::export::ExportError;
use kitbench_runs::{RunsError, ServerTrouble};

/// Why a verb ended without success.
#[derive(Debug)]
pub enum Failure {
    /// The user stopped it.
    Cancelled,
    /// The words on the command line do not make sense together.
    Misuse(ErrorView),
    /// It did not work.
    Failed(ErrorView),
    /// The result says it already, e.g. a verification that found damage.
    Told,
}

/// What a verb comes to.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub fn misuse(message: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure::Misuse(ErrorView::new(ErrorKind::Invalid, message, hint))
    }

    pub fn failed(kind: ErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure::Failed(ErrorView::new(kind, message, hint))
    }

    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Failed(_) | Failure::Told => 1,
            Failure::Misuse(_) => 2,
            Failure::Cancelled => 130,
        })
    }

    /// Tells it on standard error.
    pub fn report(&self, json: bool) {
        let (kind, message, hint, details) = match self {
            Failure::Told => return,
            Failure::Cancelled => (
                ErrorKind::Cancelled,
                "Cancelled; nothing half-done was left.",
                "",
                "",
            ),
            Failure::Misuse(view) | Failure::Failed(view) => (
                view.kind,
                view.message.as_str(),
                view.hint.as_str(),
                view.details.as_str(),
            ),
        };
        if json {
            let error = serde_json::json!({
                "error": {"kind": name(kind), "message": message, "hint": hint, "details": details}
            });
            eprintln!("{error}");
        } else {
            eprintln!("[ERROR] {message}");
            if !hint.is_empty() {
                eprintln!("        {hint}");
            }
            // What the sentence does not say already.
            let causes = details.lines().skip(1);
            causes.for_each(|cause| log::debug!("{cause}"));
        }
    }
}

/// The kind's name in JSON.
fn name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "not-found",
        ErrorKind::Invalid => "invalid",
        ErrorKind::Unauthorized => "unauthorized",
        ErrorKind::Unreachable => "unreachable",
        ErrorKind::Conflict => "conflict",
        ErrorKind::Cancelled => "cancelled",
        ErrorKind::Io => "io",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::Internal => "internal",
    }
}

impl From<ErrorView> for Failure {
    fn from(view: ErrorView) -> Failure {
        match view.kind {
            ErrorKind::Cancelled => Failure::Cancelled,
            _ => Failure::Failed(view),
        }
    }
}

impl From<kitbench_modelkit::Error> for Failure {
    fn from(error: kitbench_modelkit::Error) -> Failure {
        view_of_kit(&error).into()
    }
}

impl From<kitbench_modelkit::reference::ReferenceError> for Failure {
    fn from(error: kitbench_modelkit::reference::ReferenceError) -> Failure {
        let Failure::Failed(view) = Failure::from(kitbench_modelkit::Error::from(error)) else {
            return Failure::Cancelled;
        };
        Failure::Misuse(view)
    }
}

impl From<kitbench_registry::Error> for Failure {
    fn from(error: kitbench_registry::Error) -> Failure {
        view_of_registry(&error).into()
    }
}

impl From<RunsError> for Failure {
    fn from(error: RunsError) -> Failure {
        let kind = match &error {
            RunsError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                ErrorKind::NotFound
            }
            RunsError::Io { .. } => ErrorKind::Io,
            RunsError::Server {
                trouble: ServerTrouble::Refused,
                ..
            } => ErrorKind::Unauthorized,
            RunsError::Server { .. } => ErrorKind::Unreachable,
            _ => ErrorKind::Invalid,
        };
        let hint = match kind {
            ErrorKind::Unauthorized => {
                "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN."
            }
            _ => "",
        };
        Failure::failed(kind, sentence(&error.to_string()), hint)
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Failure {
        match error {
            ExportError::Runs(error) => error.into(),
            ExportError::Write(error) => Failure::failed(
                ErrorKind::Io,
                format!("The result could not be written: {error}."),
                "",
            ),
        }
    }
}

/// First letter upper case, full stop at the end.
pub fn sentence(text: &str) -> String {
    kitbench_engine::errors::sentence(text)
}
