//! The index on disk: what it holds is what the source holds, whatever happened to either.

mod common;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use common::copy;
use kitbench_runs::{Index, Reader, Source, SourceKind, open, open_indexed, scan};

/// Recorded data of every format that keeps an index, and a file of it that grows.
const KINDS: [(&str, SourceKind, &str); 4] = [
    (
        "mlflow-filestore",
        SourceKind::MlflowFile,
        "30ba08b74844456a8259e43a03340d6f/metrics/train/loss",
    ),
    (
        "tensorboard",
        SourceKind::Tensorboard,
        "resumed/events.out.tfevents.1795476968.node1",
    ),
    ("wandb-offline", SourceKind::Wandb, "run-dig00003.wandb"),
    ("mlflow-sqlite-3x", SourceKind::MlflowSqlite, ".db"),
];

struct Case {
    data: tempfile::TempDir,
    cache: tempfile::TempDir,
    source: Source,
    /// The file that is changed.
    file: PathBuf,
}

impl Case {
    fn new((folder, kind, file): (&str, SourceKind, &str)) -> Self {
        let data = copy(folder);
        // As it is with runs that ended: long ago.
        for path in files(data.path()) {
            age(&path, 1000);
        }
        let found = scan(data.path()).unwrap().sources;
        let file = files(data.path())
            .into_iter()
            .find(|path| path.to_string_lossy().ends_with(file))
            .unwrap();
        let source = found
            .into_iter()
            .find(|s| s.kind == kind && file.starts_with(&s.path))
            .unwrap();
        Self {
            data,
            cache: tempfile::tempdir().unwrap(),
            source,
            file,
        }
    }

    fn index(&self) -> Index {
        Index::new(self.cache.path().join("runs"))
    }

    fn open(&self) -> Box<dyn Reader> {
        open_indexed(&self.source, &self.index()).unwrap()
    }

    /// Opened with the index it is what it is without.
    fn check(&self, what: &str) {
        let plain = all(open(&self.source).unwrap().as_ref());
        for time in 1..=2 {
            let indexed = all(self.open().as_ref());
            same(
                &indexed,
                &plain,
                &format!("{}: {what}, {time}", self.source.kind),
            );
        }
    }
}

fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(path).unwrap() {
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

/// Fails with the first line that differs.
fn same(found: &[String], wanted: &[String], what: &str) {
    for (found, wanted) in found.iter().zip(wanted) {
        let at = found
            .bytes()
            .zip(wanted.bytes())
            .take_while(|(a, b)| a == b);
        let at = at.count().saturating_sub(80);
        let part = |line: &str| line.chars().skip(at).take(160).collect::<String>();
        assert!(
            found == wanted,
            "{what}:\n{}\n{}",
            part(found),
            part(wanted)
        );
    }
    assert_eq!(found.len(), wanted.len(), "{what}");
}

/// Sets a file's time of change.
fn age(path: &Path, seconds: u64) {
    let time = SystemTime::now() - Duration::from_secs(seconds);
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(time).unwrap();
}

/// Everything a reader tells, with the bits of all values.
fn all(reader: &dyn Reader) -> Vec<String> {
    let mut lines = Vec::new();
    for run in reader.runs() {
        lines.push(format!("{run:?}"));
        let wanted: Vec<(&str, &str)> = run
            .metrics
            .keys()
            .map(|key| (run.id.as_str(), key.as_str()))
            .collect();
        for ((_, key), many) in wanted.iter().zip(reader.many_series(&wanted)) {
            let series = reader.series(&run.id, key).unwrap();
            let points = |series: &kitbench_runs::Series| {
                let points = series.iter().map(|(s, t, v)| (s, t, v.to_bits()));
                points.collect::<Vec<_>>()
            };
            assert_eq!(points(&many.unwrap()), points(&series));
            lines.push(format!("{} {key} {:?}", run.id, points(&series)));
        }
    }
    lines
}

#[test]
fn the_second_time_is_as_the_first() {
    for kind in KINDS {
        let case = Case::new(kind);
        case.check("untouched");
        assert!(case.index().file(&case.source).exists());
        for path in files(case.data.path()) {
            assert!(!path.to_string_lossy().contains("runs-"), "{path:?}");
        }
    }
}

#[test]
fn what_is_known_is_not_read_again() {
    for kind in &KINDS[..3] {
        let case = Case::new(*kind);
        let known = all(case.open().as_ref());
        // Other bytes behind the back of size, time and name: only who reads them sees them.
        let time = fs::metadata(&case.file).unwrap().modified().unwrap();
        let bytes = fs::read(&case.file).unwrap();
        let file = File::options().write(true).open(&case.file).unwrap();
        (&file).write_all(&vec![b'7'; bytes.len()]).unwrap();
        file.set_modified(time).unwrap();
        same(&all(case.open().as_ref()), &known, case.source.kind.name());
    }
}

#[test]
fn a_file_that_grew_is_read_on() {
    for kind in &KINDS[..3] {
        let case = Case::new(*kind);
        let bytes = fs::read(&case.file).unwrap();
        for part in [0, bytes.len() / 3, bytes.len() / 2 + 1] {
            fs::write(&case.file, &bytes[..part]).unwrap();
            case.check("cut");
            let mut file = File::options().append(true).open(&case.file).unwrap();
            file.write_all(&bytes[part..]).unwrap();
            case.check("grown");
        }
    }
}

#[test]
fn live_looks_are_saved() {
    for kind in &KINDS[..3] {
        let case = Case::new(*kind);
        let bytes = fs::read(&case.file).unwrap();
        fs::write(&case.file, &bytes[..bytes.len() / 2]).unwrap();
        let mut reader = case.open();
        for end in [bytes.len() * 2 / 3, bytes.len()] {
            fs::write(&case.file, &bytes[..end]).unwrap();
            reader.refresh().unwrap();
            let plain = all(open(&case.source).unwrap().as_ref());
            same(&all(reader.as_ref()), &plain, case.source.kind.name());
        }
        drop(reader);
        case.check("after a live look");
    }
}

#[test]
fn a_file_that_shrank_or_was_rewritten_is_read_anew() {
    for kind in &KINDS[..3] {
        let case = Case::new(*kind);
        let bytes = fs::read(&case.file).unwrap();
        case.check("before");
        fs::write(&case.file, &bytes[..bytes.len() / 2]).unwrap();
        case.check("truncated");
        // The same size, another content in the middle, the same beginning and end.
        fs::write(&case.file, &bytes).unwrap();
        case.check("whole again");
        let mut other = bytes.clone();
        let middle = other.len() / 2;
        for byte in &mut other[middle - 40..middle + 40] {
            if byte.is_ascii_digit() {
                *byte = b'0' + (*byte - b'0' + 1) % 10;
            }
        }
        fs::write(&case.file, &other).unwrap();
        case.check("rewritten with the same size");
        // Another file with the same name, size and time.
        let time = fs::metadata(&case.file).unwrap().modified().unwrap();
        let beside = case.cache.path().join("other");
        fs::write(&beside, &bytes).unwrap();
        File::options()
            .write(true)
            .open(&beside)
            .unwrap()
            .set_modified(time)
            .unwrap();
        fs::rename(&beside, &case.file).unwrap();
        case.check("replaced");
        fs::remove_file(&case.file).unwrap();
        case.check("removed");
    }
}

#[test]
fn tags_and_params_that_changed_are_read_again() {
    let case = Case::new(KINDS[0]);
    case.check("before");
    let run = case.file.ancestors().nth(3).unwrap();
    let param = files(&run.join("params")).remove(0);
    let length = fs::metadata(&param).unwrap().len() as usize;
    fs::write(&param, vec![b'x'; length]).unwrap();
    case.check("another value of the same length");
    fs::write(run.join("tags/new"), "tag").unwrap();
    case.check("a new tag");
    fs::remove_file(run.join("tags/new")).unwrap();
    case.check("a deleted tag");
    let meta = run.join("meta.yaml");
    let text = fs::read_to_string(&meta).unwrap();
    fs::write(&meta, text.replace("status: 3", "status: 4")).unwrap();
    case.check("another state");
}

#[test]
fn rows_of_a_database_are_read_on() {
    for (folder, kind, file) in [
        KINDS[3],
        ("mlflow-sqlite-2x", SourceKind::MlflowSqlite, ".db"),
    ] {
        let case = Case::new((folder, kind, file));
        case.check("before");
        let db = rusqlite::Connection::open(&case.file).unwrap();
        let run: String = db
            .query_row("SELECT run_uuid FROM metrics LIMIT 1", [], |row| row.get(0))
            .unwrap();
        for step in 0..30 {
            db.execute(
                "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES ('new', ?1, ?2, ?3, ?4, ?5)",
                rusqlite::params![step as f64 / 3.0, 1000 + step / 2, run, step % 7, step % 5 == 0],
            )
            .unwrap();
        }
        case.check("new rows");
        db.execute("DELETE FROM metrics WHERE key = 'new' AND step = 6", [])
            .unwrap();
        db.execute(
            "DELETE FROM metrics WHERE rowid = (SELECT max(rowid) FROM metrics)",
            [],
        )
        .unwrap();
        case.check("deleted rows");
        drop(db);
        // Another database under the same name.
        let other = case.cache.path().join("other.db");
        fs::copy(
            common::data(folder).join(case.file.file_name().unwrap()),
            &other,
        )
        .unwrap();
        fs::rename(&other, &case.file).unwrap();
        case.check("replaced");
    }
}

#[test]
fn many_series_of_a_database_are_those_of_each() {
    for folder in ["mlflow-sqlite-2x", "mlflow-sqlite-3x"] {
        let case = Case::new((folder, SourceKind::MlflowSqlite, ".db"));
        let db = rusqlite::Connection::open(&case.file).unwrap();
        let like: String = db
            .query_row("SELECT run_uuid FROM runs LIMIT 1", [], |row| row.get(0))
            .unwrap();
        let columns: Vec<String> = db
            .prepare("SELECT name FROM pragma_table_info('runs') WHERE name != 'run_uuid'")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let columns = columns.join(", ");
        for run in 0..40 {
            let id = format!("{run:032x}");
            let copy = format!(
                "INSERT INTO runs (run_uuid, {columns}) SELECT ?1, {columns} FROM runs WHERE run_uuid = ?2"
            );
            db.execute(&copy, [&id, &like]).unwrap();
            for point in 0..20 {
                db.execute(
                    "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES ('many', ?1, ?2, ?3, ?4, ?5)",
                    rusqlite::params![(point * run) as f64, point / 3, id, (point * 7) % 11, point == 4],
                )
                .unwrap();
            }
        }
        let reader = case.open();
        let ids: Vec<String> = (0..40).map(|run| format!("{run:032x}")).collect();
        let mut wanted: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "many")).collect();
        wanted.push(("nobody", "many"));
        wanted.push((&ids[0], "nothing"));
        let many = reader.many_series(&wanted);
        for ((run, key), found) in wanted.into_iter().zip(many) {
            let alone = reader.series(run, key);
            assert_eq!(format!("{found:?}"), format!("{alone:?}"));
        }
    }
}

