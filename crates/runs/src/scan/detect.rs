//! What makes a folder or a file a source.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::RunsError;
use crate::formats::json::Json;
use crate::formats::{csv, json, sqlite, tail, yaml};
use crate::model::SourceKind;
use crate::readers::dvc_project::Named;
use crate::readers::{dvc_git, neptune2, tensorboard, wandb};
use crate::scan::{Folder, Found, detect_plain as plain, list};

/// How much of a file is read to recognise it.
const SNIFF: u64 = 64 << 10;
/// How much more is read when its lines are very long.
const SNIFF_LONG: u64 = 4 << 20;

pub(super) fn sniff(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = File::open(path).ok()?;
    file.by_ref().take(SNIFF).read_to_end(&mut bytes).ok()?;
    // Thousands of columns make long lines: a header and a few rows must fit.
    if !bytes.contains(&0) && bytes.iter().filter(|&&b| b == b'\n').count() < 4 {
        file.take(SNIFF_LONG).read_to_end(&mut bytes).ok()?;
    }
    Some(bytes)
}

fn all_digits(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())
}

/// Adds what `folder` is or holds; says whether its sub-folders are worth a look.
pub(super) fn folder(folder: &Folder, found: &mut Found) -> bool {
    if mlflow(folder, found) {
        // Its folders are spoken for; a database may still lie beside them.
        for (name, path) in &folder.files {
            file(folder, name, path, false, found);
        }
        return false;
    }
    if folder.path == found.root && folder.file("meta.yaml").is_some_and(names_mlflow) {
        let why = "part of an MLflow file store: open the store (the folder mlruns) instead";
        found.skip(&folder.path, why);
    }
    let special = run_folder(folder, found);
    dvc_project(folder, found);
    for (name, path) in &folder.files {
        if !special.iter().any(|s| s == name) && !found.named.contains(path) {
            file(folder, name, path, false, found);
        }
    }
    !special.iter().any(|s| s == "/")
}

/// An MLflow file store: experiment folders with a `meta.yaml` that names an experiment.
fn mlflow(folder: &Folder, found: &mut Found) -> bool {
    let mut runs = 0;
    let mut is_store = false;
    for (name, path) in &folder.folders {
        let meta = path.join("meta.yaml");
        // Experiment ids are digits, but a run's folder has a meta.yaml as well.
        if name == "models" || !meta.is_file() {
            continue;
        }
        let map = tail::read_small(&meta, SNIFF)
            .ok()
            .and_then(|b| yaml::params(&b).ok());
        let names_experiment = map.is_some_and(|map| {
            map.contains_key("experiment_id")
                && !map.contains_key("run_id")
                && !map.contains_key("run_uuid")
        });
        if names_experiment || (all_digits(name) && meta.metadata().is_ok_and(|m| m.len() == 0)) {
            is_store = true;
            let below = list(path).map(|f| f.folders).unwrap_or_default();
            runs += below
                .iter()
                .filter(|(_, run)| run.join("meta.yaml").is_file())
                .count();
        }
    }
    if is_store {
        found.add(SourceKind::MlflowFile, &folder.path, Some(runs));
    }
    is_store
}

/// Whether a `meta.yaml` is that of an MLflow experiment or run.
fn names_mlflow(meta: &Path) -> bool {
    let map = tail::read_small(meta, SNIFF)
        .ok()
        .and_then(|bytes| yaml::params(&bytes).ok());
    map.is_some_and(|map| map.contains_key("experiment_id"))
}

/// Folders that are one run of a tool. Returns the files that are spoken for; `/` stands
/// for all folders below.
fn run_folder(folder: &Folder, found: &mut Found) -> Vec<String> {
    let mut taken = Vec::new();
    let header = |name: &str| folder.file(name).and_then(table_header);
    if folder.file("args.yaml").is_some()
        && header("results.csv").is_some_and(|cells| cells.iter().any(|c| c == "epoch"))
    {
        found.add(SourceKind::Ultralytics, &folder.path, Some(1));
        taken.push("results.csv".into());
    }
    let lightning = folder.file("hparams.yaml").is_some() || folder.name().starts_with("version_");
    if lightning && header("metrics.csv").is_some_and(|cells| cells.iter().any(|c| c == "step")) {
        found.add(SourceKind::Lightning, &folder.path, Some(1));
        taken.push("metrics.csv".into());
    }
    if neptune2::is_run(&folder.path) {
        found.add(
            SourceKind::Neptune2,
            &neptune_root(&folder.path, &found.root),
            Some(1),
        );
        taken.push("/".into());
    }
    if folder
        .files
        .iter()
        .any(|(name, _)| tensorboard::is_event_file(name))
    {
        found.events.push(folder.path.clone());
    }
    if let Some(run) = folder.file("run.json")
        && json_file(run)
            .is_some_and(|run| run.get("experiment").is_some() && run.get("status").is_some())
    {
        let above = folder.path.parent().filter(|_| folder.path != found.root);
        found.add(SourceKind::Sacred, above.unwrap_or(&folder.path), Some(1));
        taken.extend(
            [
                "run.json",
                "metrics.json",
                "config.json",
                "info.json",
                "cout.txt",
            ]
            .map(String::from),
        );
    } else if dvclive(folder) {
        found.add(SourceKind::Dvclive, &folder.path, Some(1));
        taken.extend(["metrics.json", "params.yaml", "/"].map(String::from));
    }
    taken
}

