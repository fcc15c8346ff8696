//! The screen as a whole: head, tool bars, table beside charts, and its states.

use std::cell::RefCell;

use egui::{Align, Layout, Role, Ui, vec2};
use kitbench_protocol::CopyExample;

use super::Compare;
use super::curves::Drawn;
use super::sources::servers;

use crate::app::{Place, ViewCtx};
use crate::backend::RemoteView;
use crate::commands::CommandId;
use crate::theme::{self, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, FailureAction, Side, bar_row, split};

/// Width of the table on a wide window.
const TABLE: f32 = 688.0;
/// Height of the table of values.
const VALUES: f32 = 224.0;

impl Compare {
    pub(super) fn screen(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        ui.spacing_mut().item_spacing.y = 0.0;
        self.head(ui, ctx);
        if self.project.is_none() {
            self.no_project(ui, ctx);
            return;
        }
        if self.reviews.is_open() {
            self.review_page(ui, ctx);
            return;
        }
        let failure = self.runs.failure().cloned();
        if !self.known {
            match failure {
                Some(failure) => {
                    if widgets::failed(ui, &failure) == Some(FailureAction::Retry) {
                        self.runs.invalidate();
                    }
                }
                None => {
                    let since = if let RemoteView::Loading(since) = self.runs.view() {
                        since
                    } else {
                        ctx.now
                    };
                    loading(ui, since);
                }
            }
            return;
        }
        if let Some(failure) = failure
            && widgets::failed_strip(ui, &failure, None) == Some(FailureAction::Retry)
        {
            self.runs.invalidate();
        }
        servers::strip(ui, self.servers.all(), ctx);
        if self.model.table.total_runs == 0 && !self.board.is_shown() {
            self.no_source(ui, ctx);
            return;
        }
        let whole = ui.available_width();
        let usual = if whole >= 1200.0 {
            TABLE
        } else {
            (whole * 0.52).round()
        };
        let before = self.width.unwrap_or(usual);
        let mut width = before;
        let drawn = self.drawn();
        let this = RefCell::new(self);
        split(
            ui,
            "Runs",
            Side::Left,
            &mut width,
            usual,
            |ui| this.borrow_mut().left(ui, ctx, &drawn),
            |ui| {
                this.borrow_mut().charts_bar(ui);
                this.borrow_mut().charts_ui(ui, ctx, &drawn);
            },
        );
        // Only a width that was dragged is kept; else it follows the window.
        if (width - before).abs() > 0.5 {
            this.borrow_mut().width = Some(width);
        }
    }

    fn left(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, drawn: &[Drawn]) {
        bar_row(ui, sizes::PANEL_HEAD, sizes::SPACE_5, true, |ui| {
            let table = &self.model.table;
            let count = format!(
                "{} of {}",
                crate::format::thousands(table.runs.len() as u64),
                crate::format::thousands(u64::from(table.total_runs))
            );
            self.filter.show(
                ui,
                &count,
                self.filter_error.as_ref(),
                Some(&self.model.table),
                ctx.focus_filter,
            );
        });
        self.table_bar(ui, ctx);
        let before = self
            .values_height
            .unwrap_or(VALUES.min(ui.available_height() * 0.4));
        let mut height = before;
        let this = RefCell::new(self);
        split(
            ui,
            "Values",
            Side::Bottom,
            &mut height,
            VALUES,
            |ui| this.borrow_mut().values_ui(ui, ctx, drawn),
            |ui| this.borrow_mut().runs_and_board(ui, ctx),
        );
        if (height - before).abs() > 0.5 {
            this.borrow_mut().values_height = Some(height);
        }
    }

    fn no_project(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        if let RemoteView::Loading(since) = ctx.shared.projects.view() {
            loading(ui, since);
            return;
        }
        widgets::empty(
            ui,
            icons::CHART_LINE,
            "No project yet",
            "Experiments are the runs found below a project's folder.",
            |ui| {
                ui.horizontal(|ui| {
                    ui.add_space(((ui.available_width() - 230.0) / 2.0).max(0.0));
                    if ui
                        .add(Button::neutral("Add folder…").icon(icons::FOLDER_PLUS))
                        .clicked()
                    {
                        ctx.commands.run(CommandId::AddFolder);
                    }
                    self.example_button(ui, ctx);
                });
            },
        );
    }

    fn example_button(&self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        if ui
            .add(Button::neutral("Try the example").icon(icons::WINE))
            .clicked()
        {
            ctx.act(CopyExample { target: None }, |row, commands| {
                commands.go(Place::Experiments(Some(row.id)))
            });
        }
    }

    /// Nothing to compare: where was looked, what was skipped and why.
    fn no_source(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let t = Tokens::of(ui);
        let width = ui.available_width().min(640.0);
        let left = (ui.available_width() - width) / 2.0;
        let area = ui.available_rect_before_wrap();
        let area = area
            .with_min_x(area.left() + left)
            .with_max_x(area.left() + left + width);
        let mut column = ui.new_child(
            egui::UiBuilder::new()
                .max_rect(area.shrink2(vec2(sizes::PAGE_INSET, 64.0)))
                .layout(Layout::top_down(Align::Min)),
        );
        let ui = &mut column;
        ui.spacing_mut().item_spacing.y = sizes::SPACE_3;
        theme::icon(
            ui.painter(),
            ui.cursor().min + vec2(13.0, 13.0),
            icons::CHART_LINE,
            26.0,
            t.text_3,
        );
        ui.add_space(32.0);
        let title = widgets::label(ui, Type::Heading, t.text, "No runs in this project");
        ui.ctx()
            .accesskit_node_builder(title.id, |node| node.set_role(Role::Heading));
        let folder = self.folder(ctx);
        let text = format!(
            "Everything below `{folder}` was looked at. Once training logs there, its runs show here within a second."
        );
        widgets::paragraph(ui, Type::Body, t.text_2, &text);
        ui.horizontal(|ui| {
            self.add_source(
                ui,
                ctx,
                Button::neutral("Add source…").icon(icons::PLUS).caret(),
            );
            self.example_button(ui, ctx);
            if ui
                .add(Button::neutral("Look again").icon(icons::ARROWS_CLOCKWISE))
                .clicked()
            {
                self.runs.invalidate();
            }
            let blocked = self
                .model
                .table
                .skipped
                .is_empty()
                .then_some("Nothing was skipped");
            if ui
                .add(Button::ghost("What was skipped…").blocked(blocked))
                .clicked()
            {
                self.show_sources(ctx, folder.clone());
            }
        });
        ui.add_space(sizes::SPACE_3);
        widgets::label(ui, Type::SmallStrong, t.text_2, "Looked for");
        for (icon, what) in LOOKED_FOR {
            widgets::fact(ui, icon, what);
        }
    }
}

/// What is recognised, by content rather than by name.
const LOOKED_FOR: [(&str, &str); 4] = [
    (
        icons::FOLDER,
        "MLflow: file stores such as `mlruns/`, and SQLite databases such as `mlflow.db`",
    ),
    (
        icons::CHART_BAR,
        "TensorBoard event files, W&B offline runs, Neptune, Trackio, DVCLive, Sacred, GoodSeed",
    ),
    (
        icons::GEAR_SIX,
        "Logs of Lightning, Keras, Hugging Face Trainer and Ultralytics",
    ),
    (
        icons::TABLE,
        "CSV, TSV and JSON lines: a column of steps or epochs beside columns of figures",
    ),
];

fn loading(ui: &mut Ui, since: f64) {
    widgets::skeleton(ui, since, sizes::ROW);
}
