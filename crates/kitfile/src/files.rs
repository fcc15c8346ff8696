//! Checks that need to know what is on disk.

use crate::edit::Edit;
use crate::elements::{Element, ElementKind};
use crate::model::{Kitfile, Rules};
use crate::parse::place;
use crate::paths;
use crate::problem::{Fix, Lines, Problem, ProblemCode, Severity, Span};
use crate::suggest;
use crate::yaml;

/// What a path of the project leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, whatever it points to.
    Link,
    /// A FIFO, socket or device.
    Other,
}

/// The files of a project, as far as checks need to know. Paths are cleaned and relative to the
/// project folder, with `/` between elements; `.` is the folder itself.
pub trait ProjectFiles {
    /// What is at `path`, without following a link there. `None` if nothing is.
    fn kind(&self, path: &str) -> Option<EntryKind>;

    /// The names in a folder, in any order; empty if it cannot be read.
    fn names_in(&self, folder: &str) -> Vec<String>;
}

/// What is wrong with the paths of a Kitfile, given the files. `text` is the text that `kitfile`
/// was parsed from; it tells the places.
pub fn check_files(
    text: &str,
    kitfile: &Kitfile,
    rules: Rules,
    files: &dyn ProjectFiles,
) -> Vec<Problem> {
    let lines = Lines::new(text);
    let document = yaml::compose(text).ok().flatten();
    let mut problems = Vec::new();
    for element in kitfile.elements() {
        let Some((code, severity, message, hint, fix)) = check(&element, rules, files) else {
            continue;
        };
        let path = element.field.key("path");
        let span = match &document {
            Some(document) => place(document, &lines)(&path),
            None => Span::default(),
        };
        problems.push(Problem {
            code,
            severity,
            message,
            hint,
            span,
            path,
            fix,
        });
    }
    problems
}

type Finding = (ProblemCode, Severity, String, String, Option<Fix>);

fn check(element: &Element<'_>, rules: Rules, files: &dyn ProjectFiles) -> Option<Finding> {
    let no_layer = match element.kind {
        ElementKind::Model => element.path.is_empty() || paths::is_kit_reference(element.path),
        ElementKind::Dataset => !element.remote_path.is_empty(),
        _ => false,
    };
    let refused_already = paths::is_absolute(element.path)
        || rules == Rules::Current
            && (paths::is_outside(element.path) || paths::url_scheme(element.path).is_some());
    if no_layer || refused_already {
        return None;
    }
    let clean = paths::clean_path(element.path);
    let label = element.label();
    match files.kind(&clean) {
        Some(EntryKind::File) => None,
        Some(EntryKind::Folder) if element.kind == ElementKind::McpServer => Some((
            ProblemCode::NothingToPack,
            Severity::Error,
            format!("The path of {label}, `{clean}`, is a folder."),
            "Give the path of the `.mcpb` file itself.".to_owned(),
            None,
        )),
        Some(EntryKind::Folder) => None,
        Some(kind) => {
            let what = match kind {
                EntryKind::Link => "a symbolic link",
                _ => "neither a file nor a folder",
            };
            Some((
                ProblemCode::NothingToPack,
                if element.kind == ElementKind::McpServer {
                    Severity::Error
                } else {
                    Severity::Warning
                },
                format!("The path of {label}, `{clean}`, is {what}, so its layer stays empty."),
                "Give the path of the file or folder itself.".to_owned(),
                None,
            ))
        }
        None => Some(missing(element, &clean, files)),
    }
}

fn missing(element: &Element<'_>, clean: &str, files: &dyn ProjectFiles) -> Finding {
    let message = format!(
        "The path of {}, `{}`, does not exist.",
        element.label(),
        element.path
    );
    let tagged = format!("{}:latest", element.path);
    let names_host = |path: &str| {
        let host = path.split_once('/').map(|(host, _)| host);
        host.is_some_and(|host| host.contains(['.', ':']))
    };
    if element.kind == ElementKind::Model
        && names_host(element.path)
        && paths::is_kit_reference(&tagged)
    {
        let fix = Fix {
            label: format!("Use `{tagged}`"),
            edits: vec![Edit::Set {
                path: element.field.key("path"),
                value: tagged.clone(),
            }],
        };
        let hint = format!("If it names a ModelKit it needs a tag or a digest, as in `{tagged}`.");
        return (
            ProblemCode::MissingPath,
            Severity::Error,
            message,
            hint,
            Some(fix),
        );
    }
    let suggestion = similar(clean, files);
    let hint = match &suggestion {
        Some(found) => format!("Did you mean `{found}`?"),
        None => "Correct the path, or remove the element.".to_owned(),
    };
    let fix = match suggestion {
        Some(found) => Fix {
            label: format!("Use `{found}`"),
            edits: vec![Edit::Set {
                path: element.field.key("path"),
                value: found,
            }],
        },
        None => Fix {
            label: format!("Remove {}", element.label()),
            edits: vec![Edit::Remove {
                path: element.field.clone(),
            }],
        },
    };
    (
        ProblemCode::MissingPath,
        Severity::Error,
        message,
        hint,
        Some(fix),
    )
}

/// An existing path with a similar name in the same folder; the folder may be mistyped as well.
fn similar(clean: &str, files: &dyn ProjectFiles) -> Option<String> {
    let mut found = String::new();
    for part in clean.split('/') {
        let exact = join(&found, part);
        if files.kind(&exact).is_some() {
            found = exact;
            continue;
        }
        let folder = if found.is_empty() { "." } else { &found };
        let stem = |name: &str| {
            name.rsplit_once('.')
                .map_or(name.to_owned(), |(stem, _)| stem.to_owned())
        };
        let best = files
            .names_in(folder)
            .into_iter()
            .filter_map(|name| {
                let distance = suggest::distance(part, &name);
                let near = distance <= 2.min(part.chars().count() / 2);
                let same_stem = stem(part) == stem(&name);
                (near || same_stem).then_some((distance, name))
            })
            .min()?;
        found = join(&found, &best.1);
    }
    (!found.is_empty()).then_some(found)
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}
