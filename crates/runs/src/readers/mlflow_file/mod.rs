//! MLflow file stores. Points stay on disk: only a summary per metric is kept.

mod folder;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::RunsError;
use crate::formats::tail::now_ms;
use crate::formats::yaml;
use crate::index::{Index, Store};
use crate::model::{Problem, Run};
use crate::parallel::{in_parallel, part_of};
use crate::reader::{Reader, Refresh};
use crate::readers::mlflow_points::Metric;
use crate::scan::Source;
use crate::series::Series;
use folder::{RunFolder, folders, modified, read_meta};

/// Folder names at experiment level that hold no runs.
const RESERVED: [&str; 4] = ["tags", "datasets", "traces", "models"];
/// A file store (`mlruns/`).
pub(crate) struct MlflowFiles {
    source: Source,
    runs: Vec<RunFolder>,
    experiments: HashMap<PathBuf, (Option<SystemTime>, String, String)>,
    store: Store,
    /// Bytes read since the state was saved, and whether anything else changed.
    unsaved: (u64, bool),
}

/// Bytes of metric files that make it worth saving the state while looking.
const SAVE_READ: u64 = 8 << 20;
/// Bytes of points put into the index that do.
const SAVE_POINTS: u64 = 4 << 20;

impl MlflowFiles {
    pub(crate) fn new(source: Source, index: Option<&Index>) -> Self {
        let (store, state) = match index {
            Some(index) => Store::open(index, &source),
            None => (Store::private(), None),
        };
        let mut files = Self {
            source,
            runs: Vec::new(),
            experiments: HashMap::new(),
            store,
            unsaved: (0, false),
        };
        if let Some(state) = state {
            match files.restored(&state) {
                Some(runs) => files.runs = runs,
                None => files.store.clear(),
            }
        }
        files
    }

    /// Run folders as they were saved; `None` when that is of no use.
    fn restored(&self, state: &[u8]) -> Option<Vec<RunFolder>> {
        let parts: Vec<&[u8]> = postcard::from_bytes(state).ok()?;
        let all = in_parallel(&parts, |part| RunFolder::restored(part));
        let runs: Vec<RunFolder> = all.into_iter().collect::<Option<_>>()?;
        let metrics = runs.iter().flat_map(|run| run.metrics.values());
        let live: u64 = metrics.map(Metric::bytes_kept).sum();
        (!self.store.is_wasteful(live + state.len() as u64)).then_some(runs)
    }

    /// Saves the state if the index is written here.
    fn save(&self) -> bool {
        if !self.store.is_kept() {
            return false;
        }
        let all = in_parallel(&self.runs, RunFolder::keep);
        let Some(all) = all.into_iter().collect::<Option<Vec<_>>>() else {
            return false;
        };
        postcard::to_allocvec(&all).is_ok_and(|state| self.store.save(&self.source, &state))
    }

    /// Experiment folders: those with a `meta.yaml`, also below `.trash`.
    fn experiment_folders(&self) -> Result<Vec<(PathBuf, bool)>, RunsError> {
        let root = &self.source.path;
        std::fs::read_dir(root).map_err(|e| RunsError::io(root, e))?;
        let live = folders(root)
            .into_iter()
            .map(|(name, path)| (name, path, false));
        let trash = folders(&root.join(".trash"))
            .into_iter()
            .map(|(name, path)| (name, path, true));
        Ok(live
            .chain(trash)
            .filter(|(name, path, _)| {
                name != ".trash" && name != "models" && path.join("meta.yaml").exists()
            })
            .map(|(_, path, deleted)| (path, deleted))
            .collect())
    }

    fn experiment(&mut self, path: &Path) -> (String, String) {
        let folder = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let meta = path.join("meta.yaml");
        let seen = modified(&meta);
        if let Some((known, id, name)) = self.experiments.get(path)
            && *known == seen
        {
            return (id.clone(), name.clone());
        }
        let map = read_meta(&meta).unwrap_or_default();
        let id = yaml::text(&map, "experiment_id").unwrap_or_else(|| folder.clone());
        let name = yaml::text(&map, "name").unwrap_or_else(|| folder.clone());
        self.experiments
            .insert(path.to_path_buf(), (seen, id.clone(), name.clone()));
        (id, name)
    }
}

/// A run folder that is to be looked at.
struct Work {
    folder: RunFolder,
    /// Id and name of the experiment.
    about: (String, String),
    deleted: bool,
    new: bool,
    changed: bool,
}

