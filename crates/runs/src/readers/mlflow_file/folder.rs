//! One run folder of a file store: its meta, parameters, tags and metrics.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::formats::listing;
use crate::formats::tail::{self, Change, Tail, read_small, unix_ms};
use crate::formats::yaml;
use crate::model::{Run, RunState, SourceKind};
use crate::readers::mlflow::apply_tags;
use crate::readers::mlflow_points::Metric;
use crate::readers::units::keep_run;

/// Largest meta.yaml, parameter or tag that is read; MLflow's own limit for a value is 8000.
const SMALL: u64 = 1 << 20;
/// Older than this, an empty `meta.yaml` is not being rewritten any more.
const REWRITE: Duration = Duration::from_secs(5);

/// One run of a file store, as it was last looked at.
pub(super) struct RunFolder {
    pub(super) run: Run,
    pub(super) meta_seen: Option<SystemTime>,
    /// Times of change of `params` and `tags`, which only ever gain or replace files.
    pub(super) folders_seen: HashMap<&'static str, Option<SystemTime>>,
    pub(super) metrics: BTreeMap<String, Metric>,
    /// State as `meta.yaml` says it.
    pub(super) status: Option<i64>,
    /// Why MLflow (and so this reader) does not count this folder as a run.
    pub(super) ignored: Option<String>,
    /// When the folder was looked at.
    pub(super) looked: SystemTime,
    /// Bytes of metric files read since then.
    pub(super) read: u64,
}

/// A run folder as it is kept for the next process.
#[derive(Serialize, Deserialize)]
struct Kept<Metrics> {
    run: String,
    meta_seen: Option<SystemTime>,
    folders_seen: Vec<(String, Option<SystemTime>)>,
    metrics: Metrics,
    status: Option<i64>,
    ignored: Option<String>,
    looked: SystemTime,
}

pub(super) fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).ok()?.modified().ok()
}

/// Sub-folders in name order; a folder that cannot be listed has none.
pub(super) fn folders(path: &Path) -> Vec<(String, PathBuf)> {
    let mut found: Vec<_> = std::fs::read_dir(path)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| match entry.file_type() {
            Ok(kind) if !kind.is_symlink() => kind.is_dir(),
            _ => entry.path().is_dir(),
        })
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .collect();
    found.sort();
    found
}

/// Reads a `meta.yaml`. MLflow rewrites it in place, so an empty one that was written a
/// moment ago is looked at again (at most twice, as MLflow itself does).
pub(super) fn read_meta(path: &Path) -> Result<Map<String, Value>, String> {
    let settled = modified(path)
        .and_then(|time| time.elapsed().ok())
        .is_some_and(|age| age > REWRITE);
    let mut wait = Duration::from_millis(20);
    for last in [false, false, true] {
        let bytes = read_small(path, SMALL).map_err(|e| e.to_string())?;
        match yaml::params(&bytes) {
            Ok(map) if !map.is_empty() => return Ok(map),
            Ok(_) if last || settled => return Err("the file is empty".into()),
            Err(message) if last || settled => return Err(message),
            _ => std::thread::sleep(wait),
        }
        wait *= 3;
    }
    Err("the file is empty".into())
}

impl RunFolder {
    pub(super) fn new(id: &str, path: &Path) -> Self {
        Self {
            run: Run::new(id, SourceKind::MlflowFile, path),
            meta_seen: None,
            folders_seen: HashMap::new(),
            metrics: BTreeMap::new(),
            status: None,
            ignored: None,
            looked: SystemTime::now(),
            read: 0,
        }
    }

    pub(super) fn keep(&self) -> Option<Vec<u8>> {
        // A name that is no Unicode cannot be told from another one.
        let named = |key: &String| !key.contains(char::REPLACEMENT_CHARACTER);
        let kept = self.metrics.values().all(Metric::is_kept);
        if !kept || !self.metrics.keys().all(named) {
            return None;
        }
        let seen = self.folders_seen.iter();
        let kept = Kept {
            run: keep_run(&self.run)?,
            meta_seen: self.meta_seen,
            folders_seen: seen
                .map(|(name, time)| ((*name).to_owned(), *time))
                .collect(),
            metrics: &self.metrics,
            status: self.status,
            ignored: self.ignored.clone(),
            looked: self.looked,
        };
        postcard::to_allocvec(&kept).ok()
    }

