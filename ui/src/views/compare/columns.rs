//! Which columns the runs table has: chosen, ordered, titled and measured.

use std::collections::{BTreeSet, HashMap};

use kitbench_protocol::{Better, MetricSummary, RunsTable};

use super::model::{Arrangement, RunsModel};

/// Most columns a table shows; more are chosen by hand in the picker.
const MOST_PARAMS: usize = 40;
/// Narrowest and widest column that can be dragged.
const LEAST_WIDTH: f32 = 36.0;
const MOST_WIDTH: f32 = 640.0;

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Name of the run.
    Name,
    /// The tool that logged it.
    Source,
    /// Whether it is done.
    Status,
    /// When it began.
    Started,
    /// How long it took.
    Duration,
    /// Experiment or project in the tool.
    Experiment,
    /// Commit of the code.
    Commit,
    /// Data sets.
    Dataset,
    /// ModelKits that it was packed into.
    Kit,
    /// Whether it has a star.
    Star,
    /// What was noted on it.
    Note,
    /// A tag, by its place in [`RunsModel::tags`].
    Tag(usize),
    /// A parameter, by its place in [`RunsTable::params`].
    Param(usize),
    /// A value of a metric, by its place in [`RunsTable::metrics`].
    Metric(usize, Pick),
    /// The course of a metric.
    Trend(usize),
}

/// Which value of a metric stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pick {
    /// By the tracker's own rule for "latest".
    Last,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The best, with the step at which it was logged.
    Best,
}

impl Pick {
    /// All of them, in the order of the picker.
    pub const ALL: [Self; 4] = [Self::Last, Self::Min, Self::Max, Self::Best];

    /// Before the name in a column's id.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Last => "metric",
            Self::Min => "min",
            Self::Max => "max",
            Self::Best => "best",
        }
    }

    /// The value, and the step it was logged at.
    #[must_use]
    pub fn of(self, metric: &MetricSummary, better: Better) -> (f64, Option<f64>) {
        match (self, better) {
            (Self::Min, _) | (Self::Best, Better::Lower) => (metric.min, metric.min_step),
            (Self::Max, _) | (Self::Best, Better::Higher) => (metric.max, metric.max_step),
            (Self::Last, _) | (Self::Best, Better::Unknown) => (metric.last, metric.last_step),
        }
    }
}

