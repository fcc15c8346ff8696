//! What the corpus tests share: the recorded data and the comparison with what the tools
//! themselves read back from it.
#![allow(dead_code)]

pub mod venv;

use std::path::{Path, PathBuf};

use kitbench_runs::{Reader, Run, Series, Source, SourceKind, open, scan};
use serde_json::Value;

/// A folder of recorded data.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// What a reader must find there.
pub fn expected(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(data(name).join("expected.json")).unwrap()).unwrap()
}

/// A private copy, so that a test may change it and the recorded data stays as it is.
pub fn copy(name: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy_folder(&data(name), dir.path());
    dir
}

pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// Opens every source below `root` of one kind, in path order.
pub fn open_all(root: &Path, kind: SourceKind) -> Vec<Box<dyn Reader>> {
    let found = scan(root).unwrap();
    let sources: Vec<Source> = found
        .sources
        .into_iter()
        .filter(|s| s.kind == kind)
        .collect();
    assert!(!sources.is_empty(), "no {kind} below {}", root.display());
    sources.iter().map(|source| open(source).unwrap()).collect()
}

/// The run with this id and its reader.
pub fn find<'a>(readers: &'a [Box<dyn Reader>], id: &str) -> (&'a dyn Reader, &'a Run) {
    let all: Vec<&str> = readers
        .iter()
        .flat_map(|r| r.runs())
        .map(|r| r.id.as_str())
        .collect();
    readers
        .iter()
        .find_map(|reader| reader.run(id).map(|run| (reader.as_ref(), run)))
        .unwrap_or_else(|| panic!("run {id} is not among {all:?}"))
}

pub fn run_count(readers: &[Box<dyn Reader>]) -> usize {
    readers.iter().map(|r| r.runs().len()).sum()
}

/// A value of the recorded data as a float: the texts are the non-finite ones.
pub fn float(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().unwrap(),
        other => other.as_f64().unwrap(),
    }
}

/// How the recorded data writes times.
#[derive(Clone, Copy)]
pub enum Time {
    Ms,
    Seconds,
    Iso,
    None,
}

/// Every point equal, in order: step exactly, value bit by bit, time to the millisecond.
pub fn assert_points(label: &str, series: &Series, wanted: &Value, time: Time) {
    let wanted = wanted.as_array().unwrap();
    assert_eq!(series.len(), wanted.len(), "{label}: number of points");
    for (i, (point, wanted)) in series.iter().zip(wanted).enumerate() {
        let step = point.0;
        match wanted[0].as_i64() {
            Some(whole) => assert_eq!((step.whole, step.micro), (whole, 0), "{label}: step {i}"),
            None => assert_eq!(
                step.as_f64(),
                wanted[0].as_f64().unwrap(),
                "{label}: step {i}"
            ),
        }
        let value = float(&wanted[2]);
        assert!(
            point.2 == value || (point.2.is_nan() && value.is_nan()),
            "{label}: value {i} is {} and not {value}",
            point.2
        );
        match (time, &wanted[1]) {
            (_, Value::Null) => assert_eq!(point.1, None, "{label}: time {i}"),
            (Time::None, _) => {}
            (Time::Ms, ms) => assert_eq!(point.1, ms.as_i64(), "{label}: time {i}"),
            (Time::Seconds, s) => {
                let off = point.1.unwrap() as f64 - s.as_f64().unwrap() * 1000.0;
                assert!(off.abs() <= 0.51, "{label}: time {i} is off by {off} ms");
            }
            (Time::Iso, text) => {
                let text = text.as_str().unwrap();
                let shown = iso_prefix(point.1.unwrap());
                assert_eq!(shown, text[..19], "{label}: time {i}");
            }
        }
    }
}

/// Seconds of a Unix time as `2026-11-23T23:38:14`; the recorded times lie in one day.
fn iso_prefix(ms: i64) -> String {
    let day = ms.div_euclid(86_400_000);
    assert_eq!(day, 20_780, "all recorded ISO times are of 2026-11-23");
    let s = ms.rem_euclid(86_400_000) / 1000;
    format!(
        "2026-11-23T{:02}:{:02}:{:02}",
        s / 3600,
        s / 60 % 60,
        s % 60
    )
}

/// All metrics of a run, and no others.
pub fn assert_metrics(readers: &[Box<dyn Reader>], id: &str, wanted: &Value, time: Time) {
    let (reader, run) = find(readers, id);
    let keys: Vec<&String> = run.metrics.keys().collect();
    let mut names: Vec<&String> = wanted.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(keys, names, "metrics of {id}");
    for (key, points) in wanted.as_object().unwrap() {
        let series = reader.series(id, key).unwrap();
        assert_points(&format!("{id} {key}"), &series, points, time);
        assert_eq!(
            run.metrics[key].count as usize,
            series.len(),
            "{id} {key}: summary"
        );
    }
}
