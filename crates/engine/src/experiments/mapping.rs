//! What the columns of plain tables mean: told, chosen and remembered by project and file.

use std::path::PathBuf;

use kitbench_protocol as protocol;
use kitbench_protocol::{
    ColumnMapping, ErrorKind, ErrorView, EventKind, GetColumnMapping, MappedColumn,
    SetColumnMapping,
};
use kitbench_runs::mapping::{ColumnRole, Mapping, plain_source};
use kitbench_runs::{Reader, Source};

use super::{ProjectRuns, columns, display_below, lock};
use crate::Inner;
use crate::errors::{sentence, view_of_state};

fn role(role: ColumnRole) -> protocol::ColumnRole {
    match role {
        ColumnRole::Step => protocol::ColumnRole::Step,
        ColumnRole::Time => protocol::ColumnRole::Time,
        ColumnRole::Run => protocol::ColumnRole::Run,
        ColumnRole::Metric => protocol::ColumnRole::Metric,
        ColumnRole::Param => protocol::ColumnRole::Param,
        ColumnRole::Ignored => protocol::ColumnRole::Ignored,
    }
}

fn chosen(role: protocol::ColumnRole) -> ColumnRole {
    match role {
        protocol::ColumnRole::Step => ColumnRole::Step,
        protocol::ColumnRole::Time => ColumnRole::Time,
        protocol::ColumnRole::Run => ColumnRole::Run,
        protocol::ColumnRole::Metric => ColumnRole::Metric,
        protocol::ColumnRole::Param => ColumnRole::Param,
        protocol::ColumnRole::Ignored => ColumnRole::Ignored,
    }
}

fn no_table(source: &str) -> ErrorView {
    ErrorView::new(
        ErrorKind::NotFound,
        format!("`{source}` is no table whose columns can be chosen."),
        "Choose a CSV, TSV or JSON lines file of the project.",
    )
}

/// What the columns of a source mean.
pub fn get(inner: &Inner, call: &GetColumnMapping) -> Result<ColumnMapping, ErrorView> {
    let runs = inner.experiments.of(inner, call.project)?;
    let runs = lock(&runs);
    view(&runs, &call.source)
}

/// Remembers what columns mean and reads the file so.
pub fn set(inner: &Inner, call: &SetColumnMapping) -> Result<ColumnMapping, ErrorView> {
    let roles = call.columns.iter();
    let mapping = Mapping::new(roles.map(|(name, role)| (name.clone(), chosen(*role))));
    let mapping = mapping.map_err(|error| {
        ErrorView::new(
            ErrorKind::Invalid,
            sentence(&error.to_string()),
            "Choose one of them.",
        )
    })?;
    let runs = inner.experiments.of(inner, call.project)?;
    let view = {
        let mut runs = lock(&runs);
        // Checked before anything is remembered.
        runs.table(&call.source)
            .ok_or_else(|| no_table(&call.source))?;
        inner
            .state
            .set_column_mapping(call.project, &call.source, &mapping)
            .map_err(|e| view_of_state(&e))?;
        runs.map_columns(&call.source, mapping)?;
        view(&runs, &call.source)
    };
    inner.events.send(EventKind::Runs(call.project));
    view
}

fn view(runs: &ProjectRuns, source: &str) -> Result<ColumnMapping, ErrorView> {
    let (of, reader) = match runs.open_table(source) {
        Some(open) => open,
        // Passed over, or not to be read as it was: looked at as a table by itself.
        None => return unopened(runs, source),
    };
    Ok(told(runs, source, of, reader))
}

fn unopened(runs: &ProjectRuns, source: &str) -> Result<ColumnMapping, ErrorView> {
    let of = runs.table(source).ok_or_else(|| no_table(source))?;
    let mapping = runs.mappings.get(source).cloned().unwrap_or_default();
    let reader = kitbench_runs::open_mapped(&of, &mapping);
    let reader = reader.map_err(|error| super::view_of_runs(&error))?;
    Ok(told(runs, source, &of, reader.as_ref()))
}

fn told(runs: &ProjectRuns, path: &str, source: &Source, reader: &dyn Reader) -> ColumnMapping {
    let listed = reader.runs();
    let problems = listed.iter().flat_map(|run| run.problems.clone());
    let problems = reader.problems().into_iter().chain(problems);
    ColumnMapping {
        source: path.to_owned(),
        kind: columns::source_name(source.kind).into(),
        chosen: runs.mappings.contains_key(path),
        columns: reader
            .columns()
            .unwrap_or_default()
            .into_iter()
            .map(|column| MappedColumn {
                name: column.name,
                role: role(column.role),
                chosen: column.chosen,
                why: column.why,
                sample: column.sample,
            })
            .collect(),
        runs: listed.len() as u32,
        problems: problems.map(|problem| problem.to_string()).collect(),
    }
}

impl ProjectRuns {
    /// The file at a path as it is shown, as a table.
    fn table(&self, path: &str) -> Option<Source> {
        let open = self.sources.iter().map(|open| &open.source);
        let mut open = open.filter(|source| display_below(&self.root, &source.path) == path);
        match open.next() {
            Some(source) => source.kind.has_columns().then(|| source.clone()),
            None => {
                let file = self.root.join(path);
                // What is shown lies below the project's folder.
                let inside = std::path::Path::new(path)
                    .components()
                    .all(|part| matches!(part, std::path::Component::Normal(_)));
                (inside && file.is_file()).then(|| plain_source(&self.root, &file))?
            }
        }
    }

    fn open_table(&self, path: &str) -> Option<(&Source, &dyn Reader)> {
        let open = self.sources.iter().find(|open| {
            open.source.kind.has_columns() && display_below(&self.root, &open.source.path) == path
        })?;
        let reader = open.reader.as_ref().ok()?;
        Some((&open.source, reader.as_ref()))
    }

    /// Files that are sources because somebody said what their columns mean.
    pub(super) fn only_mapped(&self, found: &[Source], root: &std::path::Path) -> Vec<Source> {
        let known = |path: &PathBuf| found.iter().any(|source| source.path == *path);
        let files = self.mappings.keys().map(|path| root.join(path));
        files
            .filter(|file| file.is_file() && !known(file))
            .filter_map(|file| plain_source(root, &file))
            .collect()
    }

    /// Columns of a file mean this from now on.
    fn map_columns(&mut self, path: &str, mapping: Mapping) -> Result<(), ErrorView> {
        let forgotten = mapping.is_empty();
        match forgotten {
            true => self.mappings.remove(path),
            false => self.mappings.insert(path.to_owned(), mapping.clone()),
        };
        let root = self.root.clone();
        if let Some(open) = self.sources.iter_mut().find(|open| {
            open.source.kind.has_columns() && display_below(&root, &open.source.path) == path
        }) {
            if let Ok(reader) = &mut open.reader {
                reader.map_columns(&mapping);
            }
            let prefix = super::prefix(&root, &open.source);
            open.refresh(self.index.as_ref(), &mapping);
            self.held.keep(|run| !run.starts_with(&prefix));
            if !forgotten {
                return Ok(());
            }
        }
        // A file may have become a source, or none.
        self.scan(&root)
    }
}
