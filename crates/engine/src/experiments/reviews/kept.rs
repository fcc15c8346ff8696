//! What a review keeps beside curves: bands of groups, and plots over whole runs, each with the
//! figures it was drawn from.

use kitbench_protocol as protocol;
use kitbench_protocol::{
    BandKind, BandView, ChartFormat, ErrorView, ExportPlot, ExportRun, GetBands, PackedF64,
    PlotFigures, PlotView, ProjectId, ReviewChart, ReviewPlot, RunChoice, RunGroup, ThemeChoice,
};
use kitbench_runs::chart::{BandLine, PlotChart, Rgb};
use kitbench_runs::group::BandPoint;
use serde::{Deserialize, Serialize};

use super::format::{Drawn, Review, colour_of};
use super::{COLUMNS, SIZE};
use crate::errors::internal;
use crate::experiments::{ProjectRuns, export, plots, series};

/// The bands of a chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bands {
    pub kind: BandKind,
    pub groups: Vec<RunGroup>,
    /// Of those groups that have the metric.
    pub drawn: Vec<Band>,
}

/// One group's band, reduced to what was drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Band {
    pub label: String,
    /// `[x, middle, low, high, n]`.
    pub points: Vec<[f64; 5]>,
    /// Runs of the group that have the metric.
    pub runs: u32,
    pub drawn: u64,
    pub logged: u64,
    pub extent: (f64, f64),
}

/// A plot over whole runs with its figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptPlot {
    pub plot: ReviewPlot,
    pub figures: PlotView,
}

impl Band {
    fn new(view: &BandView) -> Band {
        let columns = [&view.x, &view.middle, &view.low, &view.high, &view.n];
        let at = |index: usize| -> Option<[f64; 5]> {
            let row = columns.map(|column| column.get(index).unwrap_or(f64::NAN));
            // JSON has no other numbers; a band has none without a finite value.
            row.iter().all(|value| value.is_finite()).then_some(row)
        };
        Band {
            label: view.label.clone(),
            points: (0..view.x.len()).filter_map(at).collect(),
            runs: view.runs,
            drawn: view.drawn,
            logged: view.logged,
            extent: (view.x_min, view.x_max),
        }
    }

    fn view(&self) -> BandView {
        let column = |at: usize| -> PackedF64 {
            let values: Vec<f64> = self.points.iter().map(|point| point[at]).collect();
            values.as_slice().into()
        };
        BandView {
            label: self.label.clone(),
            x: column(0),
            middle: column(1),
            low: column(2),
            high: column(3),
            n: column(4),
            runs: self.runs,
            drawn: self.drawn,
            logged: self.logged,
            x_min: self.extent.0,
            x_max: self.extent.1,
        }
    }
}

impl Bands {
    /// The bands of a chart that is set up with some.
    ///
    /// # Errors
    /// When a run's points cannot be read.
    pub fn of(runs: &mut ProjectRuns, chart: &ReviewChart) -> Result<Option<Bands>, ErrorView> {
        let Some((kind, groups)) = &chart.bands else {
            return Ok(None);
        };
        let call = GetBands {
            project: ProjectId(0),
            groups: groups.clone(),
            metric: chart.metric.clone(),
            kind: *kind,
            x_axis: chart.x_axis,
            x_range: chart.x_range,
            width: COLUMNS,
            smoothing: chart.smoothing,
            options: chart.options.clone(),
        };
        let drawn = series::bands(runs, &call)?;
        Ok(Some(Bands {
            kind: *kind,
            groups: groups.clone(),
            drawn: drawn.iter().map(Band::new).collect(),
        }))
    }

    /// As they are asked for.
    pub fn setup(&self) -> (BandKind, Vec<RunGroup>) {
        (self.kind, self.groups.clone())
    }

    pub fn views(&self) -> Vec<BandView> {
        self.drawn.iter().map(Band::view).collect()
    }

    /// What is drawn, in words.
    pub fn honesty(&self) -> String {
        let kind = match self.kind {
            BandKind::MeanStd => "mean ± standard deviation",
            BandKind::MinMax => "mean, smallest and largest",
            BandKind::Quartiles => "median and quartiles",
        };
        let sum = |of: fn(&Band) -> u64| self.drawn.iter().map(of).sum::<u64>();
        format!(
            "bands: {kind} of {} groups, {} of {} places drawn",
            self.drawn.len(),
            sum(|band| band.drawn),
            sum(|band| band.logged)
        )
    }

