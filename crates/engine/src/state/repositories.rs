//! Table `repositories`: names used before, for registries without a catalogue and
//! for what the pack dialog suggests.

use super::{State, StateError, now_ms};
use rusqlite::params;

pub const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS repositories (
    host TEXT NOT NULL,
    repository TEXT NOT NULL,
    used_ms INTEGER NOT NULL,
    PRIMARY KEY (host, repository)
) WITHOUT ROWID;";

impl State {
    pub fn use_repository(&self, host: &str, repository: &str) -> Result<(), StateError> {
        self.lock().execute(
            "INSERT INTO repositories (host, repository, used_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT (host, repository) DO UPDATE SET used_ms = excluded.used_ms",
            params![host, repository, now_ms()],
        )?;
        Ok(())
    }

    /// Host and repository, last used first.
    pub fn used_repositories(&self) -> Result<Vec<(String, String)>, StateError> {
        let connection = self.lock();
        let mut statement = connection
            .prepare("SELECT host, repository FROM repositories ORDER BY used_ms DESC LIMIT 200")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
