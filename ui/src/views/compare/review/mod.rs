//! Reviews: comparisons kept as files of the project, with the data that they show.

mod charts;
mod dialog;
pub mod model;
mod page;

use kitbench_protocol::{
    GetReview, ListReviews, ProjectId, ReviewChart, ReviewPlot, ReviewRow, ReviewSpec, ReviewView,
    ThemeChoice, Verdict,
};

use super::Compare;
use crate::app::ViewCtx;
use crate::backend::Remote;
use crate::commands::Command;
use charts::ReviewCharts;
use dialog::ReviewDialog;

/// The reviews of the open project, and the one that is open.
#[derive(Default)]
pub struct Reviews {
    project: Option<ProjectId>,
    list: Remote<Vec<ReviewRow>>,
    /// Its file.
    open: Option<String>,
    view: Remote<ReviewView>,
    asked: Option<String>,
    charts: ReviewCharts,
}

impl Reviews {
    /// Ask when due.
    pub fn update(&mut self, ctx: &ViewCtx<'_>, project: ProjectId) {
        if self.project != Some(project) {
            *self = Self {
                project: Some(project),
                ..Self::default()
            };
        }
        self.list
            .ask(ctx.client, ctx.now, || ListReviews { project });
        if self.asked != self.open {
            self.asked.clone_from(&self.open);
            self.view.clear();
            self.charts = ReviewCharts::default();
        }
        if let Some(file) = self.open.clone() {
            self.view
                .ask(ctx.client, ctx.now, || GetReview { project, file });
        }
    }

    /// A review was saved, changed or removed.
    pub fn invalidate(&mut self) {
        self.list.invalidate();
        if self.open.is_some() {
            self.view.invalidate();
        }
    }

    /// Reviews, the one saved last first.
    pub fn rows(&self) -> &[ReviewRow] {
        self.list.value().map_or(&[], Vec::as_slice)
    }

    /// Whether one is open.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Show this one, or none.
    pub fn show(&mut self, file: Option<String>) {
        self.open = file;
    }
}

impl Compare {
    /// What a review of the screen as it is would hold.
    pub(super) fn review_spec(&self) -> ReviewSpec {
        let groups = self.groups_of(&self.drawn());
        let bands = self.setup.bands.map(|kind| (kind, groups));
        let plots = self.setup.plots.iter().map(|setup| ReviewPlot {
            plot: setup.plot.clone(),
            log_x: setup.log_x,
            log_y: setup.log_y,
        });
        let plots = plots.collect();
        let charts = self
            .charts_in_sight()
            .into_iter()
            .map(|metric| ReviewChart {
                x_axis: self.setup.axis,
                x_range: self.seen_values(),
                log_y: self.setup.log_of(&metric),
                smoothing: self.setup.smoothing(self.extent()),
                options: self.setup.options(),
                bands: bands.clone(),
                metric,
            })
            .collect();
        ReviewSpec {
            name: String::new(),
            verdict: Verdict::Open,
            note: String::new(),
            filter: self.filter.applied.clone(),
            view: serde_json::to_string(&self.current_view(String::new())).unwrap_or_default(),
            runs: self.export_runs(ThemeChoice::Light),
            charts,
            plots,
        }
    }

    /// The dialog that keeps what is compared as a review.
    pub(super) fn ask_review(&self, ctx: &ViewCtx<'_>) {
        let Some(project) = self.project else { return };
        let spec = self.review_spec();
        let known = self.reviews.rows().iter().map(|row| row.name.clone());
        let dialog = ReviewDialog::new(project, spec, known.collect());
        ctx.commands.send(Command::Show(Box::new(dialog)));
    }
}
