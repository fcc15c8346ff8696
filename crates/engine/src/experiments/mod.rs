//! Experiments: the runs found in each project, held open for looking again, and what
//! the comparison view asks of them.

pub mod attach;
mod columns;
mod export;
pub mod in_kits;
mod leaderboard;
mod lines;
pub mod mapping;
mod marks;
mod media;
mod metered;
mod pair;
mod plots;
pub mod record;
pub mod reviews;
mod series;
pub mod servers;

pub(crate) use attach::plan_attach;
pub use export::export;
pub use leaderboard::list as packed_runs;
pub use marks::{marks, set_mark};
pub use media::{get as get_medium, list as list_media};
pub use pair::compare;
pub use plots::{export as export_plot, get as get_plot};
pub use series::{get_bands, get_series, values_at};

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kitbench_protocol::{
    ErrorKind, ErrorView, EventKind, FilterError, ProjectId, RunSource, RunsTable, TrackingServerId,
};
use kitbench_runs::filter::Filter;
use kitbench_runs::{Index, Mapping, Reader, Run, RunsError, Series, Source, SourceKind};

use crate::Inner;
use crate::errors::{sentence, view_of_state};

/// The runs of every project that was asked about.
#[derive(Default)]
pub struct Experiments {
    projects: Mutex<BTreeMap<ProjectId, Arc<Mutex<ProjectRuns>>>>,
}

/// Open sources of one project.
pub struct ProjectRuns {
    root: PathBuf,
    scanned: bool,
    sources: Vec<OpenSource>,
    /// Tracking servers, as they answered last.
    servers: Vec<OpenServer>,
    /// What somebody chose for the columns of plain tables, by path below the root.
    mappings: BTreeMap<String, Mapping>,
    skipped: Vec<(String, String)>,
    /// Where what was read is kept for the next start.
    index: Option<Index>,
    /// What was drawn last.
    held: lines::Lines,
    /// Runs of packed tags that were asked for, by the id charts know them by.
    packed: BTreeMap<String, leaderboard::PackedKit>,
}

struct OpenSource {
    source: Source,
    reader: Result<Box<dyn Reader>, String>,
}

struct OpenServer {
    id: TrackingServerId,
    link: Arc<servers::Link>,
    runs: Arc<Vec<Run>>,
}

/// Index files of sources that were not opened for so long are deleted.
const UNUSED: Duration = Duration::from_secs(60 * 86_400);

/// A run with its place among the sources.
pub struct FoundRun<'a> {
    /// Unique in the project.
    pub id: String,
    pub run: &'a Run,
}

impl Experiments {
    /// The runs of a project, found and read now if they were not yet.
    pub fn of(&self, inner: &Inner, id: ProjectId) -> Result<Arc<Mutex<ProjectRuns>>, ErrorView> {
        let root = crate::projects::folder(inner, id)?;
        let runs = {
            let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || {
                let index = Index::new(inner.options.state_folder.join("runs"));
                index.tidy(UNUSED);
                Arc::new(Mutex::new(ProjectRuns::new(Some(index))))
            };
            projects.entry(id).or_insert_with(new).clone()
        };
        let links = inner.servers.of(inner, id);
        let mut guard = lock(&runs);
        if !guard.scanned || guard.root != root {
            guard.mappings = inner
                .state
                .column_mappings(id)
                .map_err(|error| view_of_state(&error))?;
            guard.scan(&root)?;
        }
        guard.servers = links
            .into_iter()
            .map(|(id, link)| OpenServer {
                id,
                runs: link.runs(),
                link,
            })
            .collect();
        drop(guard);
        Ok(runs)
    }

    /// The runs of a project, if they were ever asked for.
    fn known(&self, id: ProjectId) -> Option<Arc<Mutex<ProjectRuns>>> {
        let projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        projects.get(&id).cloned()
    }

