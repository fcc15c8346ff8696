//! The runs table, and the bar over it.

use egui::{CursorIcon, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use kitbench_protocol::{Better, MetricSummary, RunRow, RunState};

use super::Compare;
use super::model::{Arrangement, ColumnSpec, Direction, Kind, RunsModel, TableLine, state_word};
use super::numbers;
use super::state::{SLOTS, Ticks};
use crate::app::ViewCtx;
use crate::commands::{Command, CommandId};
use crate::theme::{Marker, RunStroke, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, Cell, Column, Line, MenuItem, Table, Tick, bar_row, menu, menu_rule, row_menu};

/// What a cell asked for while it was drawn.
enum Asked {
    Tick(String),
    Recolor(String, usize),
}

impl Compare {
    /// The bar: differences only, columns, group.
    pub(super) fn table_bar(&mut self, ui: &mut Ui) {
        let equal = self.model.equal_params;
        let mut changed = false;
        bar_row(ui, 34.0, sizes::SPACE_5, true, |ui| {
            let t = Tokens::of(ui);
            let differences = widgets::switch(ui, &mut self.arrangement.differences_only, "Differences only");
            changed |= differences.on_hover_text(format!("{}  D", CommandId::DifferencesOnly.spec().tip)).changed();
            if ui.available_width() > 330.0 {
                let verb = if self.arrangement.differences_only { "hidden" } else { "shown" };
                let words = format!("{} {verb}", crate::format::count(equal as u64, "equal parameter", "equal parameters"));
                widgets::label(ui, Type::Small, t.text_3, &words);
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                changed |= self.group_menu(ui);
                changed |= self.columns_menu(ui);
            });
        });
        if changed {
            self.rearrange();
        }
    }

    fn group_menu(&mut self, ui: &mut Ui) -> bool {
        let text = match &self.arrangement.group_by {
            Some(name) => format!("Group: {name}"),
            None => "Group".to_owned(),
        };
        let button = ui.add(Button::ghost(text).icon(icons::ROWS).small().caret().tip("Group runs by a parameter, with mean and deviation"));
        let mut changed = false;
        let grouped = self.arrangement.group_by.clone();
        menu(&button, ui, "Group by", |ui| {
            if MenuItem::new("No groups").checked(grouped.is_none()).show(ui) {
                self.arrangement.group_by = None;
                changed = true;
            }
            menu_rule(ui);
            scrolling(ui, |ui| {
                for column in &self.model.table.params {
                    if MenuItem::new(&column.name).checked(grouped.as_deref() == Some(&column.name)).show(ui) {
                        self.arrangement.group_by = Some(column.name.clone());
                        changed = true;
                    }
                }
            });
        });
        changed
    }

    fn columns_menu(&mut self, ui: &mut Ui) -> bool {
        let button = ui.add(Button::ghost("Columns").icon(icons::COLUMNS).small().tip("Choose and order columns; set which direction is better"));
        let choices = self.model.choices();
        let mut changed = false;
        menu(&button, ui, "Columns", |ui| {
            ui.set_min_width(320.0);
            scrolling(ui, |ui| {
                for (id, name, on) in &choices {
                    changed |= self.column_choice(ui, id, name, *on);
                }
            });
            menu_rule(ui);
            if MenuItem::new("Usual columns").icon(icons::ARROW_U_UP_LEFT).show(ui) {
                self.arrangement.columns.clear();
                self.arrangement.first.clear();
                self.arrangement.better.clear();
                changed = true;
            }
        });
        changed
    }

    /// A line of the picker: tick, and for figures a place and a direction.
    fn column_choice(&mut self, ui: &mut Ui, id: &str, name: &str, on: bool) -> bool {
        let mut changed = false;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            ui.set_height(sizes::HIT_MIN);
            ui.add_space(6.0);
            let mut now = on;
            ui.allocate_ui_with_layout(vec2(190.0, sizes::HIT_MIN), egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.set_min_width(190.0);
                if widgets::checkbox(ui, &mut now, name).changed() {
                    self.arrangement.columns.insert(id.to_owned(), now);
                    changed = true;
                }
            });
            if id.starts_with("param:") || id.starts_with("metric:") {
                let name = format!("Move {name} to the front");
                if ui.add(Button::icon_only(icons::ARROW_LEFT, name).small()).clicked() {
                    self.arrangement.first.retain(|known| known != id);
                    self.arrangement.first.insert(0, id.to_owned());
                    self.arrangement.columns.insert(id.to_owned(), true);
                    changed = true;
                }
            }
            if let Some(metric) = id.strip_prefix("metric:")
                && let Some(at) = self.model.table.metrics.iter().position(|column| column.name == metric)
            {
                let (words, next) = match self.model.better(at, &self.arrangement) {
                    Better::Higher => ("higher is better", Direction::Lower),
                    Better::Lower => ("lower is better", Direction::Neither),
                    Better::Unknown => ("no direction", Direction::Higher),
                };
                let button = Button::link(words).name(format!("{metric}: {words}")).tip("Higher, lower or neither is better");
                if ui.add(button).clicked() {
                    self.arrangement.better.insert(metric.to_owned(), next);
                    changed = true;
                }
            }
        });
        changed
    }

    /// The rows.
    pub(super) fn table_ui(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let rows_only = self.model.lines.iter().all(|line| !matches!(line, TableLine::Run(_)));
        if rows_only && self.model.table.runs.is_empty() && !self.filter.applied.is_empty() {
            if widgets::no_match(ui, &self.filter.applied) {
                self.filter.set("");
            }
            return;
        }
        let area = ui.available_rect_before_wrap();
        let titles: Vec<String> = self.model.columns.iter().map(|column| self.head_of(column)).collect();
        let columns = columns(&self.model.columns, &titles);
        // The table knows one sorting column; a second one is kept here.
        self.table.sort = self.arrangement.sort.first().cloned();
        let Some(project) = self.project else { return };
        let ticks = self.ticks.entry(project).or_default().clone();
        let mut asked = None;
        let model = &self.model;
        let arrangement = &self.arrangement;
        let outside = self.sight.outside.clone();
        let focus = self.sight.focus.clone();
        let out = Table::new("Runs", &columns).show(
            ui,
            &mut self.table,
            model.lines.len(),
            |line| line_of(model, line, focus.as_deref(), &outside),
            |line, column, cell| {
                if let Some(TableLine::Run(at)) = model.lines.get(line)
                    && let Some(run) = model.table.runs.get(*at)
                {
                    draw_cell(model, arrangement, &ticks, *at, run, column, cell, &mut asked);
                }
            },
            |_| false,
        );
        self.head_tick(ui, area, &ticks);
        if let Some(line) = out.ticked
            && let Some(run) = self.model.run(line)
        {
            asked = Some(Asked::Tick(run.id.clone()));
        }
        if let Some(line) = out.selected {
            self.sight.focus = self.model.run(line).map(|run| run.id.clone());
        }
        if let Some(line) = out.activated
            && let Some(run) = self.model.run(line)
        {
            asked = Some(Asked::Tick(run.id.clone()));
        }
        if let Some(TableLine::Group { key, open, .. }) = out.toggled.and_then(|line| self.model.lines.get(line)) {
            if *open {
                self.arrangement.closed.insert(key.clone());
            } else {
                self.arrangement.closed.remove(key);
            }
            self.stale = true;
        }
        if out.sorted {
            self.sorted(ui.input(|input| input.modifiers.shift));
        }
        let focused = out.response.as_ref().is_some_and(egui::Response::has_focus);
        for (line, row) in &out.rows {
            if let Some(run) = self.model.run(*line).cloned() {
                let from_keys = focused && self.table.cursor == Some(*line);
                self.row_menu_ui(ui, row, &run, from_keys, ctx, &mut asked);
            }
        }
        self.pointer_in_table = ui.input(|input| input.pointer.hover_pos()).is_some_and(|at| area.contains(at));
        match asked {
            Some(Asked::Tick(id)) => {
                if let Some(ticks) = self.ticks_mut() {
                    ticks.toggle(&id);
                }
            }
            Some(Asked::Recolor(id, slot)) => {
                if let Some(ticks) = self.ticks_mut() {
                    ticks.recolor(&id, slot);
                }
            }
            None => {}
        }
    }

    /// A head's words; a second sorting column carries a small two.
    fn head_of(&self, column: &ColumnSpec) -> String {
        match self.arrangement.sort.iter().position(|(id, _)| *id == column.id) {
            Some(place @ 1..) => {
                let (_, reversed) = &self.arrangement.sort[place];
                format!("{} {}{}", column.title, if *reversed { "↓" } else { "↑" }, place + 1)
            }
            _ => column.title.clone(),
        }
    }

    /// The table's sort changed: it becomes the first key, or with `Shift` the last one.
    fn sorted(&mut self, shift: bool) {
        let Some((id, reversed)) = self.table.sort.clone() else { return };
        if shift && self.arrangement.sort.first().is_some_and(|(first, _)| *first != id) {
            match self.arrangement.sort.iter_mut().find(|(known, _)| *known == id) {
                Some((_, known)) => *known = !*known,
                None => self.arrangement.sort.push((id, reversed)),
            }
            self.arrangement.sort.truncate(3);
        } else {
            self.arrangement.sort = vec![(id, reversed)];
        }
        self.rearrange();
    }

    /// The tick in the head draws the first ten.
    fn head_tick(&mut self, ui: &Ui, area: Rect, ticks: &Ticks) {
        let rect = Rect::from_min_size(area.min, vec2(30.0, sizes::ROW));
        let id = egui::Id::unique("tick-first-ten");
        let response = ui.interact(rect, id, Sense::click()).on_hover_cursor(CursorIcon::PointingHand);
        let listed = self.model.table.runs.iter().filter(|run| ticks.has(&run.id)).count();
        let tick = match listed {
            0 => Tick::Off,
            n if n == self.model.table.runs.len() => Tick::On,
            _ => Tick::Some,
        };
        let name = if listed == 0 { "Draw the first ten runs" } else { "Draw no run" };
        response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, tick == Tick::On, name));
        widgets::paint_tick(ui, rect, tick);
        widgets::focus_ring(ui, rect.shrink(6.0), sizes::RADIUS_S, &response);
        if response.on_hover_text(name).clicked() {
            self.tick_first_ten();
        }
    }

    fn row_menu_ui(&self, ui: &Ui, row: &egui::Response, run: &RunRow, from_keys: bool, ctx: &ViewCtx<'_>, asked: &mut Option<Asked>) {
        // The table holds the focus for its rows.
        if from_keys && ui.input(|input| input.modifiers.shift && input.key_pressed(egui::Key::F10)) {
            egui::Popup::open_id(ui.ctx(), row.id.with("menu"));
        }
        row_menu(row, ui, "Run", |ui| {
            let ticks = self.ticks();
            let on = ticks.is_some_and(|ticks| ticks.has(&run.id));
            if MenuItem::new("Draw").key("Space").checked(on).show(ui) {
                *asked = Some(Asked::Tick(run.id.clone()));
            }
            if on {
                menu_rule(ui);
                slot_grid(ui, run, ticks, asked);
            }
            menu_rule(ui);
            if MenuItem::new("Copy name").icon(icons::COPY).show(ui) {
                ctx.commands.send(Command::Copy(run.name.clone()));
            }
            if MenuItem::new("Copy path").icon(icons::COPY).show(ui) {
                ctx.commands.send(Command::Copy(run.path.clone()));
            }
            if MenuItem::new("Details…").icon(icons::INFO).show(ui) {
                ctx.commands.send(Command::Show(Box::new(super::sources::RunDialog::new(run.clone(), &self.model))));
            }
        });
    }
}

