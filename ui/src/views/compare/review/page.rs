//! An open review in place of the live comparison.

use std::cell::Cell;

use egui::{Align, Id, Layout, Rect, Role, ScrollArea, Sense, Ui, pos2, vec2};
use kitbench_protocol::{
    ChartFormat, DeleteReview, Door, ExportReview, PackReview, ReportFormat, ReviewChartFile,
    ReviewView, ThemeChoice, WriteReview,
};

use super::charts::{ReviewCharts, run_color};
use super::dialog::ReviewDialog;
use super::model;
use crate::app::{Dialog, ViewCtx};
use crate::backend::RemoteView;
use crate::commands::Command;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::views::compare::Compare;
use crate::views::compare::export::save;
use crate::views::compare::honesty;
use crate::views::compare::model::state_word;
use crate::views::compare::numbers;
use crate::views::compare::plots;
use crate::views::compare::state::SavedView;
use crate::widgets::{
    self, Answer, Button, Column, FailureAction, Line, MenuItem, Table, TableState, Toast, bar_row,
    menu, menu_rule,
};

/// Height of a chart.
const CHART: f32 = 236.0;
/// Metrics in the table.
const MOST_METRICS: usize = 8;
/// Parameters listed as different.
const MOST_PARAMS: usize = 60;

/// What was asked for while the page was drawn.
enum Asked {
    Close,
    Live(String),
}

impl Compare {
    /// The review that is open.
    pub(in crate::views::compare) fn review_page(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let mut asked = None;
        let mut retry = false;
        let version = self.reviews.view.version();
        // Taken out while the page is drawn: it only reads the rest.
        let mut charts = std::mem::take(&mut self.reviews.charts);
        match self.reviews.view.view() {
            RemoteView::Loading(since) => widgets::skeleton(ui, since, sizes::ROW),
            RemoteView::Failed(error) => {
                let back = Button::ghost("Back to the runs").icon(icons::ARROW_LEFT);
                bar_row(ui, 40.0, sizes::SPACE_5, false, |ui| {
                    if ui.add(back).clicked() {
                        asked = Some(Asked::Close);
                    }
                });
                retry = widgets::failed(ui, error) == Some(FailureAction::Retry);
            }
            RemoteView::Ready { value, .. } => {
                charts.update(version, value);
                asked = self.review_head(ui, ctx, value);
                ScrollArea::vertical()
                    .id_salt("review")
                    .auto_shrink(false)
                    .show(ui, |ui| self.review_body(ui, ctx, value, &mut charts));
            }
        }
        self.reviews.charts = charts;
        if retry {
            self.reviews.view.invalidate();
        }
        match asked {
            Some(Asked::Close) => self.reviews.show(None),
            Some(Asked::Live(view)) => {
                if let Ok(view) = serde_json::from_str::<SavedView>(&view) {
                    self.apply_view(&view);
                    self.reviews.show(None);
                }
            }
            None => {}
        }
    }

