//! File formats against what the tools themselves read back.

mod common;

use common::{Time, assert_metrics, copy, data, expected, find, float, open_all, run_count};
use kitbench_runs::{RunState, SourceKind, open, scan};
use serde_json::Value;

#[test]
fn mlflow_file_store() {
    let wanted = expected("mlflow-filestore");
    let readers = open_all(&data("mlflow-filestore"), SourceKind::MlflowFile);
    let runs = wanted["runs"].as_array().unwrap();
    assert_eq!(run_count(&readers), runs.len());
    for run in runs {
        let id = run["id"].as_str().unwrap();
        assert_metrics(&readers, id, &run["metrics"], Time::Ms);
        let (_, got) = find(&readers, id);
        assert_eq!(got.name, run["name"]);
        assert_eq!(got.start_ms, run["start_ms"].as_i64());
        assert_eq!(got.end_ms, run["end_ms"].as_i64());
        assert_eq!(serde_json::to_value(&got.params).unwrap(), run["params"]);
        assert_eq!(serde_json::to_value(&got.tags).unwrap(), run["tags"]);
        assert_eq!(got.experiment.as_deref(), Some("digits-cnn"));
        let state = if run["status"] == "FINISHED" {
            RunState::Finished
        } else {
            RunState::Failed
        };
        assert_eq!(got.state, state);
        assert!(got.problems.is_empty(), "{:?}", got.problems);
        for (key, value) in run["latest"].as_object().unwrap() {
            let (last, value) = (got.metrics[key].last.unwrap(), float(value));
            assert!(last == value || (last.is_nan() && value.is_nan()), "{key}");
        }
    }
}

fn tables(folder: &str, kind: SourceKind) {
    let wanted = expected(folder);
    let readers = open_all(&data(folder), kind);
    let runs = wanted["runs"].as_array().unwrap();
    assert_eq!(run_count(&readers), runs.len());
    for run in runs {
        let id = run["id"].as_str().unwrap();
        assert_metrics(&readers, id, &run["metrics"], Time::None);
        if let Some(params) = run.get("params") {
            assert_eq!(
                &serde_json::to_value(&find(&readers, id).1.params).unwrap(),
                params
            );
        }
    }
}

#[test]
fn lightning() {
    tables("lightning-csv", SourceKind::Lightning);
}

#[test]
fn keras() {
    tables("keras-csv", SourceKind::Keras);
}

#[test]
fn ultralytics() {
    tables("ultralytics", SourceKind::Ultralytics);
    let readers = open_all(&data("ultralytics"), SourceKind::Ultralytics);
    assert_eq!(
        readers[0].runs()[0].state,
        RunState::Finished,
        "all epochs of args.yaml are there"
    );
}

#[test]
fn plain_csv() {
    let wanted = expected("plain");
    let readers = open_all(&data("plain"), SourceKind::Csv);
    assert_eq!(run_count(&readers), 1);
    assert_metrics(
        &readers,
        "progress.csv",
        &wanted["runs"][1]["metrics"],
        Time::Seconds,
    );
}

#[test]
fn the_source_may_be_given_directly() {
    let found = scan(&data("plain").join("progress.csv")).unwrap();
    assert_eq!(found.sources[0].kind, SourceKind::Csv);
    let reader = open(&found.sources[0]).unwrap();
    assert_eq!(reader.runs()[0].id, "progress.csv");
    let readers = open_all(
        &data("mlflow-filestore").join("mlruns"),
        SourceKind::MlflowFile,
    );
    assert_eq!(run_count(&readers), 3);
    let readers = open_all(
        &data("lightning-csv").join("lightning_logs/version_0"),
        SourceKind::Lightning,
    );
    assert_eq!(readers[0].runs()[0].id, "version_0");
}

