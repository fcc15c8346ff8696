//! The runs table as plain data: which columns there are, in which order the rows stand, which
//! value is best. Built from what the engine says and from what the user arranged.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use kitbench_protocol::{Better, RunRow, RunState, RunsTable};
use serde::{Deserialize, Serialize};

use super::columns::equal_params;
pub use super::columns::{ColumnSpec, Kind, Pick};
use super::groups::{GroupBy, Mean, group_title, mean, some_text};
use super::marks::ByRun;
use super::numbers;

/// How the user arranged the table. Column ids are `param:lr`, `metric:val/loss`, `name` ….
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Arrangement {
    /// Hide parameters that are equal in all listed runs.
    pub differences_only: bool,
    /// What makes groups: `param:lr`, `tag:team`, `source` …; a bare name is a parameter.
    pub group_by: Option<String>,
    /// Sorting columns, the most important first, and whether each is reversed.
    pub sort: Vec<(String, bool)>,
    /// Columns shown or hidden by hand.
    pub columns: BTreeMap<String, bool>,
    /// Columns in the order they were brought into; others follow as usual.
    #[serde(alias = "first")]
    pub order: Vec<String>,
    /// Columns that stand first and never leave.
    pub pinned: BTreeSet<String>,
    /// Widths that were dragged, in pixels.
    pub widths: BTreeMap<String, f32>,
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
            order: Vec::new(),
            pinned: BTreeSet::new(),
            widths: BTreeMap::new(),
            better: BTreeMap::new(),
            closed: BTreeSet::new(),
        }
    }
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
    /// What the runs of a group have in common: per column of figures mean, deviation of the
    /// sample, and how many have a value.
    Mean(Vec<Option<Mean>>),
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
    tags: Vec<String>,
    marks: ByRun,
    /// Values that make groups, and the group of each run.
    groups: Vec<String>,
    group_of: Vec<usize>,
    /// Best value per group, metric and pick.
    best: HashMap<(usize, usize, Pick), f64>,
}

impl RunsModel {
    /// Build it. `keep` is the order to keep while the pointer is in the table: run ids.
    #[must_use]
    pub fn new(
        table: RunsTable,
        marks: ByRun,
        arrangement: &Arrangement,
        keep: Option<&[String]>,
    ) -> Self {
        let grouped = arrangement
            .group_by
            .as_ref()
            .and_then(|by| GroupBy::read(by, &table));
        let mut groups: Vec<String> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        let group_of: Vec<usize> = table
            .runs
            .iter()
            .map(|run| {
                let value = match &grouped {
                    Some(by) => by
                        .value(run, &marks)
                        .unwrap_or_else(|| "not set".to_owned()),
                    None => String::new(),
                };
                *known.entry(value).or_insert_with_key(|value| {
                    groups.push(value.clone());
                    groups.len() - 1
                })
            })
            .collect();
        let equal = equal_params(&table);
        let mut model = Self {
            equal_params: equal.len(),
            run_at: places(table.runs.iter().map(|run| &run.id)),
            tags: tags_of(&table),
            marks,
            metric_at: places(table.metrics.iter().map(|column| &column.name)),
            groups,
            group_of,
            table,
            ..Self::default()
        };
        model.by_weight = model.weigh(arrangement);
        model.columns = model.make_columns(arrangement, &equal);
        model.best = model.find_best(arrangement);
        model.lines = model.make_lines(arrangement, grouped.is_some(), keep);
        model
    }

