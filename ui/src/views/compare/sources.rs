//! Dialogs of facts: what was found where and what was skipped, and one run in full.

use egui::{Context, ScrollArea, Ui, vec2};
use kitbench_protocol::{RunRow, RunSource, RunsTable};

use super::model::{RunsModel, state_word};
use super::numbers;
use crate::app::{Dialog, ViewCtx};
use crate::commands::Command;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, DialogFrame, Mark};

/// What was found where, and what was skipped and why.
pub struct SourcesDialog {
    folder: String,
    sources: Vec<RunSource>,
    skipped: Vec<(String, String)>,
    damaged: Vec<(String, Vec<String>)>,
}

impl SourcesDialog {
    /// Of this table, whose project is in this folder.
    #[must_use]
    pub fn new(table: &RunsTable, folder: String) -> Self {
        let damaged = table
            .runs
            .iter()
            .filter(|run| !run.problems.is_empty())
            .map(|run| (run.name.clone(), run.problems.clone()))
            .collect();
        Self {
            folder,
            sources: table.sources.clone(),
            skipped: table.skipped.clone(),
            damaged,
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n", self.folder);
        for source in &self.sources {
            text.push_str(&format!(
                "{}\t{}\t{} runs\n",
                source.kind, source.path, source.runs
            ));
            source
                .problems
                .iter()
                .for_each(|problem| text.push_str(&format!("\t{problem}\n")));
        }
        self.skipped
            .iter()
            .for_each(|(path, why)| text.push_str(&format!("skipped\t{path}\t{why}\n")));
        for (run, problems) in &self.damaged {
            problems
                .iter()
                .for_each(|problem| text.push_str(&format!("{run}\t{problem}\n")));
        }
        text
    }

    fn body(&self, ui: &mut Ui) {
        let t = Tokens::of(ui);
        widgets::paragraph(
            ui,
            Type::Small,
            t.text_2,
            &format!("Below `{}`, recognised by content.", self.folder),
        );
        head(ui, "Read", self.sources.len());
        for source in &self.sources {
            ui.horizontal(|ui| {
                widgets::badge(ui, &source.kind);
                widgets::label(
                    ui,
                    Type::Mono,
                    t.text,
                    if source.path.is_empty() {
                        "."
                    } else {
                        &source.path
                    },
                );
                widgets::label(
                    ui,
                    Type::Small,
                    t.text_3,
                    &crate::format::count(u64::from(source.runs), "run", "runs"),
                );
            });
            source
                .problems
                .iter()
                .for_each(|problem| noted(ui, problem));
        }
        if !self.damaged.is_empty() {
            head(ui, "Damaged data", self.damaged.len());
            for (run, problems) in &self.damaged {
                widgets::label(ui, Type::BodyStrong, t.text, run);
                problems.iter().for_each(|problem| noted(ui, problem));
            }
        }
        if !self.skipped.is_empty() {
            head(ui, "Skipped", self.skipped.len());
            for (path, why) in &self.skipped {
                widgets::label(ui, Type::Mono, t.text_2, path);
                noted(ui, why);
            }
        }
    }
}

fn head(ui: &mut Ui, title: &str, count: usize) {
    let t = Tokens::of(ui);
    ui.add_space(sizes::SPACE_3);
    ui.horizontal(|ui| {
        let title = widgets::label(ui, Type::BodyBold, t.text, title);
        ui.ctx()
            .accesskit_node_builder(title.id, |node| node.set_role(egui::Role::Heading));
        widgets::label(
            ui,
            Type::Small,
            t.text_3,
            &crate::format::thousands(count as u64),
        );
    });
}

fn noted(ui: &mut Ui, words: &str) {
    ui.horizontal_top(|ui| {
        let t = Tokens::of(ui);
        ui.add_space(sizes::SPACE_4);
        let (rect, _) = ui.allocate_exact_size(vec2(14.0, 16.0), egui::Sense::hover());
        widgets::paint_mark(ui, rect.center(), Mark::Attention, 13.0);
        widgets::paragraph(ui, Type::Small, t.text_2, words);
    });
}

impl Dialog for SourcesDialog {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        let note = format!(
            "{}, {}",
            crate::format::count(self.sources.len() as u64, "source", "sources"),
            crate::format::count(self.skipped.len() as u64, "skipped", "skipped")
        );
        let frame = DialogFrame {
            title: "What was found where",
            icon: Some(icons::BINOCULARS),
            note: Some(&note),
            size: vec2(680.0, 560.0),
        };
        let mut open = true;
        let closed = widgets::dialog(
            ctx,
            &frame,
            |ui| {
                ScrollArea::vertical()
                    .auto_shrink([false, false])
                    .show(ui, |ui| {
                        widgets::inset(ui, sizes::PAGE_INSET, |ui| self.body(ui))
                    });
            },
            |ui| {
                if ui
                    .add(Button::neutral("Close").large().key("Esc"))
                    .clicked()
                {
                    open = false;
                }
                if ui
                    .add(
                        Button::ghost("Copy")
                            .icon(icons::COPY)
                            .name("Copy the list"),
                    )
                    .clicked()
                {
                    view.commands.send(Command::Copy(self.text()));
                }
            },
        );
        open && !closed
    }
}

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
