//! A parsed Kitfile as the form shows it.

use std::path::Path;

use kitbench_kitfile as kitfile;
use kitbench_kitfile::{Kitfile, Value, clean_path, paths};
use kitbench_protocol::{EntryForm, KitfileForm, ModelForm, PackageForm, Parameter, PathState};

use super::values::to_yaml;

/// More files than this below one path are counted as "many" rather than walked: the
/// form must answer while one types.
const MAX_COUNTED: u32 = 50_000;

pub fn form(kitfile: &Kitfile, text: &str, folder: &Path) -> KitfileForm {
    let parameters =
        |value: &Option<Value>, section: &str| parameters(value.as_ref(), section, text);
    let entry = |path: &str| EntryForm {
        path: path.to_owned(),
        path_state: path_state(folder, path),
        ..EntryForm::default()
    };
    KitfileForm {
        manifest_version: kitfile.manifest_version.clone(),
        package: PackageForm {
            name: kitfile.package.name.clone(),
            version: kitfile.package.version.clone(),
            description: kitfile.package.description.clone(),
            license: kitfile.package.license.clone(),
            authors: kitfile.package.authors.clone(),
        },
        model: kitfile.model.as_ref().map(|model| ModelForm {
            name: model.name.clone(),
            path: model.path.clone(),
            license: model.license.clone(),
            framework: model.framework.clone(),
            format: model.format.clone(),
            version: model.version.clone(),
            description: model.description.clone(),
            parts: model
                .parts
                .iter()
                .map(|part| EntryForm {
                    name: part.name.clone(),
                    license: part.license.clone(),
                    part_type: part.kind.clone(),
                    ..entry(&part.path)
                })
                .collect(),
            parameters: parameters(&model.parameters, "model.parameters"),
            path_state: if paths::is_kit_reference(&model.path) {
                PathState::Reference
            } else {
                path_state(folder, &model.path)
            },
        }),
        code: kitfile
            .code
            .iter()
            .map(|code| EntryForm {
                description: code.description.clone(),
                license: code.license.clone(),
                ..entry(&code.path)
            })
            .collect(),
        datasets: kitfile
            .datasets
            .iter()
            .enumerate()
            .map(|(index, dataset)| EntryForm {
                name: dataset.name.clone(),
                description: dataset.description.clone(),
                license: dataset.license.clone(),
                remote_path: dataset.remote_path.clone(),
                remote_hash: dataset.remote_hash.clone(),
                parameters: parameters(
                    &dataset.parameters,
                    &format!("datasets[{index}].parameters"),
                ),
                ..entry(&dataset.path)
            })
            .collect(),
        docs: kitfile
            .docs
            .iter()
            .map(|docs| EntryForm {
                description: docs.description.clone(),
                ..entry(&docs.path)
            })
            .collect(),
        prompts: kitfile
            .prompts
            .iter()
            .map(|prompt| EntryForm {
                name: prompt.name.clone(),
                description: prompt.description.clone(),
                ..entry(&prompt.path)
            })
            .collect(),
        mcp_servers: kitfile
            .mcp_servers
            .iter()
            .map(|server| EntryForm {
                name: server.name.clone(),
                description: server.description.clone(),
                ..entry(&server.path)
            })
            .collect(),
    }
}

/// Top-level parameters with the text they have in the file, so that `2.0e-4` is shown
/// as it was written.
fn parameters(value: Option<&Value>, section: &str, text: &str) -> Vec<Parameter> {
    let Some(Value::Map(entries)) = value else {
        return Vec::new();
    };
    let outline = kitfile::outline(text);
    entries
        .iter()
        .map(|(key, value)| {
            let nested = matches!(value, Value::Map(_) | Value::Seq(_));
            let path = section
                .parse()
                .ok()
                .map(|path: kitfile::FieldPath| path.key(key));
            let source = outline
                .fields
                .iter()
                .find(|field| Some(&field.path) == path.as_ref())
                .and_then(|field| text.get(field.value.clone()))
                .filter(|source| !nested && !source.is_empty() && !source.contains('\n'));
            Parameter {
                key: key.clone(),
                yaml: source.map_or_else(|| to_yaml(value), str::to_owned),
                nested,
            }
        })
        .collect()
}

/// What the path leads to, with files and bytes below it.
fn path_state(folder: &Path, path: &str) -> PathState {
    if path.is_empty() {
        return PathState::Empty;
    }
    let clean = clean_path(path);
    if paths::is_absolute(path) || paths::is_outside(&clean) {
        return PathState::Missing;
    }
    let Ok(metadata) = std::fs::symlink_metadata(folder.join(&clean)) else {
        return PathState::Missing;
    };
    if metadata.is_file() {
        return PathState::Found {
            files: 1,
            bytes: metadata.len(),
        };
    }
    let mut files = 0;
    let mut bytes = 0;
    let mut folders = vec![folder.join(&clean)];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) if metadata.is_file() => {
                    files += 1;
                    bytes += metadata.len();
                }
                _ => {}
            }
        }
        if files > MAX_COUNTED {
            break;
        }
    }
    PathState::Found { files, bytes }
}