fn columns<'a>(specs: &'a [ColumnSpec], titles: &'a [String]) -> Vec<Column<'a>> {
    let mut columns = vec![Column::fixed("draw", "", 30.0).tip("Draw"), Column::fixed("glyph", "", 26.0).tip("Colour and marker")];
    for (i, (spec, title)) in specs.iter().zip(titles).enumerate() {
        let column = match spec.kind {
            Kind::Name => Column::flex(&spec.id, title, spec.width).sortable(),
            Kind::Source => Column::fixed(&spec.id, title, spec.width).sortable().leaves(1),
            Kind::Status => Column::fixed(&spec.id, title, spec.width).sortable(),
            // Parameters leave from the right.
            Kind::Param(_) => Column::fixed(&spec.id, title, spec.width).right().sortable().leaves((i + 2).min(250) as u8),
            Kind::Metric(_) => Column::fixed(&spec.id, title, spec.width).right().sortable_reversed(),
            Kind::Trend(_) => Column::fixed(&spec.id, title, spec.width).leaves(255),
        };
        columns.push(if matches!(spec.kind, Kind::Name) { column } else { column.tip(&spec.tip) });
    }
    columns
}

fn line_of(model: &RunsModel, line: usize, focus: Option<&str>, outside: &[String]) -> Line {
    match model.lines.get(line) {
        Some(TableLine::Group { title, note, open, .. }) => Line::Group { title: title.clone(), note: note.clone(), open: *open },
        _ => {
            let id = model.run(line).map(|run| run.id.as_str());
            Line::Row { selected: id.is_some() && id == focus, faded: id.is_some_and(|id| outside.iter().any(|out| out == id)) }
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "one cell's own facts")]
fn draw_cell(model: &RunsModel, arrangement: &Arrangement, ticks: &Ticks, at: usize, run: &RunRow, column: usize, cell: &mut Cell<'_>, asked: &mut Option<Asked>) {
    let t = cell.tokens();
    let on = ticks.has(&run.id);
    let Some(spec) = column.checked_sub(2).and_then(|column| model.columns.get(column)) else {
        let area = cell.rect();
        cell.widgets(|ui| {
            if column == 0 {
                tick_cell(ui, area, run, on, asked);
            } else {
                glyph_cell(ui, area, run, ticks, on, asked);
            }
        });
        return;
    };
    match spec.kind {
        Kind::Name => {
            cell.styled(Type::Body, if on { t.text } else { t.text_2 }, &run.name);
            if !run.problems.is_empty() {
                cell.paint(|ui, rect| crate::theme::icon_fill(ui.painter(), pos2(rect.left() + 5.0, rect.center().y), icons::WARNING, 12.0, t.warn));
                cell.tip(&run.problems.join("\n")).spoken("damaged data");
            }
        }
        Kind::Source => source_cell(cell, &run.source),
        Kind::Status => status_cell(cell, run),
        Kind::Param(place) => {
            match run.params.get(place).and_then(Option::as_deref) {
                Some(value) => cell.figure(value),
                None => cell.figure("–").tip("Not set in this run"),
            };
        }
        Kind::Metric(place) => {
            let name = &model.table.metrics[place].name;
            match run.metrics.get(place).and_then(Option::as_ref) {
                Some(metric) => metric_cell(cell, name, metric, model.is_best(at, place), run.state, model.better(place, arrangement)),
                None => {
                    cell.figure("–").tip(&format!("{name} was not logged"));
                }
            }
        }
        Kind::Trend(place) => {
            let metric = run.metrics.get(place).and_then(Option::as_ref);
            match metric.map(|metric| metric.spark.to_vec()) {
                Some(values) if values.len() > 1 => {
                    let live = run.state == RunState::Running;
                    let color = if live { t.accent_line } else if on { t.text_2 } else { t.text_3 };
                    cell.paint(|ui, rect| sparkline(ui, rect, &values, color, live));
                }
                _ => {
                    let count = metric.map_or(0, |metric| metric.count);
                    let words = match count {
                        0 => "no data".to_owned(),
                        n => crate::format::count(n, "point", "points"),
                    };
                    cell.weak(&words);
                }
            }
        }
    }
}

fn tick_cell(ui: &mut Ui, area: Rect, run: &RunRow, on: bool, asked: &mut Option<Asked>) {
    let rect = Rect::from_center_size(area.center(), vec2(30.0, sizes::ROW));
    let response = ui.interact(rect, egui::Id::unique(("draw", &run.id)), Sense::CLICK).on_hover_cursor(CursorIcon::PointingHand);
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, on, format!("Draw run {}", run.name)));
    widgets::paint_tick(ui, rect, Tick::from(on));
    if response.clicked() {
        *asked = Some(Asked::Tick(run.id.clone()));
    }
}

