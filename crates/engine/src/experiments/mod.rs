//! Experiments: the runs found in each project, held open for looking again, and what
//! the comparison view asks of them.

mod columns;
mod export;
mod marks;
mod plots;
mod series;

pub use export::export;
pub use marks::{marks, set_mark};
pub use plots::{export as export_plot, get as get_plot};
pub use series::{get_bands, get_series, values_at};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kitbench_protocol::{
    ErrorKind, ErrorView, EventKind, FilterError, ProjectId, RunSource, RunsTable,
};
use kitbench_runs::filter::Filter;
use kitbench_runs::{Reader, Run, RunsError, Series, Source};

use crate::Inner;
use crate::errors::{sentence, view_of_state};

/// The runs of every project that was asked about.
#[derive(Default)]
pub struct Experiments {
    projects: Mutex<BTreeMap<ProjectId, Arc<Mutex<ProjectRuns>>>>,
}

/// Open sources of one project.
#[derive(Default)]
pub struct ProjectRuns {
    root: PathBuf,
    scanned: bool,
    sources: Vec<OpenSource>,
    skipped: Vec<(String, String)>,
}

struct OpenSource {
    source: Source,
    reader: Result<Box<dyn Reader>, String>,
    /// Series read so far, dropped when their run changes.
    series: BTreeMap<(String, String), Arc<Series>>,
}

/// A run with its place among the sources.
pub struct FoundRun<'a> {
    /// Unique in the project.
    pub id: String,
    pub run: &'a Run,
    source: usize,
}

impl Experiments {
    /// The runs of a project, found and read now if they were not yet.
    pub fn of(&self, inner: &Inner, id: ProjectId) -> Result<Arc<Mutex<ProjectRuns>>, ErrorView> {
        let root = crate::projects::folder(inner, id)?;
        let runs = {
            let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
            projects.entry(id).or_default().clone()
        };
        let mut guard = lock(&runs);
        if !guard.scanned || guard.root != root {
            guard.scan(&root)?;
        }
        drop(guard);
        Ok(runs)
    }

    /// Files below a project changed. Looks again if its runs were ever asked for, and
    /// tells if they changed.
    pub fn files_changed(&self, inner: &Inner, id: ProjectId, paths: &[PathBuf]) {
        let known = {
            let projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
            projects.get(&id).cloned()
        };
        let Some(runs) = known else { return };
        let changed = lock(&runs).look_again(paths);
        if changed {
            inner.events.send(EventKind::Runs(id));
        }
    }

    pub fn forget(&self, id: ProjectId) {
        self.projects
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
    }
}

/// A panic while reading leaves at worst an old state, which the next look replaces.
pub fn lock(runs: &Mutex<ProjectRuns>) -> MutexGuard<'_, ProjectRuns> {
    runs.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn view_of_runs(error: &RunsError) -> ErrorView {
    ErrorView::new(
        ErrorKind::Io,
        sentence(&error.to_string()),
        "The other sources are still shown.",
    )
}

impl ProjectRuns {
    fn scan(&mut self, root: &Path) -> Result<(), ErrorView> {
        let discovery = kitbench_runs::scan(root).map_err(|error| view_of_runs(&error))?;
        let mut known: BTreeMap<_, _> = std::mem::take(&mut self.sources)
            .into_iter()
            .map(|open| ((open.source.path.clone(), open.source.kind), open))
            .collect();
        self.sources = discovery
            .sources
            .into_iter()
            .map(|source| {
                // A reader that is open keeps its place in growing files.
                known
                    .remove(&(source.path.clone(), source.kind))
                    .unwrap_or_else(|| OpenSource {
                        reader: kitbench_runs::open(&source).map_err(|error| error.to_string()),
                        source,
                        series: BTreeMap::new(),
                    })
            })
            .collect();
        self.skipped = discovery
            .skipped
            .into_iter()
            .map(|skipped| (display_below(root, &skipped.path), skipped.why))
            .collect();
        self.root = root.to_path_buf();
        self.scanned = true;
        Ok(())
    }

    /// Refreshes the sources that hold changed paths; a path in none may be a new
    /// source. Answers whether anything is different.
    fn look_again(&mut self, paths: &[PathBuf]) -> bool {
        let root = self.root.clone();
        let mut changed = false;
        let mut unknown = paths.is_empty();
        for path in paths {
            let absolute = root.join(path);
            let beside = |open: &OpenSource| {
                // Databases write `-wal` and `-journal` files beside themselves.
                absolute.starts_with(&open.source.path)
                    || absolute
                        .to_string_lossy()
                        .starts_with(&*open.source.path.to_string_lossy())
            };
            unknown |= !self.sources.iter().any(beside);
        }
        for open in &mut self.sources {
            let touched = paths.is_empty()
                || paths.iter().any(|path| {
                    root.join(path)
                        .to_string_lossy()
                        .starts_with(&*open.source.path.to_string_lossy())
                });
            if touched {
                changed |= open.refresh();
            }
        }
        if unknown {
            let before: Vec<_> = self
                .sources
                .iter()
                .map(|open| open.source.clone())
                .collect();
            if let Err(error) = self.scan(&root) {
                log::warn!("looking for runs: {error}");
            }
            changed |= before.len() != self.sources.len()
                || before
                    .iter()
                    .zip(&self.sources)
                    .any(|(old, new)| *old != new.source);
        }
        changed
    }

