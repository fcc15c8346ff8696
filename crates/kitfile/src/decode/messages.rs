//! The words for what decoding finds wrong, and the fixes.

use super::Decoder;
use crate::edit::Edit;
use crate::field_path::FieldPath;
use crate::model::Rules;
use crate::problem::{Fix, Problem, ProblemCode, Severity};
use crate::record::{FieldRef, FieldSpec, Record};
use crate::suggest;
use crate::yaml::{Kind, NodeId, resolve};

impl Decoder<'_> {
    pub(super) fn problem(
        &self,
        code: ProblemCode,
        id: NodeId,
        message: String,
        hint: impl Into<String>,
    ) -> Problem {
        Problem {
            code,
            severity: Severity::Error,
            message,
            hint: hint.into(),
            span: self.lines.span(self.document.node(id).span.clone()),
            path: self.path.clone(),
            fix: None,
        }
    }

    /// How the present path is called in a sentence.
    fn here(&self) -> String {
        if self.path.is_root() {
            "A Kitfile".to_owned()
        } else {
            format!("`{}`", self.path)
        }
    }

    fn kind_name(&self, id: NodeId) -> &'static str {
        match &self.document.node(id).kind {
            Kind::Sequence { .. } => "a list",
            Kind::Mapping { .. } => "a map",
            Kind::Alias { .. } => "an alias",
            Kind::Scalar { .. } => match self.document.node(id).tag.as_str() {
                resolve::BOOL => "true or false",
                resolve::INT | resolve::FLOAT => "a number",
                resolve::TIMESTAMP => "a date",
                _ => "a text",
            },
        }
    }

    pub(super) fn wrong_type(&mut self, id: NodeId, wanted: &str) {
        let message = format!(
            "{} must be {wanted}, not {}.",
            self.here(),
            self.kind_name(id)
        );
        let node = self.document.node(id);
        let (hint, fix) = match (&node.kind, wanted) {
            (Kind::Scalar { value, .. }, "a list of texts") => (
                format!("Write it as a list: `[{value}]`."),
                Some(Fix {
                    label: "Make it a list".to_owned(),
                    edits: vec![Edit::SetList {
                        path: self.path.clone(),
                        values: vec![value.clone()],
                    }],
                }),
            ),
            (_, "a map of fields") if self.path.is_root() => {
                ("Begin with `manifestVersion: 1.0.0`.".to_owned(), None)
            }
            (Kind::Mapping { .. }, "a list") => ("Begin each element with `- `.".to_owned(), None),
            (Kind::Scalar { .. }, "a map of fields") => (
                "Write its fields below, one `key: value` a line.".to_owned(),
                None,
            ),
            _ => (String::new(), None),
        };
        let mut problem = self.problem(ProblemCode::WrongType, id, message, hint);
        problem.fix = fix;
        self.problems.push(problem);
    }

    pub(super) fn wrong_key(&mut self, id: NodeId) {
        let message = format!(
            "A key of {} is {}, not a text.",
            self.here(),
            self.kind_name(id)
        );
        self.push(ProblemCode::WrongType, id, message, "");
    }

    pub(super) fn key_not_text(&mut self, id: NodeId) {
        let target = self.document.target(id);
        let text = self.document.node(target).value();
        let message = format!(
            "{} has the key `{text}`, which is {}; a kit's config allows text keys only.",
            self.here(),
            match self.document.short_tag(id) {
                resolve::NULL => "null",
                resolve::STR => "a text",
                _ => self.kind_name(target),
            }
        );
        let mut problem = self.problem(
            ProblemCode::NotJson,
            id,
            message,
            format!("Put it in quotes: `\"{text}\"`."),
        );
        let node = self.document.node(id);
        if matches!(node.kind, Kind::Scalar { .. }) && node.tag != resolve::NULL {
            problem.fix = Some(Fix {
                label: "Put the key in quotes".to_owned(),
                edits: vec![Edit::Rename {
                    path: self.path.key(text),
                    to: text.to_owned(),
                }],
            });
        }
        self.problems.push(problem);
    }

    pub(super) fn unfit_tag(&self, id: NodeId) -> Box<Problem> {
        let node = self.document.node(id);
        Box::new(self.problem(
            ProblemCode::BadTag,
            id,
            format!(
                "`{}` is not what its tag `{}` says.",
                node.value(),
                node.tag
            ),
            "Correct the value, or remove the tag.",
        ))
    }

    pub(super) fn excessive_aliases(&self, id: NodeId) -> Box<Problem> {
        Box::new(self.problem(
            ProblemCode::BadAlias,
            id,
            "The Kitfile consists almost wholly of repeated aliases.".to_owned(),
            "Write the values out.",
        ))
    }

    pub(super) fn alias_in_itself(&self, id: NodeId) -> Box<Problem> {
        let name = self.document.node(id).value();
        Box::new(self.problem(
            ProblemCode::BadAlias,
            id,
            format!("The anchor `{name}` contains itself."),
            "Write the value out instead of the alias.",
        ))
    }

    pub(super) fn bad_merge(&self, id: NodeId) -> Box<Problem> {
        Box::new(self.problem(
            ProblemCode::BadMerge,
            id,
            format!(
                "`<<` in {} must name a map, or a list of maps.",
                self.here()
            ),
            "",
        ))
    }

    pub(super) fn duplicate(&mut self, earlier: NodeId, id: NodeId) {
        let line = self
            .lines
            .span(self.document.node(earlier).span.clone())
            .line;
        let key = self.document.node(id).value();
        let path = self.path.key(key);
        let message = format!("`{path}` is given twice; the first time is in line {line}.");
        let mut problem = self.problem(
            ProblemCode::DuplicateField,
            id,
            message,
            "Remove one of the two.",
        );
        problem.path = path;
        self.problems.push(problem);
    }

    pub(super) fn too_new(&mut self, id: NodeId, spec: &FieldSpec) {
        let path = self.path.key(spec.key);
        let since = match spec.since {
            Rules::V1_7 => "1.7",
            Rules::V1_11 => "1.11",
            Rules::Current => "after 1.11 (mid 2026)",
        };
        let message = format!("`{path}` is not known to kit {}.", self.rules.name());
        let hint = format!("It came with kit {since}; choose newer rules or remove it.");
        let mut problem = self.problem(ProblemCode::FieldTooNew, id, message, hint);
        problem.fix = Some(remove(&path));
        problem.path = path;
        self.problems.push(problem);
    }

    pub(super) fn unknown_field(
        &mut self,
        key_id: NodeId,
        value_id: NodeId,
        parent: NodeId,
        key: &str,
        record: &dyn Record,
    ) {
        let path = self.path.key(key);
        let message = format!("{} has no field `{key}`.", self.here());
        let rules = self.rules;
        let known = record.specs().iter().filter(|spec| spec.since <= rules);
        let meant = suggest::closest(key, known.clone().map(|spec| spec.key));
        let (hint, fix) = match meant {
            _ if matches!(key, "digest" | "diffId") && record.layer_slot() => (
                "It is filled in when packing and does not belong in the file.".to_owned(),
                Some(remove(&path)),
            ),
            Some(meant) if self.has_key(parent, meant) => (
                format!("`{meant}` is there already; move what you need over to it."),
                None,
            ),
            Some(meant) => (
                format!("Did you mean `{meant}`?"),
                self.rename(&path, value_id, record, meant),
            ),
            None => {
                let names: Vec<String> = known.map(|spec| format!("`{}`", spec.key)).collect();
                (format!("It can have {}.", names.join(", ")), None)
            }
        };
        let mut problem = self.problem(ProblemCode::UnknownField, key_id, message, hint);
        problem.path = path;
        problem.fix = fix;
        self.problems.push(problem);
    }

    fn has_key(&self, mapping: NodeId, key: &str) -> bool {
        match &self.document.node(mapping).kind {
            Kind::Mapping { entries, .. } => entries
                .iter()
                .any(|(id, _)| self.document.node(self.document.target(*id)).value() == key),
            _ => false,
        }
    }

    /// Renames a field; a single text becomes a list where one is wanted.
    fn rename(
        &self,
        path: &FieldPath,
        value: NodeId,
        record: &dyn Record,
        to: &str,
    ) -> Option<Fix> {
        let mut edits = vec![Edit::Rename {
            path: path.clone(),
            to: to.to_owned(),
        }];
        let renamed = path.split_last()?.0.key(to);
        let node = self.document.node(self.document.target(value));
        let wants_list = matches!(record.get(record.index_of(to)?), FieldRef::Texts(_));
        if wants_list
            && let Kind::Scalar { value, .. } = &node.kind
            && node.tag != resolve::NULL
        {
            edits.push(Edit::SetList {
                path: renamed,
                values: vec![value.clone()],
            });
        }
        Some(Fix {
            label: format!("Rename to `{to}`"),
            edits,
        })
    }
}

fn remove(path: &FieldPath) -> Fix {
    Fix {
        label: "Remove it".to_owned(),
        edits: vec![Edit::Remove { path: path.clone() }],
    }
}
