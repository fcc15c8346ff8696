//! What differs between two kits, or between a project's folder and a kit.

use std::sync::Arc;

use kitbench_kitfile::Kitfile;
use kitbench_modelkit::diff::{Change, Diff, LayerChange, Side, diff as compare};
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::plan::Plan;
use kitbench_modelkit::progress::CancellationToken;
use kitbench_modelkit::source::KitSource;
use kitbench_protocol::{ErrorKind, ErrorView, FileChange, FileChangeKind, KitDiff, ProjectId};

use super::{parse_reference, store};
use crate::errors::view_of_kit;
use crate::{Inner, blocking, projects, registries};

/// One side, held while it is compared.
enum Loaded {
    Kit {
        source: Box<dyn KitSource>,
        kit: Box<Kit>,
        has_layers: bool,
    },
    Folder {
        folder: std::path::PathBuf,
        kitfile: Box<Kitfile>,
        plan: Plan,
    },
}

impl Loaded {
    fn side(&self) -> Side<'_> {
        match self {
            Loaded::Kit { source, kit, .. } => Side::Kit {
                source: &**source,
                kit,
            },
            Loaded::Folder {
                folder,
                kitfile,
                plan,
            } => Side::Folder {
                context: folder,
                kitfile,
                plan,
            },
        }
    }

    /// Whether files can be compared by content without downloading layers.
    fn has_layers(&self) -> bool {
        match self {
            Loaded::Kit { has_layers, .. } => *has_layers,
            Loaded::Folder { .. } => true,
        }
    }
}

/// Compares two sides: references (with `local://` or `remote://` to choose where one is looked
/// for) or `project:ID`.
pub async fn diff(inner: &Arc<Inner>, left: &str, right: &str) -> Result<KitDiff, ErrorView> {
    let left = load(inner, left).await?;
    let right = load(inner, right).await?;
    blocking(inner, move |_| {
        let deep = left.has_layers() && right.has_layers();
        let found = compare(&left.side(), &right.side(), deep, &CancellationToken::new())
            .map_err(|error| view_of_kit(&error))?;
        Ok(view(found))
    })
    .await
}

async fn load(inner: &Arc<Inner>, text: &str) -> Result<Loaded, ErrorView> {
    if let Some(id) = text.strip_prefix("project:") {
        let id = id.parse().map(ProjectId).map_err(|_| {
            ErrorView::new(
                ErrorKind::Invalid,
                format!("`{text}` names no project."),
                "",
            )
        })?;
        return blocking(inner, move |inner| load_project(inner, id)).await;
    }
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
        return Ok(Loaded::Kit {
            source: Box::new(source),
            kit: Box::new(kit),
            has_layers: false,
        });
    }
    blocking(inner, move |inner| {
        let source = store(inner)
            .kit(&reference)
            .map_err(|error| view_of_kit(&error))?;
        let kit = Kit::read(&source).map_err(|error| view_of_kit(&error))?;
        Ok(Loaded::Kit {
            source: Box::new(source),
            kit: Box::new(kit),
            has_layers: true,
        })
    })
    .await
}

fn load_project(inner: &Arc<Inner>, id: ProjectId) -> Result<Loaded, ErrorView> {
    let folder = projects::folder(inner, id)?;
    let found = projects::with_scan(inner, id, |scan| {
        Some((Box::new(scan.kitfile.clone()?), scan.plan.clone()?))
    })?;
    let (kitfile, plan) = found.ok_or_else(|| {
        ErrorView::new(
            ErrorKind::Invalid,
            "The project's Kitfile has errors, so it is not known what it would pack.",
            "Repair the Kitfile first.",
        )
    })?;
    Ok(Loaded::Folder {
        folder,
        kitfile,
        plan,
    })
}

fn view(found: Diff) -> KitDiff {
    let of = |wanted: fn(&Change) -> bool| -> Vec<String> {
        found
            .layers
            .iter()
            .filter(|layer| wanted(&layer.change))
            .map(layer_name)
            .collect()
    };
    KitDiff {
        identical: found.identical,
        shared_layers: of(|change| matches!(change, Change::Same | Change::Moved { .. })),
        left_layers: of(|change| matches!(change, Change::Removed | Change::Changed)),
        right_layers: of(|change| matches!(change, Change::Added | Change::Changed)),
        fields: found
            .fields
            .into_iter()
            .map(|field| {
                (
                    field.path,
                    field.old.unwrap_or_default(),
                    field.new.unwrap_or_default(),
                )
            })
            .collect(),
        files: found
            .files
            .into_iter()
            .filter_map(|file| {
                let (path, kind) = match file.change {
                    Change::Same => return None,
                    Change::Added => (file.path, FileChangeKind::Added),
                    Change::Removed => (file.path, FileChangeKind::Removed),
                    Change::Changed => (file.path, FileChangeKind::Changed),
                    Change::Moved { from } => {
                        (format!("{from} → {}", file.path), FileChangeKind::Moved)
                    }
                };
                Some(FileChange {
                    path,
                    kind,
                    left_bytes: file.old_size,
                    right_bytes: file.new_size,
                })
            })
            .collect(),
    }
}

fn layer_name(layer: &LayerChange) -> String {
    format!("{} at {}", layer.label, layer.path)
}