/// Looks at all run folders, on as many threads as there are processors.
fn look_at(work: &mut [Work], now: i64) {
    let part = part_of(work.len());
    std::thread::scope(|scope| {
        for chunk in work.chunks_mut(part) {
            scope.spawn(move || {
                for item in chunk {
                    item.changed = item.folder.refresh(&item.about, item.deleted, now);
                }
            });
        }
    });
}

impl Drop for MlflowFiles {
    fn drop(&mut self) {
        if self.unsaved != (0, false) || self.store.unsaved() > 0 {
            self.save();
        }
    }
}

impl Reader for MlflowFiles {
    fn source(&self) -> &Source {
        &self.source
    }

    fn runs(&self) -> Vec<&Run> {
        self.runs
            .iter()
            .filter(|f| f.ignored.is_none())
            .map(|folder| &folder.run)
            .collect()
    }

    fn problems(&self) -> Vec<Problem> {
        self.runs
            .iter()
            .filter_map(|folder| {
                Some(Problem {
                    file: folder.run.path.join("meta.yaml"),
                    offset: None,
                    message: folder.ignored.clone()?,
                })
            })
            .collect()
    }

    fn refresh(&mut self) -> Result<Refresh, RunsError> {
        let now = now_ms();
        if self.store.is_damaged() {
            self.store.clear();
            let metrics = self
                .runs
                .iter_mut()
                .flat_map(|run| run.metrics.values_mut());
            metrics.for_each(Metric::forget_points);
        }
        let mut refresh = Refresh::default();
        let mut known: HashMap<PathBuf, RunFolder> = self
            .runs
            .drain(..)
            .map(|folder| (folder.run.path.clone(), folder))
            .collect();
        let experiments = match self.experiment_folders() {
            Ok(found) => found,
            Err(error) => {
                self.runs = known.into_values().collect();
                return Err(error);
            }
        };
        let mut work = Vec::new();
        for (experiment, deleted) in experiments {
            let about = self.experiment(&experiment);
            for (name, path) in folders(&experiment) {
                if RESERVED.contains(&name.as_str()) || !path.join("meta.yaml").exists() {
                    continue;
                }
                let (folder, new) = match known.remove(&path) {
                    Some(folder) => (folder, false),
                    None => (RunFolder::new(&name, &path), true),
                };
                work.push(Work {
                    folder,
                    about: about.clone(),
                    deleted,
                    new,
                    changed: false,
                });
            }
        }
        look_at(&mut work, now);
        for Work {
            folder,
            new,
            changed,
            ..
        } in work
        {
            if new {
                refresh.added.push(folder.run.id.clone());
            } else if changed {
                refresh.changed.push(folder.run.id.clone());
            }
            self.unsaved.0 += folder.read;
            self.runs.push(folder);
        }
        self.runs
            .sort_by(|a, b| (a.run.start_ms, &a.run.id).cmp(&(b.run.start_ms, &b.run.id)));
        refresh.removed = known.into_values().map(|folder| folder.run.id).collect();
        refresh.removed.sort();
        self.unsaved.1 |= !refresh.is_empty();
        let worth = self.unsaved.0 > SAVE_READ || self.store.unsaved() > SAVE_POINTS;
        if worth && self.save() {
            self.unsaved = (0, false);
        }
        Ok(refresh)
    }

    fn series(&self, run: &str, key: &str) -> Result<Series, RunsError> {
        let folder = self
            .runs
            .iter()
            .find(|folder| folder.run.id == run)
            .ok_or_else(|| RunsError::UnknownRun {
                path: self.source.path.clone(),
                run: run.to_owned(),
            })?;
        let metric = folder
            .metrics
            .get(key)
            .ok_or_else(|| RunsError::UnknownMetric {
                run: run.to_owned(),
                key: key.to_owned(),
            })?;
        metric.series(&self.store)
    }

    fn many_series(&self, wanted: &[(&str, &str)]) -> Vec<Result<Series, RunsError>> {
        let places: HashMap<&str, usize> = self
            .runs
            .iter()
            .enumerate()
            .map(|(place, folder)| (folder.run.id.as_str(), place))
            .collect();
        let all = in_parallel(wanted, |(run, key)| {
            let folder = places.get(run).and_then(|place| self.runs.get(*place));
            match folder.and_then(|folder| folder.metrics.get(*key)) {
                Some(metric) => metric.series(&self.store),
                None => self.series(run, key),
            }
        });
        if self.store.unsaved() > SAVE_POINTS {
            self.save();
        }
        all
    }

    fn run(&self, id: &str) -> Option<&Run> {
        let mut listed = self
            .runs
            .iter()
            .filter(|f| f.ignored.is_none())
            .map(|f| &f.run);
        listed.find(|run| run.id == id)
    }
}