/// A `dvc.yaml` that names results outside of dvclive's folders.
fn dvc_project(folder: &Folder, found: &mut Found) {
    let Some(file) = folder.file("dvc.yaml") else {
        return;
    };
    let named = tail::read_small(file, 16 << 20)
        .ok()
        .and_then(|bytes| Named::read(&bytes));
    let Some(named) = named else {
        found.skip(file, "no dvc.yaml that can be read");
        return;
    };
    let others = |path: &Path| {
        let above = path.ancestors().skip(1);
        let mut above = above.take_while(|above| above.starts_with(&folder.path));
        above.any(|above| list(above).is_ok_and(|folder| dvclive(&folder)))
    };
    let results = named.files(&folder.path, others);
    // The results of a fresh checkout may be in git's experiments alone; dvclive's have their
    // own source.
    let kept = || {
        named.has_results()
            && !list_has_dvclive(folder)
            && dvc_git::repository(&folder.path).is_some()
    };
    if !results.is_empty() || kept() {
        found.add(SourceKind::Dvc, &folder.path, Some(1));
        found.named.extend(results);
    }
}

/// Whether a folder or one right in it is dvclive's.
fn list_has_dvclive(folder: &Folder) -> bool {
    let below = |(_, path): &(String, PathBuf)| list(path).is_ok_and(|folder| dvclive(&folder));
    dvclive(folder) || folder.folders.iter().any(below)
}

/// A dvclive folder: tables under `plots/metrics`, or a summary that counts steps.
fn dvclive(folder: &Folder) -> bool {
    let plots = folder.path.join("plots/metrics");
    let has_table = |path: &Path| {
        let mut open = vec![(path.to_path_buf(), 0)];
        while let Some((path, depth)) = open.pop() {
            let Ok(folder) = list(&path) else { continue };
            if folder.files.iter().any(|(name, _)| name.ends_with(".tsv")) {
                return true;
            }
            if depth < 4 {
                open.extend(
                    folder
                        .folders
                        .into_iter()
                        .map(|(_, path)| (path, depth + 1)),
                );
            }
        }
        false
    };
    if plots.is_dir() {
        return has_table(&plots);
    }
    let summary = folder
        .file("metrics.json")
        .filter(|_| folder.file("params.yaml").is_some());
    summary
        .and_then(json_file)
        .is_some_and(|summary| summary.get("step").and_then(Json::int).is_some())
}

/// A whole JSON file of moderate size.
fn json_file(path: &Path) -> Option<Json> {
    json::parse(&tail::read_small(path, 16 << 20).ok()?).ok()
}

/// The `.neptune` folder a run lies in, else the folder above the run; never above `root`.
fn neptune_root(run: &Path, root: &Path) -> PathBuf {
    if run == root {
        return run.to_path_buf();
    }
    let mut above = run
        .ancestors()
        .skip(1)
        .take_while(|path| path.starts_with(root));
    let named = above.find(|path| path.file_name().is_some_and(|name| name == ".neptune"));
    named.or(run.parent()).unwrap_or(run).to_path_buf()
}

/// The trimmed cells of a table's first line that is neither empty nor a comment.
fn table_header(path: &Path) -> Option<Vec<String>> {
    let bytes = sniff(path)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut lines = bytes.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
    let line = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"))?;
    let delimiter = csv::guess_delimiter(line);
    Some(
        csv::cells(line, delimiter)
            .cells
            .iter()
            .map(|c| c.trim().to_owned())
            .collect(),
    )
}

/// Adds what a single file is. `asked` when the user named this very file.
pub(super) fn file(folder: &Folder, name: &str, path: &Path, asked: bool, found: &mut Found) {
    let lower = name.to_lowercase();
    let ending = lower.rsplit_once('.').map_or("", |(_, ending)| ending);
    if asked && tensorboard::is_event_file(name) {
        found.events.push(folder.path.clone());
        return;
    }
    if name == "trainer_state.json" {
        trainer(folder, path, found);
        return;
    }
    match ending {
        "wandb" => run_file(folder, path, found),
        "db" | "sqlite" | "sqlite3" | "db3" => database(folder, path, found),
        "parquet" => parquet(folder, name, path, found),
        "jsonl" | "ndjson" => plain::json_lines(&lower, path, asked, found),
        "json" | "log" | "txt" => {
            let first = sniff(path).and_then(|bytes| bytes.trim_ascii_start().first().copied());
            if first == Some(b'{') {
                plain::json_lines(&lower, path, asked, found);
            } else if ending != "json" {
                plain::table(&lower, path, asked, found);
            }
        }
        "csv" | "tsv" => plain::table(&lower, path, asked, found),
        _ => {}
    }
}

