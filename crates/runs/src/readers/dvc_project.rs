//! DVC projects: parameters, metrics and plots that a `dvc.yaml` names, as far as they are not
//! dvclive's. One `dvc.yaml` is one run, the one whose files lie in the folder now.

use std::collections::{BTreeMap, HashSet};
use std::path::{Component, Path, PathBuf};

use serde_json::{Map, Value};

use crate::error::RunsError;
use crate::formats::csv;
use crate::formats::json::{self, Json};
use crate::formats::number::{float, is_missing};
use crate::formats::tail::read_small;
use crate::formats::{toml, yaml};
use crate::model::{Run, RunState, SourceKind};
use crate::readers::dvc_git::Tree;
use crate::readers::units::{Loaded, Unit, keeps_run_in};
use crate::readers::whole_json::{Seen, leaves, newest_ms, seen};
use crate::scan::{Source, names};
use crate::series::Step;

/// Largest file read; DVC writes them whole.
const LIMIT: u64 = 256 << 20;

/// The files a `dvc.yaml` names, by their paths as written there.
#[derive(Default)]
pub(crate) struct Named {
    /// With the parameters that stages depend on; empty for all in the file.
    params: BTreeMap<String, Vec<String>>,
    metrics: Vec<String>,
    plots: BTreeMap<String, Axes>,
}

/// The columns of a plot; what is not named is guessed.
#[derive(Clone, Default)]
struct Axes {
    x: Option<String>,
    y: Vec<String>,
}

/// A path that stays below its folder.
fn inside(path: &str) -> bool {
    Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Entries of a list whose items are paths or `{path: details}`, or of such a mapping.
fn entries(value: Option<&Value>) -> Vec<(String, Value)> {
    let pairs = |map: &Map<String, Value>| -> Vec<(String, Value)> {
        map.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
    };
    match value {
        Some(Value::Array(items)) => items
            .iter()
            .flat_map(|item| match item {
                Value::String(path) => vec![(path.clone(), Value::Null)],
                Value::Object(map) => pairs(map),
                _ => Vec::new(),
            })
            .collect(),
        Some(Value::Object(map)) => pairs(map),
        _ => Vec::new(),
    }
}

impl Named {
    /// What the bytes of a `dvc.yaml` name; `None` when they are none.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let map = yaml::params(bytes).ok()?;
        let mut named = Self::default();
        let known = ["stages", "params", "metrics", "plots", "artifacts", "vars"];
        if !known.iter().any(|key| map.contains_key(*key)) {
            return None;
        }
        for (path, _) in entries(map.get("params")) {
            named.params.entry(path).or_default();
        }
        named.results(&map);
        for (_, stage) in entries(map.get("stages")) {
            // A stage that is written out for each of several items has its body in `do`.
            let body = stage.get("do").unwrap_or(&stage);
            let Some(stage) = body.as_object() else {
                continue;
            };
            for (key, details) in entries(stage.get("params")) {
                match details {
                    // `params: [lr]` is a key of params.yaml, `{file: [keys]}` names the file.
                    Value::Null if !key.contains(['/', '.']) => {
                        named.params.entry("params.yaml".into()).or_default();
                    }
                    Value::Null
                        if [".yaml", ".yml", ".json", ".toml"]
                            .iter()
                            .any(|ending| key.ends_with(ending)) =>
                    {
                        named.params.entry(key).or_default();
                    }
                    Value::Null => {
                        named.params.entry("params.yaml".into()).or_default();
                    }
                    keys => named.params.entry(key).or_default().extend(texts(&keys)),
                }
            }
            named.results(stage);
        }
        named.params.retain(|path, _| inside(path));
        named.metrics.retain(|path| inside(path));
        named.plots.retain(|path, _| inside(path));
        Some(named)
    }

    fn results(&mut self, map: &Map<String, Value>) {
        for (path, _) in entries(map.get("metrics")) {
            if !self.metrics.contains(&path) {
                self.metrics.push(path);
            }
        }
        for (name, details) in entries(map.get("plots")) {
            let text = |key: &str| details.get(key).and_then(Value::as_str).map(str::to_owned);
            match details.get("y") {
                // `{title: {x: …, y: {file: column}}}`: the files stand in y.
                Some(Value::Object(files)) => {
                    for (path, columns) in files {
                        let x = match details.get("x") {
                            Some(Value::Object(x)) => x.values().next().map(|v| texts(v).join("")),
                            _ => text("x"),
                        };
                        let axes = self.plots.entry(path.clone()).or_default();
                        axes.x = axes.x.take().or(x);
                        axes.y.extend(texts(columns));
                    }
                }
                y => {
                    let axes = self.plots.entry(name).or_default();
                    axes.x = axes.x.take().or_else(|| text("x"));
                    axes.y.extend(y.map(texts).unwrap_or_default());
                }
            }
        }
    }

    /// Whether it names any results.
    pub(crate) fn has_results(&self) -> bool {
        !self.metrics.is_empty() || !self.plots.is_empty()
    }

    /// The results named, without those that `other` says belong to another source.
    pub(crate) fn files(&self, folder: &Path, other: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
        let all = self.metrics.iter().chain(self.plots.keys());
        let paths = all.map(|path| folder.join(path));
        paths
            .filter(|path| path.is_file() && !other(path))
            .collect()
    }

    /// The parameter files named.
    pub(crate) fn param_files(&self, folder: &Path) -> Vec<PathBuf> {
        self.params.keys().map(|path| folder.join(path)).collect()
    }
}