    /// All runs, in the order of their sources.
    pub fn runs(&self) -> Vec<FoundRun<'_>> {
        let mut found = Vec::new();
        for (index, open) in self.sources.iter().enumerate() {
            let Ok(reader) = &open.reader else { continue };
            let place = display_below(&self.root, &open.source.path);
            for run in reader.rows().into_iter().filter(|run| !run.deleted) {
                let id = format!("{}|{place}|{}", open.source.kind, run.id);
                found.push(FoundRun {
                    id,
                    run,
                    source: index,
                });
            }
        }
        found
    }

    /// Every point of one metric of one run.
    pub fn series(&mut self, id: &str, metric: &str) -> Result<Arc<Series>, ErrorView> {
        let (source, run_id) = self
            .runs()
            .iter()
            .find(|found| found.id == id)
            .map(|found| (found.source, found.run.id.clone()))
            .ok_or_else(|| {
                ErrorView::new(
                    ErrorKind::NotFound,
                    "This run is not there any more.",
                    "Its files were moved or deleted; look again.",
                )
            })?;
        let open = self
            .sources
            .get_mut(source)
            .ok_or_else(|| crate::errors::internal("reading a series", "no such source"))?;
        let key = (run_id, metric.to_owned());
        if let Some(series) = open.series.get(&key) {
            return Ok(series.clone());
        }
        let reader = match &open.reader {
            Ok(reader) => reader,
            Err(message) => {
                return Err(ErrorView::new(ErrorKind::Io, sentence(message), ""));
            }
        };
        let series = reader
            .series(&key.0, metric)
            .map_err(|error| view_of_runs(&error))?;
        let series = Arc::new(series);
        open.series.insert(key, series.clone());
        Ok(series)
    }
}

impl OpenSource {
    fn refresh(&mut self) -> bool {
        match &mut self.reader {
            Ok(reader) => match reader.refresh() {
                Ok(refresh) => {
                    let stale = |run: &String| {
                        refresh.changed.contains(run) || refresh.removed.contains(run)
                    };
                    self.series.retain(|(run, _), _| !stale(run));
                    !refresh.is_empty()
                }
                Err(error) => {
                    log::warn!("{}: {error}", self.source.path.display());
                    false
                }
            },
            Err(_) => {
                self.reader = kitbench_runs::open(&self.source).map_err(|error| error.to_string());
                self.reader.is_ok()
            }
        }
    }
}

fn display_below(root: &Path, path: &Path) -> String {
    match path.strip_prefix(root) {
        Ok(relative) if relative.as_os_str().is_empty() => ".".into(),
        Ok(relative) => relative.display().to_string(),
        Err(_) => path.display().to_string(),
    }
}

/// The runs table of a project.
pub fn table(inner: &Inner, project: ProjectId, filter: &str) -> Result<RunsTable, ErrorView> {
    let runs = inner.experiments.of(inner, project)?;
    let mut runs = lock(&runs);
    let (filter, filter_error) = match Filter::parse(filter) {
        _ if filter.trim().is_empty() => (None, None),
        Ok(filter) => (Some(filter), None),
        Err(error) => (
            None,
            Some(FilterError {
                start: error.start as u32,
                end: error.end as u32,
                message: error.message,
            }),
        ),
    };
    let mut table = columns::table(&runs.runs(), filter.as_ref());
    table.filter_error = filter_error;
    table.skipped.clone_from(&runs.skipped);
    table.sources = runs
        .sources
        .iter()
        .map(|open| source_view(&runs.root, open))
        .collect();
    columns::add_sparks(&mut runs, &mut table);
    let packed = inner
        .state
        .packs_of_runs(project)
        .map_err(|error| view_of_state(&error))?;
    for row in &mut table.runs {
        if let Some(kits) = packed.get(&row.id) {
            row.kits.clone_from(kits);
        }
    }
    Ok(table)
}

fn source_view(root: &Path, open: &OpenSource) -> RunSource {
    let (count, problems) = match &open.reader {
        Ok(reader) => (
            reader.runs().iter().filter(|run| !run.deleted).count(),
            reader.problems().iter().map(ToString::to_string).collect(),
        ),
        Err(message) => (0, vec![message.clone()]),
    };
    RunSource {
        kind: columns::source_name(open.source.kind).into(),
        path: display_below(root, &open.source.path),
        runs: count as u32,
        problems,
    }
}
