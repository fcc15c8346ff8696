//! The list of kits as plain data.

use kitbench_protocol::{KitRow, Relation};

use crate::widgets::Mark;

/// How a kit is named: its first tag that is not `latest`, else any tag, else its digest.
#[must_use]
pub fn reference(row: &KitRow) -> String {
    let repository = repository(row);
    match tag(row) {
        Some(tag) => format!("{repository}:{tag}"),
        None => format!("{repository}@{}", row.digest),
    }
}

/// The tag a kit is shown with.
#[must_use]
pub fn tag(row: &KitRow) -> Option<&str> {
    let named = row.tags.iter().find(|tag| *tag != "latest");
    named.or(row.tags.first()).map(String::as_str)
}

/// All references of a kit.
#[must_use]
pub fn names(row: &KitRow) -> Vec<String> {
    let repository = repository(row);
    let mut names: Vec<String> = row
        .tags
        .iter()
        .map(|tag| format!("{repository}:{tag}"))
        .collect();
    names.push(format!("{repository}@{}", row.digest));
    names
}

/// `registry/repository`, without `localhost/`.
#[must_use]
pub fn repository(row: &KitRow) -> String {
    if row.registry == "localhost" {
        row.repository.clone()
    } else {
        format!("{}/{}", row.registry, row.repository)
    }
}

/// The group a kit stands in: registry with namespace, or "Local only".
#[must_use]
pub fn group(row: &KitRow) -> String {
    if row.registry == "localhost" {
        return "Local only".into();
    }
    match row.repository.rsplit_once('/') {
        Some((namespace, _)) => format!("{}/{namespace}", row.registry),
        None => row.registry.clone(),
    }
}

/// The last part of the repository.
#[must_use]
pub fn short_name(row: &KitRow) -> &str {
    row.repository.rsplit('/').next().unwrap_or(&row.repository)
}

/// Whether a reference can be pushed as it is named.
#[must_use]
pub fn names_registry(reference: &str) -> bool {
    reference.split('/').next().is_some_and(|first| {
        reference.contains('/') && (first.contains('.') || first.contains(':'))
    })
}

/// Mark and words for the relation to the registry.
#[must_use]
pub fn relation(relation: Relation) -> (Mark, &'static str) {
    match relation {
        Relation::LocalOnly => (Mark::Local, "Local only"),
        Relation::Unknown => (Mark::Waiting, "Not asked"),
        Relation::Same => (Mark::Same, "Same on registry"),
        Relation::NotPushed => (Mark::Ahead, "Not pushed"),
        Relation::NotPulled => (Mark::NotPulled, "Not pulled"),
        Relation::Differs => (Mark::Diverged, "Differs"),
    }
}

/// The rows that the filter lets through, grouped and sorted: by group, local last, then
/// newest, name or size.
#[must_use]
pub fn shown<'a>(rows: &'a [KitRow], filter: &str, sort: usize) -> Vec<&'a KitRow> {
    let wanted = filter.trim().to_lowercase();
    let mut shown: Vec<&KitRow> = rows
        .iter()
        .filter(|row| {
            let text = format!("{} {} {}", repository(row), row.tags.join(" "), row.name);
            wanted.is_empty() || text.to_lowercase().contains(&wanted)
        })
        .collect();
    shown.sort_by(|a, b| {
        let local = |row: &KitRow| row.registry == "localhost";
        let by = match sort {
            1 => short_name(a).cmp(short_name(b)),
            2 => b.bytes.cmp(&a.bytes),
            _ => b.created_ms.cmp(&a.created_ms),
        };
        local(a)
            .cmp(&local(b))
            .then_with(|| group(a).cmp(&group(b)))
            .then(by)
    });
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(registry: &str, repository: &str, tags: &[&str]) -> KitRow {
        KitRow {
            registry: registry.into(),
            repository: repository.into(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            digest: "sha256:9f2c61d04be8000000000000000000000000000000000000000000000001741a"
                .into(),
            bytes: 2_290_000_000,
            name: "x".into(),
            version: String::new(),
            author: String::new(),
            created_ms: Some(1),
            relation: Relation::Same,
        }
    }

    fn line(row: &KitRow) -> String {
        format!(
            "{} {} {} {}",
            reference(row),
            crate::format::bytes(row.bytes),
            relation(row.relation).1,
            crate::format::digest(&row.digest)
        )
    }

    #[test]
    fn kits_are_grouped_by_registry_with_local_ones_last() {
        let rows = [
            row("localhost", "scratch", &["test"]),
            row("jozu.ml", "fernhill/support", &["latest", "v0.7.0"]),
        ];
        let shown = shown(&rows, "", 0);
        assert_eq!(group(shown[0]), "jozu.ml/fernhill");
        assert_eq!(reference(shown[0]), "jozu.ml/fernhill/support:v0.7.0");
        assert_eq!(group(shown[1]), "Local only");
        assert_eq!(line(shown[1]).split(' ').next(), Some("scratch:test"));
        assert!(super::shown(&rows, "fern", 0).len() == 1);
    }

    #[test]
    fn a_registry_is_a_first_part_with_dot_or_port() {
        assert!(names_registry("localhost:5000/wine:v1"));
        assert!(!names_registry("lab/wine:v1"));
        assert!(!names_registry("wine:v1"));
    }
}