    pub(super) fn restored(kept: &[u8]) -> Option<Self> {
        let kept: Kept<BTreeMap<String, Metric>> = postcard::from_bytes(kept).ok()?;
        let mut run: Run = serde_json::from_str(&kept.run).ok()?;
        let folder = run.path.join("metrics");
        let mut metrics = kept.metrics;
        for (key, metric) in &mut metrics {
            let path = key
                .split('/')
                .fold(folder.clone(), |path, part| path.join(part));
            metric.tail.restore(path);
            run.metrics.insert(key.clone(), metric.summary.clone());
        }
        // What changed shortly before it was looked at is looked at again.
        let settled = |seen: &Option<SystemTime>| tail::is_settled(*seen, Some(kept.looked));
        let folder = |name: &str| {
            ["params", "tags", "inputs"]
                .into_iter()
                .find(|n| *n == name)
        };
        Some(Self {
            run,
            meta_seen: kept.meta_seen.filter(|seen| settled(&Some(*seen))),
            folders_seen: kept
                .folders_seen
                .iter()
                .filter(|(_, seen)| settled(seen))
                .filter_map(|(name, seen)| Some((folder(name)?, *seen)))
                .collect(),
            metrics,
            status: kept.status,
            ignored: kept.ignored,
            looked: kept.looked,
            read: 0,
        })
    }

    pub(super) fn refresh(
        &mut self,
        experiment: &(String, String),
        deleted: bool,
        now: i64,
    ) -> bool {
        let path = self.run.path.clone();
        let before = self.run.problems.len();
        (self.looked, self.read) = (SystemTime::now(), 0);
        let mut changed = self.read_meta(&path.join("meta.yaml"), &experiment.0);
        self.run.experiment = Some(experiment.1.clone());
        self.run.deleted |= deleted;
        for (folder, name) in [("params", "params"), ("tags", "tags")] {
            changed |= self.read_values(&path.join(folder), name);
        }
        changed |= self.read_metrics(&path.join("metrics"));
        changed |= self.read_datasets(&path.join("inputs"));
        let last = self
            .metrics
            .values()
            .filter_map(|m| m.tail.modified_ms())
            .max();
        let last = last.max(self.meta_seen.and_then(unix_ms));
        let state = match self.status {
            Some(2) => RunState::Scheduled,
            Some(3) => RunState::Finished,
            Some(4) => RunState::Failed,
            Some(5) => RunState::Killed,
            _ => RunState::without_end(last, now),
        };
        changed |= state != self.run.state;
        self.run.state = state;
        changed | (self.run.problems.len() != before)
    }

    pub(super) fn read_meta(&mut self, file: &Path, experiment: &str) -> bool {
        let seen = modified(file);
        if seen.is_some() && seen == self.meta_seen {
            return false;
        }
        let map = match read_meta(file) {
            Ok(map) => map,
            Err(message) => {
                self.run.report(
                    file,
                    None,
                    format!("the run's description cannot be read: {message}"),
                );
                return true;
            }
        };
        self.meta_seen = seen;
        let run = &mut self.run;
        run.problems.retain(|problem| problem.file != file);
        let named = yaml::text(&map, "run_id").or_else(|| yaml::text(&map, "run_uuid"));
        self.ignored = None;
        if let Some(named) = named.filter(|id| *id != run.id) {
            self.ignored = Some(format!(
                "names run {named} but lies in the folder of run {}: left out, as MLflow does",
                run.id
            ));
        }
        if let Some(other) = yaml::text(&map, "experiment_id").filter(|id| id != experiment) {
            self.ignored = Some(format!(
                "names experiment {other} but lies in experiment {experiment}: left out, as MLflow does"
            ));
        }
        run.start_ms = yaml::int(&map, "start_time");
        run.end_ms = yaml::int(&map, "end_time");
        run.deleted = yaml::text(&map, "lifecycle_stage").is_some_and(|stage| stage == "deleted");
        run.name = yaml::text(&map, "run_name").unwrap_or_default();
        self.status = yaml::int(&map, "status");
        self.apply_tags();
        true
    }

    /// Whether nothing in `params` or `tags` is newer than when they were read, as far as that
    /// is told quickly.
    fn values_are_as_seen(&self, folder: &Path, which: &str) -> bool {
        let Some(Some(seen)) = self.folders_seen.get(which) else {
            return false;
        };
        let mut newest = None;
        let own = listing::each(folder, |_, stamp| {
            newest = newest.max(Some(stamp.modified));
            stamp.is_file
        });
        own.is_some_and(|own| newest.max(Some(own)) == Some(*seen))
    }

    /// Whether the metric files are those known, each as it was looked at, as far as that is
    /// told quickly.
    fn metrics_are_as_seen(&self, folder: &Path) -> bool {
        let mut files = 0;
        let all = listing::each(folder, |name, stamp| {
            files += 1;
            let known = std::str::from_utf8(name).ok();
            let known = known.and_then(|name| self.metrics.get(name));
            known.is_some_and(|metric| metric.tail.is_at(&stamp))
        });
        all.is_some() && files == self.metrics.len()
    }

