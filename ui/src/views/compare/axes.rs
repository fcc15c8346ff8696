//! Parallel coordinates as plain data: axes over parameters and metrics, where each run crosses
//! them, which runs are inside the brushed ranges.

use std::collections::BTreeMap;

use kitbench_protocol::Better;
use serde::{Deserialize, Serialize};

use super::columns::short_names;
use super::model::{Arrangement, RunsModel, text_order};
use super::numbers;

/// Most axes without being asked for.
const USUAL_AXES: usize = 7;
/// How many of them are metrics.
const USUAL_METRICS: usize = 3;

/// How the user arranged the axes; ids as of table columns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AxesState {
    /// Axes shown or hidden by hand.
    pub chosen: BTreeMap<String, bool>,
    /// Axes in the order they were dragged into; others follow.
    pub order: Vec<String>,
    /// Axes with the largest value at the bottom.
    pub flipped: Vec<String>,
    /// The axis by whose values lines are coloured; `None` for the runs' own colours.
    pub color: Option<String>,
    /// Ranges, as shares of the axis from its bottom (0) to its top (1).
    #[serde(skip)]
    pub ranges: BTreeMap<String, (f64, f64)>,
}

/// One axis.
#[derive(Debug, Clone, PartialEq)]
pub struct ParallelAxis {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its whole name.
    pub name: String,
    /// Ticks: share from the bottom, and label.
    pub ticks: Vec<(f64, String)>,
    /// Where each run crosses it, by place in the runs asked for.
    pub at: Vec<Option<f64>>,
}

/// All axes that are shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parallel {
    /// From left to right.
    pub axes: Vec<ParallelAxis>,
    /// Every axis there could be: id, name, whether it is shown.
    pub choices: Vec<(String, String, bool)>,
}

impl Parallel {
    /// Axes over these rows of the table.
    #[must_use]
    pub fn new(
        model: &RunsModel,
        arrangement: &Arrangement,
        state: &AxesState,
        rows: &[usize],
    ) -> Self {
        let table = &model.table;
        let shown = |id: &str, usually: bool| state.chosen.get(id).copied().unwrap_or(usually);
        let known = |at: &usize| model.better(*at, arrangement) != Better::Unknown;
        let by_weight = model.metrics_by_weight();
        let judged: Vec<usize> = by_weight
            .iter()
            .copied()
            .filter(known)
            .take(USUAL_METRICS)
            .collect();
        let mut room = USUAL_AXES - judged.len();
        let mut choices = Vec::new();
        let mut found: Vec<(String, String, Vec<Option<String>>)> = Vec::new();
        for at in model.params_by_spread() {
            let column = &table.params[at];
            let value = |row: &usize| table.runs.get(*row)?.params.get(at)?.as_ref();
            let mut set = rows.iter().filter_map(value);
            let first = set.next();
            let differs = set.any(|value| Some(value) != first);
            let id = format!("param:{}", column.name);
            let on = shown(&id, differs && room > 0);
            if on {
                room = room.saturating_sub(1);
                let values = rows.iter().map(|row| value(row).cloned()).collect();
                found.push((id.clone(), column.name.clone(), values));
            }
            choices.push((id, column.name.clone(), on));
        }
        // The metric by which runs are judged stands last, where lines end.
        for at in by_weight.iter().rev() {
            let column = &table.metrics[*at];
            let id = format!("metric:{}", column.name);
            let on = shown(&id, judged.contains(at));
            if on {
                let last =
                    |row: &usize| Some(table.runs.get(*row)?.metrics.get(*at)?.as_ref()?.last);
                let values = rows
                    .iter()
                    .map(|row| last(row).map(|value| value.to_string()))
                    .collect();
                found.push((id.clone(), column.name.clone(), values));
            }
            choices.push((id, column.name.clone(), on));
        }
        found.sort_by_key(|(id, ..)| {
            state
                .order
                .iter()
                .position(|known| known == id)
                .unwrap_or(usize::MAX)
        });
        let names: Vec<&str> = found.iter().map(|(_, name, ..)| name.as_str()).collect();
        let titles = short_names(&names);
        let axes = found
            .iter()
            .zip(titles)
            .map(|((id, name, values), title)| {
                let (at, ticks) = scale(values, state.flipped.contains(id));
                ParallelAxis {
                    id: id.clone(),
                    title,
                    name: name.clone(),
                    ticks,
                    at,
                }
            })
            .collect();
        Self { axes, choices }
    }

    /// Whether a run is inside all ranges. A run that an axis with a range does not have is outside.
    #[must_use]
    pub fn inside(&self, run: usize, state: &AxesState) -> bool {
        state.ranges.iter().all(|(id, (low, high))| {
            match self.axes.iter().find(|axis| axis.id == *id) {
                Some(axis) => axis
                    .at
                    .get(run)
                    .copied()
                    .flatten()
                    .is_some_and(|at| at >= *low && at <= *high),
                None => true,
            }
        })
    }