fn glyph_cell(ui: &mut Ui, area: Rect, run: &RunRow, ticks: &Ticks, on: bool, asked: &mut Option<Asked>) {
    let t = Tokens::of(ui);
    let rect = Rect::from_center_size(area.center(), vec2(26.0, sizes::ROW));
    if !on {
        ui.painter().circle_stroke(rect.center(), 4.5, Stroke::new(1.0, t.line_strong));
        return;
    }
    let slot = ticks.slot(&run.id).unwrap_or(SLOTS);
    let response = ui.interact(rect, egui::Id::unique(("glyph", &run.id)), Sense::CLICK).on_hover_cursor(CursorIcon::PointingHand);
    let name = format!("Colour and marker of {}: {}", run.name, Marker::of_slot(slot).word());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    widgets::paint_marker(ui, rect.center(), Marker::of_slot(slot), slot_color(t, slot), true);
    menu(&response, ui, "Colour and marker", |ui| slot_grid(ui, run, Some(ticks), asked));
}

/// The colour of a slot; above the last one all runs are grey.
pub(super) fn slot_color(t: &Tokens, slot: usize) -> egui::Color32 {
    if slot >= SLOTS { t.text_3 } else { t.run(slot) }
}

/// Thirty slots to choose from: ten colours, solid, dotted, dash-dotted.
fn slot_grid(ui: &mut Ui, run: &RunRow, ticks: Option<&Ticks>, asked: &mut Option<Asked>) {
    let t = Tokens::of(ui);
    let mine = ticks.and_then(|ticks| ticks.slot(&run.id));
    for row in 0..3 {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            ui.add_space(4.0);
            for slot in row * 10..row * 10 + 10 {
                let (rect, response) = ui.allocate_exact_size(vec2(sizes::HIT_MIN, sizes::HIT_MIN), Sense::click());
                let style = ["solid", "dotted", "dash-dotted"][row];
                let name = format!("Slot {}, {style}, {}", slot + 1, Marker::of_slot(slot).word());
                response.widget_info(|| WidgetInfo::selected(Role::MenuItemRadio, true, mine == Some(slot), &name));
                if mine == Some(slot) {
                    ui.painter().rect_filled(rect.shrink(2.0), sizes::RADIUS_S, t.accent_bg);
                } else if response.hovered() {
                    ui.painter().rect_filled(rect.shrink(2.0), sizes::RADIUS_S, t.bg_hover);
                }
                let ends = [rect.left_center() + vec2(3.0, 0.0), rect.right_center() - vec2(3.0, 0.0)];
                super::plot::stroke_line(ui.painter(), &ends, RunStroke::of_slot(slot), 1.5, t.run(slot));
                widgets::paint_marker(ui, rect.center(), Marker::of_slot(slot), t.run(slot), true);
                widgets::focus_ring(ui, rect.shrink(2.0), sizes::RADIUS_S, &response);
                if response.on_hover_text(name).clicked() {
                    *asked = Some(Asked::Recolor(run.id.clone(), slot));
                    ui.close();
                }
            }
        });
    }
}