#[test]
fn mlflow_files_grow_and_are_read_on() {
    let dir = copy("mlflow-filestore");
    let mut readers = open_all(dir.path(), SourceKind::MlflowFile);
    let reader = &mut readers[0];
    assert!(reader.refresh().unwrap().is_empty(), "nothing happened");
    let id = reader.runs()[0].id.clone();
    let file = reader.runs()[0].path.join("metrics/train/loss");
    let before = std::fs::read(&file).unwrap();
    let mut grown = before.clone();
    grown.extend_from_slice(b"1760009999000 0.5 99\n1760009999001 0.25");
    std::fs::write(&file, &grown).unwrap();
    let refresh = reader.refresh().unwrap();
    assert_eq!(refresh.changed, std::slice::from_ref(&id));
    let metric = &reader.run(&id).unwrap().metrics["train/loss"];
    assert_eq!(
        (metric.last, metric.last_step.map(|s| s.whole)),
        (Some(0.5), Some(99)),
        "not the half line"
    );
    assert_eq!(
        reader.series(&id, "train/loss").unwrap().len() as u64,
        metric.count
    );
    grown.extend_from_slice(b"5 100\n");
    std::fs::write(&file, &grown).unwrap();
    reader.refresh().unwrap();
    assert_eq!(
        reader.run(&id).unwrap().metrics["train/loss"].last,
        Some(0.255)
    );
    std::fs::remove_dir_all(reader.run(&id).unwrap().path.clone()).unwrap();
    assert_eq!(reader.refresh().unwrap().removed, [id]);
    assert_eq!(reader.runs().len(), 2);
}

#[test]
fn mlflow_oddities() {
    let dir = copy("mlflow-filestore");
    let readers = open_all(dir.path(), SourceKind::MlflowFile);
    let path = readers[0].runs()[0].path.clone();
    std::fs::create_dir_all(path.join("metrics/val")).unwrap();
    std::fs::write(
        path.join("metrics/val/αβ γ"),
        "1 nan\n2 -inf 5\n3 5e-324 -7 my data set 0a1b\n\ngarbage\n4 1 9223372036854775807\n5 1 9223372036854775808\n",
    )
    .unwrap();
    std::fs::write(path.join("metrics/empty"), "").unwrap();
    let meta = std::fs::read_to_string(path.join("meta.yaml")).unwrap();
    std::fs::write(
        path.join("meta.yaml"),
        meta.replace("status: 4", "status: 1")
            .replace("status: 3", "status: 1"),
    )
    .unwrap();
    let other = readers[0].runs()[1].path.clone();
    let text = std::fs::read_to_string(other.join("meta.yaml")).unwrap();
    std::fs::write(
        other.join("meta.yaml"),
        text.replace("experiment_id: '872107916567636257'", "experiment_id: 5"),
    )
    .unwrap();
    let readers = open_all(dir.path(), SourceKind::MlflowFile);
    assert_eq!(readers[0].runs().len(), 2);
    assert!(
        readers[0].problems()[0]
            .message
            .contains("names experiment 5")
    );
    let id = path.file_name().unwrap().to_str().unwrap();
    let (reader, run) = find(&readers, id);
    assert_eq!(run.state, RunState::Running, "written to a moment ago");
    let points: Vec<_> = reader
        .series(id, "val/αβ γ")
        .unwrap()
        .iter()
        .map(|p| (p.0.whole, format!("{:e}", p.2)))
        .collect();
    assert_eq!(
        points,
        [(-7, "5e-324"), (0, "NaN"), (5, "-inf"), (i64::MAX, "1e0")]
            .map(|(s, v)| (s, v.to_owned()))
    );
    assert_eq!(run.metrics["empty"].count, 0);
    assert_eq!(run.problems.len(), 2);
    assert_eq!(run.problems[0].offset, Some(45));
}

