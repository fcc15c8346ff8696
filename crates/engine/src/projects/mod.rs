//! Projects: the list, and what is known of each from the last look at its folder.

pub mod decisions;
mod git;
mod scan;
mod secrets;
mod tags;
mod tree;

pub use git::state as git_state;
pub use scan::{Scan, layer_label, stamp};
pub use secrets::Secrets;
pub use tags::{is_tag, suggest as suggest_tags};
pub use tree::list as list_tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kitbench_protocol::{
    ErrorKind, ErrorView, EventKind, ProjectDetail, ProjectId, ProjectRow, ProjectState,
    UpdateProject,
};

use crate::Inner;
use crate::errors::view_of_state;
use crate::state::projects::ProjectRecord;
use crate::{example, folders};

/// What the last looks found, and which project to open at start.
#[derive(Default)]
pub struct Projects {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    scans: BTreeMap<ProjectId, Arc<Scan>>,
    opened: Option<ProjectId>,
}

impl Projects {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn opened(&self) -> Option<ProjectId> {
        self.lock().opened
    }

    pub fn set_opened(&self, project: Option<ProjectId>) {
        self.lock().opened = project;
    }
}

/// The project's record, or an error that says it is not in the list.
pub fn record(inner: &Inner, id: ProjectId) -> Result<ProjectRecord, ErrorView> {
    inner
        .state
        .project(id)
        .map_err(|error| view_of_state(&error))?
        .ok_or_else(|| {
            ErrorView::new(
                ErrorKind::NotFound,
                "This project is not in the list any more.",
                "Add its folder again.",
            )
        })
}

pub fn folder(inner: &Inner, id: ProjectId) -> Result<PathBuf, ErrorView> {
    Ok(record(inner, id)?.path.into())
}

pub fn list(inner: &Inner) -> Result<Vec<ProjectRow>, ErrorView> {
    let records = inner.state.projects().map_err(|e| view_of_state(&e))?;
    let known = inner.projects.lock();
    Ok(records
        .into_iter()
        .map(|record| {
            known
                .scans
                .get(&record.id)
                .map_or_else(|| scanning(record), |scan| scan.detail.row.clone())
        })
        .collect())
}

fn scanning(record: ProjectRecord) -> ProjectRow {
    ProjectRow {
        id: record.id,
        name: folder_name(Path::new(&record.path)),
        path: record.path,
        group: record.group,
        last_tag: None,
        states: vec![ProjectState::Scanning],
        git: None,
        is_example: record.is_example,
        scanned_ms: None,
    }
}

fn folder_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Adds a folder and looks at it. A folder that is there already is answered with its
/// row.
pub fn add(inner: &Arc<Inner>, path: &str, is_example: bool) -> Result<ProjectRow, ErrorView> {
    let folder = folders::resolve(path)?;
    if !folder.is_dir() {
        return Err(ErrorView::new(
            ErrorKind::Invalid,
            format!("`{}` is a file, not a folder.", folder.display()),
            "Choose the folder that holds the project.",
        ));
    }
    // Listing it now tells at once of a missing permission.
    std::fs::read_dir(&folder)
        .map_err(|error| crate::errors::io_error("list the folder", &folder, &error))?;
    let text = folder.display().to_string();
    let existing = inner
        .state
        .project_by_path(&text)
        .map_err(|e| view_of_state(&e))?;
    let id = match existing {
        Some(record) => record.id,
        None => {
            let id = inner
                .state
                .insert_project(&text, "", is_example)
                .map_err(|e| view_of_state(&e))?;
            inner.watch.add(inner, id, &folder);
            id
        }
    };
    look(inner, id, &[]);
    inner.events.send(EventKind::Projects);
    inner.events.send(EventKind::Status);
    row(inner, id)
}

pub fn copy_example(inner: &Arc<Inner>, target: Option<&str>) -> Result<ProjectRow, ErrorView> {
    let target = match target {
        Some(target) => PathBuf::from(target),
        None => inner.options.example_target.clone(),
    };
    example::copy_to(&target)?;
    add(inner, &target.display().to_string(), true)
}

pub fn update(inner: &Arc<Inner>, change: &UpdateProject) -> Result<ProjectRow, ErrorView> {
    record(inner, change.project)?;
    let path = change.path.as_deref().map(folders::resolve).transpose()?;
    let text = path.as_ref().map(|path| path.display().to_string());
    inner
        .state
        .update_project(change.project, text.as_deref(), change.group.as_deref())
        .map_err(|e| view_of_state(&e))?;
    if let Some(path) = path {
        inner.watch.remove(change.project);
        inner.watch.add(inner, change.project, &path);
    }
    look(inner, change.project, &[]);
    inner.events.send(EventKind::Projects);
    row(inner, change.project)
}

pub fn remove(inner: &Inner, id: ProjectId) -> Result<(), ErrorView> {
    record(inner, id)?;
    inner.watch.remove(id);
    inner
        .state
        .delete_project(id)
        .map_err(|e| view_of_state(&e))?;
    inner.projects.lock().scans.remove(&id);
    inner.experiments.forget(id);
    inner.events.send(EventKind::Projects);
    inner.events.send(EventKind::Status);
    Ok(())
}

fn row(inner: &Inner, id: ProjectId) -> Result<ProjectRow, ErrorView> {
    let record = record(inner, id)?;
    let known = inner.projects.lock();
    Ok(known
        .scans
        .get(&id)
        .map_or_else(|| scanning(record), |scan| scan.detail.row.clone()))
}

/// Looks at a project's folder again, remembers what is found and tells. `paths` are
/// the changed ones, relative to the folder; none means everything may have changed.
pub fn look(inner: &Arc<Inner>, id: ProjectId, paths: &[PathBuf]) {
    let Ok(record) = record(inner, id) else {
        return;
    };
    match scan::scan(inner, &record) {
        Ok(scan) => {
            inner.projects.lock().scans.insert(id, Arc::new(scan));
        }
        Err(error) => log::error!("looking at {}: {error}", record.path),
    }
    inner.events.send(EventKind::Project(id));
    inner.events.send(EventKind::Projects);
    if paths.iter().any(|path| is_kitfile(path)) {
        inner.events.send(EventKind::KitfileOnDisk(id));
    }
    inner.experiments.files_changed(inner, id, paths);
}

fn is_kitfile(path: &Path) -> bool {
    path.to_str()
        .is_some_and(|name| kitbench_kitfile::KITFILE_NAMES.contains(&name))
}

/// Everything of the project page, as of the last look.
pub fn detail(inner: &Arc<Inner>, id: ProjectId) -> Result<ProjectDetail, ErrorView> {
    with_scan(inner, id, |scan| scan.detail.clone())
}

/// Works with the last look's result, looking now if there was none yet.
pub fn with_scan<T>(
    inner: &Arc<Inner>,
    id: ProjectId,
    work: impl FnOnce(&Scan) -> T,
) -> Result<T, ErrorView> {
    record(inner, id)?;
    let known = |inner: &Inner| inner.projects.lock().scans.get(&id).cloned();
    let scan = match known(inner) {
        Some(scan) => Some(scan),
        None => {
            look(inner, id, &[]);
            known(inner)
        }
    };
    let scan = scan.ok_or_else(|| crate::errors::internal("looking at a project", ""))?;
    Ok(work(&scan))
}
