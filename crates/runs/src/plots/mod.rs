//! Charts over whole runs: what each run has one value of, and the figures of scatter, box,
//! violin, bar, correlation and parallel-coordinates plots. [`crate::chart`] draws them.

pub mod stats;

use serde::{Deserialize, Serialize};

use crate::model::Run;
use crate::series::is_plain;

/// Which value of a metric stands for a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pick {
    /// By the tracker's own rule for "latest".
    #[default]
    Last,
    /// The smallest finite one.
    Min,
    /// The largest finite one.
    Max,
}

/// Something each run has one value of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quantity {
    /// A parameter by its flat name.
    Param(String),
    /// A metric.
    Metric(String, Pick),
    /// A tag.
    Tag(String),
    /// The tool.
    Source,
    /// Where the run is in its life.
    State,
    /// Seconds from begin to end.
    Duration,
}

impl Quantity {
    /// As an axis is titled.
    pub fn name(&self) -> String {
        match self {
            Self::Param(name) | Self::Metric(name, Pick::Last) => name.clone(),
            Self::Metric(name, Pick::Min) => format!("min {name}"),
            Self::Metric(name, Pick::Max) => format!("max {name}"),
            Self::Tag(name) => format!("tag {name}"),
            Self::Source => "source".into(),
            Self::State => "state".into(),
            Self::Duration => "duration (s)".into(),
        }
    }

    /// A run's value.
    pub fn of(&self, run: &Run) -> Option<Datum> {
        match self {
            Self::Param(name) => run.param(name).map(Datum::read),
            Self::Metric(name, pick) => {
                let metric = run.metrics.get(name)?;
                let value = match pick {
                    Pick::Last => metric.last,
                    Pick::Min => metric.min,
                    Pick::Max => metric.max,
                };
                value.map(Datum::Number)
            }
            Self::Tag(name) => run.tags.get(name).cloned().map(Datum::read),
            Self::Source => Some(Datum::Word(run.source.name().into())),
            Self::State => Some(Datum::Word(run.state.name().into())),
            Self::Duration => run.duration_ms().map(|ms| Datum::Number(ms as f64 / 1e3)),
        }
    }
}

/// A number, or a word.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    /// A number; it may be NaN or infinite.
    Number(f64),
    /// Anything else.
    Word(String),
}

impl Datum {
    /// Text that reads as a number is one.
    pub fn read(text: String) -> Self {
        match text.trim().parse() {
            Ok(number) => Self::Number(number),
            Err(_) => Self::Word(text),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Word(word) => word.clone(),
        }
    }
}

/// Values on an axis: numbers as they are, or, when one of them is a word, all of them as words
/// in order, each at its index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placed {
    /// The words along the axis; `None` for numbers.
    pub words: Option<Vec<String>>,
    /// Where each value stands; `None` for one that is missing or not finite.
    pub at: Vec<Option<f64>>,
}

impl Placed {
    /// Places values.
    pub fn new(values: &[Option<Datum>]) -> Self {
        if !values.iter().any(|v| matches!(v, Some(Datum::Word(_)))) {
            let number = |v: &Option<Datum>| match v {
                Some(Datum::Number(number)) => Some(*number).filter(|v| is_plain(*v)),
                _ => None,
            };
            return Self {
                words: None,
                at: values.iter().map(number).collect(),
            };
        }
        let mut words: Vec<&Datum> = values.iter().flatten().collect();
        words.sort_by(|a, b| in_order(a, b));
        let mut words: Vec<String> = words.into_iter().map(Datum::text).collect();
        words.dedup();
        let place = |v: &Option<Datum>| {
            let text = v.as_ref()?.text();
            let at = words.iter().position(|word| *word == text)?;
            Some(at as f64)
        };
        let at = values.iter().map(place).collect();
        Self {
            words: Some(words),
            at,
        }
    }
}