    /// Files below a project changed. Looks again if its runs were ever asked for, and
    /// tells if they changed.
    pub fn files_changed(&self, inner: &Inner, id: ProjectId, paths: &[PathBuf]) {
        let Some(runs) = self.known(id) else { return };
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

fn run_is_gone() -> ErrorView {
    ErrorView::new(
        ErrorKind::NotFound,
        "This run is not there any more.",
        "Its files were moved or deleted; look again.",
    )
}

pub fn view_of_runs(error: &RunsError) -> ErrorView {
    ErrorView::new(
        ErrorKind::Io,
        sentence(&error.to_string()),
        "The other sources are still shown.",
    )
}

impl ProjectRuns {
    fn new(index: Option<Index>) -> Self {
        Self {
            root: PathBuf::new(),
            scanned: false,
            sources: Vec::new(),
            servers: Vec::new(),
            mappings: BTreeMap::new(),
            skipped: Vec::new(),
            index,
            held: lines::Lines::default(),
            packed: BTreeMap::new(),
        }
    }

    /// The runs below a folder, found and read now.
    ///
    /// # Errors
    /// When the folder cannot be looked through.
    pub fn open(root: &Path) -> Result<ProjectRuns, ErrorView> {
        let mut runs = ProjectRuns::new(None);
        runs.scan(root)?;
        Ok(runs)
    }

    fn scan(&mut self, root: &Path) -> Result<(), ErrorView> {
        let discovery = kitbench_runs::scan(root).map_err(|error| view_of_runs(&error))?;
        let mut known: BTreeMap<_, _> = std::mem::take(&mut self.sources)
            .into_iter()
            .map(|open| ((open.source.path.clone(), open.source.kind), open))
            .collect();
        let mut carried = Vec::new();
        let mapped = self.only_mapped(&discovery.sources, root);
        let mut found = discovery.sources;
        found.extend(mapped);
        found.sort_by(|a, b| a.path.cmp(&b.path));
        let passed_over = |skipped: &kitbench_runs::Skipped| {
            found.iter().all(|source| source.path != skipped.path)
        };
        self.skipped = discovery
            .skipped
            .iter()
            .filter(|skipped| passed_over(skipped))
            .map(|skipped| (display_below(root, &skipped.path), skipped.why.clone()))
            .collect();
        let none = Mapping::default();
        self.sources = found
            .into_iter()
            .map(|source| {
                // A reader that is open keeps its place in growing files.
                match known.remove(&(source.path.clone(), source.kind)) {
                    Some(open) => {
                        carried.push(prefix(root, &open.source));
                        open
                    }
                    None => {
                        let below = display_below(root, &source.path);
                        let mapping = self.mappings.get(&below).unwrap_or(&none);
                        OpenSource::new(source, self.index.as_ref(), mapping)
                    }
                }
            })
            .collect();
        self.held
            .keep(|run| carried.iter().any(|prefix| run.starts_with(prefix)));
        self.root = root.to_path_buf();
        self.scanned = true;
        Ok(())
    }

    /// Refreshes the sources that hold changed paths; a path in none may be a new
    /// source. Answers whether anything is different.
    fn look_again(&mut self, paths: &[PathBuf]) -> bool {
        let root = self.root.clone();
        let mut changed = false;
        let none = Mapping::default();
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
                let below = display_below(&root, &open.source.path);
                let mapping = self.mappings.get(&below).unwrap_or(&none);
                let (different, stale) = open.refresh(self.index.as_ref(), mapping);
                changed |= different;
                let prefix = prefix(&root, &open.source);
                let stale = stale.into_iter().map(|run| format!("{prefix}{run}"));
                self.held.forget(&stale.collect());
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

    /// All runs that can be drawn: those of the project, then those of its packed tags.
    pub fn runs(&self) -> Vec<FoundRun<'_>> {
        let mut found = self.own_runs();
        found.extend(self.packed.iter().filter_map(|(id, kit)| {
            Some(FoundRun {
                id: id.clone(),
                run: kit.run()?,
            })
        }));
        found
    }

    /// The runs of the project's folder and its tracking servers, in the order of their
    /// sources. A run that is in several of MLflow's stores is one: that of the database, which
    /// MLflow goes on with, else that of the files.
    pub fn own_runs(&self) -> Vec<FoundRun<'_>> {
        let open = || {
            let readers = self.sources.iter();
            readers.filter_map(|open| Some((open, open.reader.as_ref().ok()?)))
        };
        let kind = |open: &OpenSource| open.source.kind;
        let databases = open().filter(|(open, _)| kind(open) == SourceKind::MlflowSqlite);
        let kept: HashSet<&str> = databases
            .flat_map(|(_, reader)| reader.runs())
            .map(|run| run.id.as_str())
            .collect();
        let mut shown: HashSet<&str> = HashSet::new();
        let mut found = Vec::new();
        for (open, reader) in open() {
            let prefix = prefix(&self.root, &open.source);
            for run in reader.rows().into_iter().filter(|run| !run.deleted) {
                let again = match kind(open) {
                    SourceKind::MlflowFile => kept.contains(run.id.as_str()),
                    SourceKind::MlflowSqlite => shown.contains(run.id.as_str()),
                    _ => false,
                };
                if again {
                    continue;
                }
                if matches!(
                    kind(open),
                    SourceKind::MlflowFile | SourceKind::MlflowSqlite
                ) {
                    shown.insert(&run.id);
                }
                let id = format!("{prefix}{}", run.id);
                found.push(FoundRun { id, run });
            }
        }
        for server in &self.servers {
            let runs = server.runs.iter().filter(|run| !run.deleted);
            // A server over the project's own store shows what is here already.
            for run in runs.filter(|run| !shown.contains(run.id.as_str())) {
                let id = format!("{}{}", server.link.prefix, run.id);
                found.push(FoundRun { id, run });
            }
        }
        found
    }

    /// The server of a run, and the run in it.
    fn on_server(&self, id: &str) -> Option<(&servers::Link, &Run)> {
        self.servers.iter().find_map(|server| {
            let run = id.strip_prefix(&server.link.prefix)?;
            let run = server.runs.iter().find(|known| known.id == run)?;
            (!run.deleted).then_some((server.link.as_ref(), run))
        })
    }

    /// The source of a run, and the run's id in it.
    fn place(&self, id: &str) -> Option<(usize, String)> {
        self.sources.iter().enumerate().find_map(|(index, open)| {
            let run = id.strip_prefix(&prefix(&self.root, &open.source))?;
            let reader = open.reader.as_ref().ok()?;
            let known = reader.run(run).is_some_and(|run| !run.deleted);
            known.then(|| (index, run.to_owned()))
        })
    }

    /// A run by its id in the project.
    pub fn run(&self, id: &str) -> Option<&Run> {
        if let Some(kit) = self.packed.get(id) {
            return kit.run();
        }
        if let Some((_, run)) = self.on_server(id) {
            return Some(run);
        }
        let (source, run) = self.place(id)?;
        let reader = self.sources.get(source)?.reader.as_ref().ok()?;
        reader.rows().into_iter().find(|row| row.id == run)
    }

    /// How many points a run logged of a metric.
    fn points_of(&self, source: usize, run: &str, metric: &str) -> u64 {
        let reader = self
            .sources
            .get(source)
            .and_then(|open| open.reader.as_ref().ok());
        let run = reader.and_then(|reader| reader.run(run));
        let metric = run.and_then(|run| run.metrics.get(metric));
        metric.map_or(0, |metric| metric.count)
    }

    /// Series of many runs of one source.
    fn many_series(
        &self,
        source: usize,
        wanted: &[(&str, &str)],
    ) -> Option<Vec<Result<Series, RunsError>>> {
        let reader = self.sources.get(source)?.reader.as_ref().ok()?;
        Some(reader.many_series(wanted))
    }

    /// The same, unless a server would have to be asked for it.
    fn series_at_hand(&self, id: &str, metric: &str) -> Option<Arc<Series>> {
        match self.on_server(id) {
            Some((link, run)) => link.series_at_hand(&run.id, metric),
            None => self.series(id, metric).ok(),
        }
    }

    /// Every point of one metric of one run.
    pub fn series(&self, id: &str, metric: &str) -> Result<Arc<Series>, ErrorView> {
        if let Some(kit) = self.packed.get(id) {
            return kit.series(metric);
        }
        if let Some((link, run)) = self.on_server(id) {
            return link.series(&run.id, metric);
        }
        let (source, run) = self.place(id).ok_or_else(run_is_gone)?;
        let open = self
            .sources
            .get(source)
            .ok_or_else(|| crate::errors::internal("reading a series", "no such source"))?;
        let reader = match &open.reader {
            Ok(reader) => reader,
            Err(message) => {
                return Err(ErrorView::new(ErrorKind::Io, sentence(message), ""));
            }
        };
        let series = reader
            .series(&run, metric)
            .map_err(|error| view_of_runs(&error))?;
        Ok(Arc::new(series))
    }
}

impl OpenSource {
    fn new(source: Source, index: Option<&Index>, mapping: &Mapping) -> Self {
        Self {
            reader: open(&source, index, mapping),
            source,
        }
    }

