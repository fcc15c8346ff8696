//! Table `jobs`: the journal. A job is written when it is made and at each change of
//! state, so that one cut off by a crash is listed as interrupted at the next start.

use kitbench_protocol::{JobId, JobView, decode, encode};
use rusqlite::params;

use super::{State, StateError};
use crate::jobs::JobSpec;

pub const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    spec TEXT NOT NULL,
    view BLOB NOT NULL
);";

/// Finished jobs kept; older ones are dropped.
const KEPT: i64 = 500;

impl State {
    pub fn insert_job(&self, spec: &JobSpec) -> Result<JobId, StateError> {
        let text = serde_json::to_string(spec)?;
        let connection = self.lock();
        connection.execute("INSERT INTO jobs (spec, view) VALUES (?1, x'')", [&text])?;
        let id = connection.last_insert_rowid();
        connection.execute("DELETE FROM jobs WHERE id <= ?1", [id - KEPT])?;
        Ok(JobId(id))
    }

    pub fn save_job(&self, view: &JobView) -> Result<(), StateError> {
        self.lock().execute(
            "UPDATE jobs SET view = ?2 WHERE id = ?1",
            params![view.id.0, encode(view)],
        )?;
        Ok(())
    }

    /// All journalled jobs, oldest first. A row that cannot be read (written by
    /// another version) is left out.
    pub fn jobs(&self) -> Result<Vec<(JobSpec, JobView)>, StateError> {
        let connection = self.lock();
        let mut statement = connection.prepare("SELECT spec, view FROM jobs ORDER BY id")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))
        })?;
        let mut jobs = Vec::new();
        for row in rows {
            let (spec, view) = row?;
            match (serde_json::from_str(&spec), decode(&view)) {
                (Ok(spec), Ok(view)) => jobs.push((spec, view)),
                _ => log::warn!("a journalled job of another version was left out"),
            }
        }
        Ok(jobs)
    }

    pub fn delete_job(&self, id: JobId) -> Result<(), StateError> {
        self.lock()
            .execute("DELETE FROM jobs WHERE id = ?1", [id.0])?;
        Ok(())
    }
}
