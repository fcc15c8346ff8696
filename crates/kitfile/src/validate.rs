//! Checks of a whole Kitfile, by the rules of each era.
//!
//! What the older `kit` lets pass, though it cannot be meant, is a warning under its rules.

use std::collections::HashMap;

use crate::edit::Edit;
use crate::elements::{Element, ElementKind};
use crate::field_path::FieldPath;
use crate::model::{Kitfile, Rules};
use crate::paths;
use crate::problem::{Fix, Problem, ProblemCode, Severity, Span};

/// The longest part type, in bytes.
const PART_TYPE_MAX: usize = 64;

/// All that is wrong with a Kitfile that was read without errors of type. `place` finds a field in
/// the text.
pub(crate) fn validate(
    kitfile: &Kitfile,
    rules: Rules,
    place: &dyn Fn(&FieldPath) -> Span,
) -> Vec<Problem> {
    let mut validator = Validator {
        rules,
        place,
        problems: Vec::new(),
    };
    let elements = kitfile.elements();
    validator.manifest_version(kitfile);
    for element in &elements {
        validator.path(element);
    }
    validator.part_types(kitfile);
    validator.duplicate_paths(&elements);
    if rules == Rules::Current {
        validator.remotes(kitfile);
        validator.inside_remotes(&elements);
        validator.mcp_servers(kitfile);
    }
    validator.problems
}

struct Validator<'v> {
    rules: Rules,
    place: &'v dyn Fn(&FieldPath) -> Span,
    problems: Vec<Problem>,
}