#[test]
fn two_at_once_agree() {
    for kind in &KINDS[..3] {
        let case = Case::new(*kind);
        let bytes = fs::read(&case.file).unwrap();
        fs::write(&case.file, &bytes[..bytes.len() / 2]).unwrap();
        age(&case.file, 500);
        case.check("before");
        let mut first = case.open();
        let mut second = case.open();
        fs::write(&case.file, &bytes).unwrap();
        second.refresh().unwrap();
        first.refresh().unwrap();
        let plain = all(open(&case.source).unwrap().as_ref());
        same(&all(first.as_ref()), &plain, case.source.kind.name());
        same(&all(second.as_ref()), &plain, case.source.kind.name());
        // Whoever writes may throw the index away under the other one.
        fs::write(&case.file, &bytes[..bytes.len() / 3]).unwrap();
        first.refresh().unwrap();
        drop(first);
        second.refresh().unwrap();
        let plain = all(open(&case.source).unwrap().as_ref());
        same(&all(second.as_ref()), &plain, case.source.kind.name());
        drop(second);
        case.check("after both");
    }
}

#[test]
fn a_damaged_index_is_thrown_away() {
    for kind in KINDS {
        let case = Case::new(kind);
        case.check("before");
        let path = case.index().file(&case.source);
        let bytes = fs::read(&path).unwrap();
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut below = |n: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % n as u64) as usize
        };
        for round in 0..12 {
            let mut broken = bytes.clone();
            match round % 3 {
                0 => broken.truncate(below(bytes.len())),
                1 => broken[below(40)] ^= 1 << below(8),
                _ => {
                    let at = below(bytes.len());
                    broken[at] ^= 1 << below(8);
                }
            }
            fs::write(&path, &broken).unwrap();
            case.check("damaged");
        }
        for noise in [vec![], vec![0; 100_000], b"KBRUNS".repeat(2000)] {
            fs::write(&path, noise).unwrap();
            case.check("noise");
        }
    }
}