/// Where the files of a project are: on disk now, or in a commit.
enum Files<'a> {
    Disk(&'a Path),
    Commit(BTreeMap<String, Vec<u8>>),
}

impl Files<'_> {
    /// The content of a file; `None` when there is none.
    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        match self {
            Self::Disk(folder) => {
                let file = folder.join(path);
                if !file.is_file() {
                    // A folder, or not made yet.
                    return Ok(None);
                }
                let bytes = read_small(&file, LIMIT);
                bytes.map(Some).map_err(|e| format!("cannot be read: {e}"))
            }
            Self::Commit(files) => Ok(files.get(plain(path)).cloned()),
        }
    }
}

/// A path as git writes it.
fn plain(path: &str) -> &str {
    path.trim_start_matches("./")
}

/// Reads a project as it is in a commit.
pub(crate) fn read_tree(tree: &Tree<'_>, loaded: &mut Loaded) -> Result<(), String> {
    let about = tree.files(|path| path == "dvc.yaml")?;
    let named = about.first().and_then(|(_, bytes)| Named::read(bytes));
    let Some(named) = named else {
        let file = tree.folder.join("dvc.yaml");
        loaded
            .run
            .report(&file, None, "the commit has no dvc.yaml that can be read");
        return Ok(());
    };
    let results = named.metrics.iter().chain(named.plots.keys());
    let all: HashSet<&str> = results
        .chain(named.params.keys())
        .map(|path| plain(path))
        .collect();
    let files = tree.files(|path| all.contains(path))?;
    let files = Files::Commit(files.into_iter().collect());
    Reading {
        files,
        folder: tree.folder,
        loaded,
    }
    .all(&named);
    Ok(())
}

/// Files becoming a run.
struct Reading<'a> {
    files: Files<'a>,
    /// To name files with.
    folder: &'a Path,
    loaded: &'a mut Loaded,
}

/// The run of one `dvc.yaml`.
pub(crate) struct DvcProject {
    folder: PathBuf,
    seen: Seen,
    loaded: Loaded,
    looked: bool,
    /// Something was written after the first look.
    grew: bool,
}

impl DvcProject {
    pub(crate) fn new(source: &Source, path: &Path) -> Self {
        let run = Run::new(source.relative(path), SourceKind::Dvc, path);
        Self {
            folder: path.to_path_buf(),
            seen: Seen::new(),
            loaded: Loaded::new(run),
            looked: false,
            grew: false,
        }
    }

