//! Columns of plain tables: guessed, told, and read as somebody chose.

use std::fs;
use std::path::Path;

use kitbench_runs::mapping::plain_source;
use kitbench_runs::{ColumnRole, Mapping, Reader, SourceKind, open_mapped, scan};
use serde_json::json;

fn open(file: &Path, mapping: &str) -> Box<dyn Reader> {
    let source = plain_source(file.parent().unwrap(), file).unwrap();
    open_mapped(&source, &Mapping::parse(mapping).unwrap()).unwrap()
}

/// Name, role and reason of every column.
fn told(reader: &dyn Reader) -> Vec<(String, ColumnRole, String)> {
    let columns = reader.columns().unwrap();
    columns
        .into_iter()
        .map(|column| (column.name, column.role, column.why))
        .collect()
}

fn points(reader: &dyn Reader, run: &str, key: &str) -> Vec<(i64, Option<i64>, f64)> {
    let series = reader.series(run, key).unwrap();
    series
        .iter()
        .map(|(step, time, value)| (step.whole, time, value))
        .collect()
}

#[test]
fn a_table_as_guessed_and_as_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.csv");
    fs::write(
        &file,
        "trial,lr,epoch,when,time,loss,note\n\
         a,0.1,0,2026-01-01T00:00:00,1.5,3.0,x\n\
         b,0.2,0,2026-01-01T00:00:10,2.5,4.0,y\n\
         a,0.1,1,2026-01-01T00:00:20,3.5,1.0,\n\
         ,0.2,1,2026-01-01T00:00:30,4.5,2.0,\n\
         b,0.3,1,2026-01-01T00:00:40,5.5,2.5,z\n",
    )
    .unwrap();
    let mut reader = open(&file, "");
    use ColumnRole::{Ignored, Metric, Param, Run, Step, Time};
    let role = |name: &str, role, why: &str| (name.to_owned(), role, why.to_owned());
    assert_eq!(
        told(reader.as_ref()),
        [
            role("trial", Ignored, "holds texts: no metric"),
            role("lr", Metric, "holds numbers"),
            role("epoch", Step, "is called \"epoch\""),
            role("when", Ignored, "holds texts: no metric"),
            // Seconds since the start are no time of a point.
            role("time", Metric, "holds numbers"),
            role("loss", Metric, "holds numbers"),
            role("note", Ignored, "holds texts: no metric"),
        ]
    );
    let samples = &reader.columns().unwrap()[0].sample;
    assert_eq!(*samples, ["a", "b", "a"]);
    assert_eq!(reader.runs().len(), 1);
    assert_eq!(points(reader.as_ref(), "log.csv", "loss").len(), 5);

    let chosen = Mapping::parse("run=trial,param=lr,time=when,ignored=time,metric=note").unwrap();
    assert!(reader.map_columns(&chosen));
    let refresh = reader.refresh().unwrap();
    assert_eq!(refresh.added, ["log.csv#a", "log.csv#b"]);
    assert_eq!(refresh.removed, ["log.csv"]);
    let roles: Vec<_> = told(reader.as_ref()).into_iter().map(|c| c.1).collect();
    assert_eq!(roles, [Run, Param, Step, Time, Ignored, Metric, Metric]);
    assert_eq!(told(reader.as_ref())[0].2, "chosen here");
    let start = 1_767_225_600_000;
    assert_eq!(
        points(reader.as_ref(), "log.csv#a", "loss"),
        [(0, Some(start), 3.0), (1, Some(start + 20_000), 1.0)]
    );
    let b = reader.run("log.csv#b").unwrap();
    assert_eq!((b.name.as_str(), b.start_ms), ("b", Some(start + 10_000)));
    assert_eq!(json!(b.params), json!({"lr": 0.2}));
    assert!(b.problems[0].message.contains("its first value counts"));
    assert!(!b.metrics.contains_key("time") && !b.metrics.contains_key("note"));
    let problems = reader.problems();
    assert!(problems[0].message.contains("names no run"), "{problems:?}");

    // What comes later belongs to the runs it names, one of them new.
    let mut text = fs::read_to_string(&file).unwrap();
    text.push_str("c,1,0,2026-01-01T00:01:00,0,9,\nb,0.2,2,2026-01-01T00:01:00,0,7,\n");
    fs::write(&file, text).unwrap();
    let refresh = reader.refresh().unwrap();
    assert_eq!(
        (refresh.added, refresh.changed),
        (vec!["log.csv#c".to_owned()], vec!["log.csv#b".to_owned()])
    );
    assert_eq!(points(reader.as_ref(), "log.csv#b", "loss").len(), 3);

    // Back to the guess.
    assert!(reader.map_columns(&Mapping::default()));
    reader.refresh().unwrap();
    assert_eq!(reader.runs().len(), 1);
    assert_eq!(points(reader.as_ref(), "log.csv", "loss").len(), 7);
}

