//! Tracker databases and record files against what the tools themselves read back.

mod common;

use common::{Time, assert_metrics, copy, data, expected, find, open_all, run_count};
use kitbench_runs::{RunState, SourceKind, open, scan};
use serde_json::{Value, json};

fn strict(map: &serde_json::Map<String, Value>) -> Value {
    Value::Object(map.clone())
}

fn mlflow(folder: &str) {
    let wanted = expected(folder);
    let dir = copy(folder);
    let before = std::fs::read(dir.path().join("mlflow.db")).unwrap();
    let mut readers = open_all(dir.path(), SourceKind::MlflowSqlite);
    let runs = wanted["runs"].as_array().unwrap();
    assert_eq!(run_count(&readers), runs.len());
    for run in runs {
        let id = run["id"].as_str().unwrap();
        assert_metrics(&readers, id, &run["metrics"], Time::Ms);
        let (_, got) = find(&readers, id);
        assert_eq!(got.name, run["name"]);
        assert_eq!(got.start_ms, run["start_ms"].as_i64());
        assert_eq!(got.end_ms, run["end_ms"].as_i64());
        assert_eq!(strict(&got.params), run["params"]);
        assert_eq!(serde_json::to_value(&got.tags).unwrap(), run["tags"]);
        assert_eq!(got.parent.as_deref(), run["parent"].as_str());
        assert_eq!(got.deleted, run["lifecycle"] == "deleted");
        let state = match run["status"].as_str().unwrap() {
            "FINISHED" => RunState::Finished,
            "FAILED" => RunState::Failed,
            // Recorded long ago: nobody writes to it any more.
            _ => RunState::Stale,
        };
        assert_eq!(got.state, state, "{id}");
    }
    assert!(readers[0].refresh().unwrap().is_empty());
    assert_eq!(
        std::fs::read(dir.path().join("mlflow.db")).unwrap(),
        before,
        "never written to"
    );
    let names: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "nothing new beside it: {names:?}");
}

#[test]
fn mlflow_sqlite_3x() {
    mlflow("mlflow-sqlite-3x");
}

#[test]
fn mlflow_sqlite_2x() {
    mlflow("mlflow-sqlite-2x");
}

#[test]
fn mlflow_sqlite_grows() {
    let dir = copy("mlflow-sqlite-3x");
    let path = dir.path().join("mlflow.db");
    let mut reader = open(&scan(dir.path()).unwrap().sources[0]).unwrap();
    let id = reader
        .runs()
        .iter()
        .find(|r| r.name == "still-running")
        .unwrap()
        .id
        .clone();
    let writer = rusqlite::Connection::open(&path).unwrap();
    let step = std::cell::Cell::new(1000);
    let log = |time: i64| {
        step.set(step.get() + 1);
        writer
            .execute(
                "INSERT INTO metrics VALUES('train/loss', 0.125, ?1, ?2, ?3, 0)",
                rusqlite::params![time, id, step.get()],
            )
            .unwrap();
    };
    log(1);
    let refresh = reader.refresh().unwrap();
    assert_eq!(refresh.changed, std::slice::from_ref(&id));
    assert_eq!(
        reader.run(&id).unwrap().metrics["train/loss"].last,
        Some(0.125)
    );
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis() as i64;
    log(now);
    reader.refresh().unwrap();
    assert_eq!(reader.run(&id).unwrap().state, RunState::Running);
    let count = reader.run(&id).unwrap().metrics["train/loss"].count;
    assert_eq!(
        reader.series(&id, "train/loss").unwrap().len() as u64,
        count
    );
    // Rows that go away (mlflow gc) are noticed.
    writer
        .execute("DELETE FROM metrics WHERE run_uuid = ?1", [&id])
        .unwrap();
    reader.refresh().unwrap();
    assert!(reader.run(&id).unwrap().metrics.is_empty());
    // Rows whose numbers were given anew are not taken for the old ones.
    let max: i64 = writer
        .query_row("SELECT max(rowid) FROM metrics", [], |row| row.get(0))
        .unwrap();
    writer
        .execute("DELETE FROM metrics WHERE rowid = ?1", [max])
        .unwrap();
    log(5);
    log(6);
    reader.refresh().unwrap();
    assert_eq!(reader.run(&id).unwrap().metrics["train/loss"].count, 2);
    // The writer is never in the way for good, nor is the reader.
    writer.execute_batch("BEGIN EXCLUSIVE").unwrap();
    writer
        .execute_batch("INSERT INTO params VALUES('k','v','x'); COMMIT")
        .ok();
}

