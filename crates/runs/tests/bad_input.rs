//! A folder with everything broken beside things that are not: each broken one has a clear note,
//! the others are shown.

mod common;

use common::{copy, copy_folder, data};
use kitbench_runs::{Discovery, Reader, RunsError, Source, SourceKind, open, scan};
use rusqlite::Connection;

fn why(found: &Discovery, name: &str) -> String {
    let skipped = found.skipped.iter().find(|s| s.path.ends_with(name));
    skipped
        .unwrap_or_else(|| panic!("{name} is not among {:?}", found.skipped))
        .why
        .clone()
}

fn of<'a>(found: &'a Discovery, name: &str) -> &'a Source {
    let source = found.sources.iter().find(|s| s.path.ends_with(name));
    source.unwrap_or_else(|| panic!("{name} is not among {:?}", found.sources))
}

fn problems(reader: &dyn Reader) -> String {
    let run = reader.runs()[0];
    let all: Vec<String> = run.problems.iter().map(ToString::to_string).collect();
    all.join("\n")
}

#[test]
fn each_says_what_is_wrong_and_the_others_are_shown() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    // Good ones.
    copy_folder(&data("mlflow-filestore"), &dir.path().join("good"));
    put("logs/good.csv", b"step,loss\n0,1\n1,0.5\n");
    // A locked database.
    let recorded = std::fs::read(data("mlflow-sqlite-3x").join("mlflow.db")).unwrap();
    put("locked.db", &recorded);
    let locker = Connection::open(dir.path().join("locked.db")).unwrap();
    locker.execute_batch("BEGIN EXCLUSIVE").unwrap();
    // A corrupt one: the header and then noise; and one whose list of tables is gone.
    let mut corrupt = b"SQLite format 3\0".to_vec();
    corrupt.extend((0..20_000u32).map(|i| (i * 7919 % 251) as u8));
    put("corrupt.db", &corrupt);
    let mut torn = recorded.clone();
    torn[100..4096].fill(0xff);
    put("torn.db", &torn);
    put("cut.db", &recorded[..recorded.len() - 100]);
    // Of a schema that comes after the known ones.
    put("newer.db", &recorded);
    Connection::open(dir.path().join("newer.db"))
        .unwrap()
        .execute_batch("UPDATE alembic_version SET version_num = 'feedfeedfeed'")
        .unwrap();
    // An event file of zeros.
    put("zeros/events.out.tfevents.1760000000.host", &[0; 4096]);
    // Tables: changing columns, ten thousand columns, a broken quote.
    put(
        "logs/changing.csv",
        b"step,loss\n0,1\n1,0.5,7\n2\nstep,acc,loss\n3,0.9,0.25\n4,0.8,nan\n",
    );
    let wide: Vec<String> = (0..10_000).map(|i| format!("m{i}")).collect();
    let cells: Vec<String> = (0..10_000).map(|i| i.to_string()).collect();
    let wide = format!("step,{}\n0,{}\n1,short\n", wide.join(","), cells.join(","));
    put("logs/wide.csv", wide.as_bytes());
    put(
        "logs/quote.csv",
        b"step,loss\n0,1\n1,\"0.5\n2,0.25\n3,0.125\n",
    );
    put("run-x.wandb", b"no run file");
    put("exports/p-1/r-1_part_0.parquet", b"no parquet");

    let found = scan(dir.path()).unwrap();
    assert!(
        why(&found, "locked.db").contains("keeps it locked"),
        "{:?}",
        found.skipped
    );
    assert!(why(&found, "corrupt.db").contains("cannot be read"));
    assert!(
        why(&found, "torn.db").contains("malformed"),
        "{:?}",
        found.skipped
    );
    assert!(why(&found, "cut.db").contains("the file is cut"));
    assert!(why(&found, "run-x.wandb").contains("not a W&B run file"));
    assert!(why(&found, "r-1_part_0.parquet").contains("not a Parquet file"));

    let newer = open(of(&found, "newer.db")).unwrap();
    let note = newer.problems()[0].to_string();
    assert!(
        note.contains("feedfeedfeed") && note.contains("not known"),
        "{note}"
    );
    assert_eq!(newer.runs().len(), 7, "what can be read is shown");

    let zeros = open(of(&found, "zeros")).unwrap();
    let note = problems(zeros.as_ref());
    assert!(
        note.contains("at byte 0") && note.contains("length is damaged"),
        "{note}"
    );

    let points = |reader: &dyn Reader, key: &str| {
        let series = reader.series(&reader.runs()[0].id, key).unwrap();
        let points = series
            .iter()
            .map(|(step, _, value)| (step.whole, format!("{value:?}")));
        points.collect::<Vec<_>>()
    };
    let changing = open(of(&found, "changing.csv")).unwrap();
    let text = |pairs: &[(i64, &str)]| -> Vec<(i64, String)> {
        pairs
            .iter()
            .map(|(step, value)| (*step, (*value).to_owned()))
            .collect()
    };
    assert_eq!(
        points(changing.as_ref(), "loss"),
        text(&[(0, "1.0"), (3, "0.25"), (4, "NaN")])
    );
    assert_eq!(
        points(changing.as_ref(), "acc"),
        text(&[(3, "0.9"), (4, "0.8")])
    );
    let note = problems(changing.as_ref());
    assert!(
        note.contains("at byte 14") && note.contains("3 cells where the header has 2"),
        "{note}"
    );
    assert!(note.contains("1 cells"), "{note}");

    let wide = open(of(&found, "wide.csv")).unwrap();
    assert_eq!(wide.runs()[0].metrics.len(), 10_000);
    assert_eq!(points(wide.as_ref(), "m9999"), text(&[(0, "9999.0")]));
    assert!(problems(wide.as_ref()).contains("2 cells where the header has 10001"));

    let quote = open(of(&found, "quote.csv")).unwrap();
    let kept = text(&[(0, "1.0"), (2, "0.25"), (3, "0.125")]);
    assert_eq!(
        points(quote.as_ref(), "loss"),
        kept,
        "its own line is lost, no other"
    );
    let note = problems(quote.as_ref());
    assert!(
        note.contains("at byte 14") && note.contains("quote is never closed"),
        "{note}"
    );

    let good = open(of(&found, "mlruns")).unwrap();
    assert_eq!(good.runs().len(), 3);
    assert!(good.runs().iter().all(|run| run.problems.is_empty()));
    assert_eq!(open(of(&found, "good.csv")).unwrap().runs().len(), 1);

    // What was locked is there as soon as it is free.
    locker.execute_batch("COMMIT").unwrap();
    let found = scan(dir.path()).unwrap();
    assert_eq!(open(of(&found, "locked.db")).unwrap().runs().len(), 7);
}

