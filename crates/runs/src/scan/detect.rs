//! What makes a folder or a file a source.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::formats::{csv, json, number, tail, yaml};
use crate::model::SourceKind;
use crate::scan::{Folder, Found, list, names};
use crate::series::Step;

/// How much of a file is read to recognise it.
const SNIFF: u64 = 64 << 10;
/// How much more is read when its lines are very long.
const SNIFF_LONG: u64 = 4 << 20;

fn sniff(path: &Path) -> Option<Vec<u8>> {
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
        return false;
    }
    let special = run_folder(folder, found);
    for (name, path) in &folder.files {
        if !special.iter().any(|s| s == name) {
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
    taken
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
    match ending {
        "csv" | "tsv" | "txt" | "log" => table(folder, &lower, path, asked, found),
        _ => {}
    }
}

/// A table is a run when it has a step-like column that mostly grows and lies in a
/// plausible place; a data set must not become one.
fn table(_folder: &Folder, lower: &str, path: &Path, asked: bool, found: &mut Found) {
    let Some(bytes) = sniff(path) else {
        found.skip(path, "cannot be read");
        return;
    };
    let sure = lower.ends_with(".csv") || lower.ends_with(".tsv");
    let relative = path
        .strip_prefix(found.root())
        .unwrap_or(path)
        .to_string_lossy()
        .into_owned();
    match judge_table(&bytes) {
        Ok((kind, step)) => {
            if asked || names::plausible_place(&relative) {
                let kind = if kind == SourceKind::Keras && step != "epoch" {
                    SourceKind::Csv
                } else {
                    kind
                };
                found.add(kind, path, Some(1));
            } else {
                found.skip(path, format!("has a column {step:?} but lies where data sets lie: open it by itself if it is a log"));
            }
        }
        Err(why) if sure || asked => found.skip(path, why),
        Err(_) => {}
    }
}

/// Recognises a log table: its kind and the name of its step column, or why it is none.
fn judge_table(bytes: &[u8]) -> Result<(SourceKind, String), String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.contains(&0) {
        return Err("not a text file".into());
    }
    let mut at = 0;
    let (line, commented) = loop {
        let Some(end) = bytes
            .get(at..)
            .and_then(|b| b.iter().position(|&b| b == b'\n'))
        else {
            return Err("no complete header line".into());
        };
        let line = bytes[at..at + end].trim_ascii();
        at += end + 1;
        if line.starts_with(b"#") {
            continue;
        }
        if !line.is_empty() {
            break (line, at > end + 1);
        }
    };
    let delimiter = csv::guess_delimiter(line);
    let header: Vec<String> = csv::cells(line, delimiter)
        .cells
        .iter()
        .map(|c| c.trim().to_owned())
        .collect();
    if header.len() < 2 {
        return Err("a single column is not a table of metrics".into());
    }
    let step = names::STEP
        .iter()
        .find_map(|name| header.iter().position(|cell| cell == name));
    // Stable-Baselines' monitor.csv counts nothing: one line per episode.
    let monitor = commented && header.starts_with(&["r".into(), "l".into(), "t".into()]);
    let Some(step) = step else {
        if monitor {
            return Ok((SourceKind::Csv, "row".into()));
        }
        return Err("no step-like column (step, epoch, iteration, …)".into());
    };
    let (mut rows, mut grows, mut numbers) = (0, 0, 0);
    let mut last: Option<Step> = None;
    csv::split(&bytes[at..], delimiter, false, |record, _| {
        let Some(value) = record.cells.get(step).and_then(|c| Step::parse(c.trim())) else {
            return;
        };
        rows += 1;
        grows += usize::from(last.is_none_or(|last| value >= last));
        last = Some(value);
        let others = record.cells.iter().enumerate().filter(|(i, _)| *i != step);
        numbers += usize::from(
            others
                .clone()
                .any(|(_, c)| number::float(c.trim()).is_some()),
        );
    });
    if rows == 0 {
        return Err(format!("column {:?} holds no numbers yet", header[step]));
    }
    if grows * 10 < rows * 8 {
        return Err(format!(
            "column {:?} does not grow as steps do",
            header[step]
        ));
    }
    if numbers == 0 {
        return Err("no numbers beside the step column".into());
    }
    let rest = header.get(1..).unwrap_or_default();
    let kind = match delimiter {
        b'\t' => SourceKind::Tsv,
        // Keras writes `epoch` first and the rest sorted (validation keys after it).
        _ if header[0] == "epoch" && keras_order(rest) => SourceKind::Keras,
        _ => SourceKind::Csv,
    };
    Ok((kind, header[step].clone()))
}

fn keras_order(rest: &[String]) -> bool {
    let plain: Vec<_> = rest
        .iter()
        .filter(|name| !name.starts_with("val_"))
        .collect();
    plain.is_sorted()
        && plain
            .iter()
            .any(|name| name.contains("loss") || name.contains("acc"))
}

/// What only the whole picture tells; removes what another source already covers.
pub(super) fn finish(found: &mut Found) {
    let _ = &found.sources;
}

/// The first JSON value of a file, if it begins with one.
#[allow(dead_code)]
fn first_json(bytes: &[u8]) -> Option<json::Json> {
    json::parse_prefix(bytes).ok().map(|(value, _)| value)
}