#[test]
fn mlflow_sqlite_of_an_unknown_schema() {
    let dir = tempfile::tempdir().unwrap();
    let db = rusqlite::Connection::open(dir.path().join("x.db")).unwrap();
    db.execute_batch(
        "CREATE TABLE alembic_version(version_num); INSERT INTO alembic_version VALUES('ffff');
         CREATE TABLE latest_metrics(a); CREATE TABLE experiments(a)",
    )
    .unwrap();
    let source = scan(dir.path()).unwrap().sources.remove(0);
    let error = open(&source).err().unwrap().to_string();
    assert!(
        error.contains("ffff") && error.contains("not known"),
        "{error}"
    );
}

#[test]
fn tensorboard() {
    let wanted = expected("tensorboard");
    let readers = open_all(&data("tensorboard"), SourceKind::Tensorboard);
    assert_eq!(readers.len(), 1, "one log folder is one source");
    assert!(readers[0].source().path.ends_with("runs"));
    let runs = wanted["runs"].as_array().unwrap();
    assert_eq!(run_count(&readers), runs.len());
    for run in runs {
        let id = run["id"].as_str().unwrap();
        assert_metrics(&readers, id, &run["metrics"], Time::Seconds);
        let (_, got) = find(&readers, id);
        assert_eq!(strict(&got.params), run["hparams"]);
        if run["hparams_status"] == 1 {
            assert_eq!(got.state, RunState::Finished);
            assert_eq!(got.parent.as_deref(), id.strip_suffix("/hp"));
        }
        let other = |kind: &str| got.other.get(kind).cloned().unwrap_or_default();
        assert_eq!(json!(other("histogram")), run["other_tags"]["histograms"]);
        assert_eq!(json!(other("image")), run["other_tags"]["images"]);
        assert_eq!(
            json!(other("text")),
            run["other_tags"]["tensors_not_scalar"]
        );
        assert!(got.problems.is_empty(), "{:?}", got.problems);
    }
}

#[test]
fn tensorboard_images_histograms_and_texts_can_be_seen() {
    use kitbench_runs::media::Content;
    let readers = open_all(&data("tensorboard"), SourceKind::Tensorboard);
    let of = |name: &str| readers[0].media("runs/cnn_lr0.05", name).unwrap();
    let images = of("samples");
    let Content::Image {
        media_type,
        width,
        height,
        bytes,
    } = &images[0].content
    else {
        panic!("{images:?}")
    };
    assert_eq!(*media_type, "image/png");
    // Width and height as the PNG itself has them.
    let pixels = |at: usize| u64::from(u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()));
    assert_eq!((*width, *height), (pixels(16), pixels(20)));
    let histograms = of("weights/conv1");
    let Content::Histogram(buckets) = &histograms[0].content else {
        panic!("{histograms:?}")
    };
    assert!(
        buckets
            .iter()
            .all(|b| b.left <= b.right && b.left.is_finite() && b.right.is_finite())
    );
    assert!(buckets.iter().map(|b| b.count).sum::<f64>() > 0.0);
    let texts = of("notes/text_summary");
    assert!(
        matches!(&texts[0].content, Content::Text(text) if !text.is_empty()),
        "{texts:?}"
    );
    assert!(of("train/loss").is_empty() && of("none").is_empty());
    assert!(readers[0].media("none", "samples").is_err());
}

#[test]
fn tensorboard_rows_have_their_hyperparameters() {
    let readers = open_all(&data("tensorboard"), SourceKind::Tensorboard);
    let reader = readers[0].as_ref();
    let rows = reader.rows();
    assert!(rows.iter().all(|run| !run.id.ends_with("/hp")));
    let with_sub_run = reader.runs().iter().filter(|r| r.parent.is_some()).count();
    assert_eq!(rows.len(), reader.runs().len() - with_sub_run);
    let row = rows.iter().find(|r| r.id == "runs/cnn_lr0.05").unwrap();
    assert_eq!(row.param("optimizer").as_deref(), Some("sgd"));
    assert_eq!(row.state, RunState::Finished);
    assert!(row.metrics.contains_key("train/loss") && row.metrics.contains_key("hparam/loss"));
    let series = |key: &str| reader.series(&row.id, key).unwrap();
    assert_eq!(series("hparam/loss").len(), 1);
    assert_eq!(series("train/loss").len(), 122);
    // For machines they stay two runs, as the files have them.
    assert!(reader.run(&row.id).unwrap().params.is_empty());
}