    fn review_head(&self, ui: &mut Ui, ctx: &ViewCtx<'_>, view: &ReviewView) -> Option<Asked> {
        let project = self.project?;
        let file = &view.row.file;
        let mut asked = None;
        bar_row(ui, 44.0, sizes::SPACE_5, true, |ui| {
            let t = Tokens::of(ui);
            ui.spacing_mut().item_spacing.x = sizes::SPACE_3;
            let back = Button::icon_only(icons::ARROW_LEFT, "Back to the runs");
            if ui.add(back).clicked() {
                asked = Some(Asked::Close);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let more = ui.add(Button::icon_boxed(
                    icons::DOTS_THREE,
                    "More for this review",
                ));
                menu(&more, ui, "More for this review", |ui| {
                    let words = if view.row.packed {
                        "Leave it out of the pack"
                    } else {
                        "Pack it as a document"
                    };
                    if MenuItem::new(words).icon(icons::PACKAGE).show(ui) {
                        let call = PackReview {
                            project,
                            file: file.clone(),
                            packed: !view.row.packed,
                        };
                        ctx.act(call, |row, commands| {
                            let words = if row.packed {
                                "The Kitfile lists it among the docs"
                            } else {
                                "The Kitfile lists it no more"
                            };
                            commands.toast(Toast::done(words));
                        });
                    }
                    if MenuItem::new("Copy as text").icon(icons::COPY).show(ui) {
                        ctx.commands.send(Command::Copy(model::as_text(view)));
                    }
                    if MenuItem::new("Copy path").icon(icons::COPY).show(ui) {
                        ctx.commands.send(Command::Copy(file.clone()));
                    }
                    menu_rule(ui);
                    if MenuItem::new("Delete…")
                        .icon(icons::TRASH)
                        .danger()
                        .show(ui)
                    {
                        let dialog = DeleteDialog {
                            project,
                            file: file.clone(),
                            name: view.row.name.clone(),
                        };
                        ctx.commands.send(Command::Show(Box::new(dialog)));
                    }
                });
                self.export_menu(ui, ctx, view);
                let edit = Button::neutral("Edit…")
                    .icon(icons::PENCIL_SIMPLE)
                    .name("Edit review");
                if ui.add(edit).clicked() {
                    let dialog = ReviewDialog::edit(project, file.clone(), view.spec.clone());
                    ctx.commands.send(Command::Show(Box::new(dialog)));
                }
                let live = Button::neutral("Open live").icon(icons::CHART_LINE);
                let tip = "The same filter, ticks and charts over the runs as they are now";
                if !view.spec.view.is_empty() && ui.add(live.tip(tip)).clicked() {
                    asked = Some(Asked::Live(view.spec.view.clone()));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    widgets::named(ui, Role::Heading, Type::Heading, t.text, &view.row.name);
                    let (sign, word) = model::verdict(view.spec.verdict);
                    widgets::mark(ui, sign, word);
                    if ui.available_width() > 160.0 {
                        let saved = format!("saved {}", crate::clock::when(view.row.saved_ms));
                        widgets::label(ui, Type::Small, t.text_3, &saved);
                    }
                    if view.row.packed && ui.available_width() > 60.0 {
                        widgets::badge(ui, "packed");
                    }
                });
            });
        });
        asked
    }

    fn export_menu(&self, ui: &mut Ui, ctx: &ViewCtx<'_>, view: &ReviewView) {
        let Some(project) = self.project else { return };
        let theme = if self.dark {
            ThemeChoice::Dark
        } else {
            ThemeChoice::Light
        };
        let button = Button::primary("Export")
            .icon(icons::EXPORT)
            .caret()
            .name("Export review");
        let button = ui.add(button);
        menu(&button, ui, "Export review", |ui| {
            ui.set_width(290.0);
            let formats = [
                ("HTML, one file", ReportFormat::Html, ThemeChoice::Light),
                ("HTML in this theme", ReportFormat::Html, theme),
                (
                    "Markdown, one file",
                    ReportFormat::Markdown,
                    ThemeChoice::Light,
                ),
            ];
            for (words, format, theme) in formats {
                if MenuItem::new(words).icon(icons::FILE_TEXT).show(ui) {
                    let call = ExportReview {
                        project,
                        file: view.row.file.clone(),
                        format,
                        theme,
                    };
                    let door = door(ctx);
                    ctx.act(call, move |file, commands| save(file, door, commands));
                }
            }
            let words = "Markdown, pictures and CSV beside it";
            if MenuItem::new(words).icon(icons::FOLDER_OPEN).show(ui) {
                let call = WriteReview {
                    project,
                    file: view.row.file.clone(),
                    theme: ThemeChoice::Light,
                };
                ctx.act(call, |written, commands| {
                    let first = written.first().cloned().unwrap_or_default();
                    let more = written.len().saturating_sub(1);
                    commands.toast(Toast::done(format!(
                        "Wrote {first} and {more} files beside it"
                    )));
                });
            }
        });
    }

    fn review_body(
        &self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        view: &ReviewView,
        charts: &mut ReviewCharts,
    ) {
        widgets::inset(ui, sizes::PAGE_INSET, |ui| {
            let t = Tokens::of(ui);
            ui.spacing_mut().item_spacing.y = sizes::SPACE_3;
            for paragraph in view
                .spec
                .note
                .split("\n\n")
                .filter(|text| !text.trim().is_empty())
            {
                widgets::paragraph(ui, Type::Body, t.text, paragraph.trim());
            }
            if !view.spec.filter.is_empty() {
                let words = format!("Filter {}", view.spec.filter);
                widgets::label(ui, Type::Mono, t.text_3, &words);
            }
            ui.add_space(sizes::SPACE_3);
            table(ui, view);
            let differing = model::differing(&view.table);
            if !differing.is_empty() {
                ui.add_space(sizes::SPACE_4);
                widgets::named(
                    ui,
                    Role::Heading,
                    Type::BodyBold,
                    t.text,
                    "Parameters that differ",
                );
                params(ui, view, &differing);
            }
            ui.add_space(sizes::SPACE_4);
            self.review_charts(ui, ctx, view, charts);
        });
    }

    fn review_charts(
        &self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        view: &ReviewView,
        charts: &mut ReviewCharts,
    ) {
        let width = ui.available_width();
        let spec = &view.spec;
        let cards = spec.charts.len() + spec.plots.len().min(view.plots.len());
        let columns = if width >= 820.0 && cards > 1 { 2 } else { 1 };
        let gap = sizes::SPACE_4;
        let each = ((width - gap * (columns as f32 - 1.0)) / columns as f32).floor();
        let rows = cards.div_ceil(columns);
        let (area, _) =
            ui.allocate_exact_size(vec2(width, rows as f32 * (CHART + gap)), Sense::hover());
        for at in 0..cards {
            let chart = spec.charts.get(at);
            let plot = at.checked_sub(spec.charts.len());
            let plot = plot.and_then(|at| Some((spec.plots.get(at)?, view.plots.get(at)?)));
            let (title, honesty) = match (chart, plot) {
                (Some(chart), _) => {
                    let words = view.honesty.get(at).cloned();
                    (chart.metric.clone(), words.unwrap_or_default())
                }
                (None, Some((plot, figures))) => plots::saved_words(plot, figures),
                (None, None) => continue,
            };
            let (row, column) = (at / columns, at % columns);
            let card = Rect::from_min_size(
                area.min + vec2(column as f32 * (each + gap), row as f32 * (CHART + gap)),
                vec2(each, CHART),
            );
            if !card.intersects(ui.clip_rect()) {
                continue;
            }
            let t = Tokens::of(ui);
            widgets::boxed(ui.painter(), card, sizes::RADIUS_L, t.bg_panel, t.line);
            let mut head = ui.new_child(
                egui::UiBuilder::new()
                    .id_salt(("review-card", at))
                    .max_rect(
                        Rect::from_min_size(card.min, vec2(each, 32.0)).shrink2(vec2(12.0, 0.0)),
                    )
                    .layout(Layout::right_to_left(Align::Center)),
            );
            self.review_chart_menu(&mut head, ctx, view, at, &title);
            head.with_layout(Layout::left_to_right(Align::Center), |ui| {
                widgets::label(ui, Type::BodyBold, t.text, &title);
                if chart.is_some_and(|chart| chart.log_y) {
                    widgets::label(ui, Type::Small, t.text_3, "log scale");
                }
            });
            let inner = Rect::from_min_max(
                pos2(card.left() + 10.0, card.top() + 34.0),
                pos2(card.right() - 6.0, card.bottom() - 24.0),
            );
            match (chart, plot) {
                (Some(chart), _) => charts.show(ui, inner, at, chart),
                (None, Some((plot, figures))) => {
                    let mut child = ui.new_child(
                        egui::UiBuilder::new()
                            .id_salt(("review-plot", at))
                            .max_rect(inner),
                    );
                    charts.show_plot(&mut child, inner, plot, figures);
                }
                (None, None) => {}
            }
            let id = Id::unique(("review honesty", at));
            honesty::paint(ui, id, card, &honesty, false);
        }
    }

    fn review_chart_menu(
        &self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        view: &ReviewView,
        at: usize,
        title: &str,
    ) {
        let Some(project) = self.project else { return };
        let name = format!("Export chart {title}");
        let button = ui.add(Button::icon_only(icons::DOTS_THREE, name.clone()).small());
        let theme = if self.dark {
            ThemeChoice::Dark
        } else {
            ThemeChoice::Light
        };
        menu(&button, ui, &name, |ui| {
            let formats = [
                ("PNG", ChartFormat::Png),
                ("SVG", ChartFormat::Svg),
                ("CSV, the points drawn", ChartFormat::Csv),
            ];
            for (word, format) in formats {
                if MenuItem::new(word).icon(icons::EXPORT).show(ui) {
                    let call = ReviewChartFile {
                        project,
                        file: view.row.file.clone(),
                        chart: at as u32,
                        format,
                        theme,
                    };
                    let door = door(ctx);
                    ctx.act(call, move |file, commands| save(file, door, commands));
                }
            }
        });
    }

    /// The menu of the head: saved reviews, and saving one.
    pub(in crate::views::compare) fn reviews_menu(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        wide: bool,
    ) {
        let button = if wide {
            Button::neutral("Reviews").icon(icons::BOOK_OPEN).caret()
        } else {
            Button::icon_boxed(icons::BOOK_OPEN, "Reviews")
        };
        let button = ui.add(button.tip("Comparisons kept with their data, notes and verdict"));
        let blocked = self
            .ticks()
            .is_none_or(|ticks| ticks.order().is_empty())
            .then_some("Tick the runs to review first");
        let (chosen, ask) = (Cell::new(None), Cell::new(false));
        menu(&button, ui, "Reviews", |ui| {
            ui.set_width(320.0);
            let save = MenuItem::new("Save as review…")
                .icon(icons::PLUS)
                .blocked(blocked);
            if save.show(ui) {
                ask.set(true);
            }
            let rows = self.reviews.rows();
            if !rows.is_empty() {
                menu_rule(ui);
            }
            ScrollArea::vertical().max_height(360.0).show(ui, |ui| {
                for row in rows {
                    let icon = match row.problem {
                        Some(_) => icons::WARNING,
                        None => model::verdict(row.verdict).0.icon().0,
                    };
                    if MenuItem::new(&row.name).icon(icon).show(ui) {
                        chosen.set(Some(row.file.clone()));
                    }
                }
            });
        });
        if let Some(file) = chosen.into_inner() {
            self.reviews.show(Some(file));
        }
        if ask.get() {
            self.ask_review(ctx);
        }
    }
}

