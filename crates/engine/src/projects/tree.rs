//! The file tree of the Kitfile editor, one level at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use kitbench_modelkit::plan::LeftOutReason;
use kitbench_protocol::{DecisionKind, ErrorView, LayerKind, ListTree, TreeEntry, TreeMark};

use super::{folder, with_scan};
use crate::errors::io_error;
use crate::{Inner, convert};

/// What the plan says of each file.
struct Known {
    layers: BTreeMap<String, (LayerKind, u64, bool)>,
    ignored: Vec<String>,
    secrets: Vec<String>,
    /// There is a plan. While the Kitfile is broken or missing nobody knows what is in no layer.
    planned: bool,
}

pub fn list(inner: &Arc<Inner>, call: &ListTree) -> Result<Vec<TreeEntry>, ErrorView> {
    let root = folder(inner, call.project)?;
    let here = root.join(&call.folder);
    // The folder comes from outside: stay inside the project.
    if kitbench_kitfile::paths::is_outside(&call.folder)
        || kitbench_kitfile::paths::is_absolute(&call.folder)
    {
        return Err(io_error(
            "list the folder",
            &here,
            &std::io::Error::from(std::io::ErrorKind::PermissionDenied),
        ));
    }
    let known = known(inner, call)?;
    let entries =
        std::fs::read_dir(&here).map_err(|error| io_error("list the folder", &here, &error))?;
    let mut rows = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| io_error("list the folder", &here, &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if call.folder.is_empty() {
            name.clone()
        } else {
            format!("{}/{name}", call.folder)
        };
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        let row = if metadata.is_dir() {
            folder_row(&known, name, path)
        } else {
            file_row(&known, name, path, &metadata)
        };
        if call.show_ignored || row.mark != TreeMark::Ignored {
            rows.push(row);
        }
    }
    rows.sort_by(|a, b| {
        b.is_folder
            .cmp(&a.is_folder)
            .then_with(|| a.name.cmp(&b.name))
    });
    Ok(rows)
}

fn known(inner: &Arc<Inner>, call: &ListTree) -> Result<Known, ErrorView> {
    with_scan(inner, call.project, |scan| {
        let mut known = Known {
            layers: BTreeMap::new(),
            ignored: Vec::new(),
            secrets: Vec::new(),
            planned: scan.plan.is_some(),
        };
        let changed: Vec<&str> = scan
            .detail
            .treemap
            .iter()
            .flat_map(|layer| &layer.files)
            .filter(|file| file.changed)
            .map(|file| file.path.as_str())
            .collect();
        if let Some(plan) = &scan.plan {
            for layer in &plan.layers {
                let kind = convert::kind_to_protocol(layer.kind);
                for entry in layer.entries.iter().filter(|entry| !entry.is_folder) {
                    let is_changed = changed.contains(&entry.path.as_str());
                    known.layers.entry(entry.path.clone()).or_insert((
                        kind,
                        entry.stamp.size,
                        is_changed,
                    ));
                }
            }
            known.ignored = plan
                .left_out
                .iter()
                .filter(|left| matches!(left.reason, LeftOutReason::Ignored { .. }))
                .map(|left| left.path.clone())
                .collect();
        }
        known.secrets = scan
            .detail
            .decisions
            .iter()
            .filter(|decision| decision.kind == DecisionKind::Secret)
            .map(|decision| decision.path.clone())
            .collect();
        known
    })
}

impl Known {
    /// The mark of what no layer has.
    fn uncovered(&self) -> TreeMark {
        if self.planned {
            TreeMark::NoLayer
        } else {
            TreeMark::None
        }
    }

    fn is_ignored(&self, path: &str) -> bool {
        self.ignored.iter().any(|ignored| {
            path == ignored
                || path
                    .strip_prefix(ignored.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
        })
    }
}

fn file_row(known: &Known, name: String, path: String, metadata: &std::fs::Metadata) -> TreeEntry {
    let layer = known.layers.get(&path);
    let is_kitfile =
        kitbench_kitfile::KITFILE_NAMES.contains(&path.as_str()) || path == ".kitignore";
    let mark = if !metadata.is_file() {
        TreeMark::NotPackable
    } else if known.secrets.contains(&path) {
        TreeMark::Secret
    } else if layer.is_some() || is_kitfile {
        TreeMark::None
    } else if known.is_ignored(&path) {
        TreeMark::Ignored
    } else {
        known.uncovered()
    };
    TreeEntry {
        name,
        is_folder: false,
        bytes: metadata.len(),
        files: 1,
        layer: layer.map(|layer| layer.0),
        mark,
        changed: layer.is_some_and(|layer| layer.2),
        path,
    }
}

fn folder_row(known: &Known, name: String, path: String) -> TreeEntry {
    let prefix = format!("{path}/");
    let below = known
        .layers
        .range(prefix.clone()..)
        .take_while(|(file, _)| file.starts_with(&prefix));
    let mut row = TreeEntry {
        name,
        is_folder: true,
        bytes: 0,
        files: 0,
        layer: None,
        mark: TreeMark::None,
        changed: false,
        path,
    };
    let mut mixed = false;
    for (_, (kind, bytes, changed)) in below {
        row.bytes += bytes;
        row.files += 1;
        row.changed |= changed;
        mixed |= row.layer.is_some_and(|layer| layer != *kind);
        row.layer = Some(*kind);
    }
    if mixed {
        row.layer = None;
    }
    if row.files == 0 {
        row.mark = if known.is_ignored(&row.path) {
            TreeMark::Ignored
        } else {
            known.uncovered()
        };
    }
    row
}
