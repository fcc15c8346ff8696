//! Tables `packs` and `pack_files`: what was packed from a project, and how its
//! files looked then, so that changes since can be told.

use std::collections::BTreeMap;

use kitbench_protocol::{LastPack, ProjectId};
use rusqlite::{OptionalExtension, params};

use super::{State, StateError};

pub const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS packs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    reference TEXT NOT NULL,
    tag TEXT NOT NULL,
    digest TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    packed_ms INTEGER NOT NULL,
    git_commit TEXT,
    note TEXT NOT NULL,
    attached_run TEXT,
    pushed_to TEXT
);
CREATE TABLE IF NOT EXISTS pack_files (
    pack_id INTEGER NOT NULL REFERENCES packs (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    PRIMARY KEY (pack_id, path)
) WITHOUT ROWID;";

/// How a packed file looked on disk: size in bytes, mtime in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStamp {
    pub size: u64,
    pub mtime_ns: i64,
}

/// A pack to record.
#[derive(Clone, Debug)]
pub struct NewPack {
    pub project: ProjectId,
    pub last: LastPack,
    pub note: String,
    pub attached_run: Option<String>,
    pub files: BTreeMap<String, FileStamp>,
}

impl State {
    pub fn insert_pack(&self, pack: &NewPack) -> Result<(), StateError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        // Only the newest pack is compared with; older file lists are dead weight.
        transaction.execute(
            "DELETE FROM pack_files WHERE pack_id IN (SELECT id FROM packs WHERE project_id = ?1)",
            [pack.project.0],
        )?;
        transaction.execute(
            "INSERT INTO packs (project_id, reference, tag, digest, bytes, packed_ms, git_commit, note, attached_run)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                pack.project.0,
                pack.last.reference,
                pack.last.tag,
                pack.last.digest,
                pack.last.bytes as i64,
                pack.last.packed_ms,
                pack.last.git_commit,
                pack.note,
                pack.attached_run,
            ],
        )?;
        let id = transaction.last_insert_rowid();
        {
            let mut insert = transaction.prepare(
                "INSERT INTO pack_files (pack_id, path, size, mtime_ns) VALUES (?1, ?2, ?3, ?4)",
            )?;
            for (path, stamp) in &pack.files {
                insert.execute(params![id, path, stamp.size as i64, stamp.mtime_ns])?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    pub fn last_pack(&self, project: ProjectId) -> Result<Option<LastPack>, StateError> {
        Ok(self
            .lock()
            .query_row(
                "SELECT reference, tag, digest, bytes, packed_ms, git_commit, pushed_to
                 FROM packs WHERE project_id = ?1 ORDER BY id DESC LIMIT 1",
                [project.0],
                |row| {
                    Ok(LastPack {
                        reference: row.get(0)?,
                        tag: row.get(1)?,
                        digest: row.get(2)?,
                        bytes: row.get::<_, i64>(3)? as u64,
                        packed_ms: row.get(4)?,
                        git_commit: row.get(5)?,
                        pushed_to: row.get(6)?,
                    })
                },
            )
            .optional()?)
    }

    /// References that were packed with a run attached, by run, newest first.
    pub fn packs_of_runs(
        &self,
        project: ProjectId,
    ) -> Result<BTreeMap<String, Vec<String>>, StateError> {
        let connection = self.lock();
        let mut statement = connection.prepare(
            "SELECT attached_run, reference, tag FROM packs
             WHERE project_id = ?1 AND attached_run IS NOT NULL ORDER BY id DESC",
        )?;
        let rows = statement.query_map([project.0], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
            ))
        })?;
        let mut packed: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in rows {
            let (run, reference, tag) = row?;
            let kit = if reference.ends_with(&format!(":{tag}")) {
                reference
            } else {
                format!("{reference}:{tag}")
            };
            let kits = packed.entry(run).or_default();
            if !kits.contains(&kit) {
                kits.push(kit);
            }
        }
        Ok(packed)
    }

    /// The files of the last pack by path.
    pub fn last_pack_files(
        &self,
        project: ProjectId,
    ) -> Result<BTreeMap<String, FileStamp>, StateError> {
        let connection = self.lock();
        let mut statement = connection.prepare(
            "SELECT path, size, mtime_ns FROM pack_files
             WHERE pack_id = (SELECT max(id) FROM packs WHERE project_id = ?1)",
        )?;
        let rows = statement.query_map([project.0], |row| {
            Ok((
                row.get::<_, String>(0)?,
                FileStamp {
                    size: row.get::<_, i64>(1)? as u64,
                    mtime_ns: row.get(2)?,
                },
            ))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Notes that every pack with this digest is on a registry now.
    pub fn mark_pushed(&self, digest: &str, target: &str) -> Result<(), StateError> {
        self.lock().execute(
            "UPDATE packs SET pushed_to = ?2 WHERE digest = ?1",
            [digest, target],
        )?;
        Ok(())
    }
}