#[test]
fn a_database_that_is_locked_while_it_is_open() {
    let dir = copy("mlflow-sqlite-3x");
    let source = scan(dir.path()).unwrap().sources.remove(0);
    let mut reader = open(&source).unwrap();
    let writer = Connection::open(&source.path).unwrap();
    writer
        .execute_batch("CREATE TABLE more(x); BEGIN EXCLUSIVE")
        .unwrap();
    let error = reader.refresh().unwrap_err();
    assert!(matches!(error, RunsError::Database { .. }), "{error}");
    assert!(error.to_string().contains("looked at again"), "{error}");
    assert_eq!(reader.runs().len(), 7, "what was known stays");
    writer.execute_batch("COMMIT").unwrap();
    reader.refresh().unwrap();
    assert_eq!(reader.runs().len(), 7);
}

#[test]
fn layouts_newer_than_known() {
    for (folder, kind, sql) in [
        ("trackio", SourceKind::Trackio, "PRAGMA user_version = 9"),
        (
            "neptune-3x-offline",
            SourceKind::Neptune3,
            "UPDATE metadata SET version = 'v99'",
        ),
        (
            "goodseed",
            SourceKind::Goodseed,
            "INSERT OR REPLACE INTO run_meta(key, value) VALUES('schema_version', '9')",
        ),
    ] {
        let dir = copy(folder);
        let found = scan(dir.path()).unwrap().sources;
        let source = found.into_iter().find(|s| s.kind == kind).unwrap();
        let before = open(&source).unwrap();
        assert!(before.problems().is_empty() && before.runs()[0].problems.is_empty());
        let mut open_folders = vec![source.path.clone()];
        while let Some(path) = open_folders.pop() {
            if path.is_dir() {
                open_folders.extend(std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()));
            } else if std::fs::read(&path).unwrap().starts_with(b"SQLite") {
                Connection::open(&path).unwrap().execute_batch(sql).unwrap();
            }
        }
        let reader = open(&source).unwrap();
        let run = reader.runs()[0];
        let all = reader.problems().into_iter().chain(run.problems.clone());
        let notes: Vec<String> = all.map(|problem| problem.to_string()).collect();
        assert!(
            notes.iter().any(|note| note.contains("version")),
            "{folder}: {notes:?}"
        );
        assert_eq!(reader.runs().len(), before.runs().len(), "{folder}");
    }
}
