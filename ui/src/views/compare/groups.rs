//! Groups of the runs table: what they are by, and the mean of a column over one.

use kitbench_protocol::{RunRow, RunsTable};

use super::marks::ByRun;
use super::model::state_word;

/// Mean and deviation of a column over a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// Arithmetic mean.
    pub mean: f64,
    /// Of the sample; `None` for a single value.
    pub deviation: Option<f64>,
    /// How many runs have a finite value.
    pub n: usize,
}

/// Empty text is none.
pub(super) fn some_text(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Mean and deviation of the sample.
pub(super) fn mean(values: &[f64]) -> Option<Mean> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some(Mean {
        mean,
        deviation: (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
        n: values.len(),
    })
}

/// What makes groups.
pub(super) enum GroupBy {
    Param(usize),
    Tag(String),
    Source,
    Status,
    Experiment,
    Dataset,
    Star,
}

impl GroupBy {
    pub(super) fn read(by: &str, table: &RunsTable) -> Option<Self> {
        let param = |name: &str| {
            let at = table.params.iter().position(|column| column.name == name);
            at.map(Self::Param)
        };
        match by.split_once(':') {
            Some(("param", name)) => param(name),
            Some(("tag", name)) => Some(Self::Tag(name.to_owned())),
            _ => match by {
                "source" => Some(Self::Source),
                "status" => Some(Self::Status),
                "experiment" => Some(Self::Experiment),
                "dataset" => Some(Self::Dataset),
                "star" => Some(Self::Star),
                name => param(name),
            },
        }
    }

    pub(super) fn value(&self, run: &RunRow, marks: &ByRun) -> Option<String> {
        match self {
            Self::Param(at) => run.params.get(*at)?.clone(),
            Self::Tag(name) => {
                let found = run.tags.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| value.clone())
            }
            Self::Source => Some(run.source.clone()),
            Self::Status => Some(state_word(run.state).to_owned()),
            Self::Experiment => run.experiment.clone(),
            Self::Dataset => some_text(run.datasets.join(", ")),
            Self::Star => {
                let starred = marks.get(&run.id).is_some_and(|mark| mark.starred);
                Some(if starred { "yes" } else { "no" }.to_owned())
            }
        }
    }
}

/// `lr = 0.1`, whatever the group is by.
pub(super) fn group_title(by: &str, value: &str) -> String {
    format!("{} = {value}", group_word(by))
}

/// What groups are by, in words.
#[must_use]
pub fn group_word(by: &str) -> &str {
    by.split_once(':').map_or(by, |(_, name)| name)
}