impl Validator<'_> {
    fn push(
        &mut self,
        code: ProblemCode,
        severity: Severity,
        path: FieldPath,
        message: String,
        hint: &str,
        fix: Option<Fix>,
    ) {
        self.problems.push(Problem {
            code,
            severity,
            message,
            hint: hint.to_owned(),
            span: (self.place)(&path),
            path,
            fix,
        });
    }

    /// An error under the current rules, a warning under those that let it pass.
    fn strict(&self) -> Severity {
        match self.rules {
            Rules::Current => Severity::Error,
            Rules::V1_7 | Rules::V1_11 => Severity::Warning,
        }
    }

    fn manifest_version(&mut self, kitfile: &Kitfile) {
        let version = kitfile.manifest_version.as_str();
        if self.rules < Rules::Current || version == "1.0.0" {
            return;
        }
        let path = FieldPath::root().key("manifestVersion");
        let message = if version.is_empty() {
            "`manifestVersion` is missing.".to_owned()
        } else {
            format!("`manifestVersion` is `{version}`; the only one there is, is 1.0.0.")
        };
        let fix = Fix {
            label: "Set it to 1.0.0".to_owned(),
            edits: vec![Edit::Set {
                path: path.clone(),
                value: "1.0.0".to_owned(),
            }],
        };
        self.push(
            ProblemCode::ManifestVersion,
            Severity::Warning,
            path,
            message,
            "It is treated as 1.0.0.",
            Some(fix),
        );
    }

    /// What a path is by its looks alone.
    fn path(&mut self, element: &Element<'_>) {
        let path = element.path;
        if element.kind == ElementKind::Model && paths::is_kit_reference(path) {
            return;
        }
        let field = element.field.key("path");
        let label = element.label();
        if let Some(scheme) = paths::url_scheme(path) {
            let hint = match element.kind {
                ElementKind::Dataset if scheme == "s3" => {
                    "Put the URL into `remotePath`, and into `path` where the data belongs."
                }
                ElementKind::Model => {
                    "Download the file into the project, or name a ModelKit as `registry/name:tag`."
                }
                _ => "Download the file into the project and give its path there.",
            };
            let message = format!("The path of {label} is a URL, `{path}`.");
            let severity = self.strict();
            self.push(ProblemCode::UrlPath, severity, field, message, hint, None);
        } else if paths::is_absolute(path) {
            self.push(
                ProblemCode::AbsolutePath,
                Severity::Error,
                field,
                format!("The path of {label} is absolute, `{path}`."),
                "Give the path from the project folder.",
                None,
            );
        } else if paths::is_outside(path) {
            let severity = self.strict();
            self.push(
                ProblemCode::OutsidePath,
                severity,
                field,
                format!("The path of {label}, `{path}`, leads out of the project folder."),
                "Move the files into the project, or open the folder above as the project.",
                None,
            );
        }
    }

    fn part_types(&mut self, kitfile: &Kitfile) {
        let parts = kitfile.model.iter().flat_map(|model| &model.parts);
        for (at, part) in parts.enumerate() {
            let kind = part.kind.as_str();
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let fits = kind.starts_with(is_word)
                && kind.chars().all(|c| is_word(c) || matches!(c, '.' | '-'));
            let field = FieldPath::root()
                .key("model")
                .key("parts")
                .index(at)
                .key("type");
            if !kind.is_empty() && !fits {
                let cleaned: String = kind
                    .trim()
                    .chars()
                    .map(|c| if is_word(c) || c == '.' { c } else { '-' })
                    .collect();
                let cleaned = cleaned.trim_start_matches(['-', '.']);
                let fix = (!cleaned.is_empty()).then(|| Fix {
                    label: format!("Write `{cleaned}`"),
                    edits: vec![Edit::Set {
                        path: field.clone(),
                        value: cleaned.to_owned(),
                    }],
                });
                self.push(
                    ProblemCode::BadPartType,
                    Severity::Error,
                    field.clone(),
                    format!("The type `{kind}` of a model part is not one word."),
                    "Use letters, digits, `_`, and after the first character also `.` and `-`.",
                    fix,
                );
            }
            if kind.len() > PART_TYPE_MAX {
                self.push(
                    ProblemCode::BadPartType,
                    Severity::Error,
                    field,
                    format!("The type of a model part is {} bytes long.", kind.len()),
                    "At most 64 are allowed.",
                    None,
                );
            }
        }
    }

    /// Older rules compare paths as written, and not those of prompts. They count a model without a
    /// path as `.`, although it makes no layer.
    fn duplicate_paths(&mut self, elements: &[Element<'_>]) {
        let current = self.rules == Rules::Current;
        let mut by_path: HashMap<String, Vec<&Element<'_>>> = HashMap::new();
        let as_written = |element: &Element<'_>| match element.path {
            "" => ".".to_owned(),
            path => path.to_owned(),
        };
        for element in elements {
            // A model without files of its own makes no layer, so nothing is packed twice.
            let no_layer = element.path.is_empty() || paths::is_kit_reference(element.path);
            if current && element.kind == ElementKind::Model && no_layer {
                continue;
            }
            let others = by_path.entry(paths::clean_path(element.path)).or_default();
            let refused = others.iter().find(|other| {
                let pair = [element, other];
                current
                    || pair
                        .iter()
                        .all(|element| element.kind != ElementKind::Prompt)
                        && as_written(element) == as_written(other)
            });
            let severity = match refused {
                Some(_) => Severity::Error,
                None => Severity::Warning,
            };
            let other = refused.or(others.first()).copied();
            others.push(element);
            let Some(other) = other else {
                continue;
            };
            let message = format!(
                "{} and {} use the same path `{}`.",
                other.label(),
                element.label(),
                as_written(element)
            );
            let fix = Fix {
                label: format!("Remove {}", element.label()),
                edits: vec![Edit::Remove {
                    path: element.field.clone(),
                }],
            };
            self.push(
                ProblemCode::DuplicatePath,
                severity,
                element.field.key("path"),
                message,
                "Keep one of them, or give one another path.",
                Some(fix),
            );
        }
    }

    fn remotes(&mut self, kitfile: &Kitfile) {
        for (at, set) in kitfile.datasets.iter().enumerate() {
            let element = FieldPath::root().key("datasets").index(at);
            let hash = element.key("remoteHash");
            let remote = set.remote_path.as_str();
            let is_s3 = paths::url_scheme(remote) == Some("s3");
            let remove_hash = || {
                Some(Fix {
                    label: "Remove `remoteHash`".to_owned(),
                    edits: vec![Edit::Remove { path: hash.clone() }],
                })
            };
            if remote.is_empty() {
                if !set.remote_hash.is_empty() {
                    self.push(
                        ProblemCode::BadRemote,
                        Severity::Error,
                        hash.clone(),
                        format!("`{hash}` is given without `remotePath`."),
                        "Add `remotePath`, or remove the hash.",
                        remove_hash(),
                    );
                }
            } else if is_s3 {
                if set.remote_hash.is_empty() {
                    self.push(
                        ProblemCode::BadRemote,
                        Severity::Error,
                        element.key("remotePath"),
                        format!("`{remote}` is given without `remoteHash`."),
                        "Add the hash of the object, so that it can be checked.",
                        None,
                    );
                }
            } else if paths::is_kit_reference(remote) {
                if !set.remote_hash.is_empty() {
                    self.push(
                        ProblemCode::BadRemote,
                        Severity::Warning,
                        hash.clone(),
                        format!("`{hash}` is ignored, because `remotePath` is a ModelKit."),
                        "Name the ModelKit by digest to pin it.",
                        remove_hash(),
                    );
                }
            } else {
                self.push(
                    ProblemCode::BadRemote,
                    Severity::Error,
                    element.key("remotePath"),
                    format!("`{remote}` is neither an `s3://` URL nor a ModelKit reference."),
                    "Write `s3://bucket/key` or `registry/name:tag`.",
                    None,
                );
            }
        }
    }

    /// A data set that is a ModelKit is unpacked into its own folder; nothing else may live there.
    fn inside_remotes(&mut self, elements: &[Element<'_>]) {
        let remotes: Vec<&Element<'_>> = elements
            .iter()
            .filter(|element| paths::is_kit_reference(element.remote_path))
            .collect();
        for element in elements {
            let clean = paths::clean_path(element.path);
            let no_layer = element.kind == ElementKind::Model
                && (element.path.is_empty() || paths::is_kit_reference(element.path));
            for remote in &remotes {
                let folder = paths::clean_path(remote.path);
                if remote.field == element.field || no_layer || clean == folder {
                    continue; // the same path is reported as such
                }
                if paths::lies_within(&clean, &folder) {
                    self.push(
                        ProblemCode::InsideRemote,
                        Severity::Error,
                        element.field.key("path"),
                        format!(
                            "The path of {}, `{}`, is inside the folder of the remote {}.",
                            element.label(),
                            element.path,
                            remote.label()
                        ),
                        "Move it out, or give the data set another path.",
                        None,
                    );
                }
            }
        }
    }

    fn mcp_servers(&mut self, kitfile: &Kitfile) {
        let mut names: HashMap<&str, usize> = HashMap::new();
        for (at, server) in kitfile.mcp_servers.iter().enumerate() {
            let element = FieldPath::root().key("mcpServers").index(at);
            if server.name.is_empty() {
                self.push(
                    ProblemCode::McpName,
                    Severity::Error,
                    element.key("name"),
                    format!("`{element}` has no name."),
                    "Every MCP server needs a name of its own.",
                    None,
                );
            } else if let Some(other) = names.insert(&server.name, at) {
                self.push(
                    ProblemCode::McpName,
                    Severity::Error,
                    element.key("name"),
                    format!(
                        "`{element}` and `mcpServers[{other}]` have the same name `{}`.",
                        server.name
                    ),
                    "Every MCP server needs a name of its own.",
                    None,
                );
            }
            if !server.path.ends_with(".mcpb") {
                self.push(
                    ProblemCode::McpPath,
                    Severity::Error,
                    element.key("path"),
                    format!(
                        "The path of `{element}`, `{}`, does not end in `.mcpb`.",
                        server.path
                    ),
                    "Give the path of an MCP bundle.",
                    None,
                );
            }
        }
    }
}
