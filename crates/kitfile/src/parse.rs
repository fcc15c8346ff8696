//! From text to Kitfile and problems.

use crate::decode;
use crate::edit::Edit;
use crate::field_path::FieldPath;
use crate::model::{Kitfile, Rules};
use crate::problem::{Fix, Lines, Problem, ProblemCode, Severity};
use crate::validate;
use crate::yaml::{self, Document};

/// What became of a Kitfile's text.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The Kitfile; `None` only if the text is not YAML. Where there are errors among the
    /// problems it holds what could be read.
    pub kitfile: Option<Kitfile>,
    /// Everything wrong, in the order of the text.
    pub problems: Vec<Problem>,
}

impl Parsed {
    /// The problems for which the Kitfile is refused.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
    }

    /// Whether anything stands against packing (as far as the text tells).
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// The Kitfile if it has no errors, else the first error.
    pub fn into_result(mut self) -> Result<Kitfile, Box<Problem>> {
        let first = self
            .problems
            .iter()
            .position(|problem| problem.severity == Severity::Error);
        match (first, self.kitfile) {
            (None, Some(kitfile)) => Ok(kitfile),
            (first, _) => Err(Box::new(self.problems.swap_remove(first.unwrap_or(0)))),
        }
    }
}

/// Reads a Kitfile as `kit` of the given rules does, and says all that is wrong with it.
///
/// Never fails and never panics: text that is not YAML gives one problem and no Kitfile. Only the
/// first YAML document is read. What has to do with the files of the project is checked by
/// [`crate::check_files`].
pub fn parse(text: &str, rules: Rules) -> Parsed {
    let lines = Lines::new(text);
    let document = match yaml::compose(text) {
        Ok(Some(document)) => document,
        Ok(None) => {
            return Parsed {
                kitfile: Some(Kitfile::default()),
                problems: vec![empty(&lines, text)],
            };
        }
        Err(error) => {
            return Parsed {
                kitfile: None,
                problems: vec![syntax(&lines, text, &error)],
            };
        }
    };
    let (kitfile, mut problems) = decode::decode(&document, &lines, rules);
    // A value of a wrong type leaves its field empty, which would look like an empty path.
    let partial = problems
        .iter()
        .any(|problem| problem.code != ProblemCode::UnknownField);
    if !partial {
        problems.extend(validate::validate(
            &kitfile,
            rules,
            &place(&document, &lines),
        ));
    }
    problems.sort_by_key(|problem| (problem.span.start, problem.span.end));
    Parsed {
        kitfile: Some(kitfile),
        problems,
    }
}

/// Finds the place of a field in the text: its value, else the nearest thing around it.
pub(crate) fn place<'d>(
    document: &'d Document,
    lines: &'d Lines<'_>,
) -> impl Fn(&FieldPath) -> crate::problem::Span + 'd {
    |path| {
        let node = crate::locate::nearest(document, path);
        lines.span(document.node(node).span.clone())
    }
}

fn empty(lines: &Lines<'_>, text: &str) -> Problem {
    Problem {
        code: ProblemCode::Empty,
        severity: Severity::Error,
        message: "The Kitfile is empty.".to_owned(),
        hint: "Begin with `manifestVersion: 1.0.0`.".to_owned(),
        span: lines.span(text.len()..text.len()),
        path: FieldPath::root(),
        fix: Some(Fix {
            label: "Begin the Kitfile".to_owned(),
            edits: vec![Edit::Set {
                path: FieldPath::root().key("manifestVersion"),
                value: "1.0.0".to_owned(),
            }],
        }),
    }
}

fn syntax(lines: &Lines<'_>, text: &str, error: &yaml::SyntaxError) -> Problem {
    // What is never closed runs to the end of the text; its beginning is the better place.
    let unclosed = text
        .get(error.at..)
        .is_none_or(|rest| rest.trim().is_empty());
    let at = match error.context {
        Some((_, start)) if unclosed => start,
        _ => error.at.min(text.len()),
    };
    let width = text
        .get(at..)
        .and_then(|rest| rest.chars().next())
        .filter(|c| !matches!(c, '\n' | '\r'))
        .map_or(0, char::len_utf8);
    let mut message = format!("This is not YAML: {}", error.what);
    if let Some((context, start)) = error.context {
        let line = lines.span(start..start).line;
        message.push_str(&format!(" ({context} that begins in line {line})"));
    }
    message.push('.');
    let hint = match (text.as_bytes().get(at), error.what.as_str()) {
        (Some(b'\t'), _) => "Indent with spaces; YAML does not allow tabs there.",
        (_, "mapping values are not allowed in this context") => {
            "Put a text with `: ` in it in quotes, or check the indentation."
        }
        (_, "did not find expected key") => "Check the indentation, and close what was opened.",
        (Some(b'@' | b'`' | b'%'), _) => "Put the text in quotes.",
        (_, "could not find expected ':'") => "A key needs `: ` behind it.",
        _ => "",
    };
    Problem {
        code: ProblemCode::Syntax,
        severity: Severity::Error,
        message,
        hint: hint.to_owned(),
        span: lines.span(at..at + width),
        path: FieldPath::root(),
        fix: None,
    }
}
