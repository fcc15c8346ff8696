//! The runs table as plain data: which columns there are, in which order the rows stand, which
//! value is best. Built from what the engine says and from what the user arranged.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use kitbench_protocol::{Better, RunRow, RunState, RunsTable};
use serde::{Deserialize, Serialize};

use super::columns::equal_params;
use super::numbers;

/// How the user arranged the table. Column ids are `param:lr`, `metric:val/loss`, `name` ….
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Arrangement {
    /// Hide parameters that are equal in all listed runs.
    pub differences_only: bool,
    /// The parameter whose values make groups.
    pub group_by: Option<String>,
    /// Sorting columns, the most important first, and whether each is reversed.
    pub sort: Vec<(String, bool)>,
    /// Columns shown or hidden by hand.
    pub columns: BTreeMap<String, bool>,
    /// Columns moved to the front of their kind, in this order.
    pub first: Vec<String>,
    /// Directions that differ from what the engine reads from the name.
    pub better: BTreeMap<String, Direction>,
    /// Groups that are folded.
    pub closed: BTreeSet<String>,
}

/// [`Better`] as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// Higher is better.
    Higher,
    /// Lower is better.
    Lower,
    /// Neither: no best value is marked.
    Neither,
}

impl Default for Arrangement {
    fn default() -> Self {
        Self {
            differences_only: true,
            group_by: None,
            sort: Vec::new(),
            columns: BTreeMap::new(),
            first: Vec::new(),
            better: BTreeMap::new(),
            closed: BTreeSet::new(),
        }
    }
}

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Name of the run.
    Name,
    /// The tool that logged it.
    Source,
    /// Whether it is done.
    Status,
    /// A parameter, by its place in [`RunsTable::params`].
    Param(usize),
    /// The last value of a metric, by its place in [`RunsTable::metrics`].
    Metric(usize),
    /// The course of a metric.
    Trend(usize),
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

/// A line of the table.
#[derive(Debug, Clone, PartialEq)]
pub enum TableLine {
    /// A group head.
    Group {
        /// Names it in [`Arrangement::closed`].
        key: String,
        /// Its title.
        title: String,
        /// What stands weakly behind it.
        note: String,
        /// Whether its rows are listed.
        open: bool,
    },
    /// A run, by its place in [`RunsTable::runs`].
    Run(usize),
}

/// The table as it is drawn.
#[derive(Debug, Clone, Default)]
pub struct RunsModel {
    /// What the engine said.
    pub table: RunsTable,
    /// Columns from left to right.
    pub columns: Vec<ColumnSpec>,
    /// Lines from top to bottom.
    pub lines: Vec<TableLine>,
    /// Parameters that are equal in all listed runs.
    pub equal_params: usize,
    /// Metrics with the ones people decide by first.
    by_weight: Vec<usize>,
    run_at: HashMap<String, usize>,
    metric_at: HashMap<String, usize>,
    /// Values that make groups, and the group of each run.
    groups: Vec<String>,
    group_of: Vec<usize>,
    /// Best value per group and metric.
    best: HashMap<(usize, usize), f64>,
}

impl RunsModel {
    /// Build it. `keep` is the order to keep while the pointer is in the table: run ids.
    #[must_use]
    pub fn new(table: RunsTable, arrangement: &Arrangement, keep: Option<&[String]>) -> Self {
        let group_column = arrangement
            .group_by
            .as_ref()
            .and_then(|name| table.params.iter().position(|column| column.name == *name));
        let mut groups: Vec<String> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        let group_of: Vec<usize> = table
            .runs
            .iter()
            .map(|run| {
                let value = match group_column {
                    Some(column) => run.params.get(column).and_then(Option::as_deref),
                    None => Some(""),
                };
                *known
                    .entry(value.unwrap_or("not set"))
                    .or_insert_with_key(|value| {
                        groups.push((*value).to_owned());
                        groups.len() - 1
                    })
            })
            .collect();
        let equal = equal_params(&table);
        let mut model = Self {
            equal_params: equal.len(),
            run_at: places(table.runs.iter().map(|run| &run.id)),
            metric_at: places(table.metrics.iter().map(|column| &column.name)),
            groups,
            group_of,
            table,
            ..Self::default()
        };
        model.by_weight = model.weigh(arrangement);
        model.columns = model.make_columns(arrangement, &equal);
        model.best = model.find_best(arrangement);
        model.lines = model.make_lines(arrangement, group_column.is_some(), keep);
        model
    }

