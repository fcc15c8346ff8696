//! The head of the screen: project, sources, saved views, files out.

use egui::{Align, Align2, CursorIcon, Layout, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use kitbench_protocol::{ChartFormat, ProjectRow, RunState};

use super::Compare;
use super::cells::short_source;
use super::sources::SourcesDialog;
use super::table_bar::scrolling;
use crate::app::{Place, ViewCtx};
use crate::commands::{Command, CommandId};
use crate::theme::{self, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, MenuItem, TextField, bar_row, menu, menu_rule};

impl Compare {
    pub(super) fn head(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        bar_row(ui, sizes::PANEL_HEAD, sizes::SPACE_5, true, |ui| {
            let t = Tokens::of(ui);
            let wide = ui.available_width() > 1100.0;
            let title = widgets::label(ui, Type::Heading, t.text, "Experiments");
            ui.ctx()
                .accesskit_node_builder(title.id, |node| node.set_role(Role::Heading));
            self.project_menu(ui, ctx);
            let right = if self.known {
                if wide { 612.0 } else { 290.0 }
            } else {
                0.0
            };
            let room = ui.available_width() - right;
            ui.allocate_ui_with_layout(
                vec2(room.max(40.0), sizes::BUTTON),
                Layout::left_to_right(Align::Center),
                |ui| {
                    ui.set_clip_rect(
                        ui.max_rect()
                            .expand2(vec2(2.0, 6.0))
                            .intersect(ui.clip_rect()),
                    );
                    ui.spacing_mut().item_spacing.x = sizes::SPACE_1;
                    self.source_badges(ui, ctx);
                },
            );
            if self.known {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    self.head_buttons(ui, ctx, wide)
                });
            }
        });
    }

    fn project_menu(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let none: Vec<ProjectRow> = Vec::new();
        let projects = ctx.shared.projects.value().unwrap_or(&none);
        let name = projects
            .iter()
            .find(|row| Some(row.id) == self.project)
            .map_or("Choose a project", |row| row.name.as_str());
        let shown = crate::format::printable(name);
        let button = ui.add(
            Button::neutral(shown.clone())
                .icon(icons::FOLDER_OPEN)
                .caret()
                .name(format!("Project: {shown}")),
        );
        menu(&button, ui, "Projects", |ui| {
            scrolling(ui, |ui| {
                for row in projects {
                    if MenuItem::new(&row.name)
                        .checked(Some(row.id) == self.project)
                        .show(ui)
                    {
                        ctx.commands.go(Place::Experiments(Some(row.id)));
                    }
                }
            });
            menu_rule(ui);
            if MenuItem::new("Add folder…")
                .icon(icons::FOLDER_PLUS)
                .show(ui)
            {
                ctx.commands.run(CommandId::AddFolder);
            }
        });
    }

    /// What is read, with counts and problems; a click lists what was found where.
    fn source_badges(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        if !self.known {
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
        let problems = table
            .sources
            .iter()
            .map(|source| source.problems.len())
            .sum::<usize>()
            + table.skipped.len();
        let mut words = format!(
            "{}, {}",
            crate::format::count(table.sources.len() as u64, "source", "sources"),
            crate::format::count(u64::from(table.total_runs), "run", "runs")
        );
        if problems > 0 {
            words.push_str(&format!(
                ", {}",
                crate::format::count(problems as u64, "note", "notes")
            ));
        }
        if ui.available_width() > 60.0 {
            let tip = "What was found where, and what was skipped and why";
            asked |= ui.add(Button::ghost(words).small().tip(tip)).clicked();
        }
        if ui.available_width() > 24.0 {
            let plus = Button::icon_only(icons::PLUS, "Add source…").small();
            self.add_source(ui, ctx, plus);
        }
        if asked {
            let folder = self.folder(ctx);
            self.show_sources(ctx, folder);
        }
    }

    /// The dialog of sources.
    pub(super) fn show_sources(&self, ctx: &ViewCtx<'_>, folder: String) {
        let Some(project) = self.project else { return };
        let dialog = SourcesDialog::new(project, &self.model.table, folder);
        ctx.commands.send(Command::Show(Box::new(dialog)));
    }

    /// A menu with what can be a source besides what lies in the folder.
    pub(super) fn add_source(&self, ui: &mut Ui, ctx: &ViewCtx<'_>, button: Button) {
        let Some(project) = self.project else { return };
        let button = ui.add(
            button
                .name("Add source…")
                .tip("A tracking server, or a table"),
        );
        menu(&button, ui, "Add source", |ui| {
            ui.set_width(260.0);
            if MenuItem::new("MLflow tracking server…")
                .icon(icons::PLUGS_CONNECTED)
                .show(ui)
            {
                ctx.commands
                    .send(Command::Show(super::sources::servers::add(project)));
            }
            if MenuItem::new("A table that was passed over…")
                .icon(icons::TABLE)
                .show(ui)
            {
                self.show_sources(ctx, self.folder(ctx));
            }
        });
    }

    pub(super) fn folder(&self, ctx: &ViewCtx<'_>) -> String {
        let row = ctx
            .shared
            .projects
            .value()
            .and_then(|rows| rows.iter().find(|row| Some(row.id) == self.project));
        row.map_or_else(String::new, |row| ctx.shared.short_path(&row.path))
    }

    fn head_buttons(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, wide: bool) {
        let t = Tokens::of(ui);
        ui.spacing_mut().item_spacing.x = sizes::SPACE_3;
        if self.reviews.is_open() {
            // What can be done with a review stands in its own head.
            self.reviews_menu(ui, ctx, wide);
            return;
        }
        let blocked = self
            .ticks()
            .is_none_or(|ticks| ticks.order().is_empty())
            .then_some("Tick the runs to report on first");
        let report = Button::primary("Report…")
            .icon(icons::FILE_TEXT)
            .blocked(blocked);
        if ui
            .add(report.tip("One file with table, differences, charts and a note"))
            .clicked()
        {
            self.ask_report(ctx);
        }
        if wide {
            ui.scope(|ui| {
                ui.spacing_mut().item_spacing.x = 0.0;
                for (format, word) in [
                    (ChartFormat::Csv, "CSV"),
                    (ChartFormat::Svg, "SVG"),
                    (ChartFormat::Png, "PNG"),
                ] {
                    self.export_button(ui, ctx, format, word);
                }
            });
            widgets::label(ui, Type::Small, t.text_3, "Export");
        } else {
            let blocked = self.export_blocked();
            if ui
                .add(
                    Button::neutral("Export…")
                        .icon(icons::EXPORT)
                        .blocked(blocked),
                )
                .clicked()
            {
                self.ask_export(ctx);
            }
        }
        self.views_menu(ui, wide);
        self.reviews_menu(ui, ctx, wide);
        let live = self
            .model
            .table
            .runs
            .iter()
            .filter(|run| run.state == RunState::Running)
            .count();
        if live > 0 && ui.available_width() > 60.0 {
            let (rect, _) = ui.allocate_exact_size(vec2(58.0, 18.0), Sense::hover());
            let center = pos2(rect.left() + 7.0, rect.center().y);
            ui.painter()
                .circle_stroke(center, 5.5, Stroke::new(1.0, t.accent_text));
            ui.painter().circle_filled(center, 2.5, t.accent_text);
            widgets::line(
                ui,
                rect.with_min_x(rect.left() + 17.0),
                Type::Small,
                t.accent_text,
                &format!("{live} live"),
                Align2::LEFT_CENTER,
            );
        }
    }

    /// Save what is arranged under a name, and take up one saved before.
    fn views_menu(&mut self, ui: &mut Ui, wide: bool) {
        let button = if wide {
            Button::neutral("Save view").icon(icons::BOOKMARK_SIMPLE)
        } else {
            Button::icon_boxed(icons::BOOKMARK_SIMPLE, "Save view")
        };
        let button = ui.add(button.tip("Keep filter, columns, ticks and charts under a name"));
        let Some(project) = self.project else { return };
        let mut taken = None;
        menu(&button, ui, "Views", |ui| {
            ui.set_width(280.0);
            let mut submitted = false;
            ui.horizontal(|ui| {
                ui.add_space(4.0);
                let field = TextField::new(&mut self.view_name)
                    .name("Name of the view")
                    .hint("Name of this view")
                    .small()
                    .width(196.0)
                    .show(ui);
                submitted |= field.submitted;
                let blocked = self.view_name.trim().is_empty().then_some("Give it a name");
                submitted |= ui
                    .add(
                        Button::neutral("Save")
                            .small()
                            .blocked(blocked)
                            .name("Save this view"),
                    )
                    .clicked();
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
                    ui.allocate_ui_with_layout(
                        vec2(246.0, sizes::ROW),
                        Layout::top_down(Align::Min),
                        |ui| {
                            if MenuItem::new(&view.name)
                                .icon(icons::BOOKMARK_SIMPLE)
                                .show(ui)
                            {
                                taken = Some(view.clone());
                            }
                        },
                    );
                    if ui
                        .add(
                            Button::icon_only(icons::TRASH, format!("Remove view {}", view.name))
                                .small(),
                        )
                        .clicked()
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
}

/// A source's badge that can be pressed; a triangle marks problems.
fn source_badge(ui: &mut Ui, kind: &str, wrong: bool) -> bool {
    let t = Tokens::of(ui);
    let galley = Type::MonoSmall.galley(ui, short_source(kind), t.text_2, 120.0);
    let lead = if wrong { 16.0 } else { 0.0 };
    let (rect, response) = ui.allocate_exact_size(
        vec2((galley.size().x + 12.0 + lead).max(44.0), sizes::HIT_MIN),
        Sense::click(),
    );
    let name = if wrong {
        format!("Source {kind}, with problems")
    } else {
        format!("Source {kind}")
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let body = egui::Rect::from_center_size(rect.center(), vec2(rect.width(), 18.0));
    let edge = if wrong { t.warn } else { t.line_strong };
    widgets::boxed(
        ui.painter(),
        body,
        sizes::RADIUS_XS,
        if response.hovered() {
            t.bg_hover
        } else {
            t.bg_panel
        },
        edge,
    );
    if wrong {
        theme::icon_fill(
            ui.painter(),
            pos2(body.left() + 10.0, body.center().y),
            icons::WARNING,
            12.0,
            t.warn,
        );
    }
    widgets::place(
        ui.painter(),
        galley,
        body.with_min_x(body.left() + lead),
        Align2::CENTER_CENTER,
    );
    widgets::focus_ring(ui, body, sizes::RADIUS_XS, &response);
    let tip = if wrong {
        format!("{kind}: something could not be read; click for what and why")
    } else {
        format!("{kind}: click for what was found where")
    };
    response
        .on_hover_cursor(CursorIcon::PointingHand)
        .on_hover_text(tip)
        .clicked()
}