fn source_cell(cell: &mut Cell<'_>, source: &str) {
    let t = cell.tokens();
    let short = short_source(source);
    cell.paint(|ui, rect| {
        let galley = Type::MonoSmall.galley(ui, short, t.text_2, rect.width() - 8.0);
        let width = (galley.size().x + 10.0).max(44.0).min(rect.width());
        let area = Rect::from_min_size(pos2(rect.left(), rect.center().y - 8.0), vec2(width, 16.0));
        ui.painter().rect_stroke(area, sizes::RADIUS_XS, Stroke::new(1.0, t.line_strong), egui::StrokeKind::Inside);
        widgets::place(ui.painter(), galley, area, egui::Align2::CENTER_CENTER);
    });
    cell.spoken(source);
    if short != source {
        cell.tip(source);
    }
}

/// A badge's word for a source.
pub(super) fn short_source(source: &str) -> &str {
    match source {
        "TensorBoard" => "TB",
        "JSON lines" => "JSONL",
        "Ultralytics" => "YOLO",
        "HF Trainer" => "HF",
        other => other,
    }
}

fn status_cell(cell: &mut Cell<'_>, run: &RunRow) {
    let t = cell.tokens();
    let (icon, icon_color, color) = match run.state {
        RunState::Running => ("", t.accent_text, t.accent_text),
        RunState::Finished => (icons::CHECK, t.ok, t.text_2),
        RunState::Failed => (icons::X_CIRCLE, t.err, t.err),
        RunState::Killed => (icons::SQUARE, t.warn, t.text_2),
        RunState::Stale => (icons::HOURGLASS, t.warn, t.warn),
        RunState::Unknown => (icons::CIRCLE_DASHED, t.text_3, t.text_3),
    };
    let at = pos2(cell.rect().left() + 6.0, cell.rect().center().y);
    cell.paint(|ui, _| {
        if icon.is_empty() {
            ui.painter().circle_stroke(at, 5.5, Stroke::new(1.0, icon_color));
            ui.painter().circle_filled(at, 2.5, icon_color);
        } else {
            crate::theme::icon(ui.painter(), at, icon, 13.0, icon_color);
        }
    });
    cell.space(17.0).styled(Type::Body, color, state_word(run.state));
    let times = [("began", run.start_ms), ("ended", run.end_ms)];
    let told: Vec<String> = times.into_iter().filter_map(|(word, at)| Some(format!("{word} {}", crate::clock::when_exact(at?)))).collect();
    if run.state == RunState::Stale {
        cell.tip("Says it runs, but nothing was written for ten minutes");
    } else if !told.is_empty() {
        cell.tip(&told.join(", "));
    }
}

