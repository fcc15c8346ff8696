//! Which repositories a project was packed into, from the table `packs`.

use kitbench_protocol::ProjectId;

use super::{State, StateError};

impl State {
    /// References of the project's packs, the last pack first, each once.
    pub fn packed_references(&self, project: ProjectId) -> Result<Vec<String>, StateError> {
        let connection = self.lock();
        let mut statement = connection.prepare(
            "SELECT reference FROM packs WHERE project_id = ?1
             GROUP BY reference ORDER BY max(id) DESC LIMIT 1000",
        )?;
        let rows = statement.query_map([project.0], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