#[test]
fn an_index_that_breaks_under_an_open_reader_costs_time_only() {
    for kind in KINDS {
        let case = Case::new(kind);
        let plain = all(open(&case.source).unwrap().as_ref());
        // Twice, so that points lie in the index.
        case.check("before");
        let mut reader = case.open();
        let path = case.index().file(&case.source);
        let length = fs::metadata(&path).unwrap().len() as usize;
        let file = File::options().write(true).open(&path).unwrap();
        (&file).write_all(&vec![0xa5; length]).unwrap();
        same(&all(reader.as_ref()), &plain, case.source.kind.name());
        reader.refresh().unwrap();
        same(&all(reader.as_ref()), &plain, case.source.kind.name());
        drop(reader);
        case.check("after");
    }
}

#[test]
fn the_index_of_another_source_is_not_taken() {
    for kind in KINDS {
        let (case, other) = (Case::new(kind), Case::new(kind));
        let bytes = fs::read(&other.file).unwrap();
        if other.source.kind != SourceKind::MlflowSqlite {
            fs::write(&other.file, &bytes[..bytes.len() / 2]).unwrap();
        }
        other.check("other");
        fs::create_dir_all(case.index().folder()).unwrap();
        fs::copy(
            other.index().file(&other.source),
            case.index().file(&case.source),
        )
        .unwrap();
        case.check("with a foreign index");
    }
}

#[test]
fn without_a_place_to_write_everything_is_read() {
    for kind in KINDS {
        let case = Case::new(kind);
        let plain = all(open(&case.source).unwrap().as_ref());
        let file = case.cache.path().join("file");
        fs::write(&file, "in the way").unwrap();
        let index = Index::new(file.join("runs"));
        let reader = open_indexed(&case.source, &index).unwrap();
        same(&all(reader.as_ref()), &plain, case.source.kind.name());
        // An index that can be read and not written is used all the same.
        case.check("before");
        let lock = case.index().file(&case.source).with_extension("runs-lock");
        fs::remove_file(&lock).unwrap();
        fs::create_dir(&lock).unwrap();
        let reader = open_indexed(&case.source, &case.index()).unwrap();
        same(&all(reader.as_ref()), &plain, case.source.kind.name());
        drop(reader);
    }
}

#[test]
fn what_nobody_opens_any_more_goes() {
    let case = Case::new(KINDS[0]);
    case.check("before");
    let path = case.index().file(&case.source);
    let mine = case.index().folder().join("mine.txt");
    fs::write(&mine, "not an index").unwrap();
    for path in files(case.index().folder()) {
        age(&path, 40 * 86_400);
    }
    case.check("opened again");
    case.index().tidy(Duration::from_secs(30 * 86_400));
    assert!(path.exists(), "it was opened a moment ago");
    age(&path, 40 * 86_400);
    case.index().tidy(Duration::from_secs(30 * 86_400));
    assert!(!path.exists() && mine.exists());
}
