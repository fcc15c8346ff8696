//! Looking into a tracker's database without getting in its way.
//!
//! Every look opens the database read-only, runs short statements and closes it again. A
//! database in write-ahead mode is opened as it is while its writer is there (`-wal` and
//! `-shm` exist), as immutable when nothing is waiting in a `-wal`, and from a private copy
//! otherwise, so that no file ever appears or changes beside the tracker's.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::RunsError;

/// Rows fetched per statement.
pub(crate) const BITE: i64 = 5000;
/// How long one attempt waits for a writer's commit.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often a busy or changing database is tried.
const ATTEMPTS: usize = 6;

/// What tells that a database may have new content: size and time of change of it and of
/// its `-wal`.
pub(crate) type Stamp = [Option<(u64, SystemTime)>; 2];

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn stamp_of(path: &Path) -> Option<(u64, SystemTime)> {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.len(), meta.modified().ok()?))
}

/// The present stamp of a database.
pub(crate) fn stamp(path: &Path) -> Stamp {
    [stamp_of(path), stamp_of(&beside(path, "-wal"))]
}

/// Last change of a database or its `-wal`, Unix ms.
pub(crate) fn modified_ms(stamp: &Stamp) -> Option<i64> {
    stamp
        .iter()
        .flatten()
        .filter_map(|(_, time)| super::tail::unix_ms(*time))
        .max()
}

/// The header of a SQLite file: whether it is in write-ahead mode. `None` for other files.
pub(crate) fn write_ahead(path: &Path) -> Option<bool> {
    let mut header = [0; 20];
    std::fs::File::open(path)
        .ok()?
        .read_exact(&mut header)
        .ok()?;
    header
        .starts_with(b"SQLite format 3\0")
        .then_some(header[18] == 2 || header[19] == 2)
}

/// How many bytes of an incomplete page the file ends with; `None` when all pages are whole.
fn rest_of_page(path: &Path) -> Option<u64> {
    let mut header = [0; 18];
    let mut file = std::fs::File::open(path).ok()?;
    file.read_exact(&mut header).ok()?;
    let size = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let rest = file.metadata().ok()?.len().checked_rem(size)?;
    (rest > 0).then_some(rest)
}

/// A file that was not written to for so long is not in the middle of a write.
const BEING_WRITTEN: Duration = Duration::from_secs(1);

fn written_within(path: &Path, time: Duration) -> bool {
    let age = stamp_of(path).and_then(|(_, written)| written.elapsed().ok());
    age.is_none_or(|age| age < time)
}

enum Way {
    Normal,
    Immutable,
    Copy,
}

/// Runs short reads on a database.
///
/// # Errors
/// When the file is no database, is damaged, or stays locked; the message names the remedy.
pub(crate) fn look<T>(
    path: &Path,
    mut read: impl FnMut(&Connection) -> rusqlite::Result<T>,
) -> Result<T, RunsError> {
    let fail = |message: String| RunsError::Database {
        path: path.to_path_buf(),
        message,
    };
    std::fs::metadata(path).map_err(|e| RunsError::io(path, e))?;
    let mut last = String::new();
    for _ in 0..ATTEMPTS {
        let Some(write_ahead) = write_ahead(path) else {
            return Err(fail(
                "not a SQLite database (its first 16 bytes are not the SQLite mark)".into(),
            ));
        };
        // SQLite takes the missing end of the last page for zeros, and so for numbers.
        if let Some(rest) = rest_of_page(path) {
            last = format!("the file is cut: it ends {rest} bytes into a page");
            // A writer is in the middle of a page for a moment only.
            if !written_within(path, BEING_WRITTEN) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
            continue;
        }
        let waiting = stamp_of(&beside(path, "-wal")).is_some_and(|(len, _)| len > 0);
        let way = match (write_ahead, waiting) {
            (true, false) => Way::Immutable,
            (true, true) if !beside(path, "-shm").exists() => Way::Copy,
            _ => Way::Normal,
        };
        match attempt(path, &way, &mut read) {
            Ok(Some(value)) => return Ok(value),
            // Changed under an immutable look or a copy: look again.
            Ok(None) => last = "it changes faster than it can be read".into(),
            Err(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    last = "another program keeps it locked".into();
                }
                // A journal left by a killed writer cannot be rolled back read-only.
                Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen)
                    if beside(path, "-journal").exists() =>
                {
                    match attempt(path, &Way::Copy, &mut read) {
                        Ok(Some(value)) => return Ok(value),
                        Ok(None) => last = "it changes faster than it can be copied".into(),
                        Err(error) => return Err(fail(error.to_string())),
                    }
                }
                _ => return Err(fail(error.to_string())),
            },
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(fail(format!("{last}; it will be looked at again")))
}