    /// The run on a line.
    #[must_use]
    pub fn run(&self, line: usize) -> Option<&RunRow> {
        match self.lines.get(line)? {
            TableLine::Run(at) => self.table.runs.get(*at),
            TableLine::Group { .. } | TableLine::Mean(_) => None,
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
    pub fn is_best(
        &self,
        run: usize,
        metric: usize,
        pick: Pick,
        arrangement: &Arrangement,
    ) -> bool {
        let Some(group) = self.group_of.get(run) else {
            return false;
        };
        let value = self
            .table
            .runs
            .get(run)
            .and_then(|row| row.metrics.get(metric))
            .and_then(Option::as_ref);
        let better = self.better(metric, arrangement);
        value.is_some_and(|value| {
            self.best.get(&(*group, metric, pick)) == Some(&pick.of(value, better).0)
        })
    }

    /// Whether a run has a star.
    #[must_use]
    pub fn starred(&self, run: &str) -> bool {
        self.marks.get(run).is_some_and(|mark| mark.starred)
    }

    /// Whether some run has a star, and some a note.
    #[must_use]
    pub fn marked(&self) -> (bool, bool) {
        let known = || {
            self.marks
                .values()
                .filter(|mark| self.run_at.contains_key(&mark.run))
        };
        let starred = known().any(|mark| mark.starred);
        (starred, known().any(|mark| !mark.note.is_empty()))
    }

    /// The place of a run.
    #[must_use]
    pub fn place_of(&self, run: &str) -> Option<usize> {
        self.run_at.get(run).copied()
    }

    /// The group that a run is in, as it is titled; `None` without groups.
    #[must_use]
    pub fn group_label(&self, run: usize, arrangement: &Arrangement) -> Option<String> {
        let by = arrangement.group_by.as_ref()?;
        let group = self.groups.get(*self.group_of.get(run)?)?;
        Some(group_title(by, group))
    }

    /// The parameter that makes the most telling groups: few values, each of several runs.
    #[must_use]
    pub fn best_group_param(&self) -> Option<String> {
        let values = |at: usize| -> BTreeMap<&str, usize> {
            let mut counts = BTreeMap::new();
            for run in &self.table.runs {
                if let Some(value) = run.params.get(at).and_then(Option::as_deref) {
                    *counts.entry(value).or_default() += 1;
                }
            }
            counts
        };
        let mut found: Vec<(usize, usize)> = (0..self.table.params.len())
            .filter_map(|at| {
                let counts = values(at);
                let several = counts.values().filter(|count| **count > 1).count();
                let telling = several > 1 && several * 2 > counts.len() && counts.len() <= 12;
                telling.then_some((counts.values().sum::<usize>(), at))
            })
            .collect();
        found.sort_by_key(|(runs, at)| (std::cmp::Reverse(*runs), *at));
        let (_, at) = found.first()?;
        Some(self.table.params[*at].name.clone())
    }

    /// Tags of the listed runs, by name.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
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

    fn find_best(&self, arrangement: &Arrangement) -> HashMap<(usize, usize, Pick), f64> {
        let mut best: HashMap<(usize, usize, Pick), (f64, usize)> = HashMap::new();
        let columns = self.columns.iter().filter_map(|column| match column.kind {
            Kind::Metric(at, pick) => Some((at, pick, self.better(at, arrangement))),
            _ => None,
        });
        for (at, pick, better) in columns.filter(|(.., better)| *better != Better::Unknown) {
            for (run, group) in self.table.runs.iter().zip(&self.group_of) {
                let metric = run.metrics.get(at).and_then(Option::as_ref);
                let Some(value) = metric
                    .map(|metric| pick.of(metric, better).0)
                    .filter(|value| value.is_finite())
                else {
                    continue;
                };
                let entry = best.entry((*group, at, pick)).or_insert((value, 0));
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

    /// A run's figure in a column; `None` where it has none.
    fn number(&self, kind: Kind, run: &RunRow, arrangement: &Arrangement) -> Option<f64> {
        match kind {
            Kind::Metric(at, pick) => {
                let better = self.better(at, arrangement);
                let metric = run.metrics.get(at)?.as_ref()?;
                Some(pick.of(metric, better).0)
            }
            Kind::Trend(at) => Some(run.metrics.get(at)?.as_ref()?.last),
            Kind::Param(at) => run.params.get(at)?.as_ref()?.trim().parse().ok(),
            Kind::Duration => Some(run.duration_ms? as f64 / 1e3),
            _ => None,
        }
    }

    fn mean_of(&self, kind: Kind, members: &[usize], arrangement: &Arrangement) -> Option<Mean> {
        if matches!(kind, Kind::Trend(_)) {
            return None;
        }
        let values: Vec<f64> = members
            .iter()
            .filter_map(|at| self.number(kind, &self.table.runs[*at], arrangement))
            .filter(|value| value.is_finite())
            .collect();
        mean(&values)
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
            let by_column = columns.iter().map(|(column, reversed)| {
                self.compare(column.kind, *a, *b, *reversed, arrangement)
            });
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
                let by = arrangement.group_by.as_deref().unwrap_or_default();
                (group_title(by, &group), self.group_note(&members))
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
            if open && grouped && members.len() > 1 {
                let means = self.columns.iter();
                let means = means.map(|column| self.mean_of(column.kind, &members, arrangement));
                lines.push(TableLine::Mean(means.collect()));
            }
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
        let name = &self.table.metrics[metric].name;
        match mean(&values) {
            Some(Mean {
                mean,
                deviation: Some(deviation),
                ..
            }) => format!(
                "{count}, {name} {} ± {}",
                numbers::figure(mean),
                numbers::figure(deviation)
            ),
            Some(Mean { mean, .. }) => format!("{count}, {name} {}", numbers::figure(mean)),
            None => count,
        }
    }

    /// Missing values are last in both directions.
    fn compare(
        &self,
        kind: Kind,
        a: usize,
        b: usize,
        reversed: bool,
        arrangement: &Arrangement,
    ) -> Ordering {
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
            Kind::Metric(..) | Kind::Trend(_) | Kind::Duration => {
                let value = |run: &RunRow| {
                    self.number(kind, run, arrangement)
                        .filter(|value| !value.is_nan())
                };
                missing_last(value(left), value(right), |a, b| turn(a.total_cmp(b)))
            }
            Kind::Star => turn(self.starred(&right.id).cmp(&self.starred(&left.id))),
            Kind::Started => missing_last(left.start_ms, right.start_ms, |a, b| turn(a.cmp(b))),
            Kind::Experiment
            | Kind::Commit
            | Kind::Dataset
            | Kind::Kit
            | Kind::Note
            | Kind::Tag(_) => {
                let value = |run: &RunRow| self.text(kind, run);
                missing_last(value(left), value(right), |a, b| turn(text_order(a, b)))
            }
        }
    }

    /// A run's words in a column of words.
    #[must_use]
    pub fn text(&self, kind: Kind, run: &RunRow) -> Option<String> {
        match kind {
            Kind::Experiment => run.experiment.clone(),
            Kind::Commit => run.git_commit.clone(),
            Kind::Dataset => some_text(run.datasets.join(", ")),
            Kind::Kit => some_text(run.kits.join(", ")),
            Kind::Note => some_text(self.marks.get(&run.id)?.note.clone()),
            Kind::Tag(at) => {
                let name = self.tags.get(at)?;
                let found = run.tags.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| value.clone())
            }
            _ => None,
        }
    }
}

/// Names of all tags.
fn tags_of(table: &RunsTable) -> Vec<String> {
    let tags = table.runs.iter().flat_map(|run| &run.tags);
    let names: BTreeSet<&String> = tags.map(|(name, _)| name).collect();
    names.into_iter().cloned().collect()
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
