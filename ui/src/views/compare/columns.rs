//! Which columns the runs table has: chosen, ordered, titled and measured.

use std::collections::{BTreeSet, HashMap};

use kitbench_protocol::{Better, RunsTable};

use super::model::{Arrangement, ColumnSpec, Kind, RunsModel};

/// Most columns a table shows; more are chosen by hand in the picker.
const MOST_PARAMS: usize = 40;

impl RunsModel {
    pub(super) fn make_columns(
        &self,
        arrangement: &Arrangement,
        equal: &BTreeSet<usize>,
    ) -> Vec<ColumnSpec> {
        let wanted =
            |id: &str, usually: bool| arrangement.columns.get(id).copied().unwrap_or(usually);
        let mut columns = vec![ColumnSpec {
            id: "name".into(),
            title: "Name".into(),
            tip: "Name of the run".into(),
            kind: Kind::Name,
            width: 116.0,
        }];
        if wanted("source", true) {
            columns.push(ColumnSpec {
                id: "source".into(),
                title: "Source".into(),
                tip: "The tool that logged it".into(),
                kind: Kind::Source,
                width: 64.0,
            });
        }
        if wanted("status", true) {
            columns.push(ColumnSpec {
                id: "status".into(),
                title: "Status".into(),
                tip: "Whether it is done".into(),
                kind: Kind::Status,
                width: 84.0,
            });
        }
        let names: Vec<&str> = self
            .table
            .params
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        let titles = short_names(&names);
        let mut params: Vec<ColumnSpec> = Vec::new();
        for at in self.params_by_spread() {
            let name = names[at];
            let id = format!("param:{name}");
            if wanted(&id, !(arrangement.differences_only && equal.contains(&at)))
                && params.len() < MOST_PARAMS
            {
                let longest = self
                    .table
                    .runs
                    .iter()
                    .take(200)
                    .filter_map(|run| run.params.get(at)?.as_ref())
                    .map(|value| value.chars().count())
                    .max();
                let title = titles[at].clone();
                let width = width_of(&title, longest.unwrap_or(1));
                params.push(ColumnSpec {
                    id,
                    title,
                    tip: format!("Parameter {name}"),
                    kind: Kind::Param(at),
                    width,
                });
            }
        }
        let usual = self.usual_metrics(arrangement);
        let names: Vec<&str> = self
            .table
            .metrics
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        let listed: Vec<usize> = self
            .metrics_by_weight()
            .iter()
            .copied()
            .filter(|at| wanted(&format!("metric:{}", names[*at]), usual.contains(at)))
            .collect();
        // Short among the columns that stand here; the whole name is in the tooltip.
        let shown: Vec<&str> = listed.iter().map(|at| names[*at]).collect();
        let mut metrics: Vec<ColumnSpec> = Vec::new();
        for (at, title) in listed.into_iter().zip(short_names(&shown)) {
            metrics.push(ColumnSpec {
                id: format!("metric:{}", names[at]),
                width: width_of(&title, 5).max(58.0),
                title,
                tip: format!("Last value of {}", names[at]),
                kind: Kind::Metric(at),
            });
        }
        for kind in [&mut params, &mut metrics] {
            let place = |column: &ColumnSpec| {
                arrangement
                    .first
                    .iter()
                    .position(|id| *id == column.id)
                    .unwrap_or(usize::MAX)
            };
            kind.sort_by_key(place);
        }
        let trend = metrics.first().map(|column| column.kind);
        columns.extend(params);
        columns.extend(metrics);
        if let Some(Kind::Metric(at)) = trend
            && wanted("trend", true)
        {
            let name = names[at];
            columns.push(ColumnSpec {
                id: "trend".into(),
                title: "Trend".to_owned(),
                tip: format!("Course of {name}"),
                kind: Kind::Trend(at),
                width: 68.0,
            });
        }
        columns
    }

    /// Parameters with those that take the most values first: they tell runs apart.
    #[must_use]
    pub fn params_by_spread(&self) -> Vec<usize> {
        let mut all: Vec<usize> = (0..self.table.params.len()).collect();
        all.sort_by_cached_key(|at| {
            let values = self
                .table
                .runs
                .iter()
                .filter_map(|run| run.params.get(*at)?.as_ref());
            let distinct: BTreeSet<&String> = values.collect();
            std::cmp::Reverse(distinct.len())
        });
        all
    }