fn door(ctx: &ViewCtx<'_>) -> Door {
    ctx.shared
        .info
        .value()
        .map_or(Door::Browser, |info| info.door)
}

fn table(ui: &mut Ui, view: &ReviewView) {
    let metrics: Vec<usize> = model::metrics(view)
        .into_iter()
        .take(MOST_METRICS)
        .collect();
    let names: Vec<&str> = metrics
        .iter()
        .map(|at| view.table.metrics[*at].name.as_str())
        .collect();
    let titles = crate::views::compare::columns::short_names(&names);
    let mut columns = vec![
        Column::flex("run", "Run", 150.0),
        Column::fixed("source", "Source", 92.0).leaves(2),
        Column::fixed("state", "State", 84.0).leaves(1),
    ];
    for (place, title) in titles.iter().enumerate() {
        let column = Column::fixed(names[place], title, 104.0).right();
        let leaves = u8::try_from(60usize.saturating_sub(place)).unwrap_or(3);
        columns.push(
            column
                .leaves(if place < 2 { 0 } else { leaves })
                .tip(names[place]),
        );
    }
    Table::new("Runs of the review", &columns).fit().show(
        ui,
        &mut TableState::default(),
        view.table.runs.len(),
        |_| Line::row(false),
        |line, column, cell| {
            let run = &view.table.runs[line];
            let t = cell.tokens();
            match column {
                0 => {
                    let color = view
                        .spec
                        .runs
                        .get(line)
                        .map_or(t.text_3, |run| run_color(run, t));
                    let center = pos2(cell.rect().left() + 6.0, cell.rect().center().y);
                    cell.paint(|ui, _| {
                        ui.painter().circle_filled(center, 4.5, color);
                    });
                    cell.space(16.0).text(&run.name);
                }
                1 => {
                    cell.weak(&run.source);
                }
                2 => {
                    cell.weak(state_word(run.state));
                }
                _ => {
                    let Some(metric) = metrics.get(column - 3) else {
                        return;
                    };
                    match run.metrics.get(*metric).and_then(Option::as_ref) {
                        Some(value) => {
                            let shown = numbers::metric(value.last);
                            if model::is_best(&view.table, line, *metric) {
                                cell.tinted(&shown, t.ok, t.ok_bg).spoken("best");
                            } else {
                                cell.figure(&shown);
                            }
                            cell.tip(&numbers::exact(value.last));
                        }
                        None => {
                            cell.weak("–");
                        }
                    }
                }
            }
        },
        |_| false,
    );
}