#[test]
fn tensorboard_grows_and_breaks() {
    let dir = copy("tensorboard");
    let path = dir
        .path()
        .join("runs/resumed/events.out.tfevents.1795476966.node1");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    let mut readers = open_all(dir.path(), SourceKind::Tensorboard);
    let count = |readers: &[Box<dyn kitbench_runs::Reader>]| {
        find(readers, "runs/resumed").1.metrics["train/loss"].count
    };
    assert_eq!(count(&readers), 109);
    assert!(
        find(&readers, "runs/resumed").1.problems.is_empty(),
        "a young file may end anywhere"
    );
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(readers[0].refresh().unwrap().changed, ["runs/resumed"]);
    let wanted = expected("tensorboard");
    let run = wanted["runs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["id"] == "runs/resumed")
        .unwrap();
    assert_metrics(&readers, "runs/resumed", &run["metrics"], Time::Seconds);
    // One byte of a value: that record alone is lost.
    let mut broken = whole.clone();
    let at = broken.len() - 6;
    broken[at] ^= 0xff;
    std::fs::write(&path, &broken).unwrap();
    let readers = open_all(dir.path(), SourceKind::Tensorboard);
    assert_eq!(count(&readers), 109);
    assert!(
        find(&readers, "runs/resumed").1.problems[0]
            .message
            .contains("checksum")
    );
    // A file of zeros, and an empty one.
    std::fs::write(&path, [0; 4096]).unwrap();
    std::fs::write(dir.path().join("runs/cnn_lr0.1/events.out.tfevents.1"), []).unwrap();
    let readers = open_all(dir.path(), SourceKind::Tensorboard);
    let (_, run) = find(&readers, "runs/resumed");
    assert_eq!(run.problems[0].offset, Some(0));
    assert!(
        run.metrics["train/loss"].count > 0,
        "the other file of the run is still shown"
    );
}

#[test]
fn wandb() {
    let wanted = expected("wandb-offline");
    let readers = open_all(&data("wandb-offline"), SourceKind::Wandb);
    let runs = wanted["runs"].as_array().unwrap();
    assert_eq!(run_count(&readers), runs.len());
    for run in runs {
        let id = run["id"].as_str().unwrap();
        assert_metrics(&readers, id, &run["metrics"], Time::Seconds);
        let (_, got) = find(&readers, id);
        assert_eq!(got.name, run["name"]);
        assert_eq!(strict(&got.params), run["config"]);
        assert_eq!(got.experiment.as_deref(), run["project"].as_str());
        assert_eq!(got.note.as_deref(), run["notes"].as_str());
        assert_eq!(
            got.tags.get("group").map(String::as_str),
            run["group"].as_str()
        );
        assert_eq!(
            got.tags.get("job_type").map(String::as_str),
            run["job_type"].as_str()
        );
        let off = got.start_ms.unwrap() as f64 - run["start_time"].as_f64().unwrap() * 1000.0;
        assert!(off.abs() < 0.51);
        let mut summary = run["summary"].as_object().unwrap().clone();
        summary.retain(|key, _| !key.starts_with('_'));
        assert_eq!(strict(&got.summary), Value::Object(summary));
        assert_eq!(
            serde_json::to_value(&got.step_metrics).unwrap(),
            run["step_metrics"]
        );
        let state = match run["exit_code"].as_i64() {
            Some(0) => RunState::Finished,
            Some(_) => RunState::Failed,
            None => RunState::Stale,
        };
        let age = std::fs::metadata(&got.path)
            .unwrap()
            .modified()
            .unwrap()
            .elapsed()
            .unwrap_or_default();
        let young = age.as_secs() < 600 && run["exit_code"].is_null();
        assert_eq!(
            got.state,
            if young { RunState::Running } else { state },
            "{id}"
        );
    }
    let (_, custom) = find(&readers, "dig00004");
    assert_eq!(custom.other["histogram"], ["w"]);
}

#[test]
fn wandb_grows_and_breaks() {
    let dir = copy("wandb-offline");
    let path = dir
        .path()
        .join("wandb/offline-run-20261123_233657-dig00001/run-dig00001.wandb");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..7]).unwrap();
    let mut readers = open_all(dir.path(), SourceKind::Wandb);
    assert!(find(&readers, "dig00001").1.metrics.is_empty());
    let mut seen = 0;
    for end in (7..whole.len()).step_by(997).chain([whole.len()]) {
        std::fs::write(&path, &whole[..end]).unwrap();
        readers[0].refresh().unwrap();
        let count = find(&readers, "dig00001")
            .1
            .metrics
            .get("loss")
            .map_or(0, |m| m.count);
        assert!(count >= seen);
        seen = count;
    }
    let wanted = expected("wandb-offline");
    assert_metrics(
        &readers,
        "dig00001",
        &wanted["runs"][0]["metrics"],
        Time::Seconds,
    );
    assert!(find(&readers, "dig00001").1.problems.is_empty());
    let mut broken = whole.clone();
    broken[6] = 9;
    std::fs::write(&path, &broken).unwrap();
    let readers = open_all(dir.path(), SourceKind::Wandb);
    let (_, run) = find(&readers, "dig00001");
    assert!(
        run.problems[0].message.contains("version 9"),
        "{:?}",
        run.problems
    );
}

