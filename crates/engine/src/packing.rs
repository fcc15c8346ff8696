//! The pack dialog: what would be packed, under which names, and what speaks against it.

use std::sync::Arc;

use kitbench_modelkit::plan::Plan;
use kitbench_modelkit::{Format, Reference};
use kitbench_protocol as protocol;
use kitbench_protocol::{
    ErrorKind, ErrorView, PackFormat, PackPlan, PlanCheck, PlanLayer, PlanPack, ReferenceCheck,
    ReferenceView, Severity, SinceLastPack, TagChange,
};

use crate::errors::{sentence, view_of_state};
use crate::kits::{display, store};
use crate::projects::{self, Scan};
use crate::{Inner, convert, folders};

/// File names listed per layer.
const MAX_LISTED: usize = 2_000;

pub fn plan(inner: &Arc<Inner>, call: &PlanPack) -> Result<PackPlan, ErrorView> {
    let used = inner
        .state
        .used_repositories()
        .map_err(|e| view_of_state(&e))?;
    let registries = inner.state.registries().map_err(|e| view_of_state(&e))?;
    let folder = projects::folder(inner, call.project)?;
    let free = folders::disk_free(&inner.options.kit_home);
    let speed = inner.hash_speed.get();
    projects::with_scan(inner, call.project, |scan| {
        let detail = &scan.detail;
        let layers = plan_layers(scan);
        let files = layers.iter().map(|layer| layer.files).sum();
        let bytes: u64 = layers.iter().map(|layer| layer.bytes).sum();
        let new_bytes = layers.iter().map(|layer| layer.new_bytes).sum();
        let name = if call.repository.is_empty() {
            suggested_repository(scan)
        } else {
            call.repository.clone()
        };
        let checks = checks(scan, free, new_bytes);
        let blocked = checks
            .iter()
            .any(|check| check.severity == Some(Severity::Error));
        let last_tag = detail.last_pack.as_ref().map(|pack| pack.tag.as_str());
        let version = scan
            .kitfile
            .as_ref()
            .map(|k| k.package.version.as_str())
            .unwrap_or_default();
        let mut known: Vec<String> = used
            .iter()
            .map(|(host, repository)| format!("{host}/{repository}"))
            .collect();
        for registry in &registries {
            let own = format!(
                "{}/{}",
                registry.address.host,
                short_name(&suggested_repository(scan))
            );
            if !known.contains(&own) {
                known.push(own);
            }
        }
        PackPlan {
            files,
            bytes,
            new_bytes,
            about: detail.about,
            decisions: detail.decisions.clone(),
            tags: tag_changes(inner, &name, &call.tags),
            suggested_repository: suggested_repository(scan),
            suggested_tags: projects::suggest_tags(last_tag, version),
            known_repositories: known,
            command: command(&folder.display().to_string(), &name, call),
            disk_free_bytes: free,
            estimated_seconds: speed.map(|speed| new_bytes.div_ceil(speed.max(1))),
            can_pack: !blocked && !layers.is_empty(),
            checks,
            layers,
        }
    })
}

fn plan_layers(scan: &Scan) -> Vec<PlanLayer> {
    let Some(plan) = &scan.plan else {
        return Vec::new();
    };
    let mut layers = Vec::new();
    for (layer, row) in plan.layers.iter().zip(scan.detail.layers.iter().skip(1)) {
        let mut largest: Vec<(String, u64)> = layer
            .entries
            .iter()
            .filter(|entry| !entry.is_folder)
            .map(|entry| (entry.path.clone(), entry.stamp.size))
            .collect();
        largest.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        largest.truncate(MAX_LISTED);
        layers.push(PlanLayer {
            kind: convert::kind_to_protocol(layer.kind),
            label: projects::layer_label(layer),
            path: layer.path.clone(),
            files: row.files,
            bytes: layer.bytes,
            new_bytes: if row.since == SinceLastPack::Reused {
                0
            } else {
                layer.bytes
            },
            largest,
        });
    }
    layers
}

/// The last pack's repository, else the package's name made valid.
fn suggested_repository(scan: &Scan) -> String {
    if let Some(pack) = &scan.detail.last_pack
        && let Ok(reference) = pack.reference.parse::<Reference>()
    {
        return display(&Reference {
            tag: None,
            digest: None,
            ..reference
        });
    }
    valid_repository(&scan.detail.row.name)
}

/// The repository that a project's next pack goes to, without being told.
pub fn repository_of(
    inner: &Arc<Inner>,
    project: protocol::ProjectId,
) -> Result<String, ErrorView> {
    projects::with_scan(inner, project, suggested_repository)
}

/// A repository name from any text: lower case, what the grammar lacks becomes a dash.
fn valid_repository(name: &str) -> String {
    let mut valid = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            valid.push(c);
        } else if !valid.is_empty() && !valid.ends_with('-') {
            valid.push('-');
        }
    }
    let valid = valid.trim_end_matches('-');
    if valid.is_empty() {
        "model".into()
    } else {
        valid.into()
    }
}

fn short_name(repository: &str) -> &str {
    repository.rsplit('/').next().unwrap_or(repository)
}

