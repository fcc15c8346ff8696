//! Tables `tracking_servers` (addresses, never secrets) and `column_mappings`: sources of
//! runs that a person set up, by project.

use std::collections::BTreeMap;

use kitbench_protocol::{ProjectId, TrackingServerId};
use kitbench_runs::Mapping;
use rusqlite::{OptionalExtension, Row, params};

use super::{State, StateError};

pub const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS tracking_servers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    name TEXT NOT NULL,
    user TEXT NOT NULL DEFAULT '',
    UNIQUE (project_id, url)
);
CREATE TABLE IF NOT EXISTS column_mappings (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    mapping TEXT NOT NULL,
    PRIMARY KEY (project_id, path)
) WITHOUT ROWID;";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerRecord {
    pub id: TrackingServerId,
    pub project: ProjectId,
    pub url: String,
    pub name: String,
    /// Who signed in last; the secret is in the key store.
    pub user: String,
}

const COLUMNS: &str = "SELECT id, project_id, url, name, user FROM tracking_servers";

fn record(row: &Row<'_>) -> rusqlite::Result<ServerRecord> {
    Ok(ServerRecord {
        id: TrackingServerId(row.get(0)?),
        project: ProjectId(row.get(1)?),
        url: row.get(2)?,
        name: row.get(3)?,
        user: row.get(4)?,
    })
}

impl State {
    pub fn tracking_servers(&self, project: ProjectId) -> Result<Vec<ServerRecord>, StateError> {
        let connection = self.lock();
        let sql = format!("{COLUMNS} WHERE project_id = ?1 ORDER BY id");
        let mut statement = connection.prepare(&sql)?;
        let rows = statement.query_map([project.0], record)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub fn tracking_server(
        &self,
        id: TrackingServerId,
    ) -> Result<Option<ServerRecord>, StateError> {
        let sql = format!("{COLUMNS} WHERE id = ?1");
        Ok(self.lock().query_row(&sql, [id.0], record).optional()?)
    }

    /// Adds a server or changes the one with this id. Two with one URL are one.
    pub fn save_tracking_server(
        &self,
        project: ProjectId,
        id: Option<TrackingServerId>,
        url: &str,
        name: &str,
    ) -> Result<TrackingServerId, StateError> {
        let connection = self.lock();
        if let Some(id) = id {
            connection.execute(
                "UPDATE tracking_servers SET url = ?2, name = ?3 WHERE id = ?1",
                params![id.0, url, name],
            )?;
            return Ok(id);
        }
        let id = connection.query_row(
            "INSERT INTO tracking_servers (project_id, url, name) VALUES (?1, ?2, ?3)
             ON CONFLICT (project_id, url) DO UPDATE SET name = excluded.name RETURNING id",
            params![project.0, url, name],
            |row| row.get(0),
        )?;
        Ok(TrackingServerId(id))
    }

    pub fn set_tracking_user(&self, id: TrackingServerId, user: &str) -> Result<(), StateError> {
        self.lock().execute(
            "UPDATE tracking_servers SET user = ?2 WHERE id = ?1",
            params![id.0, user],
        )?;
        Ok(())
    }

    pub fn delete_tracking_server(&self, id: TrackingServerId) -> Result<(), StateError> {
        self.lock()
            .execute("DELETE FROM tracking_servers WHERE id = ?1", [id.0])?;
        Ok(())
    }

    /// What somebody chose for columns, by path below the project's folder.
    pub fn column_mappings(
        &self,
        project: ProjectId,
    ) -> Result<BTreeMap<String, Mapping>, StateError> {
        let connection = self.lock();
        let mut statement = connection
            .prepare("SELECT path, mapping FROM column_mappings WHERE project_id = ?1")?;
        let rows = statement.query_map([project.0], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        let mut mappings = BTreeMap::new();
        for row in rows {
            let (path, text) = row?;
            mappings.insert(path, serde_json::from_str(&text)?);
        }
        Ok(mappings)
    }

    /// Replaces what was chosen for a file; an empty mapping is removed.
    pub fn set_column_mapping(
        &self,
        project: ProjectId,
        path: &str,
        mapping: &Mapping,
    ) -> Result<(), StateError> {
        let connection = self.lock();
        if mapping.is_empty() {
            connection.execute(
                "DELETE FROM column_mappings WHERE project_id = ?1 AND path = ?2",
                params![project.0, path],
            )?;
        } else {
            connection.execute(
                "INSERT INTO column_mappings (project_id, path, mapping) VALUES (?1, ?2, ?3)
                 ON CONFLICT (project_id, path) DO UPDATE SET mapping = excluded.mapping",
                params![project.0, path, serde_json::to_string(mapping)?],
            )?;
        }
        Ok(())
    }
}