#[test]
fn wandb_resumed_runs_are_joined() {
    let dir = copy("wandb-offline");
    let root = dir.path().join("wandb");
    let from = root.join("offline-run-20261123_233658-dig00003/run-dig00003.wandb");
    let again = root.join("offline-run-20261124_000000-dig00003");
    std::fs::create_dir(&again).unwrap();
    std::fs::copy(from, again.join("run-dig00003.wandb")).unwrap();
    let readers = open_all(dir.path(), SourceKind::Wandb);
    assert_eq!(run_count(&readers), 5);
    assert_eq!(find(&readers, "dig00003").1.metrics["loss"].count, 30);
}

#[test]
fn dvclive() {
    let wanted = expected("dvclive");
    let readers = open_all(&data("dvclive"), SourceKind::Dvclive);
    let run = &wanted["runs"][0];
    assert_metrics(&readers, "dvclive", &run["metrics"], Time::Ms);
    let (_, got) = find(&readers, "dvclive");
    assert_eq!(strict(&got.params), run["params"]);
    assert_eq!(
        strict(&got.summary),
        json!({"final_score": 0.913}),
        "only what has no points"
    );
    assert_eq!(
        scan(&data("dvclive")).unwrap().sources.len(),
        1,
        "its files are not runs of their own"
    );
}

#[test]
fn trackio() {
    let wanted = expected("trackio");
    let dir = copy("trackio");
    let readers = open_all(dir.path(), SourceKind::Trackio);
    let runs = wanted["runs"].as_array().unwrap();
    assert_eq!(run_count(&readers), runs.len());
    for run in runs {
        let id = run["id"].as_str().unwrap();
        assert_metrics(&readers, id, &run["metrics"], Time::None);
        let (_, got) = find(&readers, id);
        assert_eq!(got.name, run["name"]);
        assert_eq!(got.experiment.as_deref(), run["project"].as_str());
        let mut config = run["config"].as_object().unwrap().clone();
        config.retain(|key, _| !key.starts_with('_'));
        assert_eq!(strict(&got.params), Value::Object(config));
    }
}

#[test]
fn trackio_live_in_its_write_ahead_log() {
    let dir = copy("trackio");
    let path = dir.path().join("trackio/digits.db");
    let writer = rusqlite::Connection::open(&path).unwrap();
    writer
        .execute_batch("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0")
        .unwrap();
    let mut readers = open_all(dir.path(), SourceKind::Trackio);
    writer
        .execute_batch(
            "INSERT INTO metrics(run_id, timestamp, run_name, step, metrics) VALUES
             ('new', '2026-11-24T00:00:00+00:00', 'run-d', 7, '{\"loss\": \"NaN\", \"note\": \"x\", \"deep\": {\"a\": 1}}'),
             ('new', '2026-11-24T00:00:00+00:00', 'run-d', 8, '{broken')",
        )
        .unwrap();
    assert_eq!(readers[0].refresh().unwrap().added, ["new"]);
    let (reader, run) = find(&readers, "new");
    assert_eq!(run.metrics.keys().collect::<Vec<_>>(), ["deep/a", "loss"]);
    assert!(reader.series("new", "loss").unwrap().values[0].is_nan());
    assert_eq!(run.problems.len(), 1);
}