fn checks(scan: &Scan, free: u64, new_bytes: u64) -> Vec<PlanCheck> {
    let mut checks = Vec::new();
    let mut add = |severity, message: String| checks.push(PlanCheck { severity, message });
    for problem in &scan.detail.problems {
        let place = if problem.line > 0 {
            format!("Line {}: ", problem.line)
        } else {
            String::new()
        };
        add(
            Some(problem.severity),
            format!("{place}{}", problem.message),
        );
    }
    if scan.detail.problems.is_empty() {
        add(None, "The Kitfile is valid and all its paths exist".into());
    }
    if let Some(plan) = &scan.plan {
        for warning in &plan.warnings {
            add(Some(Severity::Warning), sentence(warning));
        }
        let clashes = case_clashes(plan);
        match clashes.first() {
            Some((a, b)) => add(
                Some(Severity::Warning),
                format!("{a} and {b} differ only in case: macOS and Windows cannot unpack both."),
            ),
            None => add(None, "No names differ only in case".into()),
        }
    }
    // A pack needs room for the new layers once; a little more keeps the disk usable.
    let needed = new_bytes + (64 << 20);
    if free > 0 && free < needed {
        add(
            Some(Severity::Error),
            format!("The store's disk lacks {} bytes.", needed - free),
        );
    } else {
        add(None, "The disk has room".into());
    }
    checks
}

fn case_clashes(plan: &Plan) -> Vec<(String, String)> {
    let mut seen = std::collections::BTreeMap::new();
    let mut clashes = Vec::new();
    for entry in plan.layers.iter().flat_map(|layer| &layer.entries) {
        let folded = entry.path.to_lowercase();
        match seen.insert(folded, entry.path.clone()) {
            Some(other) if other != entry.path => clashes.push((other, entry.path.clone())),
            _ => {}
        }
    }
    clashes
}

fn tag_changes(inner: &Inner, repository: &str, tags: &[String]) -> Vec<TagChange> {
    let Ok(reference) = crate::kits::parse_reference(repository) else {
        return Vec::new();
    };
    let existing = crate::kits::local_tags(inner, &reference.full_repository());
    tags.iter()
        .map(|tag| {
            let now = existing.get(tag).cloned();
            let now_also = existing
                .iter()
                .filter(|(other, digest)| *other != tag && Some(*digest) == now.as_ref())
                .map(|(other, _)| other.clone())
                .collect();
            TagChange {
                tag: tag.clone(),
                replaces: now.is_some(),
                now,
                now_also,
            }
        })
        .collect()
}

/// The same pack with `kit`, quoted for a shell.
fn command(folder: &str, repository: &str, call: &PlanPack) -> String {
    let mut words = vec!["kit".to_owned(), "pack".into(), quoted(folder)];
    words.push("-t".into());
    words.push(quoted(&format!("{repository}:{}", call.tags.join(","))));
    match call.compression {
        protocol::Compression::None => {}
        protocol::Compression::Gzip => words.push("--compression gzip".into()),
        protocol::Compression::GzipFastest => words.push("--compression gzip-fastest".into()),
        protocol::Compression::Zstd => words.push("--compression zstd".into()),
    }
    if call.format == PackFormat::ModelPack {
        words.push("--use-model-pack".into());
    }
    words.join(" ")
}

/// A word as a POSIX shell takes it literally.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:,@+=~".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

pub fn format(format: PackFormat) -> Format {
    match format {
        PackFormat::ModelKit => Format::Native,
        PackFormat::ModelPack => Format::ModelPack,
    }
}

pub fn compression(compression: protocol::Compression) -> kitbench_modelkit::Compression {
    match compression {
        protocol::Compression::None => kitbench_modelkit::Compression::None,
        protocol::Compression::Gzip => kitbench_modelkit::Compression::Gzip,
        protocol::Compression::GzipFastest => kitbench_modelkit::Compression::GzipFastest,
        protocol::Compression::Zstd => kitbench_modelkit::Compression::Zstd,
    }
}

/// Checks a reference while it is typed.
pub fn check_reference(inner: &Inner, text: &str) -> ReferenceCheck {
    let mut check = ReferenceCheck {
        reference: None,
        error: None,
        error_start: 0,
        error_end: text.len() as u32,
        local_digest: None,
    };
    match Reference::parse_with_tags(text.trim()) {
        Ok((reference, extra)) => {
            check.local_digest = reference
                .tag
                .as_ref()
                .and_then(|_| store(inner).resolve(&reference).ok())
                .map(|entry| entry.digest.to_string());
            let mut tags: Vec<String> = reference.tag.iter().cloned().collect();
            tags.extend(extra);
            check.reference = Some(ReferenceView {
                display: display(&reference),
                is_remote: reference.has_registry(),
                digest: reference.digest.map(|digest| digest.to_string()),
                registry: reference.registry,
                repository: reference.repository,
                tags,
            });
        }
        Err(error) => check.error = Some(sentence(&error.to_string())),
    }
    check
}

/// Refuses what the dialog would not offer, so that no door starts a hopeless job.
pub fn check_start(call: &protocol::StartPack) -> Result<(), ErrorView> {
    let reference = crate::kits::parse_reference(&call.reference)?;
    for tag in &call.tags {
        if !projects::is_tag(tag) {
            return Err(ErrorView::new(
                ErrorKind::Invalid,
                format!("`{tag}` is not a tag."),
                "Use up to 128 letters, digits, dots, dashes and underscores, not starting with a dot or dash.",
            ));
        }
    }
    if call.tags.is_empty() {
        return Err(ErrorView::new(
            ErrorKind::Invalid,
            "A tag is missing.",
            "Write one, like `v0.1.0` or `latest`.",
        ));
    }
    if call.push && !reference.has_registry() {
        return Err(ErrorView::new(
            ErrorKind::Invalid,
            format!("`{}` names no registry to push to.", call.reference),
            "Write it with a host, as in `localhost:5000/wine`, or pack without pushing.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_repositories() {
        assert_eq!(valid_repository("Wine Quality (v2)"), "wine-quality-v2");
        assert_eq!(valid_repository("日本"), "model");
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("/home/a/x"), "/home/a/x");
        assert_eq!(quoted("it's here"), "'it'\\''s here'");
    }
}