/// A Trainer's state: the output folder is the run, its checkpoints repeat it.
fn trainer(folder: &Folder, path: &Path, found: &mut Found) {
    if json_file(path).is_none_or(|state| state.get("log_history").is_none()) {
        // Half-written while the folder has another: that one is found.
        found.skip(path, "no readable trainer state (log_history is missing)");
        return;
    }
    let checkpoint = folder
        .name()
        .strip_prefix("checkpoint-")
        .is_some_and(all_digits);
    let output = folder
        .path
        .parent()
        .filter(|_| checkpoint && folder.path != found.root);
    found
        .trainers
        .insert(output.unwrap_or(&folder.path).to_path_buf(), ());
}

fn run_file(folder: &Folder, path: &Path, found: &mut Found) {
    let begins = sniff(path).unwrap_or_default();
    if !wandb::is_run_file(&begins) {
        let why = if begins.is_empty() {
            "an empty W&B run file"
        } else {
            "not a W&B run file: its first bytes are not the W&B mark"
        };
        found.skip(path, why);
        return;
    }
    // The file itself was asked for: its run, and not those of the folders beside it.
    let alone = found.root == path;
    let in_run = folder.name().contains("run-") && folder.path != found.root && !alone;
    let source = folder
        .path
        .parent()
        .filter(|_| in_run)
        .unwrap_or(&folder.path);
    found.add(SourceKind::Wandb, source, Some(1));
}

/// Databases are told by their tables, not by their names.
fn database(folder: &Folder, path: &Path, found: &mut Found) {
    if sqlite::write_ahead(path).is_none() {
        return;
    }
    let tables = match sqlite::tables(path) {
        Ok(tables) => tables,
        Err(error) => {
            let why = match error {
                RunsError::Database { message, .. } => message,
                other => other.to_string(),
            };
            found.skip(path, format!("a database that cannot be read: {why}"));
            return;
        }
    };
    let has = |names: &[&str]| names.iter().all(|name| tables.iter().any(|t| t == name));
    if has(&["alembic_version", "latest_metrics", "experiments"]) {
        found.add(SourceKind::MlflowSqlite, path, None);
    } else if has(&["run_meta", "metric_series", "metric_points"]) {
        found.add(SourceKind::Goodseed, path, Some(1));
    } else if has(&["run_operations", "metadata"]) {
        let alone = found.root == path;
        let source = match alone {
            true => folder.path.clone(),
            false => neptune_root(&folder.path, &found.root),
        };
        found.add(SourceKind::Neptune3, &source, Some(1));
    } else if has(&["metrics", "configs"]) {
        found.add(SourceKind::Trackio, path, None);
    } else if has(&["run", "experiment", "run_tag"]) && folder.name() == ".aim" {
        found.add(SourceKind::Aim, &folder.path, None);
    } else if tables.is_empty() {
        found.skip(path, "a database without tables");
    }
}

/// Parts of a Neptune export: `<run>-<hash>_part_<n>.parquet`.
fn parquet(folder: &Folder, name: &str, path: &Path, found: &mut Found) {
    let part = name
        .strip_suffix(".parquet")
        .and_then(|stem| stem.rsplit_once("_part_"));
    let Some((_, number)) = part.filter(|(_, number)| all_digits(number)) else {
        return;
    };
    if !sniff(path).is_some_and(|bytes| bytes.starts_with(b"PAR1")) {
        found.skip(
            path,
            "not a Parquet file: its first bytes are not the Parquet mark",
        );
        return;
    }
    // One folder per project below the folder of all; a file alone is its run.
    let source = match found.root == path {
        true => Some(path),
        false => folder.path.parent(),
    };
    let source = source
        .filter(|_| folder.path != found.root)
        .unwrap_or(&folder.path);
    found.add(
        SourceKind::NeptuneExport,
        source,
        Some(usize::from(number == "0")),
    );
}

/// What only the whole picture tells.
pub(super) fn finish(found: &mut Found) {
    for output in std::mem::take(&mut found.trainers).into_keys() {
        found.add(SourceKind::HfTrainer, &output, Some(1));
    }
    // Event folders below one folder of the root are one source: their common ancestor.
    let mut groups: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for path in std::mem::take(&mut found.events) {
        let below = path.strip_prefix(&found.root).unwrap_or(&path);
        let top = below
            .components()
            .next()
            .map_or_else(|| found.root.clone(), |first| found.root.join(first));
        groups.entry(top).or_default().push(path);
    }
    // Events in the root itself make the root the source of all.
    if groups.contains_key(&found.root) {
        let all = groups.into_values().flatten().collect();
        groups = BTreeMap::from([(found.root.clone(), all)]);
    }
    for paths in groups.into_values() {
        let mut common: Option<PathBuf> = None;
        for path in &paths {
            common = Some(match common {
                None => path.clone(),
                Some(known) => known
                    .ancestors()
                    .find(|a| path.starts_with(a))
                    .unwrap_or(&known)
                    .to_path_buf(),
            });
        }
        if let Some(common) = common {
            found.add(SourceKind::Tensorboard, &common, Some(paths.len()));
        }
    }
}
