//! `kitbench runs compare --save`: a review of the runs compared.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;
use kitbench_engine::{ProjectRuns, attach, reviews};
use kitbench_protocol::{
    CurveOptions, ExportRun, ReviewChart, ReviewSpec, Smoothing, Verdict, XAxis,
};
use kitbench_runs::Run;

use super::export::COLOURS;
use crate::failure::{Failure, Outcome};

/// Charts of a review whose metrics were not named.
const USUAL_CHARTS: usize = 4;

#[derive(Debug, Args)]
pub struct Save {
    /// Keep the comparison with its data as a review of this name, in reviews/ of the folder
    #[arg(long, value_name = "NAME")]
    save: Option<String>,

    /// What to say in the review
    #[arg(long, value_name = "TEXT", requires = "save", default_value = "")]
    note: String,

    /// Chart this metric in the review; repeatable [default: the most telling ones]
    #[arg(long, value_name = "KEY", requires = "save")]
    chart: Vec<String>,

    /// Smooth the charts of the review as TensorBoard does, 0 to 0.999
    #[arg(long, value_name = "WEIGHT", requires = "save", default_value_t = 0.0)]
    smoothing: f64,
}

impl Save {
    /// Writes the review if one was asked for; answers its file.
    pub fn write(&self, folder: &Path, chosen: &[&Run], filter: &str) -> Outcome<Option<String>> {
        let Some(name) = &self.save else {
            return Ok(None);
        };
        if !folder.is_dir() {
            return Err(Failure::misuse(
                format!("A review cannot be kept in {}.", folder.display()),
                "Compare the runs below a folder; the review lies in its `reviews`.",
            ));
        }
        if !(0.0..=0.999).contains(&self.smoothing) {
            return Err(Failure::misuse(
                format!(
                    "The smoothing {} is not between 0 and 0.999.",
                    self.smoothing
                ),
                "TensorBoard's own is 0.6.",
            ));
        }
        let mut runs = ProjectRuns::open(folder)?;
        let mut spec = ReviewSpec {
            name: name.clone(),
            verdict: Verdict::Open,
            note: self.note.clone(),
            filter: filter.to_owned(),
            ..ReviewSpec::default()
        };
        for (run, [red, green, blue]) in chosen.iter().zip(COLOURS.iter().cycle()) {
            let found = runs.own_runs();
            let known = found
                .iter()
                .find(|found| found.run.id == run.id && found.run.source == run.source);
            if let Some(found) = known {
                spec.runs.push(ExportRun {
                    id: found.id.clone(),
                    color: u32::from_be_bytes([0, *red, *green, *blue]),
                    label: run.name.clone(),
                });
            }
        }
        let metrics = if self.chart.is_empty() {
            telling(chosen)
        } else {
            self.chart.clone()
        };
        spec.charts = metrics
            .into_iter()
            .map(|metric| ReviewChart {
                metric,
                x_axis: XAxis::Step,
                x_range: None,
                log_y: false,
                smoothing: match self.smoothing {
                    0.0 => Smoothing::None,
                    weight => Smoothing::Ema(weight),
                },
                options: CurveOptions::default(),
                bands: None,
            })
            .collect();
        let file = reviews::file_of(name)?;
        let folder_name = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
        let project = folder_name
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let mut review = reviews::make(&mut runs, &spec, &[], &project)?;
        if let Ok(before) = reviews::read(folder, &file) {
            // CI saves the same name again and again; what people said of it stays.
            review.created_ms = before.created_ms;
            review.verdict = before.verdict;
            if review.note.is_empty() {
                review.note = before.note;
            }
        }
        reviews::write(folder, &file, &review)?;
        Ok(Some(file))
    }
}

/// The metrics that most of the runs have, those whose better direction is known first.
fn telling(runs: &[&Run]) -> Vec<String> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for name in runs.iter().flat_map(|run| run.metrics.keys()) {
        *counts.entry(name).or_default() += 1;
    }
    let mut names: Vec<(&String, usize)> = counts.into_iter().collect();
    names.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), attach::weight(name)));
    let names = names.into_iter().take(USUAL_CHARTS);
    names.map(|(name, _)| name.clone()).collect()
}