    /// The run on a line.
    #[must_use]
    pub fn run(&self, line: usize) -> Option<&RunRow> {
        match self.lines.get(line)? {
            TableLine::Run(at) => self.table.runs.get(*at),
            TableLine::Group { .. } => None,
        }
    }

    /// Ids of the listed runs in the order of the lines.
    #[must_use]
    pub fn order(&self) -> Vec<String> {
        (0..self.lines.len())
            .filter_map(|line| self.run(line))
            .map(|run| run.id.clone())
            .collect()
    }

    /// Whether this run has the best value of this metric among the listed rows of its group.
    #[must_use]
    pub fn is_best(&self, run: usize, metric: usize) -> bool {
        let Some(group) = self.group_of.get(run) else {
            return false;
        };
        let value = self
            .table
            .runs
            .get(run)
            .and_then(|row| row.metrics.get(metric))
            .and_then(Option::as_ref);
        value.is_some_and(|value| self.best.get(&(*group, metric)) == Some(&value.last))
    }

    /// The place of a run.
    #[must_use]
    pub fn place_of(&self, run: &str) -> Option<usize> {
        self.run_at.get(run).copied()
    }

    /// The place of a metric.
    #[must_use]
    pub fn metric_of(&self, name: &str) -> Option<usize> {
        self.metric_at.get(name).copied()
    }

    /// Metrics with the ones people decide by first: those with a direction, validation before
    /// training, then by name.
    #[must_use]
    pub fn metrics_by_weight(&self) -> &[usize] {
        &self.by_weight
    }

    /// The direction of a metric.
    #[must_use]
    pub fn better(&self, metric: usize, arrangement: &Arrangement) -> Better {
        let Some(column) = self.table.metrics.get(metric) else {
            return Better::Unknown;
        };
        match arrangement.better.get(&column.name) {
            Some(Direction::Higher) => Better::Higher,
            Some(Direction::Lower) => Better::Lower,
            Some(Direction::Neither) => Better::Unknown,
            None => column.better,
        }
    }

    fn find_best(&self, arrangement: &Arrangement) -> HashMap<(usize, usize), f64> {
        let mut best: HashMap<(usize, usize), (f64, usize)> = HashMap::new();
        for (run, group) in self.table.runs.iter().zip(&self.group_of) {
            for (at, metric) in run.metrics.iter().enumerate() {
                let better = self.better(at, arrangement);
                let Some(value) = metric
                    .as_ref()
                    .map(|metric| metric.last)
                    .filter(|value| value.is_finite())
                else {
                    continue;
                };
                if better == Better::Unknown {
                    continue;
                }
                let entry = best.entry((*group, at)).or_insert((value, 0));
                entry.1 += 1;
                if (better == Better::Higher && value > entry.0)
                    || (better == Better::Lower && value < entry.0)
                {
                    entry.0 = value;
                }
            }
        }
        // Among one there is no best.
        best.into_iter()
            .filter(|(_, (_, count))| *count > 1)
            .map(|(key, (value, _))| (key, value))
            .collect()
    }

