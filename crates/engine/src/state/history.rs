//! Table `history`: what happened to kits on this computer.

use kitbench_protocol::HistoryEntry;
use rusqlite::params;

use super::{State, StateError, now_ms};

pub const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    digest TEXT NOT NULL,
    what TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS history_digest ON history (digest);";

impl State {
    pub fn record(&self, digest: &str, what: &str, detail: &str) -> Result<(), StateError> {
        self.lock().execute(
            "INSERT INTO history (at_ms, digest, what, detail) VALUES (?1, ?2, ?3, ?4)",
            params![now_ms(), digest, what, detail],
        )?;
        Ok(())
    }

    /// Newest first.
    pub fn history(&self, digest: &str) -> Result<Vec<HistoryEntry>, StateError> {
        let connection = self.lock();
        let mut statement = connection.prepare(
            "SELECT at_ms, what, detail FROM history WHERE digest = ?1 ORDER BY id DESC LIMIT 500",
        )?;
        let rows = statement.query_map([digest], |row| {
            Ok(HistoryEntry {
                at_ms: row.get(0)?,
                what: row.get(1)?,
                detail: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