fn params(ui: &mut Ui, view: &ReviewView, differing: &[(String, Vec<String>)]) {
    let mut columns = vec![Column::flex("param", "Parameter", 150.0)];
    for (place, run) in view.table.runs.iter().enumerate() {
        let leaves = u8::try_from(60usize.saturating_sub(place)).unwrap_or(1);
        columns.push(
            Column::fixed(&run.id, &run.name, 132.0).leaves(if place < 2 { 0 } else { leaves }),
        );
    }
    Table::new("Parameters that differ", &columns).fit().show(
        ui,
        &mut TableState::default(),
        differing.len().min(MOST_PARAMS),
        |_| Line::row(false),
        |line, column, cell| {
            let (name, values) = &differing[line];
            match column.checked_sub(1) {
                None => cell.text(name),
                Some(at) => cell.mono(values.get(at).map_or("", String::as_str)),
            };
        },
        |_| false,
    );
}

/// Asks before a review is removed.
struct DeleteDialog {
    project: kitbench_protocol::ProjectId,
    file: String,
    name: String,
}

impl Dialog for DeleteDialog {
    fn show(&mut self, ctx: &egui::Context, view: &ViewCtx<'_>) -> bool {
        let title = format!("Delete the review {}?", self.name);
        let words = format!("The file {} is removed. The runs stay.", self.file);
        match widgets::confirm(ctx, &title, &words, "Delete review", true) {
            Answer::Open => true,
            Answer::No => false,
            Answer::Yes => {
                let call = DeleteReview {
                    project: self.project,
                    file: self.file.clone(),
                };
                view.act(call, |(), commands| {
                    commands.toast(Toast::done("Review deleted"))
                });
                false
            }
        }
    }
}