#[test]
fn hugging_face_trainer() {
    let wanted = expected("hf-trainer");
    let dir = copy("hf-trainer");
    let readers = open_all(dir.path(), SourceKind::HfTrainer);
    assert_eq!(
        run_count(&readers),
        1,
        "checkpoints are not runs of their own"
    );
    let run = &wanted["runs"][0];
    assert_metrics(&readers, "out", &run["metrics"], Time::None);
    let (_, got) = find(&readers, "out");
    assert_eq!(got.state, RunState::Finished);
    assert_eq!(got.summary["best_metric"], run["best_metric"]);
    // While one is being written the newest readable one counts.
    std::fs::write(dir.path().join("out/trainer_state.json"), "{\"log_his").unwrap();
    std::fs::remove_dir_all(dir.path().join("out/checkpoint-60")).unwrap();
    let readers = open_all(dir.path(), SourceKind::HfTrainer);
    let (_, got) = find(&readers, "out");
    assert_eq!(got.summary["global_step"], 40);
    assert_eq!(got.problems.len(), 1);
}

#[test]
fn sacred() {
    let wanted = expected("sacred");
    let readers = open_all(&data("sacred"), SourceKind::Sacred);
    for run in wanted["runs"].as_array().unwrap() {
        let id = run["id"].as_str().unwrap();
        assert_metrics(&readers, id, &run["metrics"], Time::Iso);
        let (_, got) = find(&readers, id);
        assert_eq!(got.name, run["name"]);
        assert_eq!(strict(&got.params), run["config"]);
        let state = if run["status"] == "COMPLETED" {
            RunState::Finished
        } else {
            RunState::Failed
        };
        assert_eq!(got.state, state);
    }
}

#[test]
fn neptune_2() {
    let wanted = expected("neptune-2x-offline");
    let readers = open_all(&data("neptune-2x-offline"), SourceKind::Neptune2);
    assert_eq!(run_count(&readers), 2);
    for run in wanted["runs"].as_array().unwrap() {
        let id = run["id"].as_str().unwrap();
        assert_metrics(&readers, id, &run["metrics"], Time::Seconds);
        let (_, got) = find(&readers, id);
        assert_eq!(got.name, run["name"]);
        for (key, value) in run["fields"].as_object().unwrap() {
            match got.params.get(key) {
                Some(got) => assert_eq!(got, value, "{key}"),
                None => assert!(got.tags.contains_key(key), "{key}"),
            }
        }
        assert_eq!(got.tags["sys/tags"], "cnn, demo");
        assert_eq!(got.other["text series"], ["log"]);
    }
}

#[test]
fn neptune_3() {
    let wanted = expected("neptune-3x-offline");
    let dir = copy("neptune-3x-offline");
    let readers = open_all(dir.path(), SourceKind::Neptune3);
    let run = &wanted["runs"][0];
    assert_metrics(&readers, "scale-run-1", &run["metrics"], Time::Seconds);
    let (_, got) = find(&readers, "scale-run-1");
    assert_eq!(strict(&got.params), run["configs"]);
    assert_eq!(got.tags["sys/tags"], "cnn, demo");
    assert_eq!(got.experiment.as_deref(), Some("lab/digits"));
}

#[test]
fn neptune_export() {
    let wanted = expected("neptune-export");
    let readers = open_all(&data("neptune-export"), SourceKind::NeptuneExport);
    assert_eq!(run_count(&readers), 2);
    for run in wanted["runs"].as_array().unwrap() {
        let id = run["id"].as_str().unwrap();
        assert_metrics(&readers, id, &run["metrics"], Time::Ms);
        let (_, got) = find(&readers, id);
        assert_eq!(got.experiment.as_deref(), run["project"].as_str());
        assert_eq!(got.name, "digits");
        assert_eq!(got.tags["sys/tags"], "cnn, demo");
        assert_eq!(got.start_ms, Some(1_760_300_000_000));
        for (key, value) in run["attributes"].as_object().unwrap() {
            assert!(
                got.params.get(key) == Some(value) || got.tags.contains_key(key),
                "{key}"
            );
        }
    }
}

