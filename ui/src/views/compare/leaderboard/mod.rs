//! Packed tags under the runs: what was packed, with the metrics of the runs that made it.

pub mod model;
mod ui;

use std::collections::BTreeSet;

use kitbench_protocol::{ListPackedRuns, PackedRuns, ParamColumn, ProjectId, RunsTable};

use super::curves::Drawn;
use super::model::RunsModel;
use super::state::{SLOTS, Ticks};
use crate::app::ViewCtx;
use crate::backend::Remote;
use crate::widgets::TableState;
use model::Standing;

/// The section's state.
#[derive(Default)]
pub struct Board {
    remote: Remote<PackedRuns>,
    asked: Option<(ProjectId, bool, Vec<String>)>,
    /// The registries are asked too.
    registries: bool,
    /// Remote references whose layers may be read.
    deep: Vec<String>,
    closed: bool,
    table: TableState,
    standing: Standing,
    /// Versions of the answer and of the runs' model that the standing was made from.
    made: Option<(u64, u64)>,
}

impl Board {
    /// Ask when due and make what is drawn.
    pub fn update(&mut self, ctx: &ViewCtx<'_>, project: ProjectId, runs: &RunsModel, made: u64) {
        let want = (project, self.registries, self.deep.clone());
        if self.asked.as_ref() != Some(&want) {
            if self.asked.as_ref().is_some_and(|asked| asked.0 != project) {
                self.remote.clear();
                self.registries = false;
                self.deep.clear();
            }
            self.asked = Some((project, self.registries, self.deep.clone()));
            self.remote.invalidate();
        }
        let (remote, deep) = (self.registries, self.deep.clone());
        self.remote.ask(ctx.client, ctx.now, || ListPackedRuns {
            project,
            remote,
            deep,
        });
        let now = (self.remote.version(), made);
        if self.made != Some(now)
            && let Some(packed) = self.remote.value()
        {
            self.standing = Standing::new(packed, runs);
            self.made = Some(now);
        }
    }

    /// Something was packed, pulled or removed, or runs changed.
    pub fn invalidate(&mut self) {
        self.remote.invalidate();
    }

    /// The table with columns for what only kits have, when the folder holds no runs any more.
    #[must_use]
    pub fn with_columns(&self, mut table: RunsTable) -> RunsTable {
        if table.total_runs == 0
            && let Some(packed) = self.remote.value()
        {
            table.metrics.clone_from(&packed.metrics);
            let names: BTreeSet<&String> = packed
                .rows
                .iter()
                .flat_map(|row| row.params.iter().map(|(name, _)| name))
                .collect();
            table.params = names
                .into_iter()
                .map(|name| ParamColumn {
                    name: name.clone(),
                    differs: true,
                })
                .collect();
        }
        table
    }

    /// Whether [`Self::with_columns`] would add some.
    #[must_use]
    pub fn wants_columns(&self, table: &RunsTable) -> bool {
        let packed = self.remote.value();
        table.total_runs == 0
            && packed.is_some_and(|packed| packed.metrics.len() != table.metrics.len())
    }

    /// Whether there is anything to compare with.
    pub fn is_shown(&self) -> bool {
        self.remote
            .value()
            .is_some_and(|packed| packed.rows.len() > 1 || packed.has_remote)
    }

    /// A ticked tag as the charts know it.
    pub fn drawn(&self, id: &str, ticks: &Ticks) -> Option<Drawn> {
        let row = self.standing.rows.iter().find(|row| row.id == id)?;
        Some(Drawn {
            id: id.to_owned(),
            name: row.name.clone(),
            slot: ticks.slot(id).unwrap_or(SLOTS),
            state: row.state,
            damaged: false,
        })
    }
}
