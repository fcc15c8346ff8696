//! Table `decisions`: findings the user said are fine.

use std::collections::BTreeSet;

use kitbench_protocol::ProjectId;
use rusqlite::params;

use super::{State, StateError};

pub const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS decisions (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    PRIMARY KEY (project_id, key)
) WITHOUT ROWID;";

impl State {
    pub fn kept_findings(&self, project: ProjectId) -> Result<BTreeSet<String>, StateError> {
        let connection = self.lock();
        let mut statement =
            connection.prepare("SELECT key FROM decisions WHERE project_id = ?1")?;
        let rows = statement.query_map([project.0], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub fn keep_finding(&self, project: ProjectId, key: &str) -> Result<(), StateError> {
        self.lock().execute(
            "INSERT OR IGNORE INTO decisions (project_id, key) VALUES (?1, ?2)",
            params![project.0, key],
        )?;
        Ok(())
    }

    pub fn forget_finding(&self, project: ProjectId, key: &str) -> Result<(), StateError> {
        self.lock().execute(
            "DELETE FROM decisions WHERE project_id = ?1 AND key = ?2",
            params![project.0, key],
        )?;
        Ok(())
    }
}