#[test]
fn goodseed() {
    let wanted = expected("goodseed");
    let dir = copy("goodseed");
    let readers = open_all(dir.path(), SourceKind::Goodseed);
    let run = &wanted["runs"][0];
    assert_metrics(&readers, "gs-run-1", &run["metrics"], Time::Seconds);
    let (_, got) = find(&readers, "gs-run-1");
    assert_eq!(got.name, "digits");
    assert_eq!(got.state, RunState::Finished);
    for (key, value) in run["configs"].as_object().unwrap() {
        assert!(
            got.params.get(key) == Some(value) || got.tags.contains_key(key),
            "{key}"
        );
    }
}

#[test]
fn goodseed_sets_are_lists() {
    let dir = copy("goodseed");
    let source = scan(dir.path()).unwrap().sources.remove(0);
    rusqlite::Connection::open(&source.path)
        .unwrap()
        .execute_batch("INSERT INTO configs VALUES('tags', 'string_set', '[\"a\", \"b\"]', '', 0)")
        .unwrap();
    let reader = open(&source).unwrap();
    assert_eq!(reader.runs()[0].params["tags"], json!(["a", "b"]));
}

#[test]
fn aim_is_named_and_not_read() {
    let dir = copy("aim-detect-only");
    let readers = open_all(dir.path(), SourceKind::Aim);
    let (_, run) = find(&readers, "87dec7705c3046ffa233bfda");
    assert_eq!(run.name, "Run: 87dec7705c3046ffa233bfda");
    assert!(run.metrics.is_empty());
    assert!(run.problems[0].message.contains("RocksDB"));
}

#[test]
fn json_lines() {
    let wanted = expected("plain");
    let readers = open_all(&data("plain"), SourceKind::Jsonl);
    assert_eq!(run_count(&readers), 1);
    assert_metrics(
        &readers,
        "log.jsonl",
        &wanted["runs"][0]["metrics"],
        Time::Seconds,
    );
}

#[test]
fn the_whole_corpus_in_one_scan() {
    let dir = tempfile::tempdir().unwrap();
    common::copy_folder(&data(""), dir.path());
    let found = scan(dir.path()).unwrap();
    let mut kinds: Vec<&str> = found.sources.iter().map(|s| s.kind.name()).collect();
    kinds.sort();
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "aim",
            "csv",
            "dvclive",
            "goodseed",
            "hf-trainer",
            "jsonl",
            "keras",
            "lightning",
            "mlflow-file",
            "mlflow-sqlite",
            "neptune-export",
            "neptune2",
            "neptune3",
            "sacred",
            "tensorboard",
            "trackio",
            "ultralytics",
            "wandb"
        ]
    );
    assert_eq!(found.sources.len(), 21, "{:#?}", found.sources);
    assert!(found.skipped.is_empty(), "{:?}", found.skipped);
}

#[test]
fn a_run_in_two_mlflow_stores_is_one() {
    let dir = copy("mlflow-sqlite-3x");
    common::copy_folder(&data("mlflow-filestore"), dir.path());
    let db = rusqlite::Connection::open(dir.path().join("mlflow.db")).unwrap();
    db.execute_batch(
        "PRAGMA foreign_keys=OFF; UPDATE runs SET run_uuid = '5cacdfb718fa45e58044a53c91959f54' WHERE name = 'baseline'",
    )
    .unwrap();
    let found = scan(dir.path()).unwrap();
    let readers: Vec<_> = found
        .sources
        .iter()
        .map(|source| open(source).unwrap())
        .collect();
    let runs = kitbench_runs::distinct(readers.iter().map(|r| r.as_ref()));
    assert_eq!(runs.len(), 3 + 7 - 1);
    let (reader, _) = runs
        .iter()
        .find(|(_, run)| run.id.starts_with("5cacdf"))
        .unwrap();
    assert_eq!(reader.source().kind, SourceKind::MlflowSqlite);
}

