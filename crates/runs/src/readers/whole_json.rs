//! Formats whose JSON files are written anew each time: Hugging Face Trainer and Sacred.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

use crate::error::RunsError;
use crate::formats::json::{self, Json};
use crate::formats::tail::{read_small, unix_ms};
use crate::formats::time::iso_ms;
use crate::model::{Run, RunState, SourceKind};
use crate::readers::units::{Columns, Loaded, Unit};
use crate::scan::{Source, list};
use crate::series::Step;

/// Largest file read at once.
const LIMIT: u64 = 1 << 30;

pub(crate) type Seen = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// What is there of some files: size and time of change.
pub(crate) fn seen(files: impl IntoIterator<Item = PathBuf>) -> Seen {
    files
        .into_iter()
        .filter_map(|path| {
            let meta = std::fs::metadata(&path).ok()?;
            Some((path, meta.len(), meta.modified().ok()))
        })
        .collect()
}

/// Time of the newest change, Unix ms.
pub(crate) fn newest_ms(seen: &Seen) -> Option<i64> {
    seen.iter()
        .filter_map(|(_, _, time)| time.and_then(unix_ms))
        .max()
}

fn parse(path: &Path) -> Result<Json, String> {
    let bytes = read_small(path, LIMIT).map_err(|e| e.to_string())?;
    json::parse(&bytes).map_err(|e| e.to_string())
}

/// A Trainer's output folder: one run, whose checkpoints repeat its history.
pub(crate) struct Trainer {
    folder: PathBuf,
    seen: Seen,
    loaded: Loaded,
    done: bool,
    /// A file was written after the first look.
    grew: bool,
}

impl Trainer {
    pub(crate) fn new(source: &Source, path: &Path) -> Self {
        let run = Run::new(source.relative(path), SourceKind::HfTrainer, path);
        Self {
            folder: path.to_path_buf(),
            seen: Seen::new(),
            loaded: Loaded::new(run),
            done: false,
            grew: false,
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        let below = list(&self.folder).map(|f| f.folders).unwrap_or_default();
        let checkpoints = below
            .into_iter()
            .filter(|(name, _)| name.starts_with("checkpoint-"))
            .map(|(_, path)| path);
        std::iter::once(self.folder.clone())
            .chain(checkpoints)
            .map(|path| path.join("trainer_state.json"))
            .collect()
    }

    fn read(&mut self, files: &Seen) {
        let mut best: Option<(i64, &Path, Json)> = None;
        let mut problems = Vec::new();
        for (path, _, _) in files {
            match parse(path) {
                Ok(state) => {
                    let step = state.get("global_step").and_then(Json::int).unwrap_or(0);
                    if best.as_ref().is_none_or(|(known, _, _)| step > *known) {
                        best = Some((step, path, state));
                    }
                }
                Err(error) => problems.push((path.clone(), error)),
            }
        }
        let run = &mut self.loaded.run;
        run.problems.clear();
        for (path, error) in problems {
            run.report(
                &path,
                None,
                format!("cannot be read ({error}); the newest readable checkpoint is shown"),
            );
        }
        let Some((step, path, state)) = best else {
            return;
        };
        run.summary.clear();
        for (key, value) in state.entries() {
            let shown = [
                "best_metric",
                "best_global_step",
                "best_model_checkpoint",
                "epoch",
                "global_step",
                "max_steps",
                "num_train_epochs",
            ];
            if shown.contains(&key.as_str()) && *value != Json::Null {
                run.summary.insert(key.clone(), value.strict());
            }
        }
        run.params = state
            .get("trial_params")
            .map(Json::strict_map)
            .unwrap_or_default();
        if let Some(name) = state.get("trial_name").and_then(Json::text) {
            run.name = name.to_owned();
        }
        let max = state.get("max_steps").and_then(Json::int).unwrap_or(0);
        self.done = max > 0 && step >= max;
        let mut columns = Columns::default();
        let history = state
            .get("log_history")
            .map(Json::items)
            .unwrap_or_default();
        for (i, entry) in history.iter().enumerate() {
            let Some(step) = entry.get("step").and_then(Json::step) else {
                run.report(
                    path,
                    None,
                    format!("entry {i} of log_history has no step: left out"),
                );
                continue;
            };
            for (key, value) in entry.entries().iter().filter(|(key, _)| key != "step") {
                if let Some(value) = value.number() {
                    columns.push(key, step, None, value);
                }
            }
        }
        self.loaded.columns = columns;
        self.loaded.settle();
    }
}

impl Unit for Trainer {
    fn refresh(&mut self, now_ms: i64) -> Result<bool, RunsError> {
        let files = seen(self.files());
        let mut changed = false;
        if files != self.seen {
            self.grew |= !self.seen.is_empty();
            self.read(&files);
            self.seen = files;
            changed = true;
        }
        let state = if self.done {
            RunState::Finished
        } else {
            RunState::of_log(newest_ms(&self.seen), self.grew, now_ms)
        };
        changed |= state != self.loaded.run.state;
        self.loaded.run.state = state;
        Ok(changed)
    }

    fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    fn loaded_mut(&mut self) -> &mut Loaded {
        &mut self.loaded
    }
}

/// One run of Sacred's FileStorageObserver.
pub(crate) struct Sacred {
    folder: PathBuf,
    seen: Seen,
    loaded: Loaded,
    heartbeat: Option<i64>,
    status: String,
}

/// Run folders: those with a `run.json`.
pub(crate) fn sacred_runs(source: &Source) -> Result<Vec<PathBuf>, RunsError> {
    let folder = list(&source.path).map_err(|e| RunsError::io(&source.path, e))?;
    if folder.file("run.json").is_some() {
        return Ok(vec![source.path.clone()]);
    }
    let mut runs: Vec<PathBuf> = folder
        .folders
        .into_iter()
        .map(|(_, path)| path)
        .filter(|path| path.join("run.json").is_file())
        .collect();
    // Numbered folders in the order of their numbers.
    let number = |path: &PathBuf| {
        path.file_name()
            .and_then(|n| n.to_str())
            .and_then(|n| n.parse::<u64>().ok())
    };
    runs.sort_by_key(|path| (number(path).unwrap_or(u64::MAX), path.clone()));
    Ok(runs)
}

impl Sacred {
    pub(crate) fn new(_source: &Source, path: &Path) -> Self {
        let id = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let run = Run::new(id, SourceKind::Sacred, path);
        Self {
            folder: path.to_path_buf(),
            seen: Seen::new(),
            loaded: Loaded::new(run),
            heartbeat: None,
            status: String::new(),
        }
    }

    fn read(&mut self) {
        let file = |name: &str| self.folder.join(name);
        let run = &mut self.loaded.run;
        run.problems.clear();
        match parse(&file("run.json")) {
            Ok(about) => {
                let text = |key: &str| about.get(key).and_then(Json::text);
                let time = |key: &str| text(key).and_then(iso_ms);
                run.start_ms = time("start_time");
                run.end_ms = time("stop_time");
                self.heartbeat = time("heartbeat");
                self.status = text("status").unwrap_or_default().to_owned();
                if let Some(experiment) = about.get("experiment") {
                    if let Some(name) = experiment.get("name").and_then(Json::text) {
                        run.name = name.to_owned();
                        run.experiment = Some(name.to_owned());
                    }
                    let repository = experiment
                        .get("repositories")
                        .map(Json::items)
                        .and_then(<[Json]>::first);
                    run.git_commit = repository
                        .and_then(|r| r.get("commit"))
                        .and_then(Json::text)
                        .map(str::to_owned);
                }
                if let Some(result) = about.get("result").filter(|r| **r != Json::Null) {
                    run.summary.insert("result".into(), result.strict());
                }
                if let Some(comment) = about
                    .get("meta")
                    .and_then(|m| m.get("comment"))
                    .and_then(Json::text)
                {
                    run.note = Some(comment.to_owned());
                }
            }
            Err(error) => run.report(&file("run.json"), None, format!("cannot be read: {error}")),
        }
        if file("config.json").exists() {
            match parse(&file("config.json")) {
                Ok(config) => run.params = config.strict_map(),
                Err(error) => run.report(
                    &file("config.json"),
                    None,
                    format!("cannot be read: {error}"),
                ),
            }
        }
        if !file("metrics.json").exists() {
            return;
        }
        match parse(&file("metrics.json")) {
            Ok(metrics) => {
                let mut columns = Columns::default();
                for (key, metric) in metrics.entries() {
                    let list = |name: &str| metric.get(name).map(Json::items).unwrap_or_default();
                    let (steps, values, times) =
                        (list("steps"), list("values"), list("timestamps"));
                    if steps.len() != values.len() {
                        run.report(
                            &file("metrics.json"),
                            None,
                            format!("{key}: {} steps but {} values", steps.len(), values.len()),
                        );
                    }
                    for (i, (step, value)) in steps.iter().zip(values).enumerate() {
                        let time = times.get(i).and_then(Json::text).and_then(iso_ms);
                        let step = step.step().unwrap_or(Step::from(i as i64));
                        if let Some(value) = number(value) {
                            columns.push(key, step, time, value);
                        }
                    }
                }
                self.loaded.columns = columns;
                self.loaded.settle();
            }
            Err(error) => run.report(
                &file("metrics.json"),
                None,
                format!("cannot be read: {error}; what was read before is kept"),
            ),
        }
    }
}

/// Numbers, also those that jsonpickle wraps: `{"py/object": …, "value": 1.0}`.
fn number(value: &Json) -> Option<f64> {
    value
        .number()
        .or_else(|| value.get("value").and_then(Json::number))
}

impl Unit for Sacred {
    fn refresh(&mut self, now_ms: i64) -> Result<bool, RunsError> {
        let files =
            seen(["run.json", "config.json", "metrics.json"].map(|name| self.folder.join(name)));
        let mut changed = false;
        if files != self.seen {
            self.read();
            self.seen = files;
            changed = true;
        }
        let state = match self.status.as_str() {
            "COMPLETED" => RunState::Finished,
            "INTERRUPTED" => RunState::Killed,
            "QUEUED" => RunState::Scheduled,
            // Heartbeats are local times without an offset: the file's own time is surer.
            "RUNNING" | "" => RunState::without_end(
                newest_ms(&self.seen).max(self.heartbeat.filter(|h| *h <= now_ms)),
                now_ms,
            ),
            _ => RunState::Failed,
        };
        changed |= state != self.loaded.run.state;
        self.loaded.run.state = state;
        Ok(changed)
    }

    fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    fn loaded_mut(&mut self) -> &mut Loaded {
        &mut self.loaded
    }
}

/// A nested JSON object's leaves with `/` between names.
pub(crate) fn leaves(prefix: &str, value: &Json, out: &mut Vec<(String, Value)>) {
    for (key, value) in value.entries() {
        let name = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}/{key}")
        };
        match value {
            Json::Object(_) => leaves(&name, value, out),
            other => out.push((name, other.strict())),
        }
    }
}