    fn named(&self) -> Named {
        let file = self.folder.join("dvc.yaml");
        let bytes = read_small(&file, LIMIT).unwrap_or_default();
        Named::read(&bytes).unwrap_or_default()
    }

    fn read(&mut self, named: &Named) {
        let old = &self.loaded.run;
        self.loaded = Loaded::new(Run::new(old.id.clone(), SourceKind::Dvc, &self.folder));
        let reading = Reading {
            files: Files::Disk(&self.folder),
            folder: &self.folder,
            loaded: &mut self.loaded,
        };
        reading.all(named);
        self.loaded.settle();
    }
}

impl Reading<'_> {
    fn all(mut self, named: &Named) {
        for (path, keys) in &named.params {
            match self.values(path) {
                Ok(Some(all)) => self.loaded.run.params.extend(chosen(all, keys)),
                Ok(None) => {}
                Err(message) => self.note(path, message),
            }
        }
        for path in &named.metrics {
            match self.metrics(path) {
                Ok(found) => {
                    for (key, value) in found {
                        self.loaded.columns.push(&key, Step::default(), None, value);
                    }
                }
                Err(message) => self.note(path, message),
            }
        }
        for (path, axes) in &named.plots {
            if let Err(message) = self.plot(path, axes) {
                self.note(path, message);
            }
        }
    }

    fn note(&mut self, path: &str, message: String) {
        let file = self.folder.join(path);
        self.loaded.run.report(&file, None, message);
    }

    /// The mapping in a YAML, JSON or TOML file; `None` when there is no such file.
    fn values(&self, path: &str) -> Result<Option<Map<String, Value>>, String> {
        let Some(bytes) = self.files.get(path)? else {
            return Ok(None);
        };
        let read = match path.rsplit_once('.').map(|(_, ending)| ending) {
            Some("json") => json::parse(&bytes)
                .map(|value| value.strict_map())
                .map_err(|e| e.to_string()),
            Some("yaml" | "yml") => yaml::params(&bytes),
            Some("toml") => toml::params(&bytes),
            _ => Err("neither YAML nor JSON nor TOML".into()),
        };
        read.map(Some).map_err(|e| format!("cannot be read: {e}"))
    }

    /// The numbers of a metrics file, nested names joined by `/`.
    fn metrics(&self, path: &str) -> Result<Vec<(String, f64)>, String> {
        if path.ends_with(".json") {
            let Some(bytes) = self.files.get(path)? else {
                return Ok(Vec::new());
            };
            // Read with the tools' NaN and infinities.
            let parsed = json::parse(&bytes).map_err(|e| e.to_string())?;
            let mut found = Vec::new();
            crate::readers::jsonl::numbers(&parsed, &mut |key, value| {
                found.push((key.to_owned(), value));
            });
            return Ok(found);
        }
        let all = self.values(path)?.unwrap_or_default();
        let text = serde_json::to_vec(&all).map_err(|e| e.to_string())?;
        let parsed = json::parse(&text).map_err(|e| e.to_string())?;
        let mut found = Vec::new();
        leaves(&parsed, &mut found);
        let number = |(key, value): (String, Value)| match &value {
            Value::Number(number) => Some((key, number.as_f64()?)),
            Value::String(text) if ["NaN", "Infinity", "-Infinity"].contains(&text.as_str()) => {
                Some((key, float(text)?))
            }
            _ => None,
        };
        Ok(found.into_iter().filter_map(number).collect())
    }

    /// Points of a plot's file, one metric per column: `<file without ending>/<column>`.
    fn plot(&mut self, path: &str, axes: &Axes) -> Result<(), String> {
        let Some(bytes) = self.files.get(path)? else {
            return Ok(());
        };
        let (stem, ending) = path.rsplit_once('.').unwrap_or((path, ""));
        let stem = stem.trim_start_matches("./");
        let rows: Vec<Vec<(String, f64)>> = match ending.to_lowercase().as_str() {
            ending @ ("csv" | "tsv") => table(&bytes, if ending == "tsv" { b'\t' } else { b',' }),
            "json" => {
                let parsed = json::parse(&bytes).map_err(|e| e.to_string())?;
                let rows = list(&parsed).ok_or("holds no list of points")?;
                rows.iter()
                    .map(|row| {
                        let number = |(k, v): &(String, Json)| Some((k.clone(), v.number()?));
                        row.entries().iter().filter_map(number).collect()
                    })
                    .collect()
            }
            // Pictures are plots too.
            _ => {
                let pictures = self.loaded.run.other.entry("image".into()).or_default();
                pictures.push(path.to_owned());
                return Ok(());
            }
        };
        for (index, row) in rows.iter().enumerate() {
            let named = |name: &str| row.iter().position(|(key, _)| key == name);
            let x = match &axes.x {
                Some(x) => named(x),
                None => names::STEP.iter().find_map(|name| named(name)),
            };
            let step = x.and_then(|x| Step::from_f64(row.get(x)?.1));
            let step = step.unwrap_or(Step::from(index as i64));
            for (at, (key, value)) in row.iter().enumerate() {
                if Some(at) != x && (axes.y.is_empty() || axes.y.contains(key)) {
                    let key = format!("{stem}/{key}");
                    self.loaded.columns.push(&key, step, None, *value);
                }
            }
        }
        Ok(())
    }
}