    /// Reads every file of `params` or `tags` when the folder or a file in it changed.
    pub(super) fn read_values(&mut self, folder: &Path, which: &'static str) -> bool {
        if self.values_are_as_seen(folder, which) {
            return false;
        }
        let mut newest = modified(folder);
        if newest.is_none() {
            return false;
        }
        let files = files_below(folder);
        for (_, file) in &files {
            newest = newest.max(modified(file));
        }
        if self.folders_seen.get(which) == Some(&newest) {
            return false;
        }
        self.folders_seen.insert(which, newest);
        let run = &mut self.run;
        // A tag that was deleted has no file any more.
        run.problems
            .retain(|problem| !problem.file.starts_with(folder));
        if which == "params" {
            run.params.clear();
        } else {
            run.tags.clear();
        }
        for (key, file) in files {
            let text = match read_small(&file, SMALL) {
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(error) => {
                    run.report(&file, None, format!("cannot be read: {error}"));
                    continue;
                }
            };
            if which == "params" {
                run.params.insert(key, Value::from(text));
            } else {
                run.tags.insert(key, text);
            }
        }
        self.apply_tags();
        true
    }

    pub(super) fn apply_tags(&mut self) {
        apply_tags(&mut self.run);
    }

    pub(super) fn read_metrics(&mut self, folder: &Path) -> bool {
        if self.metrics_are_as_seen(folder) {
            return false;
        }
        let mut changed = false;
        let files = files_below(folder);
        if self.metrics.len() > files.len()
            || !self.metrics.keys().eq(files.iter().map(|(key, _)| key))
        {
            // Files that are gone.
            let here = |key: &String| files.binary_search_by(|(k, _)| k.cmp(key)).is_ok();
            let before = self.metrics.len();
            self.metrics.retain(|key, _| here(key));
            self.run.metrics.retain(|key, _| here(key));
            changed |= self.metrics.len() != before;
        }
        for (key, file) in files {
            let metric = self
                .metrics
                .entry(key.clone())
                .or_insert_with(|| Metric::new(Tail::new(file)));
            let run = &mut self.run;
            match metric.tail.check() {
                Ok(Change::None | Change::Gone) => continue,
                Ok(Change::Grown) => {}
                Ok(Change::Rewritten) => {
                    metric.start_over();
                    let path = metric.tail.path();
                    run.problems.retain(|problem| problem.file != path);
                }
                Err(error) => {
                    run.report(metric.tail.path(), None, format!("cannot be read: {error}"));
                    continue;
                }
            }
            let before = metric.tail.offset();
            let mut faults = Vec::new();
            let read = metric.read(|at, message| {
                // As many as a run lists.
                if faults.len() < 1000 {
                    faults.push((at, message));
                }
            });
            let path = metric.tail.path();
            for (at, message) in faults {
                run.report(path, Some(at), message);
            }
            if let Err(error) = read {
                run.report(path, None, format!("cannot be read: {error}"));
            }
            self.read += metric.tail.offset() - before;
            run.metrics.insert(key, metric.summary.clone());
            changed = true;
        }
        changed
    }

    pub(super) fn read_datasets(&mut self, folder: &Path) -> bool {
        let newest = modified(folder);
        if newest.is_none() || self.folders_seen.get("inputs") == Some(&newest) {
            return false;
        }
        self.folders_seen.insert("inputs", newest);
        let Some(datasets) = self.run.path.parent().map(|e| e.join("datasets")) else {
            return false;
        };
        let mut found = Vec::new();
        for (_, input) in folders(folder) {
            let Ok(map) = read_meta(&input.join("meta.yaml")) else {
                continue;
            };
            if yaml::text(&map, "source_type").as_deref() != Some("DATASET") {
                continue;
            }
            // The writer stores the source id as the destination id; both name the data set.
            let id = yaml::text(&map, "source_id").or_else(|| yaml::text(&map, "destination_id"));
            let Some(id) = id.filter(|id| !id.contains(['/', '\\'])) else {
                continue;
            };
            if let Ok(set) = read_meta(&datasets.join(&id).join("meta.yaml")) {
                let name = yaml::text(&set, "name").unwrap_or(id);
                found.push(match yaml::text(&set, "digest") {
                    Some(digest) => format!("{name} ({digest})"),
                    None => name,
                });
            }
        }
        self.run.datasets = found;
        true
    }
}

/// Files below a folder with their path as key (`/` between parts), in order.
fn files_below(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), folder.to_path_buf())];
    while let Some((prefix, folder)) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let key = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && prefix.len() < 1000 => open.push((key + "/", path)),
                Ok(kind) if kind.is_file() => found.push((key, path)),
                _ => {}
            }
        }
    }
    found.sort();
    found
}