/// One look; `None` when the database changed so that the result may be torn.
fn attempt<T>(
    path: &Path,
    way: &Way,
    read: &mut impl FnMut(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    match way {
        Way::Normal => {
            let db = Connection::open_with_flags(path, read_only)?;
            db.busy_timeout(PATIENCE)?;
            db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
            read(&db).map(Some)
        }
        Way::Immutable => {
            let before = stamp(path);
            let uri = format!("file:{}?immutable=1", escaped(path));
            let db = Connection::open_with_flags(uri, read_only | OpenFlags::SQLITE_OPEN_URI)?;
            let value = read(&db);
            drop(db);
            let same = before == stamp(path);
            if same { value.map(Some) } else { Ok(None) }
        }
        Way::Copy => {
            let io = |e: std::io::Error| {
                rusqlite::Error::SqliteFailure(
                    rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR),
                    Some(format!("no private copy can be made: {e}")),
                )
            };
            let before = stamp(path);
            let dir = tempfile::tempdir().map_err(io)?;
            let copy = dir.path().join("copy.db");
            for ending in ["", "-wal", "-journal"] {
                let from = beside(path, ending);
                if from.exists() {
                    std::fs::copy(from, beside(&copy, ending)).map_err(io)?;
                }
            }
            if before != stamp(path) {
                return Ok(None);
            }
            // Opened for writing, as recovery writes: only the copy changes.
            let db = Connection::open(&copy)?;
            read(&db).map(Some)
        }
    }
}

