//! The screen as a whole: head, tool bars, table beside charts, and its states.

use std::cell::RefCell;

use egui::{Align, Align2, CursorIcon, Layout, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use kitbench_protocol::{ChartFormat, CopyExample, ProjectRow, RunState};

use super::Compare;
use super::curves::Drawn;
use super::sources::SourcesDialog;
use super::table::short_source;
use crate::app::{Place, ViewCtx};
use crate::backend::RemoteView;
use crate::commands::{Command, CommandId};
use crate::theme::{self, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, FailureAction, MenuItem, Side, TextField, bar_row, menu, menu_rule, split};

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
        let failure = self.runs.failure().cloned();
        if self.good.is_none() {
            match failure {
                Some(failure) => {
                    if widgets::failed(ui, &failure) == Some(FailureAction::Retry) {
                        self.runs.invalidate();
                    }
                }
                None => {
                    let since = if let RemoteView::Loading(since) = self.runs.view() { since } else { ctx.now };
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
        if self.model.table.total_runs == 0 {
            self.no_source(ui, ctx);
            return;
        }
        let whole = ui.available_width();
        let usual = if whole >= 1200.0 { TABLE } else { (whole * 0.52).round() };
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
            let count = format!("{} of {}", crate::format::thousands(table.runs.len() as u64), crate::format::thousands(u64::from(table.total_runs)));
            self.filter.show(ui, &count, self.filter_error.as_ref(), self.good.as_ref(), ctx.focus_filter);
        });
        self.table_bar(ui);
        let before = self.values_height.unwrap_or(VALUES.min(ui.available_height() * 0.4));
        let mut height = before;
        let this = RefCell::new(self);
        split(
            ui,
            "Values",
            Side::Bottom,
            &mut height,
            VALUES,
            |ui| this.borrow_mut().values_ui(ui, ctx, drawn),
            |ui| this.borrow_mut().table_ui(ui, ctx),
        );
        if (height - before).abs() > 0.5 {
            this.borrow_mut().values_height = Some(height);
        }
    }

    fn head(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        bar_row(ui, sizes::PANEL_HEAD, sizes::SPACE_5, true, |ui| {
            let t = Tokens::of(ui);
            let wide = ui.available_width() > 1100.0;
            let title = widgets::label(ui, Type::Heading, t.text, "Experiments");
            ui.ctx().accesskit_node_builder(title.id, |node| node.set_role(Role::Heading));
            self.project_menu(ui, ctx);
            let right = if self.good.is_some() { if wide { 470.0 } else { 250.0 } } else { 0.0 };
            let room = ui.available_width() - right;
            ui.allocate_ui_with_layout(vec2(room.max(40.0), sizes::BUTTON), Layout::left_to_right(Align::Center), |ui| {
                ui.set_clip_rect(ui.max_rect().expand2(vec2(2.0, 6.0)).intersect(ui.clip_rect()));
                ui.spacing_mut().item_spacing.x = sizes::SPACE_1;
                self.source_badges(ui, ctx);
            });
            if self.good.is_some() {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| self.head_buttons(ui, ctx, wide));
            }
        });
    }

    fn project_menu(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let none: Vec<ProjectRow> = Vec::new();
        let projects = ctx.shared.projects.value().unwrap_or(&none);
        let name = projects.iter().find(|row| Some(row.id) == self.project).map_or("Choose a project", |row| row.name.as_str());
        let shown = crate::format::printable(name);
        let button = ui.add(Button::neutral(shown.clone()).icon(icons::FOLDER_OPEN).caret().name(format!("Project: {shown}")));
        menu(&button, ui, "Projects", |ui| {
            super::table::scrolling(ui, |ui| {
                for row in projects {
                    if MenuItem::new(&row.name).checked(Some(row.id) == self.project).show(ui) {
                        ctx.commands.go(Place::Experiments(Some(row.id)));
                    }
                }
            });
            menu_rule(ui);
            if MenuItem::new("Add folder…").icon(icons::FOLDER_PLUS).show(ui) {
                ctx.commands.run(CommandId::AddFolder);
            }
        });
    }

    /// What is read, with counts and problems; a click lists what was found where.
    fn source_badges(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        if self.good.is_none() {
            return;
        }
        let table = &self.model.table;
        let mut kinds: Vec<(&str, bool)> = Vec::new();
        for source in &table.sources {
            let wrong = !source.problems.is_empty();
            match kinds.iter_mut().find(|(kind, _)| *kind == source.kind) {
                Some((_, known)) => *known |= wrong,
                None => kinds.push((&source.kind, wrong)),
            }
        }
        let mut asked = false;
        for (kind, wrong) in kinds {
            if ui.available_width() < 70.0 {
                break;
            }
            asked |= source_badge(ui, kind, wrong);
        }
        let problems = table.sources.iter().map(|source| source.problems.len()).sum::<usize>() + table.skipped.len();
        let mut words = format!(
            "{}, {}",
            crate::format::count(table.sources.len() as u64, "source", "sources"),
            crate::format::count(u64::from(table.total_runs), "run", "runs")
        );
        if problems > 0 {
            words.push_str(&format!(", {}", crate::format::count(problems as u64, "note", "notes")));
        }
        if ui.available_width() > 60.0 {
            let tip = "What was found where, and what was skipped and why";
            asked |= ui.add(Button::ghost(words).small().tip(tip)).clicked();
        }
        if asked {
            let folder = self.folder(ctx);
            ctx.commands.send(Command::Show(Box::new(SourcesDialog::new(&self.model.table, folder))));
        }
    }

    fn folder(&self, ctx: &ViewCtx<'_>) -> String {
        let row = ctx.shared.projects.value().and_then(|rows| rows.iter().find(|row| Some(row.id) == self.project));
        row.map_or_else(String::new, |row| ctx.shared.short_path(&row.path))
    }

    fn head_buttons(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, wide: bool) {
        let t = Tokens::of(ui);
        ui.spacing_mut().item_spacing.x = sizes::SPACE_3;
        let blocked = self.ticks().is_none_or(|ticks| ticks.order().is_empty()).then_some("Tick the runs to report on first");
        let report = Button::primary("Report…").icon(icons::FILE_TEXT).blocked(blocked);
        if ui.add(report.tip("One file with table, differences, charts and a note")).clicked() {
            self.ask_report(ctx);
        }
        if wide {
            ui.scope(|ui| {
                ui.spacing_mut().item_spacing.x = 0.0;
                for (format, word) in [(ChartFormat::Csv, "CSV"), (ChartFormat::Svg, "SVG"), (ChartFormat::Png, "PNG")] {
                    self.export_button(ui, ctx, format, word);
                }
            });
            widgets::label(ui, Type::Small, t.text_3, "Export");
        } else {
            let blocked = self.export_blocked();
            if ui.add(Button::neutral("Export…").icon(icons::EXPORT).blocked(blocked)).clicked() {
                self.ask_export(ctx);
            }
        }
        self.views_menu(ui, wide);
        let live = self.model.table.runs.iter().filter(|run| run.state == RunState::Running).count();
        if live > 0 && ui.available_width() > 60.0 {
            let (rect, _) = ui.allocate_exact_size(vec2(58.0, 18.0), Sense::hover());
            let center = pos2(rect.left() + 7.0, rect.center().y);
            ui.painter().circle_stroke(center, 5.5, Stroke::new(1.0, t.accent_text));
            ui.painter().circle_filled(center, 2.5, t.accent_text);
            widgets::line(ui, rect.with_min_x(rect.left() + 17.0), Type::Small, t.accent_text, &format!("{live} live"), Align2::LEFT_CENTER);
        }
    }

    /// Save what is arranged under a name, and take up one saved before.
    fn views_menu(&mut self, ui: &mut Ui, wide: bool) {
        let button = if wide { Button::neutral("Save view").icon(icons::BOOKMARK_SIMPLE) } else { Button::icon_boxed(icons::BOOKMARK_SIMPLE, "Save view") };
        let button = ui.add(button.tip("Keep filter, columns, ticks and charts under a name"));
        let Some(project) = self.project else { return };
        let mut taken = None;
        menu(&button, ui, "Views", |ui| {
            ui.set_width(280.0);
            let mut submitted = false;
            ui.horizontal(|ui| {
                ui.add_space(4.0);
                let field = TextField::new(&mut self.view_name).name("Name of the view").hint("Name of this view").small().width(196.0).show(ui);
                submitted |= field.submitted;
                let blocked = self.view_name.trim().is_empty().then_some("Give it a name");
                submitted |= ui.add(Button::neutral("Save").small().blocked(blocked).name("Save this view")).clicked();
            });
            let name = self.view_name.trim().to_owned();
            if submitted && !name.is_empty() {
                let view = self.current_view(name.clone());
                let views = self.views.entry(project).or_default();
                views.retain(|known| known.name != name);
                views.push(view);
                self.view_name.clear();
                ui.close();
            }
            let views = self.views.get(&project).cloned().unwrap_or_default();
            if !views.is_empty() {
                menu_rule(ui);
            }
            for view in views {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = 2.0;
                    ui.allocate_ui_with_layout(vec2(246.0, sizes::ROW), Layout::top_down(Align::Min), |ui| {
                        if MenuItem::new(&view.name).icon(icons::BOOKMARK_SIMPLE).show(ui) {
                            taken = Some(view.clone());
                        }
                    });
                    if ui.add(Button::icon_only(icons::TRASH, format!("Remove view {}", view.name)).small()).clicked()
                        && let Some(known) = self.views.get_mut(&project)
                    {
                        known.retain(|known| known.name != view.name);
                    }
                });
            }
        });
        if let Some(view) = taken {
            self.apply_view(&view);
        }
    }

    fn no_project(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        if let RemoteView::Loading(since) = ctx.shared.projects.view() {
            loading(ui, since);
            return;
        }
        widgets::empty(ui, icons::CHART_LINE, "No project yet", "Experiments are the runs found below a project's folder.", |ui| {
            ui.horizontal(|ui| {
                ui.add_space(((ui.available_width() - 230.0) / 2.0).max(0.0));
                if ui.add(Button::neutral("Add folder…").icon(icons::FOLDER_PLUS)).clicked() {
                    ctx.commands.run(CommandId::AddFolder);
                }
                self.example_button(ui, ctx);
            });
        });
    }

    fn example_button(&self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        if ui.add(Button::neutral("Try the example").icon(icons::WINE)).clicked() {
            ctx.act(CopyExample { target: None }, |row, commands| commands.go(Place::Experiments(Some(row.id))));
        }
    }

    /// Nothing to compare: where was looked, what was skipped and why.
    fn no_source(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let t = Tokens::of(ui);
        let width = ui.available_width().min(640.0);
        let left = (ui.available_width() - width) / 2.0;
        let area = ui.available_rect_before_wrap();
        let area = area.with_min_x(area.left() + left).with_max_x(area.left() + left + width);
        let mut column = ui.new_child(egui::UiBuilder::new().max_rect(area.shrink2(vec2(sizes::PAGE_INSET, 64.0))).layout(Layout::top_down(Align::Min)));
        let ui = &mut column;
        ui.spacing_mut().item_spacing.y = sizes::SPACE_3;
        theme::icon(ui.painter(), ui.cursor().min + vec2(13.0, 13.0), icons::CHART_LINE, 26.0, t.text_3);
        ui.add_space(32.0);
        let title = widgets::label(ui, Type::Heading, t.text, "No runs in this project");
        ui.ctx().accesskit_node_builder(title.id, |node| node.set_role(Role::Heading));
        let folder = self.folder(ctx);
        let text = format!("Everything below `{folder}` was looked at. Once training logs there, its runs show here within a second.");
        widgets::paragraph(ui, Type::Body, t.text_2, &text);
        ui.horizontal(|ui| {
            self.example_button(ui, ctx);
            if ui.add(Button::neutral("Look again").icon(icons::ARROWS_CLOCKWISE)).clicked() {
                self.runs.invalidate();
            }
            let blocked = self.model.table.skipped.is_empty().then_some("Nothing was skipped");
            if ui.add(Button::ghost("What was skipped…").blocked(blocked)).clicked() {
                ctx.commands.send(Command::Show(Box::new(SourcesDialog::new(&self.model.table, folder.clone()))));
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
    (icons::FOLDER, "MLflow file stores: a folder with `meta.yaml` per run, such as `mlruns/`"),
    (icons::TABLE, "Logs of training as CSV or TSV: a column of steps or epochs and columns of figures"),
    (icons::FILE_TEXT, "Logs as JSON lines: one object per step"),
    (icons::DATABASE, "Other trackers' files; what is recognised but cannot be read is listed as skipped"),
];

fn loading(ui: &mut Ui, since: f64) {
    widgets::skeleton(ui, since, sizes::ROW);
}

/// A source's badge that can be pressed; a triangle marks problems.
fn source_badge(ui: &mut Ui, kind: &str, wrong: bool) -> bool {
    let t = Tokens::of(ui);
    let galley = Type::MonoSmall.galley(ui, short_source(kind), t.text_2, 120.0);
    let lead = if wrong { 16.0 } else { 0.0 };
    let (rect, response) = ui.allocate_exact_size(vec2((galley.size().x + 12.0 + lead).max(44.0), sizes::HIT_MIN), Sense::click());
    let name = if wrong { format!("Source {kind}, with problems") } else { format!("Source {kind}") };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let body = egui::Rect::from_center_size(rect.center(), vec2(rect.width(), 18.0));
    let edge = if wrong { t.warn } else { t.line_strong };
    widgets::boxed(ui.painter(), body, sizes::RADIUS_XS, if response.hovered() { t.bg_hover } else { t.bg_panel }, edge);
    if wrong {
        theme::icon_fill(ui.painter(), pos2(body.left() + 10.0, body.center().y), icons::WARNING, 12.0, t.warn);
    }
    widgets::place(ui.painter(), galley, body.with_min_x(body.left() + lead), Align2::CENTER_CENTER);
    widgets::focus_ring(ui, body, sizes::RADIUS_XS, &response);
    let tip = if wrong { format!("{kind}: something could not be read; click for what and why") } else { format!("{kind}: click for what was found where") };
    response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(tip).clicked()
}
