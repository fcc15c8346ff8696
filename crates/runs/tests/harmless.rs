//! Reading is harmless: no tracker's database is written, locked for longer than a look or given
//! files beside it, whatever its writer is doing.

mod common;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use common::copy;
use kitbench_runs::{Reader, Source, SourceKind, open, scan};
use rusqlite::Connection;

const DATABASES: [(&str, SourceKind, &str); 6] = [
    ("mlflow-sqlite-2x", SourceKind::MlflowSqlite, "metrics"),
    ("mlflow-sqlite-3x", SourceKind::MlflowSqlite, "metrics"),
    ("trackio", SourceKind::Trackio, "metrics"),
    ("goodseed", SourceKind::Goodseed, "metric_points"),
    ("neptune-3x-offline", SourceKind::Neptune3, "run_operations"),
    ("aim-detect-only", SourceKind::Aim, "run"),
];

/// Everything below a folder: name, content, time of change.
fn listing(root: &Path) -> Vec<(PathBuf, Vec<u8>, SystemTime)> {
    let mut found = Vec::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(path) = open.pop() {
        for entry in std::fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let modified = path.metadata().unwrap().modified().unwrap();
                found.push((path.clone(), std::fs::read(&path).unwrap(), modified));
            }
        }
    }
    found.sort();
    found
}

/// The same without `-shm`, the board on which SQLite's readers and writers note who reads:
/// a reader of a database in write-ahead mode must note itself there.
fn without_board(root: &Path) -> Vec<(PathBuf, Vec<u8>, SystemTime)> {
    let board = |path: &Path| path.to_string_lossy().ends_with("-shm");
    let mut found = listing(root);
    found.retain(|(path, ..)| !board(path));
    found
}

fn names(root: &Path) -> Vec<PathBuf> {
    listing(root).into_iter().map(|(path, ..)| path).collect()
}

fn source(root: &Path, kind: SourceKind) -> Source {
    let found = scan(root).unwrap().sources;
    found
        .into_iter()
        .find(|source| source.kind == kind)
        .unwrap()
}

/// Reads every point; says how many there are.
fn read_all(reader: &dyn Reader) -> usize {
    let mut points = 0;
    for run in reader.runs() {
        for key in run.metrics.keys() {
            points += reader.series(&run.id, key).unwrap().len();
        }
    }
    points
}

/// The database file of a copied folder.
fn database(root: &Path) -> PathBuf {
    let is_database = |path: &PathBuf| {
        std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3\0"))
    };
    names(root).into_iter().find(is_database).unwrap()
}

#[test]
fn databases_stay_as_they_are() {
    for (folder, kind, _) in DATABASES {
        let dir = copy(folder);
        let before = listing(dir.path());
        let source = source(dir.path(), kind);
        let mut reader = open(&source).unwrap();
        read_all(reader.as_ref());
        reader.refresh().unwrap();
        assert!(listing(dir.path()) == before, "{folder} was changed");
        // Nobody holds a lock on it, so a writer gets it without waiting.
        let writer = Connection::open(database(dir.path())).unwrap();
        writer.busy_timeout(std::time::Duration::ZERO).unwrap();
        writer.execute_batch("BEGIN EXCLUSIVE; COMMIT").unwrap();
    }
}

#[test]
fn beside_an_open_transaction() {
    for (folder, kind, table) in DATABASES {
        for mode in ["DELETE", "WAL"] {
            let dir = copy(folder);
            let path = database(dir.path());
            let writer = Connection::open(&path).unwrap();
            writer.busy_timeout(std::time::Duration::ZERO).unwrap();
            let set: String = writer
                .query_row(&format!("PRAGMA journal_mode = {mode}"), [], |row| {
                    row.get(0)
                })
                .unwrap();
            assert!(set.eq_ignore_ascii_case(mode));
            writer
                .execute_batch("CREATE TABLE kitbench_test(x)")
                .unwrap();
            let mut reader = open(&source(dir.path(), kind)).unwrap();
            let points = read_all(reader.as_ref());
            // Rows go away in a transaction that is open while we look.
            writer
                .execute_batch(&format!(
                    "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE; DELETE FROM {table}"
                ))
                .unwrap();
            let (all, before) = (names(dir.path()), without_board(dir.path()));
            reader.refresh().unwrap();
            assert_eq!(
                read_all(reader.as_ref()),
                points,
                "{folder}, {mode}: uncommitted"
            );
            let again = open(&source(dir.path(), kind)).unwrap();
            assert_eq!(
                read_all(again.as_ref()),
                points,
                "{folder}, {mode}: uncommitted"
            );
            assert_eq!(names(dir.path()), all, "{folder}, {mode}");
            assert!(
                without_board(dir.path()) == before,
                "{folder}, {mode}: changed beside its writer"
            );
            // The writer commits at once: no reader is in its way.
            writer.execute_batch("COMMIT").unwrap();
            reader.refresh().unwrap();
            if kind != SourceKind::Neptune3 {
                // (What Neptune has sent it deletes; it stays a part of the run.)
                assert_eq!(read_all(reader.as_ref()), 0, "{folder}, {mode}: committed");
            }
            drop(writer);
            let before = listing(dir.path());
            reader.refresh().unwrap();
            open(&source(dir.path(), kind)).unwrap();
            assert!(
                listing(dir.path()) == before,
                "{folder}, {mode}: after its writer"
            );
        }
    }
}

#[test]
fn a_folder_that_cannot_be_written() {
    use std::os::unix::fs::PermissionsExt;
    for (folder, kind, _) in DATABASES {
        let dir = copy(folder);
        let path = database(dir.path());
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE kitbench_test(x)")
            .unwrap();
        drop(writer);
        let above = path.parent().unwrap();
        let before = listing(dir.path());
        std::fs::set_permissions(above, PermissionsExt::from_mode(0o555)).unwrap();
        let reader = open(&source(dir.path(), kind)).unwrap();
        read_all(reader.as_ref());
        std::fs::set_permissions(above, PermissionsExt::from_mode(0o755)).unwrap();
        assert!(listing(dir.path()) == before, "{folder}");
    }
}