    fn make_lines(
        &self,
        arrangement: &Arrangement,
        grouped: bool,
        keep: Option<&[String]>,
    ) -> Vec<TableLine> {
        let mut order: Vec<usize> = (0..self.table.runs.len()).collect();
        let columns: Vec<(&ColumnSpec, bool)> = arrangement
            .sort
            .iter()
            .filter_map(|(id, reversed)| {
                self.columns
                    .iter()
                    .find(|column| column.id == *id)
                    .map(|column| (column, *reversed))
            })
            .collect();
        order.sort_by(|a, b| {
            let by_column = columns
                .iter()
                .map(|(column, reversed)| self.compare(column.kind, *a, *b, *reversed));
            by_column.fold(Ordering::Equal, Ordering::then)
        });
        if let Some(keep) = keep {
            let place: HashMap<&str, usize> = keep
                .iter()
                .enumerate()
                .map(|(at, id)| (id.as_str(), at))
                .collect();
            order.sort_by_key(|at| {
                place
                    .get(self.table.runs[*at].id.as_str())
                    .copied()
                    .unwrap_or(usize::MAX)
            });
        }
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); self.groups.len()];
        let mut groups: Vec<usize> = Vec::new();
        for at in order {
            let group = self.group_of[at];
            if members[group].is_empty() {
                groups.push(group);
            }
            members[group].push(at);
        }
        if grouped {
            groups.sort_by(|a, b| text_order(&self.groups[*a], &self.groups[*b]));
        }
        let mut lines = Vec::with_capacity(self.table.runs.len() + groups.len());
        for at in groups {
            let (group, members) = (self.groups[at].clone(), std::mem::take(&mut members[at]));
            let open = !arrangement.closed.contains(&group);
            let (title, note) = if grouped {
                let name = arrangement.group_by.as_deref().unwrap_or_default();
                (format!("{name} = {group}"), self.group_note(&members))
            } else {
                let all = self.table.total_runs as usize;
                let note = if members.len() == all {
                    format!("{all}")
                } else {
                    format!("{} of {all} match", members.len())
                };
                ("Runs".to_owned(), note)
            };
            lines.push(TableLine::Group {
                key: group,
                title,
                note,
                open,
            });
            if open {
                lines.extend(members.into_iter().map(TableLine::Run));
            }
        }
        lines
    }

    /// `3 runs, val/loss 0.412 ± 0.020`: mean and standard deviation of the first metric.
    fn group_note(&self, members: &[usize]) -> String {
        let count = crate::format::count(members.len() as u64, "run", "runs");
        let Some(metric) = self.by_weight.first().copied() else {
            return count;
        };
        let values: Vec<f64> = members
            .iter()
            .filter_map(|at| self.table.runs[*at].metrics.get(metric)?.as_ref())
            .map(|metric| metric.last)
            .filter(|value| value.is_finite())
            .collect();
        if values.is_empty() {
            return count;
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let name = &self.table.metrics[metric].name;
        if values.len() < 2 {
            return format!("{count}, {name} {}", numbers::figure(mean));
        }
        let deviation = (values
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            / (n - 1.0))
            .sqrt();
        format!(
            "{count}, {name} {} ± {}",
            numbers::figure(mean),
            numbers::figure(deviation)
        )
    }

    /// Missing values are last in both directions.
    fn compare(&self, kind: Kind, a: usize, b: usize, reversed: bool) -> Ordering {
        let (left, right) = (&self.table.runs[a], &self.table.runs[b]);
        let turn = |order: Ordering| if reversed { order.reverse() } else { order };
        match kind {
            Kind::Name => turn(text_order(&left.name, &right.name)),
            Kind::Source => turn(left.source.cmp(&right.source)),
            Kind::Status => turn(rank(left.state).cmp(&rank(right.state))),
            Kind::Param(at) => {
                let value = |run: &RunRow| run.params.get(at).cloned().flatten();
                missing_last(value(left), value(right), |a, b| turn(text_order(a, b)))
            }
            Kind::Metric(at) | Kind::Trend(at) => {
                let value = |run: &RunRow| {
                    run.metrics
                        .get(at)
                        .and_then(Option::as_ref)
                        .map(|metric| metric.last)
                        .filter(|value| !value.is_nan())
                };
                missing_last(value(left), value(right), |a, b| turn(a.total_cmp(b)))
            }
        }
    }
}

/// Where each name stands.
fn places<'a>(names: impl Iterator<Item = &'a String>) -> HashMap<String, usize> {
    names
        .enumerate()
        .map(|(at, name)| (name.clone(), at))
        .collect()
}

fn missing_last<T>(a: Option<T>, b: Option<T>, order: impl Fn(&T, &T) -> Ordering) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => order(&a, &b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// Numbers by value and before words; words without regard to case.
#[must_use]
pub fn text_order(a: &str, b: &str) -> Ordering {
    match (a.trim().parse::<f64>(), b.trim().parse::<f64>()) {
        (Ok(x), Ok(y)) => x.total_cmp(&y),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a
            .to_lowercase()
            .cmp(&b.to_lowercase())
            .then_with(|| a.cmp(b)),
    }
}

fn rank(state: RunState) -> u8 {
    match state {
        RunState::Running => 0,
        RunState::Stale => 1,
        RunState::Finished => 2,
        RunState::Killed => 3,
        RunState::Failed => 4,
        RunState::Unknown => 5,
    }
}

/// The word for a state.
#[must_use]
pub fn state_word(state: RunState) -> &'static str {
    match state {
        RunState::Running => "Live",
        RunState::Finished => "Done",
        RunState::Failed => "Failed",
        RunState::Killed => "Stopped",
        RunState::Stale => "Stale",
        RunState::Unknown => "Unknown",
    }
}