#[test]
fn tables_that_change_under_the_reader() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("progress.csv");
    std::fs::write(
        &file,
        "\u{feff}step;time;loss\r\n0;1760200000;1.5\r\n1;1760200001;nan\r\n2;1760200002;",
    )
    .unwrap();
    let mut reader = open(&scan(dir.path()).unwrap().sources[0]).unwrap();
    let id = reader.runs()[0].id.clone();
    let points: Vec<_> = reader
        .series(&id, "loss")
        .unwrap()
        .iter()
        .map(|p| (p.0.whole, p.1))
        .collect();
    assert_eq!(
        points,
        [(0, Some(1_760_200_000_000)), (1, Some(1_760_200_001_000))]
    );
    // Finished, a restart with its header again, a broken quote, a line too short.
    let mut text = std::fs::read_to_string(&file).unwrap();
    text.push_str("0.5\r\nstep;time;loss\r\n3;1760200003;\"4\r\n4;1760200004\r\n5;1760200005;inf\r\n6;x;NA\r\n");
    std::fs::write(&file, &text).unwrap();
    reader.refresh().unwrap();
    let series = reader.series(&id, "loss").unwrap();
    let values: Vec<_> = series.values.iter().map(f64::to_string).collect();
    assert_eq!(
        values,
        ["1.5", "NaN", "0.5", "inf"],
        "a whole line behind it: the quote is a mistake"
    );
    text.push_str(&"7;1760200007;2\r\n".repeat(300));
    std::fs::write(&file, &text).unwrap();
    reader.refresh().unwrap();
    let series = reader.series(&id, "loss").unwrap();
    assert_eq!(series.len(), 4 + 300);
    assert_eq!(series.values[3], f64::INFINITY);
    assert_eq!(
        reader.runs()[0].problems.len(),
        2,
        "{:?}",
        reader.runs()[0].problems
    );
    // Lightning writes the whole file anew when a metric appears.
    std::fs::write(&file, "step,acc,loss\n0,,1\n1,0.5,\n").unwrap();
    reader.refresh().unwrap();
    let run = reader.runs()[0];
    assert_eq!(
        (
            run.metrics["acc"].count,
            run.metrics["loss"].count,
            run.problems.len()
        ),
        (1, 1, 0)
    );
}

#[test]
fn data_sets_are_not_runs() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("data")).unwrap();
    std::fs::write(dir.path().join("data/train.csv"), "step,price\n1,2\n2,3\n").unwrap();
    std::fs::write(dir.path().join("wine.csv"), "alcohol,class\n1,2\n2,3\n").unwrap();
    std::fs::write(
        dir.path().join("log.csv"),
        "step,loss\n9,2\n2,3\n8,1\n1,1\n",
    )
    .unwrap();
    let found = scan(dir.path()).unwrap();
    assert!(found.sources.is_empty(), "{found:?}");
    let why: Vec<&str> = found.skipped.iter().map(|s| s.why.as_str()).collect();
    assert_eq!(why.len(), 3);
    assert!(why[1].contains("does not grow"), "{why:?}");
    assert!(why[2].contains("no step-like column"), "{why:?}");
}

#[test]
fn many_columns() {
    let dir = tempfile::tempdir().unwrap();
    let header: Vec<String> = (0..10_000).map(|i| format!("m{i}")).collect();
    let row: Vec<String> = (0..10_000).map(|i| i.to_string()).collect();
    let text = format!(
        "step,{}\n0,{}\n1,{}\n",
        header.join(","),
        row.join(","),
        row.join(",")
    );
    std::fs::write(dir.path().join("log.csv"), text).unwrap();
    let reader = open(&scan(dir.path()).unwrap().sources[0]).unwrap();
    assert_eq!(reader.runs()[0].metrics.len(), 10_000);
    assert_eq!(reader.runs()[0].metrics["m9999"].last, Some(9999.0));
}

#[test]
fn the_machine_export_has_every_point() {
    let readers = open_all(&data("mlflow-filestore"), SourceKind::MlflowFile);
    let mut out = Vec::new();
    kitbench_runs::export::json(readers.iter().map(|r| r.as_ref()), &mut out).unwrap();
    let json: Value = serde_json::from_slice(&out).unwrap();
    let wanted = expected("mlflow-filestore");
    for (got, wanted) in json["runs"]
        .as_array()
        .unwrap()
        .iter()
        .zip(wanted["runs"].as_array().unwrap())
    {
        assert_eq!(got["metrics"], wanted["metrics"]);
        assert_eq!(got["params"], wanted["params"]);
        assert_eq!((&got["id"], &got["name"]), (&wanted["id"], &wanted["name"]));
        assert_eq!(got["source"], "mlflow-file");
        assert_eq!(got["problems"], serde_json::json!([]));
    }
    let keys: Vec<&String> = json["runs"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 11);
}

