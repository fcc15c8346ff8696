//! What differs between two kits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kitbench_modelkit::inspect::{Kit, KitLayer};
use kitbench_modelkit::source::KitSource;
use kitbench_protocol::{ErrorView, FileChange, FileChangeKind, KitDiff};

use super::look::list_files;
use super::{parse_reference, store};
use crate::errors::view_of_kit;
use crate::{Inner, blocking, registries};

/// One side: the kit, and its files where its layers are here.
struct Side {
    kit: Kit,
    files: BTreeMap<String, (u64, String)>,
}

/// Compares two references; `local://` and `remote://` choose where one is looked for.
pub async fn diff(inner: &Arc<Inner>, left: &str, right: &str) -> Result<KitDiff, ErrorView> {
    let left = side(inner, left).await?;
    let right = side(inner, right).await?;
    let digests = |side: &Side| -> BTreeSet<String> {
        side.kit
            .layers
            .iter()
            .map(|layer| layer.descriptor.digest.to_string())
            .collect()
    };
    let (in_left, in_right) = (digests(&left), digests(&right));
    let name = |layer: &KitLayer| format!("{} {}", layer.label, layer.descriptor.digest.short());
    let only = |side: &Side, other: &BTreeSet<String>| -> Vec<String> {
        side.kit
            .layers
            .iter()
            .filter(|layer| !other.contains(&layer.descriptor.digest.to_string()))
            .map(name)
            .collect()
    };
    Ok(KitDiff {
        identical: left.kit.digest == right.kit.digest,
        fields: fields(&left.kit, &right.kit),
        shared_layers: left
            .kit
            .layers
            .iter()
            .filter(|layer| in_right.contains(&layer.descriptor.digest.to_string()))
            .map(name)
            .collect(),
        left_layers: only(&left, &in_right),
        right_layers: only(&right, &in_left),
        files: files(&left.files, &right.files),
    })
}

async fn side(inner: &Arc<Inner>, text: &str) -> Result<Side, ErrorView> {
    let (remote, name) = match (
        text.strip_prefix("local://"),
        text.strip_prefix("remote://"),
    ) {
        (Some(name), _) => (Some(false), name),
        (_, Some(name)) => (Some(true), name),
        _ => (None, text),
    };
    let reference = parse_reference(name)?.or_latest();
    let here = {
        let reference = reference.clone();
        blocking(inner, move |inner| {
            Ok(store(inner).resolve(&reference).is_ok())
        })
        .await?
    };
    if remote.unwrap_or(!here && reference.has_registry()) {
        let source = registries::fetch(inner, &reference).await?;
        let kit = Kit::read(&source).map_err(|error| view_of_kit(&error))?;
        return Ok(Side {
            kit,
            files: BTreeMap::new(),
        });
    }
    blocking(inner, move |inner| {
        let source = store(inner)
            .kit(&reference)
            .map_err(|error| view_of_kit(&error))?;
        let kit = Kit::read(&source).map_err(|error| view_of_kit(&error))?;
        let files = files_of(&source, &kit);
        Ok(Side { kit, files })
    })
    .await
}

/// Files with their size and the digest of the layer they are in: a file of the same
/// size in the same layer is the same file.
fn files_of(source: &dyn KitSource, kit: &Kit) -> BTreeMap<String, (u64, String)> {
    let mut files = BTreeMap::new();
    for layer in &kit.layers {
        for file in list_files(source, layer).unwrap_or_default() {
            if !file.is_folder {
                files.insert(file.path, (file.bytes, layer.descriptor.digest.to_string()));
            }
        }
    }
    files
}

/// Files that are on one side only, or of another size. Files of the same size in layers
/// that differ may differ too; their layers are listed.
fn files(
    left: &BTreeMap<String, (u64, String)>,
    right: &BTreeMap<String, (u64, String)>,
) -> Vec<FileChange> {
    if left.is_empty() || right.is_empty() {
        return Vec::new();
    }
    let paths: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    paths
        .into_iter()
        .filter_map(|path| {
            let (left, right) = (left.get(path), right.get(path));
            let kind = match (left, right) {
                (None, _) => FileChangeKind::Added,
                (_, None) => FileChangeKind::Removed,
                (Some(left), Some(right)) if left.0 != right.0 => FileChangeKind::Changed,
                _ => return None,
            };
            Some(FileChange {
                path: path.clone(),
                kind,
                left_bytes: left.map(|file| file.0),
                right_bytes: right.map(|file| file.0),
            })
        })
        .collect()
}

/// Kitfile fields that differ, by their path.
fn fields(left: &Kit, right: &Kit) -> Vec<(String, String, String)> {
    let flat = |kit: &Kit| -> BTreeMap<String, String> {
        let json = kitbench_kitfile::to_config_json(&kit.kitfile).unwrap_or_default();
        let value: serde_json::Value = serde_json::from_slice(&json).unwrap_or_default();
        let mut flat = BTreeMap::new();
        flatten(String::new(), &value, &mut flat);
        flat
    };
    let (left, right) = (flat(left), flat(right));
    let paths: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    paths
        .into_iter()
        // Digests of layers are told as layers.
        .filter(|path| !path.ends_with(".digest") && !path.ends_with(".diffId"))
        .filter_map(|path| {
            let value =
                |side: &BTreeMap<String, String>| side.get(path).cloned().unwrap_or_default();
            let (left, right) = (value(&left), value(&right));
            (left != right).then(|| (path.clone(), left, right))
        })
        .collect()
}

fn flatten(path: String, value: &serde_json::Value, out: &mut BTreeMap<String, String>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                flatten(path, value, out);
            }
        }
        serde_json::Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                flatten(format!("{path}[{index}]"), value, out);
            }
        }
        serde_json::Value::String(text) => {
            out.insert(path, text.clone());
        }
        other => {
            out.insert(path, other.to_string());
        }
    }
}
