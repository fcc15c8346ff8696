//! What the dialog edits, and what it says, as plain data.

use kitbench_protocol::{Compression, PackFormat, PackPlan, ProjectRow, Severity, TagChange};

use crate::format;

/// The dialog's fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PackForm {
    /// Registry with namespace, such as `localhost:5000/lab`; empty for this computer only.
    pub registry: String,
    pub repository: String,
    pub tag: String,
    pub move_latest: bool,
    pub compression: Compression,
    pub format: PackFormat,
    pub note: String,
    pub push: bool,
}

impl PackForm {
    /// Take over what the engine suggests.
    pub fn seed(&mut self, plan: &PackPlan) {
        if self.repository.is_empty() {
            self.set_repository(&plan.suggested_repository);
        }
        if self.tag.is_empty() {
            self.tag = plan.suggested_tags.first().cloned().unwrap_or_default();
        }
        self.move_latest = true;
    }

    /// Splits `registry/namespace/name` into the two fields.
    pub fn set_repository(&mut self, full: &str) {
        match full.rsplit_once('/') {
            Some((registry, name)) => {
                self.registry = registry.to_owned();
                self.repository = name.to_owned();
            }
            None => {
                self.registry.clear();
                self.repository = full.to_owned();
            }
        }
    }

    /// A full reference pasted into any field fills all of them.
    pub fn spread_pasted(&mut self) {
        let text = self.repository.trim().to_owned();
        if !text.contains('/') && !text.contains(':') {
            return;
        }
        let name_start = text.rfind('/').map_or(0, |at| at + 1);
        let (full, tag) = match text[name_start..].find(':') {
            Some(at) => (&text[..name_start + at], Some(&text[name_start + at + 1..])),
            None => (text.as_str(), None),
        };
        if let Some(tag) = tag {
            self.tag = tag.to_owned();
        }
        // A bare name keeps the registry that was chosen.
        if full.contains('/') {
            self.set_repository(full);
        } else {
            self.repository = full.to_owned();
        }
    }

    /// `registry/repository` without a tag.
    #[must_use]
    pub fn full_repository(&self) -> String {
        let registry = self.registry.trim().trim_end_matches('/');
        let repository = self.repository.trim();
        if registry.is_empty() {
            repository.to_owned()
        } else {
            format!("{registry}/{repository}")
        }
    }

    /// The tag, and `latest` if it is to move too.
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        let tag = self.tag.trim().to_owned();
        let mut tags = vec![tag.clone()];
        if self.move_latest && tag != "latest" {
            tags.push("latest".into());
        }
        tags
    }

    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}:{}", self.full_repository(), self.tag.trim())
    }

    /// The label of the main button.
    #[must_use]
    pub fn button(&self, plan: Option<&PackPlan>, remote: bool) -> String {
        let tag = self.tag.trim();
        let replaces = plan.is_some_and(|plan| {
            plan.tags
                .iter()
                .any(|change| change.tag == tag && change.replaces)
        });
        match (self.push && remote, replaces) {
            (true, _) => format!("Pack and push {tag}"),
            (false, true) => format!("Replace {tag}"),
            (false, false) => format!("Pack {tag}"),
        }
    }
}

/// `main a3f81c2 with 3 uncommitted files`.
#[must_use]
pub fn git_note(row: &ProjectRow) -> Option<String> {
    let git = row.git.as_ref()?;
    let mut note = format!("{} {}", git.branch, git.commit);
    if let Some(count) = git.uncommitted.filter(|count| *count > 0) {
        note.push_str(" with ");
        note.push_str(&format::count(
            count.into(),
            "uncommitted file",
            "uncommitted files",
        ));
    }
    Some(note)
}

/// The first check that stands in the way.
#[must_use]
pub fn blocking_check(plan: &PackPlan) -> Option<String> {
    let error = plan
        .checks
        .iter()
        .find(|check| check.severity == Some(Severity::Error));
    match error {
        Some(check) => Some(check.message.clone()),
        None if plan.layers.is_empty() => Some("The Kitfile names nothing to pack".into()),
        None => None,
    }
}

/// What a tag points to now, in words.
#[must_use]
pub fn tag_now(change: &TagChange) -> String {
    match &change.now {
        None => "nothing".into(),
        Some(digest) if change.now_also.is_empty() => format::digest(digest),
        Some(digest) => {
            format!(
                "{} same as {}",
                format::digest(digest),
                change.now_also.join(", ")
            )
        }
    }
}

/// Passed checks in one line.
#[must_use]
pub fn passed(plan: &PackPlan) -> String {
    let passed: Vec<&str> = plan
        .checks
        .iter()
        .filter(|check| check.severity.is_none())
        .map(|check| check.message.as_str())
        .collect();
    passed.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_reference_fills_all_fields() {
        let mut form = PackForm {
            repository: "localhost:5000/lab/wine:v2".into(),
            ..PackForm::default()
        };
        form.spread_pasted();
        assert_eq!(
            (
                form.registry.as_str(),
                form.repository.as_str(),
                form.tag.as_str()
            ),
            ("localhost:5000/lab", "wine", "v2")
        );
        assert_eq!(form.reference(), "localhost:5000/lab/wine:v2");
        form.repository = "cheese:v3".into();
        form.spread_pasted();
        assert_eq!(form.reference(), "localhost:5000/lab/cheese:v3");
    }

    #[test]
    fn the_button_says_what_happens() {
        let mut form = PackForm {
            repository: "wine".into(),
            tag: "v1".into(),
            ..PackForm::default()
        };
        assert_eq!(form.button(None, false), "Pack v1");
        form.push = true;
        assert_eq!(form.button(None, true), "Pack and push v1");
        assert_eq!(form.button(None, false), "Pack v1");
        form.move_latest = true;
        assert_eq!(form.tags(), ["v1", "latest"]);
    }
}
