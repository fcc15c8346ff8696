//! One run in full: parameters, metrics, tags, problems.

use egui::{Context, ScrollArea, Ui, vec2};
use kitbench_protocol::RunRow;

use super::{head, noted};
use crate::app::{Dialog, ViewCtx};
use crate::theme::{icons, sizes};
use crate::views::compare::model::{RunsModel, state_word};
use crate::views::compare::numbers;
use crate::widgets::{self, Button, DialogFrame};

/// One run in full: parameters, metrics, tags, problems.
pub struct RunDialog {
    run: RunRow,
    params: Vec<(String, String)>,
    metrics: Vec<(String, String)>,
}

impl RunDialog {
    /// Of a run of this table.
    #[must_use]
    pub fn new(run: RunRow, model: &RunsModel) -> Self {
        let table = &model.table;
        let params = table
            .params
            .iter()
            .zip(&run.params)
            .filter_map(|(column, value)| Some((column.name.clone(), value.clone()?)))
            .collect();
        let metrics = table
            .metrics
            .iter()
            .zip(&run.metrics)
            .filter_map(|(column, metric)| {
                let metric = metric.as_ref()?;
                let range = format!(
                    "{} to {}",
                    numbers::figure(metric.min),
                    numbers::figure(metric.max)
                );
                let points = crate::format::count(metric.count, "point", "points");
                Some((
                    column.name.clone(),
                    format!("{}   ({range}, {points})", numbers::exact(metric.last)),
                ))
            })
            .collect();
        Self {
            params,
            metrics,
            run,
        }
    }

    fn body(&self, ui: &mut Ui) {
        let when =
            |at: Option<i64>| at.map_or_else(|| "not known".to_owned(), crate::clock::when_exact);
        widgets::key_value(ui, "State", state_word(self.run.state));
        widgets::key_value(ui, "Source", &self.run.source);
        widgets::key_value(ui, "Path", &self.run.path);
        widgets::key_value(ui, "Began", &when(self.run.start_ms));
        widgets::key_value(ui, "Ended", &when(self.run.end_ms));
        if let Some(commit) = &self.run.git_commit {
            widgets::key_value(ui, "Commit", commit);
        }
        for (title, pairs) in [
            ("Parameters", &self.params),
            ("Metrics", &self.metrics),
            ("Tags", &self.run.tags),
        ] {
            if !pairs.is_empty() {
                head(ui, title, pairs.len());
                pairs.iter().for_each(|(key, value)| {
                    widgets::key_value(ui, key, value);
                });
            }
        }
        if !self.run.problems.is_empty() {
            head(ui, "Damaged data", self.run.problems.len());
            self.run
                .problems
                .iter()
                .for_each(|problem| noted(ui, problem));
        }
    }
}

impl Dialog for RunDialog {
    fn show(&mut self, ctx: &Context, _: &ViewCtx<'_>) -> bool {
        let title = crate::format::printable(&self.run.name).into_owned();
        let frame = DialogFrame {
            title: &title,
            icon: Some(icons::CHART_LINE),
            note: Some("Run"),
            size: vec2(620.0, 600.0),
        };
        let mut open = true;
        let closed = widgets::dialog(
            ctx,
            &frame,
            |ui| {
                ScrollArea::vertical()
                    .auto_shrink([false, false])
                    .show(ui, |ui| {
                        widgets::inset(ui, sizes::PAGE_INSET, |ui| {
                            ui.spacing_mut().item_spacing.y = 2.0;
                            self.body(ui);
                        });
                    });
            },
            |ui| {
                if ui
                    .add(Button::neutral("Close").large().key("Esc"))
                    .clicked()
                {
                    open = false;
                }
            },
        );
        open && !closed
    }
}