#[test]
fn lines_are_counted_without_a_step() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.tsv");
    fs::write(&file, "epoch\tzeta\n5\t1\n7\t2\n").unwrap();
    let reader = open(&file, "metric=epoch");
    assert_eq!(reader.source().kind, SourceKind::Tsv);
    assert_eq!(
        points(reader.as_ref(), "log.tsv", "epoch"),
        [(0, None, 5.0), (1, None, 7.0)]
    );
    // A table that the scan passes over is read when somebody says what it means.
    let file = folder.path().join("prices.csv");
    fs::write(&file, "day,price\n1,2.5\n2,2.25\n").unwrap();
    let found = scan(folder.path()).unwrap();
    assert!(found.sources.iter().all(|source| source.path != file));
    let reader = open(&file, "step=day");
    assert_eq!(
        points(reader.as_ref(), "prices.csv", "price"),
        [(1, None, 2.5), (2, None, 2.25)]
    );
    fs::write(&file, [0, 1, 2]).unwrap();
    assert!(plain_source(folder.path(), &file).is_none(), "no text");
}

#[test]
fn json_lines_as_guessed_and_as_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.jsonl");
    fs::write(
        &file,
        r#"{"step": 0, "n": 10, "at": 1767225600, "job": {"id": 7, "lr": 0.5}, "loss": 1.0}
{"step": 1, "n": 20, "at": 1767225601, "job": {"id": 8, "lr": 0.5}, "loss": NaN}
{"step": 2, "n": 30, "at": 1767225602, "loss": 0.5}
"#,
    )
    .unwrap();
    let mut reader = open(&file, "");
    use ColumnRole::{Metric, Param, Run, Step, Time};
    let roles = |reader: &dyn Reader| {
        let told = told(reader).into_iter();
        told.map(|(name, role, _)| (name, role)).collect::<Vec<_>>()
    };
    let role = |name: &str, role| (name.to_owned(), role);
    assert_eq!(
        roles(reader.as_ref()),
        [
            role("step", Step),
            role("n", Metric),
            role("at", Metric),
            role("job/id", Metric),
            role("job/lr", Metric),
            role("loss", Metric)
        ]
    );
    assert_eq!(points(reader.as_ref(), "log.jsonl", "loss").len(), 3);
    let chosen = Mapping::parse("step=n,time=at,run=job/id,param=job/lr").unwrap();
    assert!(reader.map_columns(&chosen));
    reader.refresh().unwrap();
    assert_eq!(
        roles(reader.as_ref()),
        [
            role("step", Metric),
            role("n", Step),
            role("at", Time),
            role("job/id", Run),
            role("job/lr", Param),
            role("loss", Metric)
        ]
    );
    assert_eq!(
        points(reader.as_ref(), "log.jsonl#7", "loss"),
        [(10, Some(1_767_225_600_000), 1.0)]
    );
    assert_eq!(
        json!(reader.run("log.jsonl#8").unwrap().params),
        json!({"job/lr": 0.5})
    );
    let problems = reader.problems();
    assert!(problems[0].message.contains("\"job/id\""), "{problems:?}");
}

#[test]
fn other_formats_leave_no_choice() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lightning-csv");
    let found = scan(&data).unwrap();
    let mut reader = kitbench_runs::open(&found.sources[0]).unwrap();
    assert_eq!(reader.columns(), None);
    assert!(!reader.map_columns(&Mapping::parse("step=epoch").unwrap()));
}