    /// Looks again; says whether anything is different, and which runs' points are.
    fn refresh(&mut self, index: Option<&Index>, mapping: &Mapping) -> (bool, Vec<String>) {
        match &mut self.reader {
            Ok(reader) => match reader.refresh() {
                Ok(refresh) => {
                    let different = !refresh.is_empty();
                    let stale = refresh.changed.into_iter().chain(refresh.removed);
                    (different, stale.collect())
                }
                Err(error) => {
                    log::warn!("{}: {error}", self.source.path.display());
                    (false, Vec::new())
                }
            },
            Err(_) => {
                self.reader = open(&self.source, index, mapping);
                (self.reader.is_ok(), Vec::new())
            }
        }
    }
}

fn open(
    source: &Source,
    index: Option<&Index>,
    mapping: &Mapping,
) -> Result<Box<dyn Reader>, String> {
    let opened = match index {
        _ if source.kind.has_columns() => kitbench_runs::open_mapped(source, mapping),
        Some(index) => kitbench_runs::open_indexed(source, index),
        None => kitbench_runs::open(source),
    };
    opened.map_err(|error| error.to_string())
}

/// What the ids of a source's runs begin with in a project.
fn prefix(root: &Path, source: &Source) -> String {
    format!("{}|{}|", source.kind, display_below(root, &source.path))
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
    let mut table = columns::table(&runs.own_runs(), filter.as_ref());
    table.filter_error = filter_error;
    table.skipped.clone_from(&runs.skipped);
    table.sources = runs
        .sources
        .iter()
        .map(|open| source_view(&runs.root, open))
        .chain(runs.servers.iter().map(server_view))
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
        columns: open.source.kind.has_columns(),
        server: None,
    }
}

fn server_view(server: &OpenServer) -> RunSource {
    RunSource {
        kind: "MLflow server".into(),
        path: server.link.url.clone(),
        runs: server.runs.iter().filter(|run| !run.deleted).count() as u32,
        problems: server.link.problems(),
        columns: false,
        server: Some(server.id),
    }
}