    /// Rows `group,band,x,middle,low,high,n` without a head.
    pub fn csv(&self, quoted: &dyn Fn(&str) -> String) -> String {
        let mut out = String::new();
        for band in &self.drawn {
            for [x, middle, low, high, n] in &band.points {
                let label = quoted(&band.label);
                out.push_str(&format!("{label},{x},{middle},{low},{high},{n}\n"));
            }
        }
        out
    }
}

impl Review {
    /// The bands of a chart as they are drawn, each in the colour of its first run.
    pub fn band_lines(&self, drawn: &Drawn) -> Vec<BandLine> {
        let Some(bands) = &drawn.bands else {
            return Vec::new();
        };
        let colour = |label: &str| -> Rgb {
            let group = bands.groups.iter().find(|group| group.label == label);
            let first = self
                .runs
                .iter()
                .find(|run| group.is_some_and(|group| group.runs.contains(&run.id)));
            export::rgb(first.map_or(0x80_8080, |run| colour_of(&run.colour)))
        };
        let line = |band: &Band| BandLine {
            label: format!("{} (n = {})", band.label, band.runs),
            colour: colour(&band.label),
            points: band
                .points
                .iter()
                .map(|[x, middle, low, high, n]| BandPoint {
                    x: *x,
                    middle: *middle,
                    low: *low,
                    high: *high,
                    n: *n as usize,
                })
                .collect(),
        };
        bands.drawn.iter().map(line).collect()
    }

    /// A plot of the review, drawn from what is kept.
    pub fn plot_chart(&self, kept: &KeptPlot, theme: ThemeChoice) -> PlotChart {
        plots::picture(&self.plot_call(kept, theme), &kept.figures, &|id| {
            self.name_of(id)
        })
    }

    /// Its figures as a table.
    ///
    /// # Errors
    /// None that writing into memory could have.
    pub fn plot_csv(&self, kept: &KeptPlot) -> Result<Vec<u8>, ErrorView> {
        let call = self.plot_call(kept, ThemeChoice::Light);
        plots::csv(&call, &kept.figures, &|id| self.name_of(id))
    }

    fn name_of(&self, id: &str) -> String {
        let run = self.runs.iter().find(|run| run.id == id);
        run.map_or(id, |run| run.name.as_str()).to_owned()
    }

    fn plot_call(&self, kept: &KeptPlot, theme: ThemeChoice) -> ExportPlot {
        let colors = self.runs.iter().map(|run| ExportRun {
            id: run.id.clone(),
            color: colour_of(&run.colour),
            label: run.name.clone(),
        });
        ExportPlot {
            project: ProjectId(0),
            runs: RunChoice::These(Vec::new()),
            plot: kept.plot.plot.clone(),
            colors: colors.collect(),
            log_x: kept.plot.log_x,
            log_y: kept.plot.log_y,
            format: ChartFormat::Svg,
            theme,
            width: SIZE.0,
            height: SIZE.1,
        }
    }
}

impl KeptPlot {
    /// A plot of these runs as they are now.
    ///
    /// # Errors
    /// When a run is not there.
    pub fn of(
        runs: &ProjectRuns,
        ids: &[String],
        plot: &ReviewPlot,
    ) -> Result<KeptPlot, ErrorView> {
        let choice = RunChoice::These(ids.to_vec());
        let (mut figures, _) = plots::figures_of(runs, &choice, &plot.plot)?;
        // An axis that no run crosses has no ends that a file could hold.
        if let PlotFigures::Parallel(axes) = &mut figures.what {
            axes.retain(|axis| axis.low.is_finite() && axis.high.is_finite());
        }
        let kept = KeptPlot {
            plot: plot.clone(),
            figures,
        };
        // Figures are finite; one that is not would make the file unreadable.
        let text = serde_json::to_string(&kept).map_err(|e| internal("a plot", &e.to_string()))?;
        serde_json::from_str(&text).map_err(|e| internal("a plot's figures", &e.to_string()))
    }

    /// Heading of the plot.
    pub fn title(&self) -> String {
        plots::title(&self.plot.plot)
    }

    pub fn view(&self) -> protocol::PlotView {
        self.figures.clone()
    }
}