/// A column of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnSpec {
    /// Names it in [`Arrangement`].
    pub id: String,
    /// Its head.
    pub title: String,
    /// Its whole name.
    pub tip: String,
    /// What stands in it.
    pub kind: Kind,
    /// Pixels.
    pub width: f32,
}

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
        let (starred, noted) = self.marked();
        if wanted("star", starred) {
            columns.push(ColumnSpec {
                id: "star".into(),
                title: String::new(),
                tip: "Star".into(),
                kind: Kind::Star,
                width: 36.0,
            });
        }
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
        let packed = self.table.runs.iter().any(|run| !run.kits.is_empty());
        for (id, title, tip, kind, width, usually) in [
            (
                "started",
                "Started",
                "When it began",
                Kind::Started,
                104.0,
                false,
            ),
            (
                "duration",
                "Duration",
                "From begin to end",
                Kind::Duration,
                84.0,
                false,
            ),
            (
                "experiment",
                "Experiment",
                "Experiment or project in the tool",
                Kind::Experiment,
                110.0,
                false,
            ),
            (
                "commit",
                "Commit",
                "Git commit of the code",
                Kind::Commit,
                74.0,
                false,
            ),
            (
                "dataset",
                "Data set",
                "Data sets that were logged",
                Kind::Dataset,
                110.0,
                false,
            ),
            (
                "kit",
                "ModelKit",
                "Tags it was packed into",
                Kind::Kit,
                110.0,
                packed,
            ),
            (
                "note",
                "Note",
                "What was noted on it",
                Kind::Note,
                132.0,
                noted,
            ),
        ] {
            if wanted(id, usually) {
                columns.push(ColumnSpec {
                    id: id.to_owned(),
                    title: title.to_owned(),
                    tip: tip.to_owned(),
                    kind,
                    width,
                });
            }
        }
        for (at, name) in self.tags().iter().enumerate() {
            let id = format!("tag:{name}");
            if wanted(&id, false) {
                columns.push(ColumnSpec {
                    id,
                    title: short_names(&[name]).remove(0),
                    tip: format!("Tag {name}"),
                    kind: Kind::Tag(at),
                    width: 96.0,
                });
            }
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
        let grouped = arrangement.group_by.is_some();
        let listed: Vec<(usize, Pick)> = self
            .metrics_by_weight()
            .iter()
            .copied()
            .flat_map(|at| Pick::ALL.map(|pick| (at, pick)))
            .filter(|(at, pick)| {
                let usually = *pick == Pick::Last && usual.contains(at);
                wanted(&format!("{}:{}", pick.id(), names[*at]), usually)
            })
            .collect();
        // Short among the columns that stand here; the whole name is in the tooltip.
        let mut distinct: Vec<&str> = listed.iter().map(|(at, _)| names[*at]).collect();
        distinct.dedup();
        let short: HashMap<&str, String> = distinct
            .iter()
            .copied()
            .zip(short_names(&distinct))
            .collect();
        let mut metrics: Vec<ColumnSpec> = Vec::new();
        for (at, pick) in listed {
            let name = names[at];
            let title = short.get(name).map_or(name, String::as_str);
            let (title, tip) = match pick {
                Pick::Last => (title.to_owned(), format!("Last value of {name}")),
                Pick::Min => (format!("min {title}"), format!("Lowest value of {name}")),
                Pick::Max => (format!("max {title}"), format!("Highest value of {name}")),
                Pick::Best => (
                    format!("best {title}"),
                    format!("Best value of {name} and its step"),
                ),
            };
            // Room for the step behind the best value, and for a mean with its deviation.
            let letters = match (pick, grouped) {
                (Pick::Best, _) => 13,
                (_, true) => 13,
                _ => 5,
            };
            metrics.push(ColumnSpec {
                id: format!("{}:{name}", pick.id()),
                width: width_of(&title, letters).max(58.0),
                title,
                tip,
                kind: Kind::Metric(at, pick),
            });
        }
        let trend = metrics.first().map(|column| column.kind);
        columns.extend(params);
        columns.extend(metrics);
        if let Some(Kind::Metric(at, _)) = trend
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
        let place = |column: &ColumnSpec| {
            let order = arrangement.order.iter();
            let moved = order.clone().position(|id| *id == column.id);
            let front = match column.kind {
                Kind::Name => 0,
                _ if arrangement.pinned.contains(&column.id) => 1,
                _ => 2,
            };
            (front, moved.unwrap_or(usize::MAX))
        };
        columns.sort_by_key(place);
        for column in &mut columns {
            if let Some(width) = arrangement.widths.get(&column.id) {
                column.width = width.clamp(LEAST_WIDTH, MOST_WIDTH);
            }
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
        let metrics = self.table.metrics.iter().flat_map(|column| {
            Pick::ALL.map(|pick| {
                let name = &column.name;
                let words = match pick {
                    Pick::Last => name.clone(),
                    Pick::Min => format!("{name}, lowest"),
                    Pick::Max => format!("{name}, highest"),
                    Pick::Best => format!("{name}, best with its step"),
                };
                (format!("{}:{name}", pick.id()), words)
            })
        });
        let fixed = [
            ("star", "Star"),
            ("note", "Note"),
            ("source", "Source"),
            ("status", "Status"),
            ("started", "Started"),
            ("duration", "Duration"),
            ("experiment", "Experiment"),
            ("commit", "Git commit"),
            ("dataset", "Data set"),
            ("kit", "ModelKit tag"),
        ];
        let fixed = fixed.map(|(id, name)| (id.to_owned(), name.to_owned()));
        let tags = self.tags().iter();
        let tags = tags.map(|name| (format!("tag:{name}"), format!("Tag {name}")));
        let mut all: Vec<_> = fixed
            .into_iter()
            .chain(params)
            .chain(metrics)
            .chain(tags)
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