    pub(super) fn weigh(&self, arrangement: &Arrangement) -> Vec<usize> {
        let mut all: Vec<usize> = (0..self.table.metrics.len()).collect();
        all.sort_by_cached_key(|at| {
            let name = self.table.metrics[*at].name.as_str();
            let lower = name.to_lowercase();
            let better = self.better(*at, arrangement);
            let system = lower.starts_with("system/");
            let training = lower.starts_with("train");
            let rare = self.table.metrics[*at].runs * 2 < self.table.total_runs;
            (
                system,
                rare,
                better == Better::Unknown,
                training,
                better == Better::Lower,
                name,
            )
        });
        all
    }

    /// The one that weighs most and the first whose direction is the other one: a score and a loss.
    fn usual_metrics(&self, arrangement: &Arrangement) -> Vec<usize> {
        let Some(first) = self.metrics_by_weight().first().copied() else {
            return Vec::new();
        };
        let better = self.better(first, arrangement);
        let mut rest = self.metrics_by_weight().iter().copied().skip(1);
        let other = rest.find(|at| {
            let other = self.better(*at, arrangement);
            other != better && other != Better::Unknown
        });
        let next = self.metrics_by_weight().get(1).copied();
        let second = other.or(next.filter(|at| self.better(*at, arrangement) != Better::Unknown));
        std::iter::once(first).chain(second).collect()
    }

    /// Every column that could be shown, with its name and whether it is.
    #[must_use]
    pub fn choices(&self) -> Vec<(String, String, bool)> {
        let shown = |id: &str| self.columns.iter().any(|column| column.id == id);
        let params = self
            .table
            .params
            .iter()
            .map(|column| (format!("param:{}", column.name), column.name.clone()));
        let metrics = self
            .table
            .metrics
            .iter()
            .map(|column| (format!("metric:{}", column.name), column.name.clone()));
        let fixed = [
            ("source".to_owned(), "Source".to_owned()),
            ("status".to_owned(), "Status".to_owned()),
        ];
        let mut all: Vec<_> = fixed
            .into_iter()
            .chain(params)
            .chain(metrics)
            .map(|(id, name)| {
                let on = shown(&id);
                (id, name, on)
            })
            .collect();
        if !self.table.metrics.is_empty() {
            all.push(("trend".to_owned(), "Trend".to_owned(), shown("trend")));
        }
        all
    }
}

/// Places of the parameters that are equal in all listed runs; none when fewer than two are
/// listed. Runs of sources that log no parameters at all, such as CSV files, have no say.
pub(super) fn equal_params(table: &RunsTable) -> BTreeSet<usize> {
    let runs: Vec<_> = table
        .runs
        .iter()
        .filter(|run| run.params.iter().any(Option::is_some))
        .collect();
    if runs.len() < 2 {
        return BTreeSet::new();
    }
    (0..table.params.len())
        .filter(|at| {
            let mut values = runs
                .iter()
                .map(|run| run.params.get(*at).and_then(Option::as_deref));
            let first = values.next().flatten();
            values.all(|value| value == first)
        })
        .collect()
}

/// Names cut to their last part (`eval/macro_f1` to `macro_f1`) where that leaves them distinct.
#[must_use]
pub fn short_names(names: &[&str]) -> Vec<String> {
    let last = |name: &str| {
        name.rsplit(['/', '.'])
            .next()
            .filter(|part| !part.is_empty())
            .unwrap_or(name)
            .to_owned()
    };
    let mut counts: HashMap<String, usize> = HashMap::new();
    for name in names {
        *counts.entry(last(name)).or_default() += 1;
    }
    names
        .iter()
        .map(|name| {
            let short = last(name);
            if counts.get(&short).copied().unwrap_or(0) > 1 {
                (*name).to_owned()
            } else {
                short
            }
        })
        .collect()
}

/// Pixels for a column of figures under this head.
fn width_of(title: &str, letters: usize) -> f32 {
    let head = title.chars().count() as f32 * 6.4 + 18.0;
    let body = letters.min(16) as f32 * 7.3 + 18.0;
    head.max(body).clamp(40.0, 132.0).round()
}
