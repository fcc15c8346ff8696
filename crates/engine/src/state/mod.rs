//! What Kitbench remembers between starts: one SQLite file, `kitbench.db`, in the
//! state folder. One file per table; each holds its SQL, its row and what can be
//! asked of it. The file is Kitbench's own: the local store and registries stay the
//! truth about kits.

pub mod decisions;
pub mod history;
pub mod jobs;
pub mod marks;
mod packed;
pub mod packs;
pub mod projects;
pub mod registries;
pub mod repositories;
pub mod settings;
pub mod tracking;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

/// The schema's version, kept in `PRAGMA user_version`.
const SCHEMA_VERSION: i64 = 3;

#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("the state database `{path}` could not be opened")]
    Open {
        path: String,
        #[source]
        source: rusqlite::Error,
    },
    #[error("the folder for Kitbench's state, `{path}`, could not be made")]
    Folder {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "the state database `{path}` was written by a newer Kitbench (its version {found}, ours {SCHEMA_VERSION})"
    )]
    Newer { path: String, found: i64 },
    #[error("the state database did not answer")]
    Query(#[from] rusqlite::Error),
    #[error("a stored value could not be read")]
    Value(#[from] serde_json::Error),
}

/// The open database. Every method is short, so one connection behind a lock serves.
pub struct State {
    connection: Mutex<Connection>,
}

/// The file's name in the state folder.
const FILE: &str = "kitbench.db";

impl State {
    /// Whether there is a state in `folder`.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE).is_file()
    }

    /// Opens or makes `kitbench.db` in `folder`.
    pub fn open(folder: &Path) -> Result<State, StateError> {
        std::fs::create_dir_all(folder).map_err(|source| StateError::Folder {
            path: folder.display().to_string(),
            source,
        })?;
        let path = folder.join(FILE);
        let open_error = |source| StateError::Open {
            path: path.display().to_string(),
            source,
        };
        let connection = Connection::open(&path).map_err(open_error)?;
        connection
            .busy_timeout(std::time::Duration::from_secs(5))
            .map_err(open_error)?;
        // The window and the browser door may be open at the same time.
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .map_err(open_error)?;
        connection
            .pragma_update(None, "foreign_keys", true)
            .map_err(open_error)?;
        let found: i64 = connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .map_err(open_error)?;
        if found > SCHEMA_VERSION {
            return Err(StateError::Newer {
                path: path.display().to_string(),
                found,
            });
        }
        if found < SCHEMA_VERSION {
            let tables = [
                projects::SCHEMA,
                settings::SCHEMA,
                packs::SCHEMA,
                decisions::SCHEMA,
                history::SCHEMA,
                registries::SCHEMA,
                repositories::SCHEMA,
                jobs::SCHEMA,
                marks::SCHEMA,
                tracking::SCHEMA,
            ];
            let sql = format!(
                "BEGIN IMMEDIATE; {} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;",
                tables.concat()
            );
            connection.execute_batch(&sql).map_err(open_error)?;
        }
        Ok(State {
            connection: Mutex::new(connection),
        })
    }

    /// The connection. A panic elsewhere leaves SQLite itself consistent, so a
    /// poisoned lock is taken over.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Unix milliseconds.
pub fn now_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opening_twice_keeps_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        let id = state.insert_project("/tmp/a", "", false).unwrap();
        drop(state);
        let state = State::open(folder.path()).unwrap();
        assert_eq!(state.project(id).unwrap().unwrap().path, "/tmp/a");
    }

    #[test]
    fn a_newer_database_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        state
            .lock()
            .pragma_update(None, "user_version", 99)
            .unwrap();
        drop(state);
        assert!(matches!(
            State::open(folder.path()),
            Err(StateError::Newer { found: 99, .. })
        ));
    }
}