/// Numbers by value and before words.
fn in_order(a: &Datum, b: &Datum) -> std::cmp::Ordering {
    match (a, b) {
        (Datum::Number(x), Datum::Number(y)) => x.total_cmp(y),
        (Datum::Word(x), Datum::Word(y)) => x.cmp(y),
        (Datum::Number(_), Datum::Word(_)) => std::cmp::Ordering::Less,
        (Datum::Word(_), Datum::Number(_)) => std::cmp::Ordering::Greater,
    }
}

/// A group's distribution, with the index of the run each value is of.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The value that the group has in common; empty for all runs together.
    pub label: String,
    /// Index of the run and its value.
    pub values: Vec<(usize, f64)>,
    /// Quartiles, mean, whiskers.
    pub summary: stats::Summary,
    /// See [`stats::density`].
    pub density: Vec<(f64, f64)>,
}

/// Index of a run and its value.
type Valued = (usize, f64);

/// The distributions of `value` over groups of equal `by` (`not set` for runs without one), in
/// the order of an axis. Runs without a finite value are in none.
pub fn groups(runs: &[&Run], value: &Quantity, by: Option<&Quantity>) -> Vec<Group> {
    let mut found: Vec<(Option<Datum>, Vec<Valued>)> = Vec::new();
    for (i, run) in runs.iter().enumerate() {
        let Some(Datum::Number(number)) = value.of(run) else {
            continue;
        };
        if !is_plain(number) {
            continue;
        }
        let key = by.and_then(|by| by.of(run));
        match found.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push((i, number)),
            None => found.push((key, vec![(i, number)])),
        }
    }
    found.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) => in_order(a, b),
        // Runs without the parameter stand last.
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
    found
        .into_iter()
        .filter_map(|(key, values)| {
            let numbers: Vec<f64> = values.iter().map(|(_, v)| *v).collect();
            Some(Group {
                label: match (key, by) {
                    (Some(key), _) => key.text(),
                    (None, Some(_)) => "not set".into(),
                    (None, None) => String::new(),
                },
                summary: stats::summary(&numbers)?,
                density: stats::density(&numbers),
                values,
            })
        })
        .collect()
}

/// How two quantities go together over runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Correlation {
    /// Of ranks.
    #[default]
    Spearman,
    /// Of values.
    Pearson,
}

impl Correlation {
    /// As figures are titled.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spearman => "Spearman",
            Self::Pearson => "Pearson",
        }
    }

    /// The coefficient of paired values.
    pub fn of(self, x: &[f64], y: &[f64]) -> Option<f64> {
        match self {
            Self::Spearman => stats::spearman(x, y),
            Self::Pearson => stats::pearson(x, y),
        }
    }
}

/// A parameter against a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlated {
    /// The parameter.
    pub param: String,
    /// Between -1 and 1, or why there is none.
    pub coefficient: Result<f64, &'static str>,
    /// Runs that have both as numbers.
    pub n: usize,
}