/// The entries named by `keys` (`train.lr` for nested ones); all without keys.
fn chosen(all: Map<String, Value>, keys: &[String]) -> Map<String, Value> {
    if keys.is_empty() {
        return all;
    }
    let first = |key: &String| key.split('.').next().map(str::to_owned);
    let wanted: Vec<String> = keys.iter().filter_map(first).collect();
    all.into_iter()
        .filter(|(key, _)| wanted.contains(key))
        .collect()
}

/// Rows of a table as name and number; cells without a number are left out.
fn table(bytes: &[u8], delimiter: u8) -> Vec<Vec<(String, f64)>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut header: Option<Vec<String>> = None;
    let mut rows = Vec::new();
    let columns = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    let columns = csv::cells(columns, delimiter).cells.len();
    csv::split(bytes, delimiter, columns, |record, _| {
        let cells = record.cells.iter().map(|cell| cell.trim());
        match &header {
            None => header = Some(cells.map(str::to_owned).collect()),
            Some(header) => {
                let pairs = header.iter().zip(cells);
                let number = |(name, cell): (&String, &str)| {
                    let value = float(cell).filter(|_| !is_missing(cell))?;
                    Some((name.clone(), value))
                };
                rows.push(pairs.filter_map(number).collect());
            }
        }
    });
    rows
}

/// The list of objects in a plot's JSON: itself, or the first one found inside.
fn list(value: &Json) -> Option<&[Json]> {
    match value {
        Json::List(items) if items.iter().any(|item| matches!(item, Json::Object(_))) => {
            Some(items)
        }
        Json::Object(entries) => entries.iter().find_map(|(_, value)| list(value)),
        _ => None,
    }
}

impl Unit for DvcProject {
    fn refresh(&mut self, now_ms: i64) -> Result<bool, RunsError> {
        let named = self.named();
        let results = named.files(&self.folder, |_| false);
        let params = named.param_files(&self.folder);
        let about = std::iter::once(self.folder.join("dvc.yaml"));
        let now = seen(about.chain(params).chain(results.clone()));
        let mut changed = false;
        if now != self.seen {
            self.read(&named);
            self.seen = now;
            self.grew |= self.looked;
            changed = true;
        }
        self.looked = true;
        let written = newest_ms(&seen(results));
        let state = RunState::of_log(written, self.grew, now_ms);
        changed |= self.loaded.set_state(state);
        Ok(changed)
    }

    keeps_run_in!(loaded);
}
