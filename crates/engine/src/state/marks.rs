//! Table `run_marks`: notes and stars of runs, by project.

use kitbench_protocol::{ProjectId, RunMark};
use rusqlite::params;

use super::{State, StateError};

pub const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS run_marks (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    run TEXT NOT NULL,
    starred INTEGER NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (project_id, run)
) WITHOUT ROWID;";

impl State {
    /// By run id.
    pub fn run_marks(&self, project: ProjectId) -> Result<Vec<RunMark>, StateError> {
        let connection = self.lock();
        let mut statement = connection.prepare(
            "SELECT run, starred, note FROM run_marks WHERE project_id = ?1 ORDER BY run",
        )?;
        let rows = statement.query_map([project.0], |row| {
            Ok(RunMark {
                run: row.get(0)?,
                starred: row.get(1)?,
                note: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Replaces the mark of a run; an empty one is removed.
    pub fn set_run_mark(&self, project: ProjectId, mark: &RunMark) -> Result<(), StateError> {
        let connection = self.lock();
        if !mark.starred && mark.note.is_empty() {
            connection.execute(
                "DELETE FROM run_marks WHERE project_id = ?1 AND run = ?2",
                params![project.0, mark.run],
            )?;
        } else {
            connection.execute(
                "INSERT INTO run_marks (project_id, run, starred, note) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (project_id, run)
                 DO UPDATE SET starred = excluded.starred, note = excluded.note",
                params![project.0, mark.run, mark.starred, mark.note],
            )?;
        }
        Ok(())
    }
}