/// Every parameter of the runs against `with`: the strongest first, then those without a
/// coefficient, by name. A parameter with words has none: words have no order to correlate.
pub fn correlations(runs: &[&Run], with: &Quantity, how: Correlation) -> Vec<Correlated> {
    let names: std::collections::BTreeSet<String> = runs
        .iter()
        .flat_map(|run| run.flat_params())
        .map(|(name, _)| name)
        .collect();
    let metric = Placed::new(&runs.iter().map(|run| with.of(run)).collect::<Vec<_>>());
    let mut all: Vec<Correlated> = names
        .into_iter()
        .map(|param| {
            let quantity = Quantity::Param(param.clone());
            let values: Vec<_> = runs.iter().map(|run| quantity.of(run)).collect();
            let placed = Placed::new(&values);
            let pairs = placed.at.iter().zip(&metric.at);
            let (x, y): (Vec<f64>, Vec<f64>) =
                pairs.filter_map(|(x, y)| Some(((*x)?, (*y)?))).unzip();
            let same = x.windows(2).all(|pair| pair[0] == pair[1]);
            let coefficient = if placed.words.is_some() {
                Err("its values are words")
            } else if x.len() < 3 {
                Err("fewer than three runs have both")
            } else if same {
                Err("it is the same in all runs")
            } else {
                how.of(&x, &y).ok_or("the metric is the same in all runs")
            };
            Correlated {
                param,
                coefficient,
                n: x.len(),
            }
        })
        .collect();
    let strength = |c: &Correlated| c.coefficient.map_or(-1.0, f64::abs);
    all.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{MetricSummary, SourceKind};

    fn run(params: serde_json::Value, loss: Option<f64>) -> Run {
        let mut run = Run::new("r", SourceKind::Csv, "/r");
        run.params = params.as_object().cloned().unwrap_or_default();
        if let Some(loss) = loss {
            let summary = MetricSummary {
                last: Some(loss),
                min: Some(loss - 1.0),
                count: 1,
                ..MetricSummary::default()
            };
            run.metrics.insert("loss".into(), summary);
        }
        run
    }

    fn runs() -> Vec<Run> {
        vec![
            run(json!({"lr": 0.1, "opt": "sgd", "seed": 1}), Some(3.0)),
            run(json!({"lr": "0.2", "opt": "adam", "seed": 1}), Some(2.0)),
            run(json!({"lr": 0.4, "seed": 1}), Some(1.0)),
            run(json!({"lr": 0.8, "opt": "adam", "seed": 1}), Some(0.5)),
            run(json!({"lr": 0.8, "opt": "adam", "seed": 1}), Some(f64::NAN)),
            run(json!({"lr": 0.8, "opt": "adam"}), None),
        ]
    }

    #[test]
    fn groups_stand_in_order_and_leave_out_what_is_no_number() {
        let runs = runs();
        let runs: Vec<&Run> = runs.iter().collect();
        let loss = Quantity::Metric("loss".into(), Pick::Last);
        let opt = Quantity::Param("opt".into());
        let found = groups(&runs, &loss, Some(&opt));
        let shown: Vec<_> = found
            .iter()
            .map(|g| (g.label.as_str(), g.values.clone()))
            .collect();
        assert_eq!(
            shown,
            [
                ("adam", vec![(1, 2.0), (3, 0.5)]),
                ("sgd", vec![(0, 3.0)]),
                ("not set", vec![(2, 1.0)])
            ]
        );
        assert_eq!(found[0].summary.median, 1.25);
        assert_eq!(groups(&runs, &loss, None)[0].values.len(), 4);
        let lowest = Quantity::Metric("loss".into(), Pick::Min);
        assert_eq!(groups(&runs, &lowest, None)[0].summary.low, -0.5);
    }

    #[test]
    fn every_parameter_says_its_coefficient_or_why_not() {
        let runs = runs();
        let runs: Vec<&Run> = runs.iter().collect();
        let loss = Quantity::Metric("loss".into(), Pick::Last);
        let found = correlations(&runs, &loss, Correlation::Spearman);
        let shown: Vec<_> = found
            .iter()
            .map(|c| (c.param.as_str(), c.coefficient, c.n))
            .collect();
        assert_eq!(
            shown,
            [
                ("lr", Ok(-1.0), 4),
                ("opt", Err("its values are words"), 3),
                ("seed", Err("it is the same in all runs"), 4)
            ]
        );
    }

    #[test]
    fn words_stand_at_their_index_and_numbers_where_they_are() {
        let read = |texts: &[&str]| {
            let values: Vec<_> = texts
                .iter()
                .map(|t| (!t.is_empty()).then(|| Datum::read((*t).into())))
                .collect();
            Placed::new(&values)
        };
        assert_eq!(read(&["2", "", "nan"]).at, [Some(2.0), None, None]);
        let words = read(&["linear", "10", "cosine", "9"]);
        assert_eq!(
            words.words.as_deref().map(|w| w.join(" ")).as_deref(),
            Some("9 10 cosine linear")
        );
        assert_eq!(words.at, [Some(3.0), Some(1.0), Some(2.0), Some(0.0)]);
    }
}