/// A path inside a `file:` URI.
fn escaped(path: &Path) -> String {
    let mut out = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'~' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {
                out.push(char::from(*byte))
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// The names of all tables.
///
/// # Errors
/// As [`look`].
pub(crate) fn tables(path: &Path) -> Result<Vec<String>, RunsError> {
    look(path, |db| {
        let mut statement = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
        let names = statement.query_map([], |row| row.get(0))?;
        names.collect()
    })
}

/// Whether a table has a column.
pub(crate) fn has_column(db: &Connection, table: &str, column: &str) -> rusqlite::Result<bool> {
    let mut statement = db.prepare("SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2")?;
    statement.exists([table, column])
}

/// A text or blob column as text, as trackers store JSON in either.
pub(crate) fn text(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<String> {
    use rusqlite::types::ValueRef;
    Ok(match row.get_ref(column)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        ValueRef::Null => String::new(),
        ValueRef::Integer(value) => value.to_string(),
        ValueRef::Real(value) => value.to_string(),
    })
}

/// A float column; SQLite stores whole floats of untyped columns as integers.
pub(crate) fn real(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<f64> {
    use rusqlite::types::ValueRef;
    Ok(match row.get_ref(column)? {
        ValueRef::Integer(value) => value as f64,
        ValueRef::Real(value) => value,
        ValueRef::Text(text) => std::str::from_utf8(text)
            .ok()
            .and_then(super::number::float)
            .unwrap_or(f64::NAN),
        _ => f64::NAN,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(path: &Path) -> i64 {
        look(path, |db| {
            db.query_row("SELECT count(*) FROM t", [], |row| row.get(0))
        })
        .unwrap()
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(dir)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_live_write_ahead_log_is_honoured() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a b?#%.db");
        let writer = Connection::open(&path).unwrap();
        writer.execute_batch("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x); INSERT INTO t VALUES(1),(2)").unwrap();
        let before = names(dir.path());
        assert_eq!(rows(&path), 2);
        writer.execute_batch("INSERT INTO t VALUES(3)").unwrap();
        assert_eq!(rows(&path), 3);
        assert_eq!(names(dir.path()), before, "no file came or went");
        // The files of a killed writer, as a copy finds them: no -shm.
        let copy = dir.path().join("copy.db");
        std::fs::copy(&path, &copy).unwrap();
        std::fs::copy(beside(&path, "-wal"), beside(&copy, "-wal")).unwrap();
        assert_eq!(rows(&copy), 3);
        assert!(!beside(&copy, "-shm").exists());
        // The same with a -shm that nobody uses any more: log and database stay as they are.
        let left = dir.path().join("left.db");
        for ending in ["", "-wal", "-shm"] {
            std::fs::copy(beside(&path, ending), beside(&left, ending)).unwrap();
        }
        let bytes = |ending: &str| std::fs::read(beside(&left, ending)).unwrap();
        let files = (bytes(""), bytes("-wal"));
        assert_eq!(rows(&left), 3);
        assert!(
            (bytes(""), bytes("-wal")) == files,
            "no checkpoint by a reader"
        );
        drop(writer);
        let before = names(dir.path());
        assert_eq!(rows(&path), 3, "closed by its writer: immutable");
        assert_eq!(names(dir.path()), before);
    }

    #[test]
    fn a_journal_left_behind_is_rolled_back_in_a_copy() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.db");
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch("PRAGMA cache_size=1; CREATE TABLE t(x)")
            .unwrap();
        let filler = "x".repeat(3000);
        for _ in 0..50 {
            writer
                .execute("INSERT INTO t VALUES(?1)", [&filler])
                .unwrap();
        }
        // A commit torn half-way: pages are already in the database, the journal is hot.
        writer
            .execute_batch("BEGIN; UPDATE t SET x = 'y' || x; DELETE FROM t WHERE rowid > 10")
            .unwrap();
        let torn = dir.path().join("torn.db");
        std::fs::copy(&path, &torn).unwrap();
        std::fs::copy(beside(&path, "-journal"), beside(&torn, "-journal")).unwrap();
        writer.execute_batch("ROLLBACK").unwrap();
        let journal = std::fs::read(beside(&torn, "-journal")).unwrap();
        let bytes = std::fs::read(&torn).unwrap();
        assert_eq!(rows(&torn), 50);
        assert_eq!(
            std::fs::read(&torn).unwrap(),
            bytes,
            "the tracker's file stays as it was"
        );
        assert_eq!(std::fs::read(beside(&torn, "-journal")).unwrap(), journal);
    }

    #[test]
    fn what_is_no_database() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        std::fs::write(&path, "hello").unwrap();
        assert!(
            look(&path, |_| Ok(()))
                .unwrap_err()
                .to_string()
                .contains("not a SQLite database")
        );
        let mut bytes = b"SQLite format 3\0".to_vec();
        bytes.extend_from_slice(&[7; 5000]);
        std::fs::write(&path, bytes).unwrap();
        assert!(
            look(&path, |db| db.query_row(
                "SELECT count(*) FROM t",
                [],
                |r| r.get::<_, i64>(0)
            ))
            .is_err()
        );
        assert!(look(&dir.path().join("none.db"), |_| Ok(())).is_err());
    }

    #[test]
    fn a_locked_database_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.db");
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch("CREATE TABLE t(x); BEGIN EXCLUSIVE")
            .unwrap();
        let error = look(&path, |db| {
            db.query_row("SELECT count(*) FROM t", [], |r| r.get::<_, i64>(0))
        })
        .unwrap_err();
        assert!(error.to_string().contains("keeps it locked"), "{error}");
    }
}
