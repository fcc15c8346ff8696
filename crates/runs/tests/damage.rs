//! Every reader against files cut anywhere and bytes turned anywhere: never a panic, and
//! every point that is still shown is one that was logged.

mod common;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use common::{copy, data};
use kitbench_runs::{Reader, Source, SourceKind, open, scan};

/// A small generator of numbers; the same in every test run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

type Point = (String, Option<i64>, String);
type Points = HashMap<(String, String), Vec<Point>>;

fn points(reader: &dyn Reader) -> Points {
    let mut all = Points::new();
    for run in reader.runs() {
        for key in run.metrics.keys() {
            // A database may list a metric whose points lie behind the damage: an error says so.
            let Ok(series) = reader.series(&run.id, key) else {
                continue;
            };
            let list = series
                .iter()
                .map(|(s, t, v)| (s.to_string(), t, format!("{v:?}")))
                .collect();
            all.insert((run.id.clone(), key.clone()), list);
        }
    }
    all
}

/// All files of a folder in a stable order.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(path) = open.pop() {
        for entry in std::fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path)
            } else {
                found.push(path)
            }
        }
    }
    found.sort();
    found
}

fn source(root: &Path, kind: SourceKind) -> Source {
    scan(root)
        .unwrap()
        .sources
        .into_iter()
        .find(|s| s.kind == kind)
        .unwrap()
}

/// A copy of a folder with nothing in it but the run folder (or file) that holds `name`.
fn alone(folder: &str, name: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = copy(folder);
    let path = files(dir.path())
        .into_iter()
        .find(|p| p.to_string_lossy().ends_with(name))
        .unwrap();
    if matches!(folder, "wandb-offline" | "tensorboard") {
        for other in files(dir.path()) {
            if other.parent() != path.parent() {
                std::fs::remove_file(other).unwrap();
            }
        }
    }
    (dir, path)
}

/// Readers wait a moment for the rest of what is just being written.
fn written_long_ago(path: &Path) {
    let time = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(time).unwrap();
}

/// Cuts the file `name` at every byte (larger ones than 8 KiB at a thousand) and looks at what is shown:
/// per metric exactly the first points of what was logged.
fn cut(folder: &str, kind: SourceKind, name: &str) {
    let (dir, path) = alone(folder, name);
    let source = source(dir.path(), kind);
    let whole = points(open(&source).unwrap().as_ref());
    assert!(whole.values().all(|list| !list.is_empty()) && !whole.is_empty());
    let bytes = std::fs::read(&path).unwrap();
    let step = if bytes.len() <= 8 << 10 {
        1
    } else {
        bytes.len() / 1000
    };
    for end in (0..bytes.len()).step_by(step) {
        std::fs::write(&path, &bytes[..end]).unwrap();
        written_long_ago(&path);
        let Ok(reader) = open(&source) else { continue };
        for (key, list) in points(reader.as_ref()) {
            let all = whole
                .get(&key)
                .unwrap_or_else(|| panic!("{key:?} appeared at {end}"));
            assert!(all.starts_with(&list), "{folder}: {key:?} cut at {end}");
        }
    }
    // What is written on is read on, from any place.
    let mut random = Random(7);
    for _ in 0..8 {
        std::fs::write(&path, &bytes[..random.below(bytes.len())]).unwrap();
        let Ok(mut reader) = open(&source) else {
            continue;
        };
        std::fs::write(&path, &bytes).unwrap();
        reader.refresh().unwrap();
        let now = points(reader.as_ref());
        assert_eq!(now, whole, "{folder}: read on after a cut");
    }
}

#[test]
fn mlflow_metric_files_may_be_cut_anywhere() {
    cut(
        "mlflow-filestore",
        SourceKind::MlflowFile,
        "30ba08b74844456a8259e43a03340d6f/metrics/train/loss",
    );
}

#[test]
fn tables_may_be_cut_anywhere() {
    cut("keras-csv", SourceKind::Keras, "history.csv");
    cut(
        "lightning-csv",
        SourceKind::Lightning,
        "version_0/metrics.csv",
    );
    cut("ultralytics", SourceKind::Ultralytics, "results.csv");
    cut("plain", SourceKind::Csv, "progress.csv");
    cut("dvclive", SourceKind::Dvclive, "train/loss.tsv");
}

#[test]
fn json_may_be_cut_anywhere() {
    cut("plain", SourceKind::Jsonl, "log.jsonl");
    cut("neptune-2x-offline", SourceKind::Neptune2, "data-1.log");
}

#[test]
fn record_files_may_be_cut_anywhere() {
    cut(
        "tensorboard",
        SourceKind::Tensorboard,
        "resumed/events.out.tfevents.1795476968.node1",
    );
    cut("wandb-offline", SourceKind::Wandb, "run-dig00003.wandb");
    cut("wandb-offline", SourceKind::Wandb, "run-dig00005.wandb");
}