#[test]
fn a_single_run_may_be_given() {
    let one = |path: std::path::PathBuf, kind: SourceKind| {
        let readers = open_all(&path, kind);
        assert_eq!(run_count(&readers), 1, "{kind}");
        assert!(
            readers[0].source().path.starts_with(&path),
            "{kind}: not above what was asked for"
        );
    };
    let dir = tempfile::tempdir().unwrap();
    common::copy_folder(&data(""), dir.path());
    let root = dir.path();
    one(root.join("sacred/sacred_runs/2"), SourceKind::Sacred);
    one(
        root.join("wandb-offline/wandb/offline-run-20261123_233657-dig00001"),
        SourceKind::Wandb,
    );
    one(
        root.join("tensorboard/runs/resumed"),
        SourceKind::Tensorboard,
    );
    one(
        root.join("neptune-3x-offline/.neptune/lab_digits_scale-run-1_1795477287683516928"),
        SourceKind::Neptune3,
    );
    let neptune = root.join("neptune-2x-offline/.neptune/offline");
    one(
        neptune.join("run__f29e3123-cc12-4295-b66f-a1759730fb1f__13622__1cnjtyp8"),
        SourceKind::Neptune2,
    );
    one(
        root.join("hf-trainer/out/checkpoint-20"),
        SourceKind::HfTrainer,
    );
    one(root.join("dvclive/dvclive"), SourceKind::Dvclive);
    // So may its file.
    for (file, kind) in [
        (
            "wandb-offline/wandb/offline-run-20261123_233657-dig00001/run-dig00001.wandb",
            SourceKind::Wandb,
        ),
        (
            "neptune-3x-offline/.neptune/lab_digits_scale-run-1_1795477287683516928/run_operations.sqlite3",
            SourceKind::Neptune3,
        ),
        (
            "tensorboard/runs/resumed/events.out.tfevents.1795476966.node1",
            SourceKind::Tensorboard,
        ),
    ] {
        assert_eq!(run_count(&open_all(&root.join(file), kind)), 1, "{file}");
    }
    let found = scan(&root.join("mlflow-filestore/mlruns/872107916567636257")).unwrap();
    assert!(
        found.skipped[0].why.contains("open the store"),
        "{:?}",
        found.skipped
    );
}

#[test]
fn dvc_experiments_are_read_from_git() {
    let dir = copy("dvclive");
    let git = |arguments: &[&str]| {
        let output = std::process::Command::new("git")
            .args([
                "-c",
                "user.name=t",
                "-c",
                "user.email=t@t",
                "-c",
                "commit.gpgsign=false",
                "-C",
            ])
            .arg(dir.path())
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    let commit = git(&["rev-parse", "HEAD"]);
    let reference = format!("refs/exps/{}/{}/puffy-wave", &commit[..2], &commit[2..]);
    git(&["update-ref", &reference, &commit]);
    git(&["update-ref", "refs/exps/exec/EXEC_HEAD", &commit]);
    // The next run overwrites the folder.
    std::fs::write(
        dir.path().join("dvclive/plots/metrics/lr.tsv"),
        "step\tlr\n0\t0.5\n",
    )
    .unwrap();
    let mut readers = open_all(dir.path(), SourceKind::Dvclive);
    let wanted = expected("dvclive");
    assert_eq!(run_count(&readers), 2);
    assert_metrics(
        &readers,
        "puffy-wave",
        &wanted["runs"][0]["metrics"],
        Time::Ms,
    );
    let (_, run) = find(&readers, "puffy-wave");
    assert_eq!(strict(&run.params), wanted["runs"][0]["params"]);
    assert_eq!(strict(&run.summary), json!({"final_score": 0.913}));
    assert_eq!(run.git_commit.as_deref(), Some(commit.as_str()));
    assert_eq!(run.state, RunState::Finished);
    assert_eq!(find(&readers, "dvclive").1.metrics["lr"].count, 1);
    assert!(readers[0].refresh().unwrap().is_empty());
    git(&["pack-refs", "--all"]);
    git(&["update-ref", "-d", &reference]);
    assert_eq!(readers[0].refresh().unwrap().removed, ["puffy-wave"]);
}
