//! Reviews: comparisons kept as files of the project, with the data that they show.

mod dialog;
pub mod model;
mod page;
mod plot;

use kitbench_protocol::{
    ExportRun, GetReview, ListReviews, ProjectId, ReviewChart, ReviewRow, ReviewSpec, ReviewView,
    Verdict,
};

use super::Compare;
use super::cells::slot_color;
use crate::app::ViewCtx;
use crate::backend::Remote;
use crate::commands::Command;
use crate::theme::Tokens;
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
        let t = Tokens::for_dark(false);
        let runs = self.drawn().into_iter().map(|run| {
            let color = slot_color(t, run.slot);
            ExportRun {
                id: run.id,
                color: u32::from_be_bytes([0, color.r(), color.g(), color.b()]),
                label: run.name,
            }
        });
        let charts = self
            .charts_in_sight()
            .into_iter()
            .map(|metric| ReviewChart {
                x_axis: self.setup.axis,
                x_range: self.sight.x_range,
                log_y: self.setup.log_of(&metric),
                smoothing: self.setup.smoothing(self.extent()),
                options: self.setup.options(),
                bands: None,
                metric,
            })
            .collect();
        ReviewSpec {
            name: String::new(),
            verdict: Verdict::Open,
            note: String::new(),
            filter: self.filter.applied.clone(),
            view: serde_json::to_string(&self.current_view(String::new())).unwrap_or_default(),
            runs: runs.collect(),
            charts,
            plots: Vec::new(),
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