fn metric_cell(cell: &mut Cell<'_>, name: &str, metric: &MetricSummary, best: bool, state: RunState, better: Better) {
    let t = cell.tokens();
    let shown = numbers::figure(metric.last);
    let step = metric.last_step.map(|step| format!(" at step {}", numbers::step(step))).unwrap_or_default();
    let mut tip = format!(
        "{name}: {}{step}; lowest {}, highest {}, {}",
        numbers::exact(metric.last),
        numbers::exact(metric.min),
        numbers::exact(metric.max),
        crate::format::count(metric.count, "point", "points")
    );
    if best {
        tip.push_str(match (state, better) {
            (RunState::Running, _) => ". Best of the listed runs, not finished",
            (_, Better::Higher) => ". Highest of the listed runs",
            _ => ". Lowest of the listed runs",
        });
        cell.tinted(&shown, t.ok, t.ok_bg).spoken("best");
    } else if !metric.last.is_finite() {
        cell.styled(Type::Mono, t.warn, &shown);
    } else {
        cell.figure(&shown);
    }
    cell.tip(&tip);
}

fn sparkline(ui: &Ui, rect: Rect, values: &[f64], color: egui::Color32, live: bool) {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let (Some(low), Some(high)) = (finite().min_by(f64::total_cmp), finite().max_by(f64::total_cmp)) else { return };
    let area = rect.shrink2(vec2(1.0, 7.0));
    let span = if high > low { high - low } else { 1.0 };
    let last = (values.len() - 1).max(1) as f32;
    let points: Vec<_> = values
        .iter()
        .enumerate()
        .filter(|(_, value)| value.is_finite())
        .map(|(i, value)| pos2(area.left() + area.width() * i as f32 / last, area.bottom() - area.height() * ((value - low) / span) as f32))
        .collect();
    if let Some(end) = points.last().copied().filter(|_| live) {
        ui.painter().circle_filled(end, 2.5, color);
    }
    ui.painter().line(points, Stroke::new(1.2, color));
}

/// A list within a menu that scrolls once it is long.
pub(super) fn scrolling(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    egui::ScrollArea::vertical().max_height(340.0).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        contents(ui);
    });
}