#[test]
fn a_header_in_the_middle_changes_the_columns() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("train_log.csv");
    std::fs::write(
        &file,
        "step,loss\n0,1\n1,2\nstep,acc,loss,note\n2,0.5,3,x\n3,0.6,4,y\n",
    )
    .unwrap();
    let reader = open(&scan(dir.path()).unwrap().sources[0]).unwrap();
    let values = |key: &str| reader.series("train_log.csv", key).unwrap().values;
    assert_eq!(values("loss"), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(values("acc"), [0.5, 0.6]);
    assert!(reader.runs()[0].problems.is_empty());
}

#[test]
fn monitor_files_count_their_lines() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("monitor.csv"),
        "#{\"t_start\": 1.0}\nr,l,t\n-1.5,10,0.1\n2,20,0.3\n",
    )
    .unwrap();
    let reader = open(&scan(dir.path()).unwrap().sources[0]).unwrap();
    let series = reader.series("monitor.csv", "r").unwrap();
    let points: Vec<_> = series.iter().map(|(s, _, v)| (s.whole, v)).collect();
    assert_eq!(points, [(0, -1.5), (1, 2.0)]);
}

#[test]
fn a_time_that_is_no_date_is_a_metric() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("log.csv"),
        "iter,time,loss\n0,0.5,1\n1,1.5,2\n",
    )
    .unwrap();
    let reader = open(&scan(dir.path()).unwrap().sources[0]).unwrap();
    assert_eq!(reader.series("log.csv", "time").unwrap().values, [0.5, 1.5]);
    std::fs::write(
        dir.path().join("log.csv"),
        "iter,time,loss\n0,2026-11-24T00:00:00Z,1\n",
    )
    .unwrap();
    let reader = open(&scan(dir.path()).unwrap().sources[0]).unwrap();
    assert_eq!(reader.runs()[0].start_ms, Some(1_795_478_400_000));
    assert_eq!(reader.runs()[0].metrics.len(), 1);
}

#[test]
fn a_log_without_end_marks_is_live_while_it_grows() {
    let five_minutes_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(300);
    let age = |path: &std::path::Path| {
        let file = std::fs::File::options().append(true).open(path).unwrap();
        file.set_modified(five_minutes_ago).unwrap();
    };
    for (folder, kind, name) in [
        ("plain", SourceKind::Csv, "progress.csv"),
        ("plain", SourceKind::Jsonl, "log.jsonl"),
        ("keras-csv", SourceKind::Keras, "history.csv"),
        (
            "lightning-csv",
            SourceKind::Lightning,
            "lightning_logs/version_0/metrics.csv",
        ),
        (
            "dvclive",
            SourceKind::Dvclive,
            "dvclive/plots/metrics/lr.tsv",
        ),
    ] {
        let dir = copy(folder);
        let path = dir.path().join(name);
        let source = |root: &std::path::Path| {
            let found = scan(root).unwrap().sources;
            let holds = |s: &&kitbench_runs::Source| s.kind == kind && path.starts_with(&s.path);
            found.iter().find(holds).unwrap().clone()
        };
        let state = |reader: &dyn kitbench_runs::Reader| reader.runs()[0].state;
        // Copied this moment, or found five minutes after the last write: as likely a finished
        // run's.
        let source = source(dir.path());
        assert_eq!(
            state(open(&source).unwrap().as_ref()),
            RunState::Stale,
            "{name}"
        );
        let mut files = vec![source.path.clone()];
        while let Some(file) = files.pop() {
            match file.is_dir() {
                true => files.extend(std::fs::read_dir(file).unwrap().map(|e| e.unwrap().path())),
                false => age(&file),
            }
        }
        let mut reader = open(&source).unwrap();
        assert_eq!(state(reader.as_ref()), RunState::Stale, "{name}");
        // It grows: somebody is there, also through pauses of some minutes.
        let text = std::fs::read_to_string(&path).unwrap();
        let last = text.lines().last().unwrap();
        std::fs::write(&path, format!("{text}{last}\n")).unwrap();
        age(&path);
        reader.refresh().unwrap();
        assert_eq!(state(reader.as_ref()), RunState::Running, "{name}");
    }
}
