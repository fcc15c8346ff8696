//! Table `registries`: addresses, never secrets.

use kitbench_protocol::{RegistryAddress, RegistryId};
use rusqlite::{OptionalExtension, Row, params};

use super::{State, StateError};

pub const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS registries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    host TEXT NOT NULL UNIQUE,
    address TEXT NOT NULL,
    user TEXT NOT NULL DEFAULT ''
);";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryRecord {
    pub id: RegistryId,
    pub address: RegistryAddress,
    /// Who signed in last; the secret is in the key store.
    pub user: String,
}

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, String, String)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn record(row: (i64, String, String)) -> Result<RegistryRecord, StateError> {
    Ok(RegistryRecord {
        id: RegistryId(row.0),
        address: serde_json::from_str(&row.1)?,
        user: row.2,
    })
}

impl State {
    pub fn registries(&self) -> Result<Vec<RegistryRecord>, StateError> {
        let connection = self.lock();
        let mut statement =
            connection.prepare("SELECT id, address, user FROM registries ORDER BY id")?;
        let rows: Vec<_> = statement.query_map([], read)?.collect::<Result<_, _>>()?;
        rows.into_iter().map(record).collect()
    }

    pub fn registry(&self, id: RegistryId) -> Result<Option<RegistryRecord>, StateError> {
        let row = self
            .lock()
            .query_row(
                "SELECT id, address, user FROM registries WHERE id = ?1",
                [id.0],
                read,
            )
            .optional()?;
        row.map(record).transpose()
    }

    pub fn registry_by_host(&self, host: &str) -> Result<Option<RegistryRecord>, StateError> {
        let row = self
            .lock()
            .query_row(
                "SELECT id, address, user FROM registries WHERE host = ?1",
                [host],
                read,
            )
            .optional()?;
        row.map(record).transpose()
    }

    /// Adds a registry or changes the one with this id. Two with one host are one.
    pub fn save_registry(
        &self,
        id: Option<RegistryId>,
        address: &RegistryAddress,
    ) -> Result<RegistryId, StateError> {
        let text = serde_json::to_string(address)?;
        let connection = self.lock();
        if let Some(id) = id {
            connection.execute(
                "UPDATE registries SET host = ?2, address = ?3 WHERE id = ?1",
                params![id.0, address.host, text],
            )?;
            return Ok(id);
        }
        let id = connection.query_row(
            "INSERT INTO registries (host, address) VALUES (?1, ?2)
             ON CONFLICT (host) DO UPDATE SET address = excluded.address RETURNING id",
            params![address.host, text],
            |row| row.get(0),
        )?;
        Ok(RegistryId(id))
    }

    pub fn set_registry_user(&self, id: RegistryId, user: &str) -> Result<(), StateError> {
        self.lock().execute(
            "UPDATE registries SET user = ?2 WHERE id = ?1",
            params![id.0, user],
        )?;
        Ok(())
    }

    pub fn delete_registry(&self, id: RegistryId) -> Result<(), StateError> {
        self.lock()
            .execute("DELETE FROM registries WHERE id = ?1", [id.0])?;
        Ok(())
    }
}
