//! Everything of one kit, local or on a registry.

use std::sync::Arc;

use kitbench_modelkit::inspect::{Kit, KitLayer};
use kitbench_modelkit::media::Format;
use kitbench_protocol as protocol;
use kitbench_protocol::{ErrorView, KitDetail, KitRow, Relation};

use super::look::{find_readme, list_files};
use super::{display, local_tags, parse_reference, relation, store};
use crate::errors::{view_of_kit, view_of_state};
use crate::experiments::in_kits;
use crate::{Inner, blocking, convert, registries};

/// A kit of the local store.
pub fn local_detail(inner: &Inner, reference: &str) -> Result<KitDetail, ErrorView> {
    let reference = parse_reference(reference)?.or_latest();
    let store = store(inner);
    let source = store.kit(&reference).map_err(|error| view_of_kit(&error))?;
    let kit = Kit::read(&source).map_err(|error| view_of_kit(&error))?;
    let mut detail = detail(&kit);
    for (layer, view) in kit.layers.iter().zip(&mut detail.layers) {
        match list_files(&source, layer) {
            Ok(files) => view.files = files,
            Err(error) => view.error = Some(error.to_string()),
        }
    }
    if let Some((path, text)) = find_readme(&source, &kit) {
        detail.readme_path = Some(path);
        detail.readme = Some(crate::markdown::blocks(&text));
    }
    detail.run = in_kits::attached(&source, &kit, u64::MAX);
    let digest = kit.digest.to_string();
    let by_digest = reference.with_digest(kit.digest);
    detail.frees_bytes = store
        .plan_removal(&by_digest, true)
        .map(|removal| removal.freed_bytes)
        .unwrap_or(0);
    detail.row.relation = relation(inner, &reference, &digest)?;
    detail.history = inner
        .state
        .history(&digest)
        .map_err(|e| view_of_state(&e))?;
    let tags = local_tags(inner, &reference.full_repository());
    detail.row.tags = tags
        .iter()
        .filter(|(_, other)| **other == digest)
        .map(|(tag, _)| tag.clone())
        .collect();
    detail.other_tags = tags
        .into_iter()
        .filter(|(_, other)| *other != digest)
        .collect();
    Ok(detail)
}

/// A kit on a registry, from its manifest and config, and from layers small enough to hold the record
/// of an attached run.
pub async fn remote_detail(inner: &Arc<Inner>, reference: &str) -> Result<KitDetail, ErrorView> {
    let reference = registries::remote_reference(reference)?;
    let source = registries::remote_kit(inner, &reference).await?;
    blocking(inner, move |inner| {
        let kit = Kit::read(&source).map_err(|error| view_of_kit(&error))?;
        let mut detail = detail(&kit);
        detail.run = in_kits::attached(&source, &kit, in_kits::Limits::RECORD.layers);
        let here = local_tags(inner, &reference.full_repository());
        let local = reference.tag.as_ref().and_then(|tag| here.get(tag));
        detail.row.relation = match local {
            Some(digest) if *digest == detail.row.digest => Relation::Same,
            Some(_) => Relation::Differs,
            None => Relation::NotPulled,
        };
        detail.row.tags = reference.tag.iter().cloned().collect();
        detail.history = inner
            .state
            .history(&detail.row.digest)
            .map_err(|e| view_of_state(&e))?;
        Ok(detail)
    })
    .await
}

fn detail(kit: &Kit) -> KitDetail {
    let package = &kit.kitfile.package;
    let manifest: serde_json::Value =
        serde_json::from_slice(&kit.manifest_text).unwrap_or_default();
    KitDetail {
        row: KitRow {
            registry: kit.reference.registry.clone(),
            repository: kit.reference.repository.clone(),
            tags: Vec::new(),
            digest: kit.digest.to_string(),
            bytes: kit.manifest.layer_bytes(),
            name: package.name.clone(),
            version: package.version.clone(),
            author: package.authors.first().cloned().unwrap_or_default(),
            created_ms: kit
                .manifest
                .created()
                .and_then(kitbench_modelkit::time::parse_rfc3339_ms),
            relation: Relation::Unknown,
        },
        format: Some(format_name(kit.format).into()),
        cli_version: kit.manifest.tool_version().unwrap_or("unknown").into(),
        layers: kit
            .layers
            .iter()
            .map(|layer| layer_view(kit, layer))
            .collect(),
        kitfile: kitbench_kitfile::to_yaml(&kit.kitfile),
        manifest: serde_json::to_string_pretty(&manifest).unwrap_or_default(),
        readme: None,
        readme_path: None,
        frees_bytes: 0,
        other_tags: Vec::new(),
        history: Vec::new(),
        facts: facts(kit),
        run: None,
        problems: kit.warnings.clone(),
    }
}

fn format_name(format: Format) -> &'static str {
    match format {
        Format::Native => "ModelKit",
        Format::ModelPack => "ModelPack",
    }
}

fn layer_view(kit: &Kit, layer: &KitLayer) -> protocol::KitLayer {
    let index = kit
        .manifest
        .layers()
        .iter()
        .position(|descriptor| *descriptor == layer.descriptor)
        .unwrap_or_default();
    protocol::KitLayer {
        index: index as u32,
        kind: Some(convert::kind_to_protocol(layer.kind)),
        label: convert::layer_label(layer.kind, &layer.name, &layer.clean_path()),
        path: layer.path.clone(),
        digest: layer.descriptor.digest.to_string(),
        media_type: layer.descriptor.media_type.clone(),
        bytes: layer.descriptor.size,
        files: Vec::new(),
        error: None,
    }
}

/// What the overview lists beside the README.
fn facts(kit: &Kit) -> Vec<(String, String)> {
    let package = &kit.kitfile.package;
    let mut facts = vec![("Reference".to_owned(), display(&kit.reference))];
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            facts.push((name.to_owned(), value.to_owned()));
        }
    };
    add("Package", &package.name);
    add("Version", &package.version);
    add("Description", &package.description);
    add("License", &package.license);
    add("Authors", &package.authors.join(", "));
    if let Some(model) = &kit.kitfile.model {
        add("Model", &model.name);
        add("Framework", &model.framework);
        add("Model format", &model.format);
        add("Model version", &model.version);
        if let Some(kitbench_kitfile::Value::Map(parameters)) = &model.parameters {
            for (key, value) in parameters {
                add(
                    &format!("Parameter {key}"),
                    &crate::kitfile::value_text(value),
                );
            }
        }
    }
    add("Format", format_name(kit.format));
    add("Packed by", kit.manifest.tool_version().unwrap_or_default());
    facts
}