#[test]
fn files_written_whole_may_be_cut_anywhere() {
    cut(
        "hf-trainer",
        SourceKind::HfTrainer,
        "out/trainer_state.json",
    );
    cut("sacred", SourceKind::Sacred, "sacred_runs/1/metrics.json");
    cut(
        "neptune-export",
        SourceKind::NeptuneExport,
        "RUN-1-549fcb30a0f06072_part_0.parquet",
    );
}

#[test]
fn databases_may_be_cut_anywhere() {
    cut("mlflow-sqlite-2x", SourceKind::MlflowSqlite, "mlflow.db");
    cut("trackio", SourceKind::Trackio, "digits.db");
    cut("goodseed", SourceKind::Goodseed, ".sqlite");
    cut("neptune-3x-offline", SourceKind::Neptune3, ".sqlite3");
}

/// Turns bytes at random in the files whose format has checksums: what is shown is a part of
/// what was logged, in order.
fn turn_checked(folder: &str, kind: SourceKind, name: &str) {
    let (dir, path) = alone(folder, name);
    let source = source(dir.path(), kind);
    let whole = points(open(&source).unwrap().as_ref());
    let bytes = std::fs::read(&path).unwrap();
    let mut random = Random(42);
    for round in 0..400 {
        let mut broken = bytes.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(broken.len());
            broken[at] ^= 1 << random.below(8);
        }
        std::fs::write(&path, &broken).unwrap();
        let Ok(reader) = open(&source) else { continue };
        for (key, list) in points(reader.as_ref()) {
            let mut all = whole
                .get(&key)
                .unwrap_or_else(|| panic!("{key:?} appeared in round {round}"))
                .iter();
            for point in list {
                assert!(
                    all.any(|p| *p == point),
                    "{folder}: {key:?} {point:?} in round {round} was never logged"
                );
            }
        }
    }
}

#[test]
fn checksums_keep_wrong_numbers_out() {
    turn_checked(
        "tensorboard",
        SourceKind::Tensorboard,
        "resumed/events.out.tfevents.1795476968.node1",
    );
    turn_checked("wandb-offline", SourceKind::Wandb, "run-dig00001.wandb");
}

#[test]
fn noise_anywhere_never_panics() {
    let mut random = Random(2026);
    for (folder, kind) in [
        ("mlflow-filestore", SourceKind::MlflowFile),
        ("mlflow-sqlite-2x", SourceKind::MlflowSqlite),
        ("tensorboard", SourceKind::Tensorboard),
        ("wandb-offline", SourceKind::Wandb),
        ("dvclive", SourceKind::Dvclive),
        ("trackio", SourceKind::Trackio),
        ("lightning-csv", SourceKind::Lightning),
        ("keras-csv", SourceKind::Keras),
        ("hf-trainer", SourceKind::HfTrainer),
        ("ultralytics", SourceKind::Ultralytics),
        ("sacred", SourceKind::Sacred),
        ("neptune-2x-offline", SourceKind::Neptune2),
        ("neptune-3x-offline", SourceKind::Neptune3),
        ("neptune-export", SourceKind::NeptuneExport),
        ("goodseed", SourceKind::Goodseed),
        ("aim-detect-only", SourceKind::Aim),
        ("plain", SourceKind::Jsonl),
        ("plain", SourceKind::Csv),
    ] {
        let dir = copy(folder);
        let source = source(dir.path(), kind);
        let all: Vec<(PathBuf, Vec<u8>)> = files(dir.path())
            .into_iter()
            .filter(|p| !p.ends_with("expected.json"))
            .map(|p| (p.clone(), std::fs::read(&p).unwrap()))
            .collect();
        for _ in 0..40 {
            let (path, bytes) = &all[random.below(all.len())];
            let mut broken = bytes.clone();
            match random.below(4) {
                0 => broken.truncate(random.below(bytes.len())),
                1 => {
                    broken = (0..random.below(4096))
                        .map(|_| random.next() as u8)
                        .collect()
                }
                _ => {
                    for _ in 0..=random.below(64) {
                        let at = random.below(broken.len());
                        if let Some(byte) = broken.get_mut(at) {
                            *byte = random.next() as u8;
                        }
                    }
                }
            }
            std::fs::write(path, &broken).unwrap();
            let _ = scan(dir.path()).unwrap();
            if let Ok(mut reader) = open(&source) {
                let _ = points(reader.as_ref());
                std::fs::write(path, bytes).unwrap();
                let _ = reader.refresh();
                let _ = points(reader.as_ref());
            }
            std::fs::write(path, bytes).unwrap();
        }
    }
    assert!(data("plain").exists());
}