    /// `6 of 7 inside the f1 range`; empty without a range.
    #[must_use]
    pub fn note(&self, runs: usize, state: &AxesState) -> String {
        let with: Vec<&str> = self
            .axes
            .iter()
            .filter(|axis| state.ranges.contains_key(&axis.id))
            .map(|axis| axis.title.as_str())
            .collect();
        let inside = (0..runs).filter(|run| self.inside(*run, state)).count();
        match with.as_slice() {
            [] => String::new(),
            [one] => format!("{inside} of {runs} inside the {one} range"),
            many => format!("{inside} of {runs} inside {} ranges", many.len()),
        }
    }
}

/// Shares of the axis, and its ticks. Numbers are on a linear scale; words stand at equal distances.
fn scale(values: &[Option<String>], flipped: bool) -> (Vec<Option<f64>>, Vec<(f64, String)>) {
    let numbers_of: Vec<Option<f64>> = values
        .iter()
        .map(|value| {
            value
                .as_ref()?
                .trim()
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite())
        })
        .collect();
    let words = values.iter().zip(&numbers_of).any(|(value, number)| {
        value
            .as_ref()
            .is_some_and(|text| number.is_none() && text.trim().parse::<f64>().is_err())
    });
    let turn = |share: f64| if flipped { 1.0 - share } else { share };
    if words {
        let mut distinct: Vec<&String> = values.iter().flatten().collect();
        distinct.sort_by(|a, b| text_order(a, b));
        distinct.dedup();
        let share = |place: usize| {
            if distinct.len() < 2 {
                0.5
            } else {
                place as f64 / (distinct.len() - 1) as f64
            }
        };
        let at = values
            .iter()
            .map(|value| {
                distinct
                    .iter()
                    .position(|known| Some(*known) == value.as_ref())
                    .map(|place| turn(share(place)))
            })
            .collect();
        let ticks = distinct
            .iter()
            .enumerate()
            .map(|(place, word)| (turn(share(place)), (*word).clone()))
            .collect();
        return (at, ticks);
    }
    let known = || numbers_of.iter().flatten().copied();
    let (Some(low), Some(high)) = (
        known().min_by(f64::total_cmp),
        known().max_by(f64::total_cmp),
    ) else {
        return (vec![None; values.len()], Vec::new());
    };
    let label = |value: f64| {
        if known().any(|value| value.fract() != 0.0) {
            numbers::metric(value)
        } else {
            numbers::figure(value)
        }
    };
    if low == high {
        let at = numbers_of
            .iter()
            .map(|number| number.map(|_| 0.5))
            .collect();
        return (at, vec![(0.5, label(low))]);
    }
    let share = |number: f64| turn((number - low) / (high - low));
    let at = numbers_of.iter().map(|number| number.map(share)).collect();
    let mut distinct: Vec<f64> = known().collect();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    // Few values, such as 8, 16, 32: label those that occur instead of round ones.
    let ticks = if distinct.len() <= 4
        && distinct
            .windows(2)
            .all(|pair| (pair[1] - pair[0]) / (high - low) > 0.08)
    {
        distinct
            .iter()
            .map(|value| (share(*value), label(*value)))
            .collect()
    } else {
        let at = numbers::ticks(low, high, 4);
        let step = at
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .next()
            .unwrap_or(high - low);
        at.into_iter()
            .map(|value| (share(value), numbers::tick_label(value, step)))
            .collect()
    };
    (at, ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[&str]) -> Vec<Option<String>> {
        values
            .iter()
            .map(|value| (!value.is_empty()).then(|| (*value).to_owned()))
            .collect()
    }

    #[test]
    fn numbers_are_linear_and_words_evenly_spaced() {
        let (at, ticks) = scale(&texts(&["8", "16", "", "32"]), false);
        assert_eq!(at, [Some(0.0), Some(1.0 / 3.0), None, Some(1.0)]);
        assert_eq!(
            ticks
                .iter()
                .map(|(_, label)| label.as_str())
                .collect::<Vec<_>>(),
            ["8", "16", "32"]
        );
        let (at, ticks) = scale(&texts(&["cosine", "constant", "linear"]), true);
        assert_eq!(at, [Some(1.0 - 0.5), Some(1.0), Some(0.0)]);
        assert_eq!(ticks[0], (1.0, "constant".to_owned()));
    }

    #[test]
    fn a_single_value_stands_in_the_middle() {
        assert_eq!(
            scale(&texts(&["3", "3"]), false),
            (vec![Some(0.5); 2], vec![(0.5, "3".to_owned())])
        );
        assert_eq!(scale(&texts(&["NaN", ""]), false).0, [None, None]);
    }
}
