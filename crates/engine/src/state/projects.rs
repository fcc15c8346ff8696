//! Table `projects`: the watched folders.

use kitbench_protocol::ProjectId;
use rusqlite::{OptionalExtension, Row, params};

use super::{State, StateError, now_ms};

pub const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,
    project_group TEXT NOT NULL DEFAULT '',
    is_example INTEGER NOT NULL DEFAULT 0,
    added_ms INTEGER NOT NULL
);";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRecord {
    pub id: ProjectId,
    /// Absolute.
    pub path: String,
    pub group: String,
    pub is_example: bool,
}

fn read(row: &Row<'_>) -> rusqlite::Result<ProjectRecord> {
    Ok(ProjectRecord {
        id: ProjectId(row.get(0)?),
        path: row.get(1)?,
        group: row.get(2)?,
        is_example: row.get(3)?,
    })
}

const COLUMNS: &str = "SELECT id, path, project_group, is_example FROM projects";

impl State {
    pub fn projects(&self) -> Result<Vec<ProjectRecord>, StateError> {
        let connection = self.lock();
        let mut statement = connection.prepare(&format!("{COLUMNS} ORDER BY id"))?;
        let rows = statement.query_map([], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub fn project(&self, id: ProjectId) -> Result<Option<ProjectRecord>, StateError> {
        let sql = format!("{COLUMNS} WHERE id = ?1");
        Ok(self.lock().query_row(&sql, [id.0], read).optional()?)
    }

    pub fn project_by_path(&self, path: &str) -> Result<Option<ProjectRecord>, StateError> {
        let sql = format!("{COLUMNS} WHERE path = ?1");
        Ok(self.lock().query_row(&sql, [path], read).optional()?)
    }

    pub fn insert_project(
        &self,
        path: &str,
        group: &str,
        is_example: bool,
    ) -> Result<ProjectId, StateError> {
        let connection = self.lock();
        connection.execute(
            "INSERT INTO projects (path, project_group, is_example, added_ms) VALUES (?1, ?2, ?3, ?4)",
            params![path, group, is_example, now_ms()],
        )?;
        Ok(ProjectId(connection.last_insert_rowid()))
    }

    pub fn update_project(
        &self,
        id: ProjectId,
        path: Option<&str>,
        group: Option<&str>,
    ) -> Result<(), StateError> {
        self.lock().execute(
            "UPDATE projects SET path = coalesce(?2, path), project_group = coalesce(?3, project_group) WHERE id = ?1",
            params![id.0, path, group],
        )?;
        Ok(())
    }

    pub fn delete_project(&self, id: ProjectId) -> Result<(), StateError> {
        self.lock()
            .execute("DELETE FROM projects WHERE id = ?1", [id.0])?;
        Ok(())
    }
}
